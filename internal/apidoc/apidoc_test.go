package apidoc_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"clientele/internal/apidoc"
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
	reference, err := apidoc.New(list)
	if err != nil {
		t.Fatal(err)
	}
	r := chi.NewRouter()
	reference.Routes(r)
	return r
}

func get(t *testing.T, target string) *httptest.ResponseRecorder {
	t.Helper()
	return ask(t, httptest.NewRequest(http.MethodGet, target, nil))
}

func ask(t *testing.T, r *http.Request) *httptest.ResponseRecorder {
	t.Helper()
	w := httptest.NewRecorder()
	handler(t, descriptions()).ServeHTTP(w, r)
	return w
}
