package browsertest

import (
	"context"
	"fmt"
	"html/template"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
)

// stranger serves pages of another origin: the same machine, another port. A browser sends the console's cookies from there,
// because a port does not make another site: what refuses such a request is the server's own doing.
func stranger(t *testing.T, page func() string) string {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/" {
			w.WriteHeader(http.StatusNoContent)
			return
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = w.Write([]byte(page())) // a browser that left needs none
	}))
	t.Cleanup(s.Close)
	return s.URL
}

// at goes to a page of another origin in the same tab, with the same cookies.
func (p *page) at(address string) {
	p.t.Helper()
	p.watch.trust(address)
	p.try("open "+address, func(ctx context.Context) error { return navigate(ctx, address+"/") })
}

// state is what a form of another site must not change: everything the audit log knows.
func (p *page) state() string {
	p.t.Helper()
	p.Open("/console/audit")
	return p.Text(css("main"))
}

// TestOrigin_FormsOfOtherSitesAreRefused sends every form of the console from a page of another origin, as the owner who is
// logged in would without wanting to.
func TestOrigin_FormsOfOtherSitesAreRefused(t *testing.T) {
	t.Parallel()
	s, p := demo(t, looks[0])
	found := p.takeConsole(func(string) {})
	actions := []string{"/console/login"}
	for _, action := range found.forms {
		actions = append(actions, action)
	}
	slices.Sort(actions)
	for _, kind := range []string{"/console/operators", "/console/operators/N", "/console/logout", "/console/account/password"} {
		if found.forms[kind] == "" {
			t.Errorf("the tour has not found the form %s", kind)
		}
	}
	before := p.state()
	var action string
	evil := stranger(t, func() string {
		return fmt.Sprintf(`<!doctype html><title>Win a prize</title><form method="post" action="%s">
			<input name="email" value="evil@example.com"><input name="role" value="owner"><input name="do" value="reset">
			<button>Win</button></form>`, template.HTMLEscapeString(s.url+action))
	})
	for _, action = range actions {
		path, _, _ := strings.Cut(action, "?")
		p.Expect(403, path)
		p.at(evil)
		p.Follow(button("Win"))
		p.WaitText("sent from another site")
	}
	if after := p.state(); after != before {
		t.Errorf("the audit log was\n%s\nand is\n%s", before, after)
	}
	p.watch.take() // the pages of the stranger are no business of ours
}

// TestOrigin_PagesOfOtherSitesCannotReadOrFrame tries to load the console into a page of another origin.
func TestOrigin_PagesOfOtherSitesCannotReadOrFrame(t *testing.T) {
	t.Parallel()
	s, p := demo(t, looks[0])
	p.NoFaults()
	for _, path := range []string{"/console/", "/console/login", "/console/operators", "/docs/"} {
		evil := stranger(t, func() string {
			return `<!doctype html><title>Win a prize</title><iframe src="` + s.url + path + `"></iframe>`
		})
		p.at(evil)
		if got := strings.Join(p.faults(), "\n"); !strings.Contains(got, "frame-ancestors") && !strings.Contains(got, "X-Frame-Options") {
			t.Errorf("%s is shown in a frame of another site: %q", path, got)
		}
		p.try("read", func(ctx context.Context) error {
			got, err := evaluate[string](ctx, fmt.Sprintf(`fetch(%s, {credentials: 'include'}).then(r => r.text()).catch(e => 'refused')`, quote(s.url+path)))
			if got != "refused" {
				t.Errorf("another site can read %s: %.100s", path, got)
			}
			return err
		})
	}
	p.watch.take()
}
