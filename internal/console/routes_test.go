package console

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"

	"clientele"

	"github.com/a-h/templ"
	"github.com/go-chi/chi/v5"
)

// route is one of the console's.
type route struct{ method, path string }

// everyRoute returns all routes with their parameters filled in, but for the static files.
func everyRoute(t testing.TB, f *fixture) []route {
	t.Helper()
	mux := chi.NewRouter()
	f.Routes(mux)
	var list []route
	fill := strings.NewReplacer("{project}", strconv.FormatInt(f.project.ID, 10))
	check(t, chi.Walk(mux, func(method, pattern string, _ http.Handler, _ ...func(http.Handler) http.Handler) error {
		if strings.Contains(pattern, "/static/") || pattern == "/console" {
			return nil
		}
		path := fill.Replace(pattern)
		for strings.Contains(path, "{") {
			path = path[:strings.Index(path, "{")] + "1" + path[strings.Index(path, "}")+1:]
		}
		list = append(list, route{method, path})
		return nil
	}))
	if len(list) < 9 {
		t.Fatalf("only %d routes: %v", len(list), list)
	}
	return list
}

// open are the routes for whoever is not logged in.
func open() []route {
	return []route{{http.MethodGet, loginPath}, {http.MethodPost, loginPath}}
}

// ownWays are what each operator may do about themselves.
func ownWays() []route {
	return []route{{http.MethodPost, logoutPath}, {http.MethodPost, passwordPath}}
}

func (b *browser) call(r route) *page {
	if r.method == http.MethodPost {
		return b.post(r.path)
	}
	return b.get(r.path)
}

func TestRoutes_NobodyComesInWithoutALogin(t *testing.T) {
	f := newFixture(t)
	b := f.browser(t)
	for _, r := range everyRoute(t, f) {
		if slices.Contains(open(), r) {
			continue
		}
		got := b.call(r)
		switch {
		case r.method == http.MethodGet && (got.StatusCode != http.StatusSeeOther || !strings.HasPrefix(got.Header.Get("Location"), loginPath)):
			t.Errorf("%v answers %d to nobody", r, got.StatusCode)
		case r.method != http.MethodGet && got.StatusCode != http.StatusUnauthorized:
			t.Errorf("%v answers %d to nobody", r, got.StatusCode)
		}
	}
}

func TestRoutes_AViewerChangesNothing(t *testing.T) {
	f := newFixture(t)
	b := f.as(t, viewer)
	for _, r := range everyRoute(t, f) {
		if r.method == http.MethodGet || slices.Contains(open(), r) || slices.Contains(ownWays(), r) {
			continue
		}
		if got := b.call(r); got.StatusCode != http.StatusForbidden {
			t.Errorf("%v answers %d to a viewer, want 403", r, got.StatusCode)
		}
	}
}

func TestRoutes_AFormOfAnotherSiteIsRefused(t *testing.T) {
	f := newFixture(t)
	b := f.as(t, owner)
	for _, r := range everyRoute(t, f) {
		if r.method == http.MethodGet {
			continue
		}
		for header, value := range map[string]string{"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"} {
			req, err := http.NewRequestWithContext(t.Context(), r.method, f.url+r.path, strings.NewReader(""))
			check(t, err)
			req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			req.Header.Set(header, value)
			if got := b.do(req); got.StatusCode != http.StatusForbidden || !strings.Contains(got.body, "another site") {
				t.Errorf("%v from another site (%s): %d", r, header, got.StatusCode)
			}
		}
	}
}

// from is get, by a link on a page of a site of this kind.
func (b *browser) from(site, path string) *page {
	b.t.Helper()
	req, err := http.NewRequestWithContext(b.t.Context(), http.MethodGet, b.f.url+path, nil)
	check(b.t, err)
	req.Header.Set("Sec-Fetch-Site", site)
	return b.do(req)
}

// TestRoutes_ALinkOfAnotherSiteWritesNoAudit follows links to every list as a file. What is taken along from the console itself is
// in the audit log; a link of another site leads to a page that says why not.
func TestRoutes_ALinkOfAnotherSiteWritesNoAudit(t *testing.T) {
	f := newFixture(t)
	f.EndStreams() // so that the live route answers with an end
	b := f.as(t, owner)
	entries := func() int {
		list, err := f.store.ListAudit(t.Context(), clientele.AuditFilter{Limit: clientele.MaxPage})
		check(t, err)
		return len(list)
	}
	files := 0
	for _, r := range everyRoute(t, f) {
		if r.method != http.MethodGet {
			continue
		}
		before := entries()
		foreign := b.from("cross-site", r.path+"?format=csv")
		if got := entries(); got != before {
			t.Errorf("%v from another site makes %d audit entries", r, got-before)
		}
		if b.from("same-origin", r.path+"?format=csv").Header.Get("Content-Disposition") == "" {
			continue
		}
		files++
		if foreign.want(http.StatusForbidden).has("another site"); foreign.Header.Get("Content-Disposition") != "" {
			t.Errorf("%v from another site is a file", r)
		}
		if got := entries(); got != before+1 {
			t.Errorf("%v makes %d audit entries, want one", r, got-before)
		}
	}
	if files < 10 {
		t.Errorf("%d lists as a file, want every one", files)
	}
}

