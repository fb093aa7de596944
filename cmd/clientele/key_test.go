package main

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestKeyIssue_Dialects: each dialect's credential has the names of its document, in text and as JSON.
func TestKeyIssue_Dialects(t *testing.T) {
	dir, _ := newBook(t)
	command(t, "project", "create", "second", "--data-dir", dir).wants(t, exitOK)
	uuid := `[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}`
	for _, c := range []struct {
		dialect string
		more    []string
		values  map[string]string // by name, a pattern
	}{
		{"opm", nil, map[string]string{"x-api-key": "opm_[0-9a-f]{64}"}},
		{"onlinewerkrooster", nil, map[string]string{"apikey": "owr_[0-9a-f]{64}", "CustomerKey": uuid}},
		{"onlinewerkrooster", []string{"--project", "second"}, map[string]string{
			"apikey": "owr_[0-9a-f]{64}", "CustomerKey": `map\[second:` + uuid + ` shop:` + uuid + `\]`,
		}},
		{"primelead", nil, map[string]string{"advertiserUUID": uuid}},
		{"dkhardware", nil, map[string]string{"client_id": uuid, "client_secret": "dkh_[0-9a-f]{64}"}},
	} {
		args := append([]string{"key", "issue", "--data-dir", dir, "--project", "shop", "--dialect", c.dialect, "--name", "A & B"}, c.more...)
		v := command(t, append(args, "--json")...).object(t)
		wantKeys(t, v, "id", "project", "dialect", "name", "credentials")
		if v["dialect"] != c.dialect || v["name"] != "A & B" || fmt.Sprint(v["project"]) != map[bool]string{true: "shop", false: "[shop second]"}[c.more == nil] {
			t.Errorf("%s: %v", c.dialect, v)
		}
		credentials, _ := v["credentials"].(map[string]any)
		text := command(t, args...).wants(t, exitOK).stdout
		for name, pattern := range c.values {
			if got := fmt.Sprint(credentials[name]); !regexp.MustCompile("^" + pattern + "$").MatchString(got) {
				t.Errorf("%s: %s is %q, want %s", c.dialect, name, got, pattern)
			}
			if !strings.HasPrefix(pattern, "map") && !regexp.MustCompile(`(?m)^  `+name+`: `+pattern+`$`).MatchString(text) {
				t.Errorf("%s: no %s in\n%s", c.dialect, name, text)
			}
		}
		if len(credentials) != len(c.values) {
			t.Errorf("%s: credentials %v, want %v", c.dialect, credentials, c.values)
		}
	}
}

// TestKeyIssue_CustomerKeys that a partner brings along work as they are, whatever the case of their letters.
func TestKeyIssue_CustomerKeys(t *testing.T) {
	dir, _ := newBook(t)
	command(t, "project", "create", "second", "--data-dir", dir).wants(t, exitOK)
	const first, other, apikey = "81AD2F9B-6362-4388-9617-96A18524850C", "0b0f2c6e-5f53-4b0e-8f0e-6a2e6c1a1a11", "3fdae2c8b32348a3855af9f0377191d4"
	issue := []string{"key", "issue", "--data-dir", dir, "--dialect", "onlinewerkrooster", "--name", "P", "--secret-stdin", "--project", "shop"}
	for _, c := range []struct {
		more    []string
		message string
	}{
		{[]string{"--customer-key", "no-uuid"}, "a CustomerKey is a UUID"},
		{[]string{"--project", "second", "--customer-key", first}, "one for each project"},
		{[]string{"--project", "second", "--customer-key", first, "--customer-key", strings.ToLower(first)}, "the same CustomerKey"},
		{[]string{"--customer-key", first, "--dialect", "opm"}, "is for onlinewerkrooster"},
	} {
		o := invocation{args: append(slices.Clone(issue), c.more...), stdin: apikey}.run(t).wants(t, exitUsage)
		if !strings.Contains(o.stderr, c.message) {
			t.Errorf("%v: %s, want %q", c.more, o.stderr, c.message)
		}
	}
	args := append(slices.Clone(issue), "--project", "second", "--customer-key", first, "--customer-key", other)
	if o := (invocation{args: args, stdin: apikey}).run(t).wants(t, exitOK); !strings.Contains(o.stdout, first) || !strings.Contains(o.stdout, other) {
		t.Errorf("%s does not show the keys", o.stdout)
	}
	s := startServer(t, dir)
	for _, c := range []struct {
		customerKey string
		company     int
	}{{first, 1}, {strings.ToLower(first), 1}, {other, 2}} {
		company := c.company // and the number of its customer, which is made in this order
		s.ask(request{
			method: "POST", url: "/api/customers", header: map[string]string{
				"apikey": apikey, "CustomerKey": c.customerKey, "Content-Type": "application/json",
			},
			body: `{"extCustomerId":1001,"extCustomerNumber":"1001","enterpriseNumber":"BE01234567899","name":"Bakery","address":{"city":"Lommel"}}`,
		}).wants(t, 200, fmt.Sprintf(`{"companyId":%d,"customerId":%d,"extCustomerId":1001}`, company, company))
	}
}

