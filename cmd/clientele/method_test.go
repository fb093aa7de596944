package main

import (
	"net/http"
	"regexp"
	"strings"
	"testing"
)

// TestServe_UnknownMethods: on every path a method that nobody knows is answered as one that is known and not served: in the form
// of the dialect whose path it is.
func TestServe_UnknownMethods(t *testing.T) {
	dir, _ := newBook(t)
	s := startServer(t, dir)
	forms := map[string]int{}
	for _, route := range routesServed(t) {
		_, pattern, _ := strings.Cut(route, " ")
		path := regexp.MustCompile(`\{[^}]*\}`).ReplaceAllString(pattern, "1")
		want := s.ask(request{method: http.MethodTrace, url: path})
		want.body = kinds()["uuid"].ReplaceAllString(traceID.ReplaceAllString(want.body, `"traceId":"-"`), "ID") // each answer has its own
		for _, method := range []string{"BREW", "get", "QUERY", "PROPFIND"} {
			got := s.ask(request{method: method, url: path})
			got.body = strings.ReplaceAll(got.body, "Route "+method, "Route TRACE") // OPM's answer names it
			got.body = kinds()["uuid"].ReplaceAllString(got.body, "ID")
			if wrong := differs("", got, want); wrong != "" || got.header.Get("Allow") != want.header.Get("Allow") {
				t.Errorf("%s %s: %s; Allow %q, want %q", method, path, wrong, got.header.Get("Allow"), want.header.Get("Allow"))
			}
		}
		forms[want.body[:min(len(want.body), 14)]]++
	}
	if len(forms) < 5 { // four dialects and the token endpoint
		t.Errorf("answers begin with %v: too few of a kind", forms)
	}
}