func TestRoutes_CarryTheHeadersThatProtect(t *testing.T) {
	f := newFixture(t)
	f.EndStreams() // so that the live route answers with an end
	b := f.as(t, owner)
	for _, r := range append(everyRoute(t, f), route{http.MethodGet, "/console/nothing/here"}) {
		if r.path == logoutPath {
			continue
		}
		h := b.call(r).Header
		for name, want := range map[string]string{
			"Content-Security-Policy": policy, "X-Frame-Options": "DENY", "X-Content-Type-Options": "nosniff",
			"Referrer-Policy": "same-origin", "Cache-Control": "no-store", "Cross-Origin-Opener-Policy": "same-origin",
		} {
			if got := h.Get(name); got != want {
				t.Errorf("%v: %s is %q, want %q", r, name, got, want)
			}
		}
	}
	for _, forbidden := range []string{"'unsafe-inline'", "'unsafe-eval'", "*", "http:", "https:"} {
		if strings.Contains(policy, forbidden) {
			t.Errorf("the policy allows %s", forbidden)
		}
	}
}

func TestRoutes_WhatIsNotThereIsAPage(t *testing.T) {
	f := newFixture(t)
	b := f.as(t, viewer)
	for _, path := range []string{"/console/nothing", "/console/p/999/customers", "/console/p/x/customers"} {
		b.get(path).want(http.StatusNotFound).has("There is nothing here")
	}
	b.get("/console").want(http.StatusPermanentRedirect)
}

func TestStatic_IsKeptForEver(t *testing.T) {
	f := newFixture(t)
	b := f.browser(t)
	style := b.get(f.static.url("style.css")).want(http.StatusOK)
	if got := style.Header.Get("Content-Type"); got != "text/css; charset=utf-8" {
		t.Errorf("type %q", got)
	}
	if got := style.Header.Get("Cache-Control"); !strings.Contains(got, "immutable") {
		t.Errorf("cache control %q", got)
	}
	b.get("/console/static/style.css").want(http.StatusNotFound)
	b.get("/console/static/..%2f..%2fconsole.go").want(http.StatusNotFound)
}

func TestFail_TellsNothingOfTheCause(t *testing.T) {
	f := newFixture(t)
	b := f.as(t, viewer)
	check(t, f.store.Close())
	b.get(root).want(http.StatusInternalServerError).has("Something went wrong").lacks("closed", "sql")
	if !strings.Contains(f.log.String(), "closed") {
		t.Error("the log has no cause")
	}
}

func TestPage_IsWholeOrNotAtAll(t *testing.T) {
	f := newFixture(t)
	half := func(end func() error) pageFunc {
		return func(*request) (answer, error) {
			return view("Half", templ.ComponentFunc(func(_ context.Context, w io.Writer) error {
				_, _ = io.WriteString(w, "the first half")
				return end()
			})), nil
		}
	}
	for name, end := range map[string]func() error{
		"error": func() error { return errors.New("the second half is missing") },
		"panic": func() error { panic("the second half is missing") },
	} {
		t.Run(name, func(t *testing.T) {
			w, r := httptest.NewRecorder(), f.anonymous(httptest.NewRequestWithContext(t.Context(), http.MethodGet, root, nil))
			a, err := half(end)(r)
			check(t, err)
			f.send(w, r, a)
			if body := w.Body.String(); w.Code != http.StatusInternalServerError || strings.Contains(body, "half") ||
				!strings.Contains(body, "Something went wrong") || !strings.HasSuffix(body, "</html>") {
				t.Errorf("status %d:\n%s", w.Code, body)
			}
		})
	}
}

func TestRoutes_AnAddressThatNoBookCanHold(t *testing.T) {
	f := newFixture(t)
	b := f.as(t, viewer)
	customers := "/console/p/" + strconv.FormatInt(f.project.ID, 10) + "/customers"
	for path, status := range map[string]int{
		customers + "?source=%00": http.StatusUnprocessableEntity, customers + "?source=%ff": http.StatusUnprocessableEntity,
		customers + "?q=a&q=%00": http.StatusUnprocessableEntity, customers + "/%00": http.StatusNotFound, customers + "/%ff": http.StatusNotFound,
		customers + "?q=%C3%A9": http.StatusOK,
	} {
		if got := b.get(path); got.StatusCode != status {
			t.Errorf("%s: %d, want %d", path, got.StatusCode, status)
		}
	}
}
