package console

import (
	"html"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"clientele"
	"clientele/internal/access"
)

var onceField = regexp.MustCompile(`name="once" value="([0-9a-f]+)"`)

// once returns the one-time token of the form on a page.
func (p *page) once() string {
	p.t.Helper()
	found := onceField.FindStringSubmatch(p.want(http.StatusOK).body)
	if found == nil {
		p.t.Fatalf("%s has no form that is carried out once\n%s", p.Request.URL, p.main())
	}
	return found[1]
}

var copyables = regexp.MustCompile(`(?s)<pre[^>]* aria-label="([^"]*)"[^>]*><code>(.*?)</code>`)

// values are what the page offers to copy, by label.
func (p *page) values() map[string]string {
	values := map[string]string{}
	for _, found := range copyables.FindAllStringSubmatch(p.body, -1) {
		values[html.UnescapeString(found[1])] = html.UnescapeString(found[2])
	}
	return values
}

// keyForm is the form that issues a key, as it is shown, with other values in it.
func (b *browser) keyForm(d clientele.Dialect, namesAndValues ...string) []string {
	b.t.Helper()
	form := []string{"once", b.get(keysPath + "/new?dialect=" + string(d)).once(), "dialect", string(d), "reads", "0", "writes", "0"}
	terms, _ := access.TermsOf(d)
	for _, scope := range terms.Scopes {
		form = append(form, "scope", scope)
	}
	return append(form, namesAndValues...)
}

// issue issues a key for the fixture's project and returns the page that shows it.
func (b *browser) issue(d clientele.Dialect, namesAndValues ...string) *page {
	b.t.Helper()
	form := b.keyForm(d, append([]string{"name", "Partner", "project", idText(b.f.project.ID)}, namesAndValues...)...)
	return b.post(keysPath, form...).want(http.StatusOK)
}

// lets reports whether a secret is let in.
func (f *fixture) lets(t *testing.T, d clientele.Dialect, secret string) bool {
	t.Helper()
	_, err := f.guard.BySecret(t.Context(), d, secret)
	if err != nil && clientele.KindOf(err) != clientele.KindUnauthorized {
		t.Fatal(err)
	}
	return err == nil
}

func (f *fixture) credentials(t *testing.T) []clientele.Credential {
	t.Helper()
	list, err := f.store.ListCredentials(t.Context())
	check(t, err)
	return list
}

func TestKeys_IssueUseRotateRevoke(t *testing.T) {
	onBothStores(t, func(t *testing.T, f *fixture) {
		b := f.as(t, owner)
		b.get(keysPath).want(http.StatusOK).has("There is no key yet", "Issue a key")
		shown := b.issue(clientele.OPM, "reads", "7", "expires", "2027-01-31").has("shown this once")
		secret := shown.values()["x-api-key"]
		if !f.lets(t, clientele.OPM, secret) {
			t.Fatalf("the key %q is refused", secret)
		}
		path := keysPath + "/" + idText(f.credentials(t)[0].ID)
		b.get(keysPath).want(http.StatusOK).has("Partner", "OPM Partners", f.project.Name, access.Hint(secret), ">never<", "31 Jan 2027").lacks(secret)
		key := b.get(path).want(http.StatusOK).lacks(secret)

		rotated := b.post(path+"/rotate", "once", key.once(), "overlap", "1h").want(http.StatusOK).has("shown this once", "11:00:00")
		fresh := rotated.values()["x-api-key"]
		f.clock.move(59 * time.Minute)
		if fresh == secret || !f.lets(t, clientele.OPM, fresh) || !f.lets(t, clientele.OPM, secret) {
			t.Error("during the overlap, both secrets work")
		}
		f.clock.move(time.Minute)
		if f.lets(t, clientele.OPM, secret) || !f.lets(t, clientele.OPM, fresh) {
			t.Error("after the overlap, the new secret alone works")
		}

		b.get(path+"/revoke").want(http.StatusOK).has("was used in the last 24 hours", "22 Nov 2026 11:00:00")
		b.post(path + "/revoke").goesTo(path)
		if f.lets(t, clientele.OPM, fresh) {
			t.Error("a revoked key is let in")
		}
		b.get(path).want(http.StatusOK).has("is revoked", ">revoked<").lacks("Rotate", fresh)
		b.post(path + "/revoke").goesTo(path) // again: it stays as it is
		b.get("/console/audit").want(http.StatusOK).has("key.issue", "key.rotate", "key.revoke", "credential 1").lacks(secret, fresh)
	})
}

