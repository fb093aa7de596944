package apidoc_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync"
	"testing"

	"clientele/internal/apidoc"
	"clientele/internal/dialect/dialecttest"
	"clientele/internal/dialect/dkhardware"
	"clientele/internal/dialect/onlinewerkrooster"
	"clientele/internal/dialect/opm"
	"clientele/internal/dialect/primelead"

	"github.com/go-chi/chi/v5"
)

// descriptions are the four that Clientele has.
func descriptions() []apidoc.Description {
	return []apidoc.Description{
		{Name: "opm", Title: "OPM Partners", YAML: opm.Description},
		{Name: "onlinewerkrooster", Title: "Onlinewerkrooster", YAML: onlinewerkrooster.Description},
		{Name: "primelead", Title: "Prime Lead", YAML: primelead.Description},
		{Name: "dkhardware", Title: "DKHardware", YAML: dkhardware.Description},
	}
}

func handler(t *testing.T, list []apidoc.Description) http.Handler {
	t.Helper()
	r := chi.NewRouter()
	apidoc.New(list).Routes(r)
	return r
}

// four is the reference of the four descriptions, made once: compressing takes its time.
var four = sync.OnceValue(func() http.Handler {
	r := chi.NewRouter()
	apidoc.New(descriptions()).Routes(r)
	return r
})

// get asks a reference of the four descriptions.
func get(t *testing.T, target string, header ...string) *httptest.ResponseRecorder {
	t.Helper()
	return ask(t, http.MethodGet, target, header...)
}

// ask sends a request; header has names and values in turn.
func ask(t *testing.T, method, target string, header ...string) *httptest.ResponseRecorder {
	t.Helper()
	r, w := httptest.NewRequest(method, target, nil), httptest.NewRecorder()
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	four().ServeHTTP(w, r)
	return w
}

func TestReference_TheFourAreSound(t *testing.T) {
	if err := apidoc.New(descriptions()).Check(); err != nil {
		t.Error(err)
	}
}

func TestOpenAPI_ServesEachDescription(t *testing.T) {
	for _, d := range descriptions() {
		w := get(t, "/openapi/"+d.Name+".json")
		if got := w.Header().Get("Content-Type"); w.Code != 200 || got != "application/json; charset=utf-8" {
			t.Errorf("%s: %d, %s", d.Name, w.Code, got)
		}
		if _, err := dialecttest.LoadDescription(w.Body.Bytes(), nil); err != nil {
			t.Errorf("%s: the description served is at fault: %v", d.Name, err)
		}
		var doc struct {
			OpenAPI string
			Servers []map[string]string
		}
		if err := json.Unmarshal(w.Body.Bytes(), &doc); err != nil {
			t.Fatal(err)
		}
		if len(doc.Servers) != 1 || doc.Servers[0]["url"] != "/" || !strings.HasPrefix(doc.OpenAPI, "3.1.") {
			t.Errorf("%s: OpenAPI %s with the servers %v, want 3.1 and this one alone", d.Name, doc.OpenAPI, doc.Servers)
		}
	}
}

func TestOpenAPI_KeepsTheOrderOfTheDocument(t *testing.T) {
	body, last := get(t, "/openapi/opm.json").Body.String(), -1
	for _, name := range []string{
		`"openapi":`, `"info":`, `"/ping":{"get":`, `"head":`, `"/entry":{"post":`, `"customerId":{`, `"customerEmail":{`,
		`"customerIP":{`,
	} {
		next := strings.Index(body[last+1:], name)
		if next < 0 {
			t.Fatalf("%s does not come after what stands before it in the document", name)
		}
		last += 1 + next
	}
}

// TestOpenAPI_OptionalParametersAreLeftOut looks for what keeps the reference from sending an example's Idempotency-Key
// with every call.
func TestOpenAPI_OptionalParametersAreLeftOut(t *testing.T) {
	const want = `"examples":{"example":{"value":"5f0c7f2e-8a4b-4c58-9a35-0d6d1e1f4a11","x-disabled":true}}`
	if body := get(t, "/openapi/opm.json").Body.String(); !strings.Contains(body, want) {
		t.Errorf("the example of Idempotency-Key is not marked: want %s", want)
	}
	if body := get(t, "/openapi/primelead.json").Body.String(); !strings.Contains(body, `"example":"7d4c2a9e-51b8-4f0e-9c3a-0b6f1e2d8a75"`) {
		t.Error("the example of a required parameter is marked, too")
	}
}

func TestRoutes_NothingElseIsThere(t *testing.T) {
	for _, target := range []string{
		"/openapi/none.json", "/openapi/opm.yaml", "/openapi/", "/docs/none/", "/docs/none", "/docs/static/scalar.js",
		"/docs/static/", "/docs/static/../reference.html", "/docs/opm/x",
	} {
		if w := get(t, target); w.Code != 404 {
			t.Errorf("GET %s: %d, want 404", target, w.Code)
		}
	}
	for _, target := range []string{"/docs/", "/openapi/opm.json"} {
		if w := ask(t, http.MethodPost, target); w.Code != 405 {
			t.Errorf("POST %s: %d, want 405", target, w.Code)
		}
	}
}

