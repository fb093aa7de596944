package dialecttest

import (
	"net/http"
	"strings"
	"testing"

	"github.com/go-chi/chi/v5"
	"github.com/google/go-cmp/cmp"
)

const thingsYAML = `
openapi: 3.1.0
info: { title: Things, version: "1" }
servers: [{ url: / }]
security: [{ key: [] }]
paths:
  /things/{id}:
    post:
      parameters:
        - { name: id, in: path, required: true, schema: { type: integer } }
        - { name: limit, in: query, schema: { type: integer, maximum: 10 } }
      requestBody:
        required: true
        content:
          application/json: { schema: { $ref: "#/components/schemas/Thing" } }
          text/plain:
            schema:
              type: string
              contentMediaType: application/json
              contentSchema: { $ref: "#/components/schemas/Thing" }
      responses:
        "200":
          description: OK
          headers:
            X-Must: { required: true, schema: { type: integer } }
            X-May: { schema: { type: string } }
          content:
            application/json:
              schema: { $ref: "#/components/schemas/Thing" }
              examples: { one: { value: EXAMPLE } }
        "400":
          description: Bad
          content:
            application/json:
              schema: { $ref: "#/components/schemas/Thing", properties: { name: { const: bad } } }
    head:
      parameters:
        - { name: id, in: path, required: true, schema: { type: integer } }
      responses:
        "200":
          description: OK
          headers: { X-Must: { required: true, schema: { type: integer } } }
components:
  securitySchemes:
    key: { type: apiKey, in: header, name: X-Key }
  schemas:
    Thing:
      type: object
      required: [name]
      additionalProperties: false
      properties:
        name: { type: [string, "null"], maxLength: 3, examples: [abc] }
        id: { type: [string, integer] }
  responses:
    Nowhere:
      description: no such path
      content: { application/json: { schema: { type: object, required: [nowhere] } } }
`

func loadThings(t *testing.T, example string) (*Description, error) {
	t.Helper()
	return LoadDescription([]byte(strings.Replace(thingsYAML, "EXAMPLE", example, 1)), map[int]string{404: "Nowhere"})
}

func TestDescriptionCheck(t *testing.T) {
	d, err := loadThings(t, "{ name: a }")
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name         string
		method       string // POST when empty
		target       string // /things/1 when empty
		sent         string
		sentHeaders  []HeaderLine
		status       int
		headers      http.Header
		got          string
		want         string // part of the error; empty for none
		withoutKey   bool
		withoutMust  bool
		withoutMedia bool
	}{
		{name: "all right", sent: `{"name":null}`, status: 200, got: `{"name":"abc"}`},
		{name: "digits beyond a float64", sent: `{"name":"a","id":` + strings.Repeat("9", 255) + `}`, status: 200, got: `{"name":null}`},
		{name: "no type", sent: `{"name":"a"}`, status: 200, got: `{"name":null}`, withoutMedia: true},
		{
			name: "JSON in a text", sent: `{"name":"a"}`, status: 200, got: `{"name":null}`,
			sentHeaders: []HeaderLine{{"Content-Type", "text/plain; charset=utf-8"}},
		},
		{
			name: "bad JSON in a text", sent: `{"name":1}`, status: 200, got: `{"name":null}`,
			sentHeaders: []HeaderLine{{"Content-Type", "text/plain"}}, want: "doesn't match schema",
		},
		{name: "status", sent: "{}", status: 409, got: `{"name":null}`, want: "status 409 is not described"},
		{name: "not found on a path that exists", sent: "{}", status: 404, got: `{"nowhere":1}`, want: "status 404 is not described"},
		{
			name: "header", sent: `{"name":"a"}`, status: 200, headers: http.Header{"X-Other": {"1"}}, got: `{"name":null}`,
			want: "header X-Other of status 200 is not described",
		},
		{
			name: "header without its form", sent: `{"name":"a"}`, status: 200, headers: http.Header{"X-Must": {"x"}},
			got: `{"name":null}`, want: "X-Must",
		},
		{name: "header missing", sent: `{"name":"a"}`, status: 200, got: `{"name":null}`, withoutMust: true, want: `"X-Must" missing`},
		{
			name: "media type", sent: `{"name":"a"}`, status: 200, headers: http.Header{"Content-Type": {"text/html"}},
			got: `{"name":null}`, want: "text/html",
		},
		{name: "body of another type", sent: `{"name":"a"}`, status: 200, got: `{"name":1}`, want: "doesn't match schema"},
		{name: "body too long", sent: `{"name":"a"}`, status: 200, got: `{"name":"abcd"}`, want: "doesn't match schema"},
		{name: "unknown property", sent: `{"name":"a"}`, status: 200, got: `{"name":null,"x":1}`, want: "doesn't match schema"},
		{name: "keyword beside a reference", sent: `{}`, status: 400, got: `{"name":"bad"}`},
		{name: "keyword beside a reference fails", sent: `{}`, status: 400, got: `{"name":"abc"}`, want: "doesn't match schema"},
		{name: "no body", sent: `{"name":"a"}`, status: 200, want: "failed to decode response body"},
		{name: "bad request accepted", sent: `{}`, status: 200, got: `{"name":null}`, want: "doesn't match schema"},
		{name: "bad request refused", sent: `{}`, status: 400, got: `{"name":"bad"}`},
		{name: "no request body accepted", status: 200, got: `{"name":null}`, want: "value is required"},
		{
			name: "type of request accepted", sent: `<a/>`, status: 200, got: `{"name":null}`,
			sentHeaders: []HeaderLine{{"Content-Type", "application/xml"}}, want: `"application/xml" was accepted`,
		},
		{name: "no key accepted", sent: `{"name":"a"}`, status: 200, got: `{"name":null}`, withoutKey: true, want: `security scheme "key"`},
		{name: "path parameter", target: "/things/x", sent: `{"name":"a"}`, status: 200, got: `{"name":null}`, want: "id"},
		{name: "query parameter", target: "/things/1?limit=11", sent: `{"name":"a"}`, status: 200, got: `{"name":null}`, want: "limit"},
		{name: "HEAD", method: "HEAD", status: 200},
		{name: "HEAD without its header", method: "HEAD", status: 200, withoutMust: true, want: `"X-Must" missing`},
		{name: "HEAD with another status", method: "HEAD", status: 400, want: "status 400 is not described"},
		{name: "no such path", target: "/x", status: 404, got: `{"nowhere":1}`},
		{name: "no such path, in other words", target: "/x", status: 404, got: `{}`, want: "doesn't match schema"},
		{name: "no such path, another status", target: "/x", status: 405, got: `{}`, want: "status 405 is not described"},
		{name: "no such path accepted", target: "/x", status: 200, got: `{}`, want: "was accepted and is not described"},
		{name: "a slash more", target: "/things/1/", status: 404, got: `{"nowhere":1}`},
		{name: "no such method", method: "PUT", status: 404, got: `{"nowhere":1}`},
		{name: "whole URL", target: "http://example.com/things/1", sent: `{"name":"a"}`, status: 200, got: `{"name":null}`},
		{name: "no URL", target: "things", status: 404, got: `{"nowhere":1}`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := &Request{Method: "POST", Target: "/things/1", Header: tt.sentHeaders, Body: []byte(tt.sent)}
			if tt.method != "" {
				r.Method = tt.method
			}
			if tt.target != "" {
				r.Target = tt.target
			}
			if !tt.withoutKey {
				r.Header = append(r.Header, HeaderLine{"x-key", "1"})
			}
			if !tt.withoutMedia && !r.states("Content-Type") {
				r.Header = append(r.Header, HeaderLine{"content-type", "application/json"})
			}
			a := &Answer{Status: tt.status, Header: http.Header{"Content-Type": {"application/json; charset=utf-8"}}, Body: []byte(tt.got)}
			if !tt.withoutMust && tt.status == 200 {
				a.Header.Set("X-Must", "1")
			}
			for name, values := range tt.headers {
				a.Header[name] = values
			}
			err := d.Check(r, a)
			if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want one with %q", err, tt.want)
			}
		})
	}
}

