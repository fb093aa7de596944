package dialecttest

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/legacy"
	"github.com/go-chi/chi/v5"
	"github.com/google/go-cmp/cmp"
)

// Description is an OpenAPI description that exchanges are held against.
type Description struct {
	doc    *openapi3.T
	router routers.Router
	// unrouted is the one response to every path and method that is not described.
	unrouted *routers.Route

	mu       sync.Mutex
	answered map[string]bool // by operation and status
}

// LoadDescription reads a description and checks it, with its examples. unrouted maps the status of an answer to a path
// or method that is not described to the name of the component response that describes it.
func LoadDescription(yaml []byte, unrouted map[int]string) (*Description, error) {
	doc, err := openapi3.NewLoader().LoadFromData(yaml)
	if err != nil {
		return nil, fmt.Errorf("load description: %w", err)
	}
	d := &Description{doc: doc, answered: map[string]bool{}}
	if d.router, err = legacy.NewRouter(doc, openapi3.EnableMultiError()); err != nil { // checks the document too
		return nil, err
	}
	if err := checkExamples(doc); err != nil {
		return nil, err
	}
	responses := openapi3.NewResponsesWithCapacity(len(unrouted))
	for status, name := range unrouted {
		ref := doc.Components.Responses[name]
		if ref == nil {
			return nil, fmt.Errorf("there is no component response %q", name)
		}
		responses.Set(fmt.Sprint(status), ref)
	}
	d.unrouted = &routers.Route{Spec: doc, Operation: &openapi3.Operation{Responses: responses}}
	return d, nil
}

// checkExamples holds the examples of schemas and of the headers of answers against their schemas. All the others the
// library has checked.
func checkExamples(doc *openapi3.T) error {
	for path, item := range doc.Paths.Map() {
		for method, operation := range item.Operations() {
			for status, response := range operation.Responses.Map() {
				if err := checkHeaderExamples(doc, response.Value.Headers); err != nil {
					return fmt.Errorf("%s %s, status %s: %w", method, path, status, err)
				}
			}
		}
	}
	return doc.WalkSchemas(func(at string, schema *openapi3.SchemaRef) error {
		for _, example := range schema.Value.Examples {
			if err := checkExample(doc, schema, example); err != nil {
				return fmt.Errorf("example of %s: %w", at, err)
			}
		}
		return nil
	})
}

func checkHeaderExamples(doc *openapi3.T, headers openapi3.Headers) error {
	for name, h := range headers {
		if err := checkExample(doc, h.Value.Schema, h.Value.Example); err != nil {
			return fmt.Errorf("example of header %s: %w", name, err)
		}
	}
	return nil
}

// checkExample holds an example against its schema; nil when there is none.
func checkExample(doc *openapi3.T, schema *openapi3.SchemaRef, example any) error {
	if example == nil {
		return nil
	}
	return doc.ValidateSchemaJSON(schema.Value, example, openapi3.EnableJSONSchema2020())
}

// Check holds an exchange against the description: the status is described, and so are all headers of the answer but
// those of the transport; the headers that are required are there; headers and body match their schemas. A request that
// was answered 2xx matches the description of requests.
func (d *Description) Check(r *Request, a *Answer) error {
	input, err := d.input(r, a)
	if err != nil {
		return err
	}
	if a.Status/100 == 2 {
		if err := checkRequest(input); err != nil {
			return err
		}
	}
	if err := checkResponse(input, r, a); err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.answered[answerName(r.Method, input.Route.Path, strconv.Itoa(a.Status))] = true
	return nil
}

// checkAnswer holds the answer of an exchange alone against the description.
func (d *Description) checkAnswer(r *Request, a *Answer) error {
	input, err := d.input(r, a)
	if err != nil {
		return err
	}
	return checkResponse(input, r, a)
}

func checkResponse(input *openapi3filter.RequestValidationInput, r *Request, a *Answer) error {
	response := input.Route.Operation.Responses.Status(a.Status)
	if response == nil {
		return fmt.Errorf("%s %s: status %d is not described", r.Method, r.Target, a.Status)
	}
	for name := range a.Header {
		if !slices.Contains(transportHeaders, name) && !describesHeader(response.Value, name) {
			return fmt.Errorf("%s %s: header %s of status %d is not described", r.Method, r.Target, name, a.Status)
		}
	}
	options := &openapi3filter.Options{ExcludeResponseBody: r.Method == http.MethodHead, MultiError: true}
	answer := &openapi3filter.ResponseValidationInput{
		RequestValidationInput: &openapi3filter.RequestValidationInput{
			// Of an answer to HEAD the library checks nothing at all, unless it does not know that it is one.
			Request: &http.Request{Method: http.MethodGet}, Route: input.Route,
		},
		Status: a.Status, Header: a.Header, Options: options,
	}
	return openapi3filter.ValidateResponse(context.Background(), answer.SetBodyBytes(a.Body))
}

func answerName(method, path, status string) string { return method + " " + path + ": " + status }