func TestRoutes_PagesEndWithASlash(t *testing.T) {
	for from, to := range map[string]string{"/docs": "/docs/", "/docs/opm": "/docs/opm/", "/docs/opm?x=//evil.example": "/docs/opm/"} {
		w := get(t, from)
		if got := w.Header().Get("Location"); w.Code != 308 || got != to {
			t.Errorf("GET %s: %d to %q, want 308 to %q", from, w.Code, got, to)
		}
	}
}

const strict = "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; " +
	"object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

func TestPolicy_EverywhereAndRelaxedForStylesOfTheReferenceAlone(t *testing.T) {
	relaxed := strings.NewReplacer("style-src 'self'", "style-src 'self' 'unsafe-inline'", "font-src 'self'", "font-src 'self' data:").Replace(strict)
	for target, want := range map[string]string{
		"/docs/": strict, "/docs": strict, "/docs/none/": strict, "/openapi/opm.json": strict, "/openapi/none.json": strict,
		"/docs/opm/": relaxed, "/docs/dkhardware/": relaxed, "/docs/licences.txt": strict, asset(t, "scalar"): strict,
	} {
		h := get(t, target).Header()
		if got := h.Get("Content-Security-Policy"); got != want {
			t.Errorf("%s: policy %q, want %q", target, got, want)
		}
		if h.Get("X-Content-Type-Options") != "nosniff" || h.Get("Referrer-Policy") != "no-referrer" || h.Get("X-Frame-Options") != "DENY" {
			t.Errorf("%s: not protected: %v", target, h)
		}
	}
}

// asset returns the address of a file that the reference pages use.
func asset(t *testing.T, name string) string {
	t.Helper()
	address := regexp.MustCompile(`"(/docs/static/` + name + `\.[0-9a-f]{16}\.[a-z]+)"`).FindStringSubmatch(get(t, "/docs/opm/").Body.String())
	if address == nil {
		t.Fatalf("no page uses %s", name)
	}
	return address[1]
}

func TestReference_RefusesWhatItCannotServe(t *testing.T) {
	for name, list := range map[string][]apidoc.Description{
		"no YAML":       {{Name: "x", YAML: []byte("a: [")}},
		"nothing":       {{Name: "x"}},
		"no object":     {{Name: "x", YAML: []byte("- 1")}},
		"OpenAPI 3.0":   {{Name: "x", YAML: []byte("openapi: 3.0.3")}},
		"twice":         {{Name: "x", YAML: []byte("openapi: 3.1.0")}, {Name: "x", YAML: []byte("openapi: 3.1.0")}},
		"not in JSON":   {{Name: "x", YAML: []byte("openapi: 3.1.0\nx: .inf")}},
		"a tag":         {{Name: "x", YAML: []byte("openapi: 3.1.0\nx: !!binary aGk=")}},
		"a name twice":  {{Name: "x", YAML: []byte("openapi: 3.1.0\nx: 1\nx: 2")}},
		"a merged text": {{Name: "x", YAML: []byte("openapi: 3.1.0\nx:\n  <<: text")}},
	} {
		if err := apidoc.New(list).Check(); err == nil {
			t.Errorf("%s: no error", name)
		}
		w := httptest.NewRecorder()
		handler(t, list).ServeHTTP(w, httptest.NewRequest("GET", "/docs/", nil))
		if w.Code != 500 || strings.Contains(w.Body.String(), "description") {
			t.Errorf("%s: %d %s, want 500 without the cause", name, w.Code, w.Body)
		}
	}
}

func TestDescription_InJSON(t *testing.T) {
	const yaml = `openapi: 3.1.0
z: &z {b: 1, a: "two\n", c: null, d: true, n: 9999999999999999999, f: 1000.50}
y: {<<: *z, a: 3, e: [*z, 2026-11-02]}
servers: [{url: https://elsewhere.example.com}]
`
	const want = `{"openapi":"3.1.0","z":{"b":1,"a":"two\n","c":null,"d":true,"n":9999999999999999999,"f":1000.50},` +
		`"y":{"b":1,"a":3,"c":null,"d":true,"n":9999999999999999999,"f":1000.50,` +
		`"e":[{"b":1,"a":"two\n","c":null,"d":true,"n":9999999999999999999,"f":1000.50},"2026-11-02"]},"servers":[{"url":"/"}]}`
	w := httptest.NewRecorder()
	handler(t, []apidoc.Description{{Name: "x", YAML: []byte(yaml)}}).ServeHTTP(w, httptest.NewRequest("GET", "/openapi/x.json", nil))
	if got := w.Body.String(); got != want {
		t.Errorf("in JSON\n%s\nwant\n%s", got, want)
	}
}