func TestKeys_OneFormIssuesOneKey(t *testing.T) {
	onBothStores(t, func(t *testing.T, f *fixture) {
		b := f.as(t, owner)
		form := b.keyForm(clientele.OPM, "name", "Partner", "project", idText(f.project.ID))
		var all sync.WaitGroup
		statuses := make([]int, 6)
		for i := range statuses {
			all.Go(func() { statuses[i] = b.post(keysPath, form...).StatusCode })
		}
		all.Wait()
		count := map[int]int{}
		for _, status := range statuses {
			count[status]++
		}
		if count[http.StatusOK] != 1 || count[http.StatusConflict] != len(statuses)-1 {
			t.Errorf("one form, sent %d times at once: statuses %v", len(statuses), statuses)
		}
		f.clock.move(time.Hour)
		b.get(root).want(http.StatusOK)
		b.post(keysPath, form...).want(http.StatusConflict).has("carried out already").lacks("opm_")
		if got := len(f.credentials(t)); got != 1 {
			t.Errorf("%d keys, want 1", got)
		}
		path := keysPath + "/" + idText(f.credentials(t)[0].ID)
		once := b.get(path).once()
		b.post(path+"/rotate", "once", once, "overlap", "1h").want(http.StatusOK)
		hint := f.credentials(t)[0].Hint
		b.post(path+"/rotate", "once", once, "overlap", "1h").want(http.StatusConflict).has("carried out already")
		if got := f.credentials(t)[0].Hint; got != hint {
			t.Errorf("the key is known by %s and then by %s: it was rotated twice", hint, got)
		}
		if got := strings.Count(b.get("/console/audit").body, "key.rotate"); got != 1 {
			t.Errorf("the audit log has %d rotations", got)
		}
	})
}

func TestKeys_AFormOfAnotherSessionIsRefused(t *testing.T) {
	f := newFixture(t)
	b := f.as(t, owner)
	form := b.keyForm(clientele.OPM, "name", "Partner", "project", idText(f.project.ID))
	b.login(b.password)
	for _, once := range []string{form[1], "", "00", strings.Repeat("0", 64), "x" + form[1][1:]} {
		form[1] = once
		b.post(keysPath, form...).want(http.StatusConflict).has("Open it anew")
	}
	if got := len(f.credentials(t)); got != 0 {
		t.Errorf("%d keys, want none", got)
	}
	b.issue(clientele.OPM)
}

func TestKeys_AnotherFormAnotherSecret(t *testing.T) {
	f := newFixture(t)
	b := f.as(t, owner)
	seen := map[string]bool{}
	for _, d := range []clientele.Dialect{clientele.OPM, clientele.OPM, clientele.PrimeLead, clientele.PrimeLead} {
		for _, v := range b.issue(d).values() {
			if seen[v] {
				t.Errorf("%s: %q is issued twice", d, v)
			}
			seen[v] = !strings.HasPrefix(v, "curl")
		}
	}
}

// documentCustomerKey is the one that the Onlinewerkrooster document prints.
const documentCustomerKey = "81ad2f9b-6362-4388-9617-96a18524850c"

func TestKeys_NamesAreThoseOfTheDocuments(t *testing.T) {
	f := newFixture(t)
	second, err := f.store.CreateProject(t.Context(), clientele.Project{Name: "Maple Street", TimeZone: "UTC", CreatedAt: f.clock.Now()})
	check(t, err)
	b := f.as(t, owner)
	b.get(keysPath+"/new").want(http.StatusOK).has("OPM Partners", "Onlinewerkrooster", "Prime Lead", "DKHardware", "/console/keys/new?dialect=dkhardware")
	for _, c := range []struct {
		dialect clientele.Dialect
		more    []string
		values  map[string]string // by label, a pattern
	}{
		{clientele.OPM, nil, map[string]string{"x-api-key": "opm_.{64}"}},
		{clientele.Onlinewerkrooster, nil, map[string]string{"apikey": "owr_.{64}", "CustomerKey": ".{36}"}},
		{clientele.Onlinewerkrooster, []string{"project", idText(second.ID)}, map[string]string{
			"apikey": "owr_.{64}", "CustomerKey of Harbour Outfitters": ".{36}", "CustomerKey of Maple Street": ".{36}",
		}},
		{clientele.Onlinewerkrooster, []string{"project", idText(second.ID), "customer_keys", documentCustomerKey + " 0b0f2c6e-5f53-4b0e-8f0e-6a2e6c1a1a11"}, map[string]string{
			"apikey": "owr_.{64}", "CustomerKey of Harbour Outfitters": documentCustomerKey, "CustomerKey of Maple Street": "0b0f2c6e.{28}",
		}},
		{clientele.PrimeLead, nil, map[string]string{"advertiserUUID": ".{36}"}},
		{clientele.DKHardware, nil, map[string]string{"client_id": ".{36}", "client_secret": "dkh_.{64}"}},
		{clientele.DKHardware, []string{"client_id", "their-client", "secret", "their'secret"}, map[string]string{
			"client_id": "their-client", "client_secret": "their'secret",
		}},
	} {
		values := b.issue(c.dialect, c.more...).values()
		for label, pattern := range c.values {
			if !regexp.MustCompile("^" + pattern + "$").MatchString(values[label]) {
				t.Errorf("%s: %s is %q, want %s", c.dialect, label, values[label], pattern)
			}
		}
		if len(values) != len(c.values)+1 {
			t.Errorf("%s: %d things to copy, want %v and a call", c.dialect, len(values), c.values)
		}
		b.get(keysPath+"/"+strconv.Itoa(len(f.credentials(t)))).want(http.StatusOK).has(dialectName(c.dialect), "once")
	}
}

