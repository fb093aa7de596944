package storetest

import (
	"math"
	"testing"
	"time"

	"clientele"
)

func testRevoke(t *testing.T, f *fixture) {
	c, other := f.issue(t, "first", "1"), f.issue(t, "second", "2")
	for _, n := range []int{5, 9} {
		if err := f.RevokeCredential(t.Context(), c.ID, at(n)); err != nil {
			t.Fatalf("revoke: %v", err)
		}
	}
	c.RevokedAt = at(5)
	got, _ := f.bySecret(t, "1") // still found, so that the caller can tell why it is refused
	wantSame(t, "revoked", c, got)
	if got.Active(at(5)) || !got.Active(at(4)) {
		t.Error("a credential revoked at 5 is active until 5 and not from 5 on")
	}
	got, _ = f.bySecret(t, "2")
	wantSame(t, "the other", other, got)
}

func testRotate(t *testing.T, f *fixture) {
	c := f.issue(t, "partner", "old")
	bystander := f.issue(t, "bystander", "its own")
	err := f.RotateCredential(t.Context(), clientele.Secret{
		CredentialID: c.ID, Hash: secretOf("new"), CreatedAt: at(2), ExpiresAt: at(800),
	}, "opm_new1", at(100))
	if err != nil {
		t.Fatal(err)
	}
	c.Hint = "opm_new1"
	for secret, want := range map[string]time.Time{"old": at(100), "new": at(800)} {
		got, until := f.bySecret(t, secret)
		wantSame(t, "credential of the secret "+secret, c, got)
		if !until.Equal(want) {
			t.Errorf("the secret %s works until %v, want %v", secret, until, want)
		}
	}
	got, until := f.bySecret(t, "its own")
	wantSame(t, "the bystander", bystander, got)
	if !until.IsZero() {
		t.Errorf("the bystander's secret ends at %v", until)
	}
}

func testRotateTwice(t *testing.T, f *fixture) {
	c := f.issue(t, "partner", "1")
	for _, r := range []struct {
		secret   string
		oldUntil time.Time
	}{{"2", at(100)}, {"3", at(500)}, {"4", at(50)}} {
		s := clientele.Secret{CredentialID: c.ID, Hash: secretOf(r.secret), CreatedAt: at(3)}
		if err := f.RotateCredential(t.Context(), s, "opm_"+r.secret, r.oldUntil); err != nil {
			t.Fatal(err)
		}
	}
	for secret, want := range map[string]time.Time{"1": at(50), "2": at(50), "3": at(50), "4": {}} {
		if got, until := f.bySecret(t, secret); !until.Equal(want) || got.Hint != "opm_4" {
			t.Errorf("secret %s works until %v with hint %s, want %v and opm_4", secret, until, got.Hint, want)
		}
	}
	s := clientele.Secret{CredentialID: c.ID, Hash: secretOf("5"), CreatedAt: at(4)}
	if err := f.RotateCredential(t.Context(), s, "opm_5", at(900)); err != nil {
		t.Fatal(err)
	}
	if _, until := f.bySecret(t, "1"); !until.Equal(at(50)) {
		t.Errorf("a later rotation moved the end of an old secret to %v, want %v", until, at(50))
	}
}

func testRotateToTakenSecret(t *testing.T, f *fixture) {
	c := f.issue(t, "first", "1")
	f.issue(t, "second", "2")
	for _, taken := range []string{"1", "2"} {
		s := clientele.Secret{CredentialID: c.ID, Hash: secretOf(taken), CreatedAt: at(3)}
		wantKind(t, "rotate to a secret in use", f.RotateCredential(t.Context(), s, "opm_x", at(5)), clientele.KindConflict)
	}
	got, until := f.bySecret(t, "1")
	wantSame(t, "credential after the conflict", c, got)
	if !until.IsZero() {
		t.Errorf("the secret ends at %v although the rotation failed", until)
	}
}

func testChangeUnknownCredential(t *testing.T, f *fixture) {
	for _, id := range []int64{0, -1, 99, math.MaxInt64} {
		wantKind(t, "revoke", f.RevokeCredential(t.Context(), id, at(1)), clientele.KindNotFound)
		wantKind(t, "set limits", f.SetCredentialLimits(t.Context(), id, 1, 1), clientele.KindNotFound)
		s := clientele.Secret{CredentialID: id, Hash: secretOf("new"), CreatedAt: at(3)}
		wantKind(t, "rotate", f.RotateCredential(t.Context(), s, "opm_x", at(5)), clientele.KindNotFound)
	}
	_, _, err := f.FindCredentialBySecret(t.Context(), secretOf("new"))
	wantKind(t, "the secret that was refused", err, clientele.KindNotFound)
}

func testSetLimits(t *testing.T, f *fixture) {
	c, other := f.issue(t, "first", "1"), f.issue(t, "second", "2")
	for _, want := range []struct{ reads, writes int }{{math.MaxInt32, 1}, {0, 100}, {0, 100}, {200, 0}} {
		if err := f.SetCredentialLimits(t.Context(), c.ID, want.reads, want.writes); err != nil {
			t.Fatal(err)
		}
		c.ReadsPerMinute, c.WritesPerMinute = want.reads, want.writes
		got, until := f.bySecret(t, "1")
		wantSame(t, "limited", c, got)
		if !until.IsZero() {
			t.Errorf("the secret ends at %v", until)
		}
	}
	got, _ := f.bySecret(t, "2")
	wantSame(t, "the other", other, got)
}

func testTouch(t *testing.T, f *fixture) {
	a, b, c := f.issue(t, "a", "1"), f.issue(t, "b", "2"), f.issue(t, "c", "3")
	for _, used := range []map[int64]time.Time{
		{a.ID: at(10), b.ID: at(20)},
		{a.ID: at(9), b.ID: at(21)},
		nil,
	} {
		if err := f.TouchCredentials(t.Context(), used); err != nil {
			t.Fatal(err)
		}
	}
	a.LastUsedAt, b.LastUsedAt = at(10), at(21)
	list, err := f.ListCredentials(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	wantSame(t, "credentials", []clientele.Credential{a, b, c}, list)
}

func testTouchUnknown(t *testing.T, f *fixture) {
	a := f.issue(t, "a", "1")
	err := f.TouchCredentials(t.Context(), map[int64]time.Time{a.ID: at(10), a.ID + 1: at(10), math.MaxInt64: at(10)})
	if err != nil {
		t.Fatal(err)
	}
	if got, _ := f.bySecret(t, "1"); !got.LastUsedAt.Equal(at(10)) {
		t.Errorf("last used at %v, want %v", got.LastUsedAt, at(10))
	}
}
