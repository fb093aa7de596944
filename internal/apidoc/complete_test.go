package apidoc_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
)

// TestDescriptions_SayEverything holds every description to what its reference page promises: each operation is explained and
// has examples of its body and of every answer's; each field, parameter and header is explained, each text of a request bounded.
func TestDescriptions_SayEverything(t *testing.T) {
	for _, d := range descriptions() {
		t.Run(d.Name, func(t *testing.T) {
			var doc map[string]any
			if err := json.Unmarshal(get(t, "/openapi/"+d.Name+".json").Body.Bytes(), &doc); err != nil {
				t.Fatal(err)
			}
			for _, fault := range faults(doc) {
				t.Error(fault)
			}
		})
	}
}

func TestDescriptions_FaultsAreFound(t *testing.T) {
	const whole = `{"paths":{"/x":{"post":{"operationId":"x","tags":["T"],"summary":"S","description":"D",
		"parameters":[{"name":"p","in":"query","description":"D","schema":{"type":"integer"}}],
		"requestBody":{"content":{"application/json":{"example":{},"schema":{"$ref":"#/components/schemas/A"}}}},
		"responses":{"200":{"description":"D","headers":{"H":{"description":"D","schema":{"type":"string"}}},
			"content":{"application/json":{"example":{},"schema":{"$ref":"#/components/schemas/A","properties":{"a":{"const":"x"}}}}}}}}}},
		"components":{"schemas":{"A":{"type":"object","properties":{"a":{"type":"string","maxLength":3,"description":"D"}}}}}}`
	for _, c := range []struct{ cut, rest, want string }{
		{"", "", ""},
		{`"summary":"S",`, "", `no summary`},
		{`"summary":"S","description":"D"`, `"summary":"S"`, `no description`},
		{`"in":"query","description":"D",`, `"in":"query",`, `description of parameter p`},
		{`"schema":{"type":"integer"}`, `"schema":{}`, `type of parameter p`},
		{`"H":{"description":"D",`, `"H":{`, `header H`},
		{`"requestBody":{"content":{"application/json":{"example":{},`, `"requestBody":{"content":{"application/json":{`, `no example of its body`},
		{"\"content\":{\"application/json\":{\"example\":{},\"schema\":{\"$ref\":\"#/components/schemas/A\",", "\"content\":{\"application/json\":{\"schema\":{\"$ref\":\"#/components/schemas/A\",", `no example of answer 200`},
		{`"maxLength":3,"description":"D"`, `"maxLength":3`, `A.a: no description`},
		{`"maxLength":3,`, "", `A.a: a text without a bound`},
	} {
		var doc map[string]any
		if err := json.Unmarshal([]byte(strings.Replace(whole, c.cut, c.rest, 1)), &doc); err != nil {
			t.Fatalf("without %s: %v", c.cut, err)
		}
		got := strings.Join(faults(doc), "\n")
		if (c.want == "") != (got == "") || !strings.Contains(got, c.want) {
			t.Errorf("without %q the faults are %q, want %q among them", c.cut, got, c.want)
		}
	}
}

// reader looks for faults in a description.
type reader struct {
	doc    map[string]any
	found  map[string]bool
	walked map[string]bool // schemas of components, by name and whether they are of a request
}

func faults(doc map[string]any) []string {
	r := &reader{doc: doc, found: map[string]bool{}, walked: map[string]bool{}}
	for path, item := range object(doc["paths"]) {
		for method, operation := range object(item) {
			switch method {
			case "parameters":
				r.parameters(path, operation)
			default:
				r.operation(method+" "+path, object(operation))
			}
		}
	}
	for name, schema := range object(object(doc["components"])["schemas"]) {
		r.schema(name, object(schema), nil, false)
	}
	return slices.Sorted(maps.Keys(r.found))
}

func (r *reader) fault(format string, args ...any) { r.found[fmt.Sprintf(format, args...)] = true }

func (r *reader) operation(at string, o map[string]any) {
	for _, name := range []string{"operationId", "summary", "description", "tags"} {
		if o[name] == nil {
			r.fault("%s: no %s", at, name)
		}
	}
	r.parameters(at, o["parameters"])
	r.content(at, "its body", object(o["requestBody"])["content"], true)
	if o["responses"] == nil {
		r.fault("%s: no responses", at)
	}
	for status, response := range object(o["responses"]) {
		response := r.resolve(object(response))
		if response["description"] == nil {
			r.fault("%s: no description of answer %s", at, status)
		}
		for name, header := range object(response["headers"]) {
			if r.resolve(object(header))["description"] == nil {
				r.fault("%s: no description of header %s of answer %s", at, name, status)
			}
		}
		r.content(at, "answer "+status, response["content"], false)
	}
}