func TestKeys_WhatIsWrongIsSaidBesideTheField(t *testing.T) {
	f := newFixture(t)
	b := f.as(t, owner)
	b.issue(clientele.DKHardware, "client_id", "taken", "secret", "taken-secret")
	project := idText(f.project.ID)
	for _, c := range []struct {
		dialect clientele.Dialect
		form    []string
		problem string
	}{
		{clientele.OPM, []string{"project", project, "name", ""}, "1 to 100 characters"},
		{clientele.OPM, []string{"project", "99", "name", "P"}, "no such project"},
		{clientele.OPM, []string{"name", "P"}, "at least one project"},
		{clientele.OPM, []string{"project", project, "project", project, "name", "P"}, "opens one project"},
		{clientele.OPM, []string{"project", project, "name", "P", "expires", "2026-11-22"}, "in the past"},
		{clientele.OPM, []string{"project", project, "name", "P", "expires", "soon"}, "is neither"},
		{clientele.OPM, []string{"project", project, "name", "P", "scope", "customers"}, "has no scope"},
		{clientele.OPM, []string{"project", project, "name", "P", "secret", "short"}, "8 to 255 characters"},
		{clientele.PrimeLead, []string{"project", project, "name", "P", "secret", "no-uuid-at-all"}, "is a UUID"},
		{clientele.Onlinewerkrooster, []string{"project", project, "name", "P", "customer_keys", "none"}, "CustomerKey is a UUID"},
		{clientele.Onlinewerkrooster, []string{"project", project, "name", "P", "customer_keys", documentCustomerKey + " " + documentCustomerKey}, "one for each project"},
		{clientele.OPM, []string{"project", project, "name", "P", "customer_keys", documentCustomerKey}, "is for onlinewerkrooster"},
		{clientele.DKHardware, []string{"project", project, "name", "P", "client_id", "a:b"}, "no colons"},
		{clientele.DKHardware, []string{"project", project, "name", "P", "client_id", "taken"}, "in use by another key"},
		{clientele.DKHardware, []string{"project", project, "name", "P", "secret", "taken-secret"}, "in use by another key"},
	} {
		got := b.post(keysPath, b.keyForm(c.dialect, c.form...)...).want(http.StatusUnprocessableEntity).has(c.problem)
		if !strings.Contains(got.body, "class=\"problem\"") && !strings.Contains(got.body, "notice bad") || strings.Contains(got.body, "no-uuid-at-all") {
			t.Errorf("%v: no problem beside a field, or the secret again", c.form)
		}
	}
	for _, limit := range []string{"", "-1", "many", "2147483648", "1.5"} {
		form := []string{"once", b.get(keysPath + "/new?dialect=opm").once(), "dialect", "opm", "name", "P", "project", project, "reads", limit, "writes", "0"}
		b.post(keysPath, form...).want(http.StatusUnprocessableEntity).has("calls a minute, 0 for none")
	}
	b.post(keysPath, "once", "", "dialect", "dkhardware", "name", "P", "project", project, "reads", "0", "writes", "0").
		want(http.StatusUnprocessableEntity).has("Without a scope")
	b.post(keysPath, "dialect", "soap").want(http.StatusUnprocessableEntity)
	b.get(keysPath + "/new?dialect=soap").want(http.StatusNotFound)
	if got := len(f.credentials(t)); got != 1 {
		t.Errorf("%d keys, want the first alone", got)
	}
}

func TestKeys_LimitsHoldAtOnce(t *testing.T) {
	onBothStores(t, func(t *testing.T, f *fixture) {
		b := f.as(t, owner)
		secret := b.issue(clientele.OPM).values()["x-api-key"]
		if !f.lets(t, clientele.OPM, secret) { // from now on the guard remembers the key
			t.Fatal("the key is refused")
		}
		path := keysPath + "/1"
		b.post(path+"/limits", "reads", "3", "writes", "4").goesTo(path)
		b.get(path).want(http.StatusOK).has("3 a minute", "4 a minute", "limits of the key were changed")
		c, err := f.guard.BySecret(t.Context(), clientele.OPM, secret)
		check(t, err)
		if c.ReadsPerMinute != 3 || c.WritesPerMinute != 4 {
			t.Errorf("the guard counts against %d and %d", c.ReadsPerMinute, c.WritesPerMinute)
		}
		b.post(path+"/limits", "reads", "-3", "writes", "4").want(http.StatusUnprocessableEntity).has("0 for none")
		b.post(keysPath+"/99/limits", "reads", "3", "writes", "4").want(http.StatusNotFound)
		b.get("/console/audit").has("key.limits")
	})
}
