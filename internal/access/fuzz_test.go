package access

import (
	"strings"
	"testing"
	"time"

	"clientele"
)

// FuzzCanonical holds that a secret has one form, and that nothing but the letter case of a UUID is taken for another.
func FuzzCanonical(f *testing.F) {
	for _, secret := range []string{
		"", "4C6086B2-4201-4CD6-A94A-BB89684FD0BD", "4C6086B242014CD6A94ABB89684FD0BD", "opm_x", "{4C6086B2-4201-4CD6-A94A-BB89684FD0BD}",
		"4c6086b2-4201-4cd6-a94a-bb89684fd0bd", strings.Repeat("K", 36), strings.Repeat("\u212a", 12),
	} {
		f.Add(secret)
	}
	f.Fuzz(func(t *testing.T, secret string) {
		got := Canonical(secret)
		if Canonical(got) != got {
			t.Errorf("%q becomes %q, which becomes %q", secret, got, Canonical(got))
		}
		if got != secret && (len(got) != len(secret) || !strings.EqualFold(got, secret)) {
			t.Errorf("%q is taken for %q", secret, got)
		}
		if hint := Hint(secret); !strings.HasPrefix(secret, hint) || 3*len(hint) > len(secret) && hint != "" {
			t.Errorf("%q is told by %q", secret, hint)
		}
	})
}

// FuzzParseExpiry holds that a credential expires in the time to come, or the text is refused as a caller's mistake.
func FuzzParseExpiry(f *testing.F) {
	for _, text := range []string{"", "90d", "12h", "1s", "2027-01-31", "0d", "-1h", "65535d", "99999d", "2562047h47m", "1e9h", "2026-02-30", "9999-12-31"} {
		f.Add(text)
	}
	now := time.Date(2026, time.November, 22, 10, 0, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, text string) {
		at, err := ParseExpiry(text, now)
		switch {
		case err != nil && clientele.KindOf(err) != clientele.KindInvalid:
			t.Errorf("%q: %v", text, err)
		case err == nil && at.IsZero() != (text == ""):
			t.Errorf("%q never ends: %v", text, at)
		case err == nil && text != "" && !at.After(now):
			t.Errorf("%q ends at %s, before it began", text, at)
		}
	})
}