func TestLoadDescription_SaysWhatIsWrong(t *testing.T) {
	for _, tt := range []struct{ name, example, from, to, want string }{
		{name: "no YAML", example: "[", want: "load description"},
		{name: "example that is too long", example: "{ name: abcd }", want: "maxLength"},
		{name: "example of another type", example: "{ name: 1 }", want: "string"},
		{name: "example of a property", example: "{ name: a }", from: "examples: [abc]", to: "examples: [abcd]", want: "maxLength"},
		{name: "example of a parameter", example: "{ name: a }", from: "maximum: 10 }", to: "maximum: 10 }, example: 11", want: "maximum"},
		{name: "example of a header", example: "{ name: a }", from: "X-May: {", to: "X-May: { example: 1,", want: "want string"},
		{name: "unknown keyword", example: "{ name: a }", from: "maxLength: 3", to: "maxLenght: 3", want: "maxLenght"},
		{name: "no reference", example: "{ name: a }", from: `schemas/Thing" } }`, to: `schemas/Think" } }`, want: "Think"},
		{name: "no component", example: "{ name: a }", from: "Nowhere:", to: "Anywhere:", want: `no component response "Nowhere"`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			yaml := strings.Replace(thingsYAML, "EXAMPLE", tt.example, 1)
			if tt.from != "" {
				yaml = strings.Replace(yaml, tt.from, tt.to, 1)
			}
			_, err := LoadDescription([]byte(yaml), map[int]string{404: "Nowhere"})
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want one with %q", err, tt.want)
			}
		})
	}
}

func TestDescriptionUnanswered(t *testing.T) {
	d, err := loadThings(t, "{ name: a }")
	if err != nil {
		t.Fatal(err)
	}
	r := &Request{Method: "POST", Target: "/things/1", Body: []byte("{}")}
	a := &Answer{Status: 400, Header: http.Header{"Content-Type": {"application/json"}}, Body: []byte(`{"name":"bad"}`)}
	if err := d.Check(r, a); err != nil {
		t.Fatal(err)
	}
	a.Status = 200
	if err := d.Check(r, a); err == nil {
		t.Fatal("no error")
	}
	want := []string{"HEAD /things/{id}: 200", "POST /things/{id}: 200"}
	if diff := cmp.Diff(want, d.Unanswered()); diff != "" {
		t.Error("(-want +got):", diff)
	}
}

func TestDescriptionCheckRoutes(t *testing.T) {
	d, err := loadThings(t, "{ name: a }")
	if err != nil {
		t.Fatal(err)
	}
	serve := func(http.ResponseWriter, *http.Request) {}
	routes := chi.NewRouter()
	routes.Post("/things/{number:[0-9]+}", serve)
	routes.Post("/things/{number:[0-9]+}/", serve)
	if err := d.CheckRoutes(routes); err == nil || !strings.Contains(err.Error(), "HEAD /things/{}") {
		t.Errorf("error %v, want one about HEAD", err)
	}
	routes.Head("/things/{id}", serve)
	if err := d.CheckRoutes(routes); err != nil {
		t.Error(err)
	}
	routes.Get("/other", serve)
	if err := d.CheckRoutes(routes); err == nil || !strings.Contains(err.Error(), "GET /other") {
		t.Errorf("error %v, want one about GET /other", err)
	}
}
