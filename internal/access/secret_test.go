package access

import (
	"regexp"
	"strings"
	"testing"

	"clientele"
)

func TestNewSecret_ReadableBeginningAnd256Bits(t *testing.T) {
	for d, form := range map[clientele.Dialect]string{
		clientele.OPM:               `^opm_[0-9a-f]{64}$`,
		clientele.Onlinewerkrooster: `^owr_[0-9a-f]{64}$`,
		clientele.DKHardware:        `^dkh_[0-9a-f]{64}$`,
		clientele.PrimeLead:         `^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`,
	} {
		seen := map[string]bool{}
		for range 100 {
			s := NewSecret(d)
			if !regexp.MustCompile(form).MatchString(s) || seen[s] {
				t.Errorf("secret of %s: %q, seen before: %t", d, s, seen[s])
			}
			seen[s] = true
			if Canonical(s) != s {
				t.Errorf("a new secret of %s is not in the form in which it is hashed", d)
			}
		}
	}
}

func TestHint_TellsNoMoreThanTheBeginning(t *testing.T) {
	for secret, want := range map[string]string{
		"": "", "12345678": "", strings.Repeat("x", 23): "", strings.Repeat("x", 24): "xxxxxxxx", "opm_0123456789abcdef01234567": "opm_0123",
	} {
		if got := Hint(secret); got != want {
			t.Errorf("Hint of %d characters = %q, want %q", len(secret), got, want)
		}
	}
}

func TestCanonical(t *testing.T) {
	const id = "0A1B2C3D-4E5F-4A6B-8C7D-9E0F1A2B3C4D"
	for secret, want := range map[string]string{
		"":                                     "",
		"Secret":                               "Secret",
		id:                                     strings.ToLower(id),
		strings.ReplaceAll(id, "-", ""):        strings.ToLower(strings.ReplaceAll(id, "-", "")),
		"{" + id + "}":                         "{" + id + "}",
		"urn:uuid:" + id:                       "urn:uuid:" + id,
		id[:35] + "G":                          id[:35] + "G",
		strings.Repeat("A", 31) + "G":          strings.Repeat("A", 31) + "G",
		"opm_" + strings.Repeat("AB", 32):      "opm_" + strings.Repeat("AB", 32),
		strings.ReplaceAll(id, "-", "_"):       strings.ReplaceAll(id, "-", "_"),
		"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789": "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789",
		strings.Replace(strings.ToLower(id), "a", "A", 1): strings.ToLower(id),
	} {
		if got := Canonical(secret); got != want {
			t.Errorf("Canonical(%q) = %q, want %q", secret, got, want)
		}
	}
}
