package access

import (
	"context"
	"math"
	"regexp"
	"testing"
	"time"

	"clientele"
)

func TestSetLimits_HoldAtOnce(t *testing.T) {
	s, projects, a, c := openBook(t)
	issued, err := Issue(t.Context(), s, Order{Dialect: clientele.OPM, Projects: projects[:1], Name: "partner"}, c.Now())
	if err != nil {
		t.Fatal(err)
	}
	for _, bad := range [][2]int{{-1, 0}, {0, -1}, {math.MaxInt32 + 1, 0}, {0, math.MaxInt32 + 1}} {
		if err := SetLimits(t.Context(), s, issued.Credential.ID, bad[0], bad[1]); clientele.KindOf(err) != clientele.KindInvalid {
			t.Errorf("limits %v: %v, want kind invalid", bad, err)
		}
	}
	if err := SetLimits(t.Context(), s, issued.Credential.ID, 1, 0); err != nil {
		t.Fatal(err)
	}
	a.ForgetAll()
	got, err := a.ByID(t.Context(), issued.Credential.ID)
	if err != nil {
		t.Fatal(err)
	}
	for call, want := range []clientele.Kind{0, clientele.KindRateLimited} {
		if _, err := a.Take(t.Context(), got, Read); call == 0 && err != nil || call == 1 && clientele.KindOf(err) != want {
			t.Errorf("call %d: %v", call, err)
		}
	}
	if _, err := a.Take(context.WithoutCancel(t.Context()), got, Write); err != nil {
		t.Errorf("a write: %v, want no limit", err)
	}
	if err := SetLimits(t.Context(), s, 99, 1, 1); clientele.KindOf(err) != clientele.KindNotFound {
		t.Errorf("an unknown credential: %v, want not found", err)
	}
}

func TestSecretOf_IsMadeOfItsBits(t *testing.T) {
	var one, other [32]byte
	other[0] = 1
	for d, form := range map[clientele.Dialect]string{
		clientele.OPM: "^opm_[0-9a-f]{64}$", clientele.Onlinewerkrooster: "^owr_[0-9a-f]{64}$",
		clientele.PrimeLead:  "^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$",
		clientele.DKHardware: "^dkh_[0-9a-f]{64}$",
	} {
		if got := SecretOf(d, one); !regexp.MustCompile(form).MatchString(got) || got != SecretOf(d, one) || got == SecretOf(d, other) {
			t.Errorf("%s: %q, and of other bits %q", d, got, SecretOf(d, other))
		}
	}
}

func TestParseSpan(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"0s": 0, "90m": 90 * time.Minute, "12h": 12 * time.Hour, "7d": 7 * 24 * time.Hour, "": -1, "-1h": -1, "soon": -1, "1.5d": -1, "99999d": -1,
	} {
		got, err := ParseSpan(text)
		if want < 0 && clientele.KindOf(err) != clientele.KindInvalid || want >= 0 && (err != nil || got != want) {
			t.Errorf("%q: %v, %v", text, got, err)
		}
	}
}

func TestRotate_TakesASecretOnce(t *testing.T) {
	s, projects, a, c := openBook(t)
	issued, err := Issue(t.Context(), s, Order{Dialect: clientele.OPM, Projects: projects[:1], Name: "partner"}, c.Now())
	if err != nil {
		t.Fatal(err)
	}
	r := Rotation{CredentialID: issued.Credential.ID, Secret: SecretOf(clientele.OPM, [32]byte{7})}
	if _, err := Rotate(t.Context(), s, r, c.Now()); err != nil {
		t.Fatal(err)
	}
	if _, err := a.BySecret(t.Context(), clientele.OPM, r.Secret); err != nil {
		t.Errorf("the new secret: %v", err)
	}
	if _, err := Rotate(t.Context(), s, r, c.Now()); clientele.KindOf(err) != clientele.KindConflict {
		t.Errorf("the same rotation again: %v, want conflict", err)
	}
	r.Secret = "two words"
	if _, err := Rotate(t.Context(), s, r, c.Now()); clientele.KindOf(err) != clientele.KindInvalid {
		t.Errorf("a bad secret: %v, want invalid", err)
	}
}