// TestKeyList in text and as JSON, with each state a credential can be in.
func TestKeyList(t *testing.T) {
	dir, _ := newBook(t)
	issue(t, dir, "--expires", "1ms")
	issue(t, dir, "--expires", "90d", "--reads-per-minute", "7", "--writes-per-minute", "0")
	command(t, "key", "revoke", "1", "--data-dir", dir).wants(t, exitOK)
	list := command(t, "key", "list", "--data-dir", dir, "--json").object(t)
	wantKeys(t, list, "keys")
	var states []string
	for _, k := range list["keys"].([]any) {
		states = append(states, k.(map[string]any)["state"].(string))
	}
	if diff := cmp.Diff([]string{"revoked", "expired", "active"}, states); diff != "" {
		t.Errorf("states (-want +got):\n%s", diff)
	}
	third := list["keys"].([]any)[2].(map[string]any)
	wantKeys(t, third, "id", "projects", "dialect", "name", "hint", "scopes", "readsPerMinute", "writesPerMinute", "state",
		"createdAt", "expiresAt")
	created, expires := parseTime(t, third["createdAt"]), parseTime(t, third["expiresAt"])
	if third["readsPerMinute"] != 7.0 || third["writesPerMinute"] != 0.0 || expires.Sub(created) != 90*24*time.Hour {
		t.Errorf("the third key: %v", third)
	}
	text := command(t, "key", "list", "--data-dir", dir).wants(t, exitOK).stdout
	for i, line := range strings.Split(strings.TrimSpace(text), "\n")[1:] {
		if !slices.Contains(strings.Fields(line), states[i]) || !strings.Contains(line, "opm_") {
			t.Errorf("line %d of key list: %q, want %s in it", i+1, line, states[i])
		}
	}
}

func parseTime(t testing.TB, v any) time.Time {
	t.Helper()
	at, err := time.Parse(time.RFC3339, fmt.Sprint(v))
	if err != nil {
		t.Fatal(err)
	}
	return at
}

// TestKeyIssue_WorksAtOnce beside a running server, as does one that a partner brings along in any form.
func TestKeyIssue_WorksAtOnce(t *testing.T) {
	dir, key := newBook(t)
	s := startServer(t, dir)
	s.ping(key).wants(t, 200, pongBody)
	s.ping(issueKey(t, dir)).wants(t, 200, pongBody)
	bring := func(stdin string) outcome {
		return invocation{stdin: stdin, args: []string{
			"key", "issue", "--data-dir", dir, "--project", "shop", "--dialect", "opm", "--name", "P", "--secret-stdin", "--json",
		}}.run(t)
	}
	for stdin, key := range map[string]string{
		"first-secret":                         "first-secret",
		"second-secret\n":                      "second-secret",
		"third-secret\r\nand more\n":           "third-secret",
		"!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~\n": "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~",
		strings.Repeat("x", 255) + "\n":        strings.Repeat("x", 255),
	} {
		if got := keyOf(t, bring(stdin).object(t)); got != key {
			t.Errorf("brought %q, issued %q", stdin, got)
		}
		s.ping(key).wants(t, 200, pongBody)
		s.ping(key[1:]).wants(t, 401, unauthorizedBody)
	}
	for _, stdin := range []string{"", "\n", "  \n", "seven77", strings.Repeat("x", 256), "two words in it", "umlaut-ä-in-it"} {
		if o := bring(stdin); o.status != exitUsage || o.stdout != "" || (stdin != "" && strings.Contains(o.stderr, stdin) && len(stdin) > 3) {
			t.Errorf("brought %q: status %d, %q, %q", stdin, o.status, o.stdout, o.stderr)
		}
	}
	s.stop()
	keys := command(t, "key", "list", "--data-dir", dir, "--json").object(t)["keys"].([]any)
	for _, k := range keys {
		if used := k.(map[string]any)["lastUsedAt"]; used == nil {
			t.Errorf("key %v was used and says nothing of it", k)
		}
	}
}

