package browsertest

import (
	"strings"
	"testing"
)

// TestKey_IssuedUsedRotatedRevoked is the life of a partner's key, with the partner calling in between.
func TestKey_IssuedUsedRotatedRevoked(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, s *server, l look) {
		p := logIn(t, s, "owner", l)
		p.Open("/console/keys")
		p.WaitText("There is no key yet")
		p.check()
		first := issueKey(p)
		if got := s.entry(first, `{"customerId":7519,"customerEmail":"ada@example.com"}`); !strings.HasPrefix(got, "201 ") {
			t.Fatalf("an entry with the key that was issued: %s", got)
		}

		p.Follow(link("To the key"))
		p.check()
		p.Fill(field("The present secret works for"), "24 hours")
		p.Follow(button("Rotate"))
		p.WaitText("The former secret works until")
		p.check()
		second := p.secret("x-api-key")
		for _, key := range []string{first, second} {
			s.wants(200, "GET", "/ping", "", "x-api-key: "+key)
		}

		p.Follow(link("To the key"))
		p.Follow(link("Revoke …"))
		p.check()
		p.Follow(button("Revoke the key"))
		p.WaitText("revoked")
		p.check()
		s.until("both secrets are refused", func() bool {
			one, _ := s.send("GET", "/ping", "", "x-api-key: "+first)
			other, _ := s.send("GET", "/ping", "", "x-api-key: "+second)
			return one == 401 && other == 401
		})
	})
}

// issueKey issues an OPM key in the console and returns it.
func issueKey(p *page) string {
	p.t.Helper()
	p.Open("/console/keys")
	p.Follow(link("Issue a key"))
	p.check()
	p.Follow(css(`a[href*="dialect=opm"]`))
	p.check()
	p.Fill(field("Partner"), "Lead partner & Co <Ltd>")
	p.Follow(button("Issue the key"))
	p.WaitText("It is shown this once")
	p.check()
	return p.secret("x-api-key")
}

// secret returns a value that the page shows to be copied.
func (p *page) secret(label string) string {
	p.t.Helper()
	return strings.TrimSpace(p.Text(css(`pre[aria-label="` + label + `"]`)))
}
