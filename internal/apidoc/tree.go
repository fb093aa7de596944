package apidoc

import (
	"errors"
	"fmt"
	"slices"

	"github.com/go-json-experiment/json/jsontext"
	yaml3 "github.com/oasdiff/yaml3"
)

// object is a JSON object whose members keep the order in which the description has them: readers see operations and
// properties in the order of the partner's document.
type object []member

// member is one member of an object. Its value is an object, a []any of such values, or a jsontext.Value.
type member struct {
	name  string
	value any
}

// get returns the value of a member; nil when there is none.
func (o object) get(name string) any {
	for _, m := range o {
		if m.name == name {
			return m.value
		}
	}
	return nil
}

// object returns the member of that name if it is an object; nil otherwise.
func (o object) object(name string) object {
	inner, _ := o.get(name).(object)
	return inner
}

// text returns the member of that name if it is a text; "" otherwise.
func (o object) text(name string) string {
	raw, _ := o.get(name).(jsontext.Value)
	if raw.Kind() != '"' {
		return ""
	}
	text, _ := jsontext.AppendUnquote(nil, raw) // it was quoted by quote
	return string(text)
}

// texts returns the texts in the list of that name.
func (o object) texts(name string) []string {
	list, _ := o.get(name).([]any)
	var texts []string
	for _, v := range list {
		texts = append(texts, object{{name, v}}.text(name))
	}
	return texts
}

// set gives a member its value, in the place where it stands, or as the last one.
func (o object) set(name string, value any) object {
	if i := slices.IndexFunc(o, func(m member) bool { return m.name == name }); i >= 0 {
		o[i].value = value
		return o
	}
	return append(o, member{name, value})
}

// readYAML returns the object that a YAML document holds, its anchors and merges resolved.
func readYAML(document []byte) (object, error) {
	var root yaml3.Node
	if err := yaml3.Unmarshal(document, &root); err != nil {
		return nil, err
	}
	if root.Kind != yaml3.DocumentNode {
		return nil, errors.New("the document is empty")
	}
	value, err := fromYAML(root.Content[0])
	if err != nil {
		return nil, err
	}
	o, ok := value.(object)
	if !ok {
		return nil, errors.New("the document is no object")
	}
	return o, nil
}

func fromYAML(n *yaml3.Node) (any, error) {
	switch n.Kind {
	case yaml3.AliasNode:
		return fromYAML(n.Alias)
	case yaml3.MappingNode:
		return fromMapping(n)
	case yaml3.SequenceNode:
		list := make([]any, 0, len(n.Content))
		for _, inner := range n.Content {
			v, err := fromYAML(inner)
			if err != nil {
				return nil, err
			}
			list = append(list, v)
		}
		return list, nil
	case yaml3.ScalarNode:
		return fromScalar(n)
	default:
		return nil, fmt.Errorf("line %d: a YAML node of kind %d has no counterpart in JSON", n.Line, n.Kind)
	}
}

// fromMapping merges first what "<<" names: the mapping's own members replace what they find there.
func fromMapping(n *yaml3.Node) (any, error) {
	o, own := object{}, map[string]bool{}
	for i := 0; i < len(n.Content); i += 2 {
		key := n.Content[i]
		value, err := fromYAML(n.Content[i+1])
		if err != nil {
			return nil, err
		}
		if key.Tag == "!!merge" {
			if o, err = merge(o, value); err != nil {
				return nil, fmt.Errorf("line %d: %w", key.Line, err)
			}
			continue
		}
		if key.Kind != yaml3.ScalarNode || own[key.Value] {
			return nil, fmt.Errorf("line %d: %q is no name, or stands there twice", key.Line, key.Value)
		}
		own[key.Value] = true
		o = o.set(key.Value, value)
	}
	return o, nil
}

// merge adds the members of an object that o does not have.
func merge(o object, value any) (object, error) {
	others, ok := value.(object)
	if !ok {
		return nil, errors.New("only a mapping can be merged")
	}
	for _, m := range others {
		if o.get(m.name) == nil {
			o = append(o, m)
		}
	}
	return o, nil
}

// fromScalar keeps the digits of a number as they are written.
func fromScalar(n *yaml3.Node) (any, error) {
	switch n.Tag {
	case "!!null":
		return jsontext.Value("null"), nil
	case "!!bool", "!!int", "!!float":
		raw := jsontext.Value(n.Value)
		if !raw.IsValid() {
			return nil, fmt.Errorf("line %d: JSON has no %q", n.Line, n.Value)
		}
		return raw, nil
	case "!!str", "!!timestamp":
		return quote(n.Value)
	default:
		return nil, fmt.Errorf("line %d: a %s has no counterpart in JSON", n.Line, n.Tag)
	}
}

func quote(text string) (jsontext.Value, error) { return jsontext.AppendQuote(nil, text) }

// appendJSON appends a value of the tree, in as few bytes as it takes.
func appendJSON(b []byte, value any) []byte {
	switch v := value.(type) {
	case object:
		b = append(b, '{')
		for i, m := range v {
			if i > 0 {
				b = append(b, ',')
			}
			b, _ = jsontext.AppendQuote(b, m.name) // a name of a YAML document is UTF-8
			b = appendJSON(append(b, ':'), m.value)
		}
		return append(b, '}')
	case []any:
		b = append(b, '[')
		for i, inner := range v {
			if i > 0 {
				b = append(b, ',')
			}
			b = appendJSON(b, inner)
		}
		return append(b, ']')
	case jsontext.Value:
		return append(b, v...)
	default:
		panic(fmt.Sprintf("a %T in the tree", v))
	}
}