// Unanswered returns what is described and was in no exchange that was checked: "POST /entry: 409".
func (d *Description) Unanswered() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	var list []string
	for path, item := range d.doc.Paths.Map() {
		for method, operation := range item.Operations() {
			for status := range operation.Responses.Map() {
				if name := answerName(method, path, status); !d.answered[name] {
					list = append(list, name)
				}
			}
		}
	}
	slices.Sort(list)
	return list
}

// CheckRoutes reports a route that is not described, and an operation that is described and has no route. Names of path
// parameters and a slash at the end do not count.
func (d *Description) CheckRoutes(routes chi.Routes) error {
	served := map[string]bool{}
	err := chi.Walk(routes, func(method, route string, _ http.Handler, _ ...func(http.Handler) http.Handler) error {
		served[routeName(method, route)] = true
		return nil
	})
	if err != nil {
		return err
	}
	described := map[string]bool{}
	for path, item := range d.doc.Paths.Map() {
		for method := range item.Operations() {
			described[routeName(method, path)] = true
		}
	}
	if diff := cmp.Diff(described, served); diff != "" {
		return fmt.Errorf("routes (-described +served):\n%s", diff)
	}
	return nil
}

var pathParameter = regexp.MustCompile(`\{[^}]*\}`)

func routeName(method, path string) string {
	return method + " " + strings.TrimRight(pathParameter.ReplaceAllString(path, "{}"), "/")
}

// transportHeaders belong to HTTP and not to an API.
var transportHeaders = []string{"Connection", "Content-Length", "Content-Type", "Date", "Transfer-Encoding"}

func describesHeader(r *openapi3.Response, name string) bool {
	for described := range r.Headers {
		if strings.EqualFold(described, name) {
			return true
		}
	}
	return false
}

// input returns the request with its route in the form of the library.
func (d *Description) input(r *Request, a *Answer) (*openapi3filter.RequestValidationInput, error) {
	input := &openapi3filter.RequestValidationInput{
		Request: &http.Request{Method: r.Method, Header: http.Header{}}, Route: d.unrouted,
		Options: &openapi3filter.Options{AuthenticationFunc: isAuthenticated, SkipSettingDefaults: true, MultiError: true},
	}
	for _, h := range r.Header {
		input.Request.Header.Add(h.Name, h.Value)
	}
	input.Request.Body = http.NoBody
	if len(r.Body) > 0 {
		input.Request.Body = readCloser{bytes.NewReader(r.Body)}
	}
	u, err := url.ParseRequestURI(r.Target)
	if err != nil {
		return input, nil //nolint:nilerr // a target that is no URL has no route
	}
	u.Scheme, u.Host = "", "" // the servers of a description are relative
	input.Request.URL = u
	route, params, err := d.router.FindRoute(input.Request)
	if err != nil || !sameSlash(route.Path, u.Path) && d.unrouted.Operation.Responses.Status(a.Status) != nil {
		return input, nil //nolint:nilerr // no route is no error: most dialects describe the answer to it
	}
	input.Route, input.PathParams = route, params
	return input, nil
}

// sameSlash reports whether both end with a slash or both do not: the library does not care, a dialect may.
func sameSlash(a, b string) bool { return strings.HasSuffix(a, "/") == strings.HasSuffix(b, "/") }

// checkRequest holds a request that was accepted against its description.
func checkRequest(input *openapi3filter.RequestValidationInput) error {
	if input.Route.PathItem == nil {
		return fmt.Errorf("%s %s was accepted and is not described", input.Request.Method, input.Request.URL)
	}
	if body := input.Route.Operation.RequestBody; body != nil {
		if err := nameContent(input.Request.Header, body.Value); err != nil {
			return err
		}
	}
	return openapi3filter.ValidateRequest(context.Background(), input)
}

// nameContent gives a body that calls itself nothing, or a text that holds JSON (contentSchema), the name of what it is,
// under which the library looks for the schema.
func nameContent(h http.Header, body *openapi3.RequestBody) error {
	media := h.Get("Content-Type")
	if media == "" {
		media = "application/json"
	}
	content := body.Content.Get(media)
	if content == nil {
		return fmt.Errorf("a body of type %q was accepted and is not described", media)
	}
	if content.Schema != nil && content.Schema.Value.ContentSchema != nil {
		media = content.Schema.Value.ContentMediaType
	}
	h.Set("Content-Type", media)
	return nil
}

// isAuthenticated reports whether an accepted request has what a security scheme asks for.
func isAuthenticated(_ context.Context, input *openapi3filter.AuthenticationInput) error {
	scheme, request := input.SecurityScheme, input.RequestValidationInput
	found := false
	switch {
	case scheme.Type == "apiKey" && scheme.In == "header":
		found = request.Request.Header.Get(scheme.Name) != ""
	case scheme.Type == "apiKey" && scheme.In == "query":
		found = request.GetQueryParams().Has(scheme.Name)
	case scheme.Type == "http" || scheme.Type == "oauth2":
		found = request.Request.Header.Get("Authorization") != ""
	}
	if !found {
		return fmt.Errorf("accepted without what security scheme %q asks for", input.SecuritySchemeName)
	}
	return nil
}

type readCloser struct{ *bytes.Reader }

// Close implements io.Closer.
func (readCloser) Close() error { return nil }
