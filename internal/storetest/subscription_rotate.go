package storetest

import (
	"fmt"
	"testing"

	"clientele"
)

// rotate gives a subscription a secret at a second, in the place of the one that it has.
func (f *eventFixture) rotate(t *testing.T, s clientele.Subscription, secret string, second, oldUntil int) {
	t.Helper()
	r := clientele.SecretRotation{Secret: secret, Replaces: f.subscription(t, s).SigningSecret, At: at(second), OldUntil: at(oldUntil)}
	mustDo(t, "rotate", f.RotateSubscription(t.Context(), s.ProjectID, s.ID, r))
}

// testRotateInOverlap: who was given the first secret can verify until its promised end, however often it is rotated until then,
// and so can who was given any after it. Rotated without an overlap, all end.
func testRotateInOverlap(t *testing.T, f *eventFixture) {
	s := f.subscribe(t, f.project)
	first := s.SigningSecret
	f.rotate(t, s, "b", 1, 20)
	f.rotate(t, s, "c", 2, 10) // a shorter overlap takes nothing back
	got := f.subscription(t, s)
	wantSame(t, "secrets in the overlap", []string{"c", "b", first}, got.Signs(at(19)))
	wantSame(t, "secrets at its end", []string{"c"}, got.Signs(at(20)))
	f.rotate(t, s, "d", 3, 30)
	got = f.subscription(t, s)
	wantSame(t, "secrets in a longer overlap", []string{"d", "c", "b", first}, got.Signs(at(29)))
	f.rotate(t, s, "e", 30, 40)
	got = f.subscription(t, s)
	wantSame(t, "secrets after the overlap", []string{"e", "d"}, got.Signs(at(31)))
	for i := range 9 {
		f.rotate(t, s, fmt.Sprint(i), 32+i, 60)
	}
	got = f.subscription(t, s)
	wantSame(t, "secrets after many rotations", []string{"8", "7", "6", "5", "d"}, got.Signs(at(59)))
	f.rotate(t, s, "z", 50, 50)
	got = f.subscription(t, s)
	wantSame(t, "secrets without an overlap", []string{"z"}, got.Signs(at(50)))
}

// testRotateStale: a rotation that was decided before another changes nothing, and one that is carried out again does so once.
func testRotateStale(t *testing.T, f *eventFixture) {
	s := f.subscribe(t, f.project)
	r := clientele.SecretRotation{Secret: "b", Replaces: s.SigningSecret, At: at(1), OldUntil: at(9)}
	for range 2 {
		mustDo(t, "rotate", f.RotateSubscription(t.Context(), s.ProjectID, s.ID, r))
	}
	r.Secret = "c"
	wantKind(t, "rotate", f.RotateSubscription(t.Context(), s.ProjectID, s.ID, r), clientele.KindConflict)
	got := f.subscription(t, s)
	wantSame(t, "secrets", []string{"b", s.SigningSecret}, got.Signs(at(8)))
}
