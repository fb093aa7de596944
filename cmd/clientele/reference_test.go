package main

import (
	"encoding/json"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestReference_IsServed looks at the reference as the program serves it: announced, each API with its page, its
// description and all that the page loads, and counted by routes.
func TestReference_IsServed(t *testing.T) {
	s := startServer(t, filepath.Join(t.TempDir(), "data"))
	if want := "API reference      " + s.url + "/docs/\n"; !strings.Contains(s.stdout.String(), want) {
		t.Errorf("the server does not announce %q:\n%s", want, s.stdout.String())
	}
	for dialect, path := range map[string]string{
		"opm": "/entry", "onlinewerkrooster": "/api/customers", "primelead": "/api/v1/actions/{advertiserUUID}",
		"dkhardware": "/v1/subscription/create",
	} {
		page := s.ask(request{url: "/docs/" + dialect + "/"})
		if page.status != 200 || !strings.Contains(page.body, path) {
			t.Errorf("/docs/%s/: %d, without %s", dialect, page.status, path)
		}
		for _, link := range regexp.MustCompile(`(?:src|href|data-url)="(/[^"]*)"`).FindAllStringSubmatch(page.body, -1) {
			if a := s.ask(request{url: link[1]}); a.status != 200 {
				t.Errorf("/docs/%s/ leads to %s: %d", dialect, link[1], a.status)
			}
		}
		var description struct {
			OpenAPI string
			Paths   map[string]any
		}
		a := s.ask(request{url: "/openapi/" + dialect + ".json"})
		if err := json.Unmarshal([]byte(a.body), &description); err != nil || description.Paths[path] == nil {
			t.Errorf("/openapi/%s.json: %d, without %s (%v)", dialect, a.status, path, err)
		}
	}
	s.ask(request{url: "/docs/somebody/"})
	s.ask(request{url: "/openapi/somebody.json"})
	metrics := s.ask(request{url: "/metrics"}).body
	for _, route := range []string{`/docs/{dialect}`, `/docs/static/{file}`, `/openapi/{dialect}.json`} {
		if !strings.Contains(metrics, `route="`+route+`"`) {
			t.Errorf("no request was counted as %s", route)
		}
	}
	if strings.Contains(metrics, "somebody") {
		t.Error("a path that a caller made up became a label")
	}
	s.stop()
}