// TestKeyIssue_Expires: a key of one second is good for a second.
func TestKeyIssue_Expires(t *testing.T) {
	t.Parallel()
	dir, _ := newBook(t)
	s := startServer(t, dir)
	start := time.Now()
	key := issueKey(t, dir, "--expires", "1s")
	last, refused := s.lastAccepted(key)
	if d := refused.Sub(start); d < time.Second {
		t.Errorf("refused %s after it was ordered", d)
	}
	if d := last.Sub(start); d > 5*time.Second {
		t.Errorf("still accepted %s after it was ordered", d)
	}
}

// TestKeyRevoke_WithinFiveSeconds although the server has just seen that it is good.
func TestKeyRevoke_WithinFiveSeconds(t *testing.T) {
	t.Parallel()
	dir, key := newBook(t)
	s := startServer(t, dir)
	s.ping(key).wants(t, 200, pongBody)
	v := command(t, "key", "revoke", "1", "--data-dir", dir, "--json").object(t)
	if diff := cmp.Diff(map[string]any{"id": 1.0, "revoked": true}, v); diff != "" {
		t.Errorf("key revoke --json:\n%s", diff)
	}
	revoked := time.Now()
	if last, _ := s.lastAccepted(key); last.Sub(revoked) > 5*time.Second {
		t.Errorf("accepted %s after it was revoked", last.Sub(revoked))
	}
	again := command(t, "key", "revoke", "1", "--data-dir", dir).wants(t, exitOK).stdout
	if !strings.Contains(again, "Credential 1 is revoked") {
		t.Errorf("key revoke, again: %q", again)
	}
}

// TestKeyRotate: the new key is good at once, the old one for the overlap, which may be none.
func TestKeyRotate(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		overlap string
		least   time.Duration
	}{{"0s", 0}, {"6s", 6 * time.Second}} {
		t.Run(c.overlap, func(t *testing.T) {
			t.Parallel()
			dir, old := newBook(t)
			s := startServer(t, dir)
			s.ping(old).wants(t, 200, pongBody)
			start := time.Now()
			v := command(t, "key", "rotate", "1", "--overlap", c.overlap, "--data-dir", dir, "--json").object(t)
			wantKeys(t, v, "id", "project", "dialect", "name", "credentials")
			key, rotated := keyOf(t, v), time.Now()
			if key == old || v["id"] != 1.0 || v["project"] != "shop" {
				t.Errorf("key rotate --json: %v", v)
			}
			s.ping(key).wants(t, 200, pongBody)
			last, refused := s.lastAccepted(old)
			if refused.Sub(start) < c.least {
				t.Errorf("the old key was refused after %s", refused.Sub(start))
			}
			if d := last.Sub(rotated); d > c.least+5*time.Second {
				t.Errorf("the old key was accepted after %s", d)
			}
			s.ping(key).wants(t, 200, pongBody)
		})
	}
}

// lastAccepted uses the key until it is refused. It returns when a call was sent that was accepted last, or the zero time,
// and when the refusal came.
func (s *server) lastAccepted(key string) (last, refused time.Time) {
	s.t.Helper()
	eventually(s.t, patience, "the key is refused", func() bool {
		sent := time.Now()
		a := s.ping(key)
		if a.status == 200 {
			last = sent
			return false
		}
		a.wants(s.t, 401, unauthorizedBody)
		return true
	})
	return last, time.Now()
}

// TestKeyIssue_Limits: the limits that were ordered hold, and the caller is told where it stands.
func TestKeyIssue_Limits(t *testing.T) {
	dir, _ := newBook(t)
	s := startServer(t, dir)
	key := issueKey(t, dir, "--reads-per-minute", "2")
	for _, left := range []string{"1", "0"} {
		a := s.ping(key)
		a.wants(t, 200, pongBody)
		if a.header.Get("RateLimit-Limit") != "2" || a.header.Get("RateLimit-Remaining") != left {
			t.Errorf("headers %v, want 2 and %s", a.header, left)
		}
	}
	if a := s.ping(key); a.status != 429 || a.header.Get("Retry-After") == "" {
		t.Errorf("the third call: %d %s %v", a.status, a.body, a.header)
	}
	s.entry(key, `{"customerId":1,"customerPhone":"1"}`).wants(t, 201, createdBody) // writes have a limit of their own: none
}
