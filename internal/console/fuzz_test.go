package console

import (
	"bufio"
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path"
	"strings"
	"testing"

	"clientele"
	"clientele/internal/book"
)

// marker stands in a customer that is in the fuzzed book, and nobody without a login may read it.
const marker = "Seaworthy & Daughters"

// fuzzed is a console that is called without a network, by nobody and by an operator of each role.
type fuzzed struct {
	*fixture
	roles   []clientele.Role
	cookies []string // by role; "" for nobody
	n       int
}

// FuzzConsole sends requests of every kind to every route: paths, queries, forms, cookies and the headers that tell of another site.
// Whatever is sent, no page fails, nobody reads the book without a login, and nobody changes anything without the role or from a
// page of another site.
func FuzzConsole(f *testing.F) {
	c := &fuzzed{fixture: newFixture(f), roles: []clientele.Role{"", viewer, editor, owner}, cookies: make([]string, 4)}
	c.seed(f)
	forms := []string{
		"", "name=x", "email=ada@example.com&password=x&next=//evil.example", "once=" + strings.Repeat("0", 64) + "&project=1&dialect=opm&name=P&expires=90d",
		"first_name=A&version=1&email=%00", "reads=1&writes=-1", "since=2026-01-01T00:00&overlap=24h", "role=owner&action=disable", "confirm=yes",
		"old=x&new=yyyyyyyyyyyy&again=yyyyyyyyyyyy", "url=https://shop.example.com/&event=customer:changed&retry=1s",
	}
	queries := []string{"", "?format=csv", "?format=ndjson&q=a", "?q=%22&after=1&before=2&page=99999999999999999999", "?from=2026-01-01&to=x&status=refused&dialect=opm"}
	for i, r := range everyRoute(f, c.fixture) {
		f.Add(uint8(i), r.method, r.path+queries[i%len(queries)], forms[i%len(forms)], "", "")
		f.Add(uint8(3), r.method, r.path+queries[(i+1)%len(queries)], forms[(i+1)%len(forms)], "", "same-origin")
	}
	f.Add(uint8(0), http.MethodGet, "/console/p/1/customers", "", "clientele-loopback=; clientele-loopback=x; __Host-clientele=y", "")
	f.Add(uint8(3), http.MethodPost, "/console/projects", "name=evil", "", "cross-site")
	f.Fuzz(func(t *testing.T, who uint8, method, target, form, cookie, site string) {
		c.call(t, int(who)%len(c.roles), newCall(method, target, form, cookie, site))
	})
}

// newCall returns a request as net/http would hand it on; nil when it would not.
func newCall(method, target, form, cookie, site string) *http.Request {
	var wire bytes.Buffer
	fmt.Fprintf(&wire, "%s %s HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\n", method, target)
	for name, value := range map[string]string{"Cookie": cookie, "Sec-Fetch-Site": site} {
		if value != "" {
			fmt.Fprintf(&wire, "%s: %s\r\n", name, value)
		}
	}
	fmt.Fprintf(&wire, "Content-Length: %d\r\n\r\n%s", len(form), form)
	r, err := http.ReadRequest(bufio.NewReader(&wire))
	if err != nil || r.Host != "localhost" {
		return nil
	}
	r.RemoteAddr = "192.0.2.1:1234"
	return r
}

// call sends a request in the name of a role and looks at the answer.
func (c *fuzzed) call(t *testing.T, who int, r *http.Request) {
	if r == nil || path.Clean(r.URL.Path) == "/console/live" || strings.HasSuffix(path.Clean(r.URL.Path), "/test") {
		return // the one does not end, the other calls another host
	}
	if c.cookies[who] != "" {
		r.Header.Add("Cookie", c.cookies[who])
	}
	w := httptest.NewRecorder()
	c.handler.ServeHTTP(w, r)
	what := fmt.Sprintf("%s %s by %q from %q: %d", r.Method, r.URL, c.roles[who], r.Header.Get("Sec-Fetch-Site"), w.Code)
	isChange := r.Method != http.MethodGet && r.Method != http.MethodHead && r.Method != http.MethodOptions
	isOpen := path.Clean(r.URL.Path) == loginPath || strings.HasPrefix(r.URL.Path, "/console/static/")
	isOwn := path.Clean(r.URL.Path) == logoutPath || path.Clean(r.URL.Path) == passwordPath
	site := r.Header.Get("Sec-Fetch-Site")
	switch done := w.Code < http.StatusBadRequest; {
	case w.Code >= http.StatusInternalServerError:
		t.Errorf("%s\n%s\n%s", what, w.Body, tail(c.log.String()))
	case who == 0 && (w.Code == http.StatusOK && !isOpen || strings.Contains(w.Body.String(), "Seaworthy")):
		t.Errorf("%s: nobody reads\n%s", what, w.Body)
	case who == 1 && isChange && done && !isOpen && !isOwn:
		t.Errorf("%s: a viewer changes something", what)
	case isChange && done && site != "" && site != "same-origin" && site != "none":
		t.Errorf("%s: another site changes something", what)
	}
	if to := w.Header().Get("Location"); to != "" && !strings.HasPrefix(to, "/console/") {
		if u, err := url.Parse(to); err != nil || u.Host != "" || !strings.HasPrefix(u.Path, "/") {
			t.Errorf("%s leads to %q", what, to)
		}
	}
	if isChange && who > 0 && !c.isIn(who) {
		c.login(t, who) // it logged out, or made somebody of another role
	}
}

func tail(log string) string { return log[max(0, len(log)-500):] }

// seed puts a customer and operators into the book.
func (c *fuzzed) seed(t testing.TB) {
	t.Helper()
	_, err := c.book.Upsert(t.Context(), book.Call{ProjectID: c.project.ID, Origin: clientele.Origin{Dialect: clientele.OPM, RequestID: "r"}}, clientele.Details{
		ExternalID: clientele.Some("1"), Company: clientele.Some(marker), Email: clientele.Some("ada@example.com"),
	})
	check(t, err)
	for who := 1; who < len(c.roles); who++ {
		c.login(t, who)
	}
}

// login makes a new operator of a role, who logs in.
func (c *fuzzed) login(t testing.TB, who int) {
	t.Helper()
	c.n++
	email := fmt.Sprintf("operator%d@example.com", c.n)
	hash, err := cheapHash()
	check(t, err)
	_, err = c.store.CreateOperator(t.Context(), clientele.Operator{Email: email, Role: c.roles[who], PasswordHash: hash, CreatedAt: c.clock.Now()})
	check(t, err)
	w := httptest.NewRecorder()
	c.handler.ServeHTTP(w, newCall(http.MethodPost, loginPath, url.Values{"email": {email}, "password": {ownPassword}}.Encode(), "", ""))
	if c.cookies[who], _, _ = strings.Cut(w.Header().Get("Set-Cookie"), ";"); w.Code != http.StatusSeeOther || c.cookies[who] == "" {
		t.Fatalf("log in: %d", w.Code)
	}
}

// isIn reports whether the operator of a role is logged in and has the role.
func (c *fuzzed) isIn(who int) bool {
	at := map[clientele.Role]string{viewer: "/console/p/1/customers", editor: "/console/p/1/customers/1/edit", owner: "/console/operators"}[c.roles[who]]
	w := httptest.NewRecorder()
	c.handler.ServeHTTP(w, newCall(http.MethodGet, at, "", c.cookies[who], ""))
	return w.Code == http.StatusOK
}
