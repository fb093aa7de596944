package main

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"clientele"
	"clientele/internal/faulttest"

	"github.com/google/go-cmp/cmp"
)

// visitor is somebody at the console: the cookies they send, and what they may.
type visitor struct {
	cookies []*http.Cookie
	// role is "" for whoever has no session.
	role clientele.Role
	// header is sent besides.
	header http.Header
}

// session takes the cookies of an operator as they are now.
func (o *operator) session() []*http.Cookie {
	o.t.Helper()
	u, err := url.Parse(o.s.url)
	if err != nil {
		o.t.Fatal(err)
	}
	return o.client.Jar.Cookies(u)
}

// visitors are everybody who may not see or do everything at the console.
func (e *estate) visitors(t *testing.T) map[string]visitor {
	t.Helper()
	left := newOperatorAs(t, e.b, e.s, "cy@example.com", "owner")
	leftWith := left.session()
	left.post("/console/logout")
	disabled := newOperatorAs(t, e.b, e.s, "di@example.com", "owner")
	e.b.command("operator", "disable", "di@example.com").wants(t, exitOK)
	reset := newOperatorAs(t, e.b, e.s, "em@example.com", "owner")
	e.b.command("operator", "reset", "em@example.com").wants(t, exitOK)
	viewer := newOperatorAs(t, e.b, e.s, "flo@example.com", "viewer").session()
	forged := *viewer[0]
	forged.Value = strings.Repeat("A", len(forged.Value))
	return map[string]visitor{
		"nobody":                       {},
		"a forged session":             {cookies: []*http.Cookie{&forged}},
		"a session that was left":      {cookies: leftWith},
		"a disabled operator":          {cookies: disabled.session()},
		"an operator with a reset":     {cookies: reset.session()},
		"a partner with a key":         {header: http.Header{"X-Api-Key": {e.other.opm}}},
		"a partner with a token":       {header: http.Header{"Authorization": {"Bearer " + e.other.dkh.token}}},
		"a viewer":                     {cookies: viewer, role: clientele.RoleViewer},
		"an editor":                    {cookies: newOperatorAs(t, e.b, e.s, "gil@example.com", "editor").session(), role: clientele.RoleEditor},
		"a viewer under another name":  {cookies: renamed(viewer, "__Host-clientele")},
		"an operator's name as cookie": {cookies: []*http.Cookie{{Name: viewer[0].Name, Value: "ada@example.com"}}},
	}
}

func renamed(cookies []*http.Cookie, name string) []*http.Cookie {
	c := *cookies[0]
	c.Name = name
	return []*http.Cookie{&c}
}

// credential is what a visitor sends.
func (v visitor) credential() credential {
	h := v.header.Clone()
	if h == nil {
		h = http.Header{}
	}
	for _, c := range v.cookies {
		h.Add("Cookie", c.Name+"="+c.Value)
	}
	return credential{header: h}
}

// consoleRoutes are the pages of the console that ask who is there; those that end a session are left out.
func consoleRoutes(t *testing.T) []string {
	var list []string
	for _, route := range routesServed(t) {
		if g, _ := gateOf(route); g.role != "" && route != "POST /console/logout" && route != "POST /console/account/password" {
			list = append(list, route)
		}
	}
	return list
}

// isolateConsole tries each page with every wrong session, and an owner's with the objects of another project than the
// address names. Nothing is shown and nothing changes.
func (e *estate) isolateConsole(t *testing.T) {
	e.t = t
	count := faulttest.NewTally(t)
	before, visitors := e.owned(), e.visitors(t)
	for _, route := range consoleRoutes(t) {
		g, _ := gateOf(route)
		for who, v := range visitors {
			if v.role.Includes(g.role) && v.role != "" {
				continue
			}
			count.Try()
			a := e.call(route, g, v.credential(), e.objects)
			if wrong := turnedAway(route, v, a); wrong != "" {
				count.Violation(t, "%s by %s: %s", route, who, wrong)
			}
		}
	}
	e.wantsOwnProject(t, count)
	if diff := cmp.Diff(before, e.owned()); diff != "" {
		count.Violation(t, "the other project changed (-before +after):\n%s", diff)
	}
	for _, route := range consoleRoutes(t) { // an owner may read everything, where it is
		if !strings.HasPrefix(route, "GET ") || slices.Contains(withoutObject(), route) {
			continue
		}
		a := e.call(route, gate{}, visitor{cookies: e.owner.session()}.credential(), e.objects)
		if a.status != http.StatusOK {
			t.Errorf("%s by an owner: %d %s", route, a.status, tail(a.body))
		}
	}
}

// withoutObject are the pages of objects that the estate has none of.
func withoutObject() []string {
	return []string{
		"GET /console/inbox/{refusal}", "GET /console/inbox/{refusal}/sent", "GET /console/p/{project}/deliveries/{delivery}",
	}
}

// turnedAway returns how an answer is not that for whoever may not come in: to the login without a session, 401 to a form;
// 403 where the role is too low.
func turnedAway(route string, v visitor, a answer) string {
	want := http.StatusForbidden
	switch {
	case v.role == "" && strings.HasPrefix(route, "GET "):
		want = http.StatusSeeOther
		if !strings.HasPrefix(a.header.Get("Location"), "/console/login") {
			return "sent to " + a.header.Get("Location")
		}
	case v.role == "":
		want = http.StatusUnauthorized
	}
	if a.status != want {
		return http.StatusText(a.status) + " instead of " + http.StatusText(want)
	}
	if strings.Contains(a.body, foreignMark) {
		return "a customer is shown: " + a.body
	}
	return ""
}

// wantsOwnProject calls each page of a project with the objects of another: they are not there.
func (e *estate) wantsOwnProject(t *testing.T, count *faulttest.Tally) {
	t.Helper()
	owner := visitor{cookies: e.owner.session()}.credential()
	objects := map[string]string{"delivery": e.objects["submission"]}
	for name, id := range e.objects {
		objects[name] = id
	}
	objects["project"] = "1"
	for _, route := range consoleRoutes(t) {
		_, rest, inProject := strings.Cut(route, "{project}")
		if !inProject || strings.HasPrefix(route, "POST ") && !strings.Contains(rest, "{") { // it makes something in the project
			continue
		}
		count.Try()
		a := e.call(route, gate{}, owner, objects)
		if strings.Contains(a.body, foreignMark) {
			count.Violation(t, "%s shows what belongs to another project:\n%s", route, a.body)
		}
		if strings.Contains(rest, "{") && a.status != http.StatusNotFound {
			count.Violation(t, "%s with what belongs to another project: %d", route, a.status)
		}
	}
}
