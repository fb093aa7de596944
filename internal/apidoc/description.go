package apidoc

import (
	"fmt"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// Description is an API to be documented.
type Description struct {
	// Name is what the API is called in paths: /openapi/{name}.json and /docs/{name}/.
	Name string
	// Title is what people call it.
	Title string
	// YAML is its OpenAPI 3.1 description.
	YAML []byte
}

// described is a description in the forms in which it is served.
type described struct {
	Name, Title string
	// Summary says in a sentence what the API is for.
	Summary string
	Version string
	Groups  []group
	json    *content
}

// group is the operations of one tag, in the order of the description.
type group struct {
	Name, Description string
	Operations        []operation
}

// operation is one line of the plain list of operations.
type operation struct{ Method, Path, Summary string }

// describe reads a description and addresses it to the server that serves it.
func describe(d Description) (*described, error) {
	o, err := readYAML(d.YAML)
	if err != nil {
		return nil, fmt.Errorf("description of %s: %w", d.Name, err)
	}
	if !strings.HasPrefix(o.text("openapi"), "3.1.") {
		return nil, fmt.Errorf("description of %s: it is no OpenAPI 3.1", d.Name)
	}
	o = o.set("servers", []any{object{{"url", jsontext.Value(`"/"`)}}})
	leaveOptional(o)
	info := o.object("info")
	served, err := compress("application/json; charset=utf-8", appendJSON(nil, o))
	if err != nil {
		return nil, err
	}
	return &described{
		Name: d.Name, Title: d.Title, Summary: info.text("summary"), Version: info.text("version"),
		Groups: groups(o), json: served,
	}, nil
}

// leaveOptional marks the examples of parameters that need not be sent, so that trying a call out does not send them unless
// asked to: an example's Idempotency-Key on every call would have all but the first refused.
func leaveOptional(value any) {
	switch v := value.(type) {
	case []any:
		for _, inner := range v {
			leaveOptional(inner)
		}
	case object:
		for i, m := range v {
			leaveOptional(m.value)
			if m.name == "example" && v.get("in") != nil && v.get("required") == nil {
				v[i] = member{"examples", object{{"example", object{{"value", m.value}, {"x-disabled", jsontext.Value("true")}}}}}
			}
		}
	}
}

// groups returns the operations by their first tag.
func groups(o object) []group {
	var list []group
	place := map[string]int{}
	tags, _ := o.get("tags").([]any)
	for _, t := range tags {
		tag, _ := t.(object)
		place[tag.text("name")] = len(list)
		list = append(list, group{Name: tag.text("name"), Description: plain(tag.text("description"))})
	}
	for _, path := range o.object("paths") {
		item, _ := path.value.(object)
		for _, m := range item {
			op, _ := m.value.(object)
			names := op.texts("tags")
			if !isMethod(m.name) || len(names) == 0 {
				continue
			}
			i, known := place[names[0]]
			if !known {
				i = len(list)
				place[names[0]] = i
				list = append(list, group{Name: names[0]})
			}
			list[i].Operations = append(list[i].Operations, operation{strings.ToUpper(m.name), path.name, plain(op.text("summary"))})
		}
	}
	return list
}

func isMethod(name string) bool {
	switch name {
	case "get", "head", "post", "put", "patch", "delete", "options", "trace":
		return true
	default:
		return false
	}
}

// plain takes the marks out of a line of Markdown.
func plain(markdown string) string {
	return strings.NewReplacer("`", "", "*", "").Replace(strings.TrimSpace(markdown))
}
