package main

import (
	"html"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"testing"
)

// operator is somebody with a browser, at a running server.
type operator struct {
	t      *testing.T
	s      *server
	client *http.Client
}

// newOperator returns an owner who is logged in, with a password of their own.
func newOperator(t *testing.T, b crashBook, s *server) *operator {
	t.Helper()
	return newOperatorAs(t, b, s, "ada@example.com", "owner")
}

// newOperatorAs returns such an operator with a name and a role.
func newOperatorAs(t *testing.T, b crashBook, s *server, email, role string) *operator {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	o := &operator{t, s, &http.Client{Jar: jar, Timeout: patience}}
	once, _ := b.command("operator", "create", email, "--role", role, "--json").object(t)["password"].(string)
	o.post("/console/login", "email", email, "password", once)
	const password = "a harbour full of boats"
	o.post("/console/account/password", "old", once, "new", password, "repeat", password)
	return o
}

// post sends a form and returns the page that it leads to.
func (o *operator) post(path string, namesAndValues ...string) string {
	o.t.Helper()
	form := url.Values{}
	for i := 0; i < len(namesAndValues); i += 2 {
		form.Add(namesAndValues[i], namesAndValues[i+1])
	}
	res, err := o.client.PostForm(o.s.url+path, form)
	return o.read(path, res, err)
}

func (o *operator) get(path string) string {
	o.t.Helper()
	res, err := o.client.Get(o.s.url + path)
	return o.read(path, res, err)
}

func (o *operator) read(path string, res *http.Response, err error) string {
	o.t.Helper()
	if err != nil {
		o.t.Fatal(err)
	}
	defer res.Body.Close()
	page, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusOK {
		o.t.Fatalf("%s: status %d, %v\n%s", path, res.StatusCode, err, page)
	}
	return string(page)
}

var (
	onceField = regexp.MustCompile(`name="once" value="([0-9a-f]+)"`)
	copyables = regexp.MustCompile(`(?s)<pre[^>]* aria-label="([^"]*)"[^>]*><code>(.*?)</code>`)
	keyLink   = regexp.MustCompile(`href="(/console/keys/[0-9]+)"`)
)

// once returns what makes the form of a page be carried out once.
func (o *operator) once(path string) string {
	o.t.Helper()
	found := onceField.FindStringSubmatch(o.get(path))
	if found == nil {
		o.t.Fatalf("%s has no form", path)
	}
	return found[1]
}

// copies are what a page offers to copy, by label.
func copies(page string) map[string]string {
	found := map[string]string{}
	for _, one := range copyables.FindAllStringSubmatch(page, -1) {
		found[html.UnescapeString(one[1])] = html.UnescapeString(one[2])
	}
	return found
}

// handedOver is a key as the console hands it over: the page of the key, and what there is to copy.
type handedOver struct {
	path   string
	values map[string]string
}

func handOver(t *testing.T, page string) handedOver {
	t.Helper()
	found := keyLink.FindAllStringSubmatch(page, -1)
	if found == nil {
		t.Fatalf("no key was handed over:\n%s", page)
	}
	return handedOver{found[len(found)-1][1], copies(page)}
}

// paste runs each call that belongs to one of the titles in a shell, and fails the test unless its answer has what is wanted.
func (k handedOver) paste(t *testing.T, when string, want map[string]string) {
	t.Helper()
	for title, part := range want {
		line := k.values[title]
		if line == "" {
			t.Fatalf("%s: there is no call %q among %v", when, title, k.values)
		}
		if got := shell(t, line+"\n"+`echo "$TOKEN"`); !strings.Contains(got, part) {
			t.Errorf("%s: %s\nis answered %q, want %q in it", when, line, got, part)
		}
	}
}

// TestConsole_PastedCallsWork: what the console shows beside a new key is pasted into a shell and answered as its title says,
// also with a secret that is hostile to shells; after a rotation with both secrets, and no more once the key is revoked.
func TestConsole_PastedCallsWork(t *testing.T) {
	const (
		customers    = "The first two customers (an extension)."
		registration = "Registering an action by POST: it makes a lead."
		unregistered = "Is the identifier good: 422 with what is missing; 403 when it is not."
	)
	onEachBook(t, func(t *testing.T, b crashBook) {
		b.command("project", "create", "second", "--time-zone", "America/New_York").wants(t, exitOK)
		s := b.start()
		defer s.stop()
		o := newOperator(t, b, s)
		o.post("/console/p/1/campaigns", "name", "Spring", "landing_url", "https://shop.example.com/offer")
		o.post("/console/publishers", "name", "Blog")
		second := regexp.MustCompile(`project=([0-9]+)">[0-9]+<span class="hidden"> keys of second`).FindStringSubmatch(o.get("/console/projects"))[1]
		for _, c := range []struct {
			dialect       string
			more          []string
			good, refused map[string]string // by the title of a call, what its answer has
		}{
			{"opm", nil, map[string]string{"Is my key good.": pongBody}, map[string]string{"Is my key good.": unauthorizedBody}},
			{
				"opm",
				[]string{"secret", `it's"$(id)` + "`id`" + `\n!*`},
				map[string]string{"Is my key good.": pongBody},
				map[string]string{"Is my key good.": unauthorizedBody},
			},
			{"onlinewerkrooster", nil, map[string]string{customers: "[]"}, map[string]string{customers: "Not authorized"}},
			{"onlinewerkrooster", []string{"project", second}, map[string]string{customers: "[]"}, nil},
			{
				"primelead", nil,
				map[string]string{unregistered: "campaignUuid", registration: `{"success":true`},
				map[string]string{unregistered: "Permission denied", registration: "Permission denied"},
			},
			{
				"dkhardware",
				[]string{"scope", "customers"},
				map[string]string{"The two customers that changed last.": `{"payload":[]}`},
				map[string]string{"The two customers that changed last.": "Unauthorized."},
			},
			{"dkhardware", []string{"scope", "customers:create"}, map[string]string{"A token, for 90 minutes.": "eyJ"}, nil},
		} {
			form := append([]string{
				"once", o.once("/console/keys/new?dialect=" + c.dialect), "dialect", c.dialect, "name", "Partner", "project", "1",
				"reads", "0", "writes", "0",
			}, c.more...)
			key := handOver(t, o.post("/console/keys", form...))
			key.paste(t, c.dialect+" issued", c.good)
			rotated := handOver(t, o.post(key.path+"/rotate", "once", o.once(key.path), "overlap", "1h"))
			key.paste(t, c.dialect+" in the overlap", c.good)
			if c.refused == nil { // there is no more to see
				continue
			}
			rotated.paste(t, c.dialect+" rotated", c.good)
			o.post(key.path + "/revoke")
			key.paste(t, c.dialect+" revoked", c.refused)
			rotated.paste(t, c.dialect+" rotated and revoked", c.refused)
		}
	})
}
