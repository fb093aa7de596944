package storetest

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"clientele"
)

func signingKeyChecks() []check {
	return []check{
		{"Rotate_RetiresTheOldOne", testRotateSigningKey},
		{"Rotate_NotWhileTheNewestIsFresh", testFreshSigningKey},
		{"Rotate_OfManyAtOnceOneIsCarriedOut", testRotateSigningKeyAtOnce},
		{"Rotate_AnIDTwiceIsRefusedAndChangesNothing", testSigningKeyTwice},
		{"Delete_WhatWasRetiredBefore", testDeleteSigningKeys},
	}
}

func signingKey(id string, n int) clientele.SigningKey {
	return clientele.SigningKey{ID: id, Seed: []byte("\x00\xff, and 30 bytes of a seed more"), CreatedAt: at(n)}
}

func (f *fixture) rotateSigningKey(t *testing.T, k clientele.SigningKey, renewBefore, oldUntil time.Time) {
	t.Helper()
	if err := f.RotateSigningKey(t.Context(), k, renewBefore, oldUntil); err != nil {
		t.Fatalf("rotate to signing key %s: %v", k.ID, err)
	}
}

func (f *fixture) wantSigningKeys(t *testing.T, want ...clientele.SigningKey) {
	t.Helper()
	got, err := f.ListSigningKeys(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	wantSame(t, "signing keys", want, got)
}

func testRotateSigningKey(t *testing.T, f *fixture) {
	f.wantSigningKeys(t)
	a, b, c := signingKey("b", 1), signingKey("A", 2), signingKey("ż", 3) // in order of time, not of id
	f.rotateSigningKey(t, a, at(1), at(1))
	f.wantSigningKeys(t, a)
	f.rotateSigningKey(t, b, at(2), at(100))
	a.RetiredAt = at(100)
	f.wantSigningKeys(t, a, b)
	f.rotateSigningKey(t, c, at(3), at(50))
	b.RetiredAt = at(50)
	f.wantSigningKeys(t, a, b, c) // the first keeps its time
}

func testFreshSigningKey(t *testing.T, f *fixture) {
	a := signingKey("a", 1)
	f.rotateSigningKey(t, a, at(1), at(1))
	f.rotateSigningKey(t, signingKey("b", 2), at(1), at(2)) // created at renewBefore is fresh
	f.wantSigningKeys(t, a)
}

func testRotateSigningKeyAtOnce(t *testing.T, f *fixture) {
	f.rotateSigningKey(t, signingKey("old", 1), at(1), at(1))
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			if err := f.RotateSigningKey(t.Context(), signingKey(fmt.Sprint(i), 10), at(5), at(20)); err != nil {
				t.Errorf("rotate: %v", err)
			}
		})
	}
	all.Wait()
	keys, err := f.ListSigningKeys(t.Context())
	if err != nil || len(keys) != 2 || !keys[0].RetiredAt.Equal(at(20)) || !keys[1].RetiredAt.IsZero() {
		t.Errorf("keys %+v, %v; want the old one, retired, and one new", keys, err)
	}
}

func testSigningKeyTwice(t *testing.T, f *fixture) {
	a := signingKey("a", 1)
	f.rotateSigningKey(t, a, at(1), at(1))
	if err := f.RotateSigningKey(t.Context(), signingKey("a", 10), at(10), at(10)); err == nil {
		t.Error("a signing key was stored twice")
	}
	f.wantSigningKeys(t, a)
}

func testDeleteSigningKeys(t *testing.T, f *fixture) {
	a, b, c := signingKey("a", 1), signingKey("b", 2), signingKey("c", 3)
	f.rotateSigningKey(t, a, at(1), at(1))
	f.rotateSigningKey(t, b, at(2), at(60))
	f.rotateSigningKey(t, c, at(3), at(70))
	a.RetiredAt, b.RetiredAt = at(60), at(70)
	for _, step := range []struct {
		before time.Time
		left   []clientele.SigningKey
	}{
		{at(60), []clientele.SigningKey{a, b, c}},
		{at(60).Add(time.Microsecond), []clientele.SigningKey{b, c}},
		{at(900), []clientele.SigningKey{c}}, // the newest is never deleted
	} {
		if err := f.DeleteSigningKeys(t.Context(), step.before); err != nil {
			t.Fatal(err)
		}
		f.wantSigningKeys(t, step.left...)
	}
}