func (r *reader) parameters(at string, list any) {
	for _, p := range array(list) {
		p := r.resolve(object(p))
		schema := r.resolve(object(p["schema"]))
		if p["description"] == nil {
			r.fault("%s: no description of parameter %s", at, p["name"])
		}
		if schema["type"] == nil && schema["enum"] == nil {
			r.fault("%s: no type of parameter %s", at, p["name"])
		}
	}
}

func (r *reader) content(at, what string, content any, request bool) {
	for media, v := range object(content) {
		v := object(v)
		if v["example"] == nil && len(object(v["examples"])) == 0 {
			r.fault("%s: no example of %s as %s", at, what, media)
		}
		r.schema(at+", "+what, object(v["schema"]), nil, request)
	}
}

// schema looks at the fields of a schema. explained has those that what stands around it explains: a schema that narrows another
// need not explain them again.
func (r *reader) schema(at string, s map[string]any, explained map[string]bool, request bool) {
	explained = maps.Clone(explained)
	if explained == nil {
		explained = map[string]bool{}
	}
	if ref, ok := s["$ref"].(string); ok {
		name := ref[strings.LastIndexByte(ref, '/')+1:]
		for field := range object(r.resolve(map[string]any{"$ref": ref})["properties"]) {
			explained[field] = true
		}
		if key := fmt.Sprint(name, request); !r.walked[key] {
			r.walked[key] = true
			r.schema(name, r.resolve(map[string]any{"$ref": ref}), nil, request)
		}
	}
	for field, v := range object(s["properties"]) {
		v, narrows := object(v), explained[field]
		if v == nil { // false: the field is not there
			continue
		}
		whole := r.resolve(v)
		if !narrows && text(v["description"]) == "" && text(whole["description"]) == "" {
			r.fault("%s.%s: no description", at, field)
		}
		if request && !narrows && isText(r.all(v)) && !isBounded(r.all(v)) {
			r.fault("%s.%s: a text without a bound", at, field)
		}
		var inner map[string]bool
		if narrows {
			inner = r.fieldsBelow(field)
		}
		r.schema(at+"."+field, v, inner, request)
		explained[field] = true
	}
	for _, keyword := range []string{"allOf", "anyOf", "oneOf"} {
		for _, inner := range array(s[keyword]) {
			r.schema(at, object(inner), explained, request)
		}
	}
	for _, keyword := range []string{"if", "then", "else", "contentSchema", "items"} {
		if inner := object(s[keyword]); inner != nil {
			r.schema(at, inner, explained, request)
		}
	}
}

// fieldsBelow returns the names of the fields of the items of a field that some schema of the components explains.
func (r *reader) fieldsBelow(field string) map[string]bool {
	names := map[string]bool{}
	for _, s := range object(object(r.doc["components"])["schemas"]) {
		v := object(object(object(s)["properties"])[field])
		for name := range object(object(v["items"])["properties"]) {
			names[name] = true
		}
	}
	return names
}

// all merges what a schema refers to and is all of.
func (r *reader) all(s map[string]any) map[string]any {
	whole := maps.Clone(r.resolve(s))
	for _, part := range array(s["allOf"]) {
		maps.Copy(whole, r.resolve(object(part)))
	}
	return whole
}

// resolve returns what a reference refers to, with what stands beside it.
func (r *reader) resolve(v map[string]any) map[string]any {
	ref, ok := v["$ref"].(string)
	if !ok {
		return v
	}
	at := any(r.doc)
	for _, name := range strings.Split(ref, "/")[1:] {
		at = object(at)[name]
	}
	whole := maps.Clone(object(at))
	if whole == nil {
		whole = map[string]any{}
	}
	maps.Copy(whole, v)
	delete(whole, "$ref")
	return whole
}

func isText(s map[string]any) bool {
	return s["type"] == "string" || slices.Contains(array(s["type"]), any("string"))
}

func isBounded(s map[string]any) bool {
	for _, keyword := range []string{"maxLength", "pattern", "enum", "const", "format"} {
		if s[keyword] != nil {
			return true
		}
	}
	return false
}

func object(v any) map[string]any { o, _ := v.(map[string]any); return o }
func array(v any) []any           { a, _ := v.([]any); return a }
func text(v any) string           { s, _ := v.(string); return s }
