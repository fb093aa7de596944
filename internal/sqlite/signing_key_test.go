package sqlite

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"clientele"

	"github.com/google/go-cmp/cmp"
)

func signingKey(id string, at time.Time) clientele.SigningKey {
	return clientele.SigningKey{ID: id, Seed: []byte("a seed of 32 bytes, no more, n" + id), CreatedAt: at}
}

func rotate(t testing.TB, s *Store, k clientele.SigningKey, renewBefore, oldUntil time.Time) {
	t.Helper()
	if err := s.RotateSigningKey(t.Context(), k, renewBefore, oldUntil); err != nil {
		t.Fatal(err)
	}
}

func wantKeys(t testing.TB, s *Store, want ...clientele.SigningKey) {
	t.Helper()
	got, err := s.ListSigningKeys(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("signing keys (-want +got):\n%s", diff)
	}
}

func TestSigningKey_RotationRetiresTheOldOne(t *testing.T) {
	s, _ := newStore(t)
	wantKeys(t, s)
	a, b, c := signingKey("a", moment()), signingKey("b", moment().Add(time.Hour)), signingKey("c", moment().Add(2*time.Hour))
	rotate(t, s, a, a.CreatedAt, a.CreatedAt)
	wantKeys(t, s, a)

	rotate(t, s, b, a.CreatedAt.Add(time.Microsecond), b.CreatedAt.Add(time.Minute))
	a.RetiredAt = b.CreatedAt.Add(time.Minute)
	wantKeys(t, s, a, b)

	rotate(t, s, c, c.CreatedAt, c.CreatedAt)
	b.RetiredAt = c.CreatedAt
	wantKeys(t, s, a, b, c) // the first keeps its time
}

func TestSigningKey_NoRotationWhileTheNewestIsFresh(t *testing.T) {
	s, _ := newStore(t)
	a := signingKey("a", moment())
	rotate(t, s, a, moment(), moment())
	rotate(t, s, signingKey("b", moment().Add(time.Hour)), moment(), moment())
	wantKeys(t, s, a)
}

func TestSigningKey_OfManyRotationsAtOnceOneIsCarriedOut(t *testing.T) {
	s, _ := newStore(t)
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			k := signingKey(fmt.Sprint(i), moment())
			if err := s.RotateSigningKey(t.Context(), k, moment().Add(-time.Hour), moment()); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if keys, err := s.ListSigningKeys(t.Context()); err != nil || len(keys) != 1 {
		t.Errorf("%d keys, %v; want one", len(keys), err)
	}
}

func TestSigningKey_DeletesWhatWasRetiredBefore(t *testing.T) {
	s, _ := newStore(t)
	a, b, c := signingKey("a", moment()), signingKey("b", moment().Add(time.Second)), signingKey("c", moment().Add(2*time.Second))
	rotate(t, s, a, moment(), moment())
	rotate(t, s, b, b.CreatedAt, moment().Add(time.Minute))
	rotate(t, s, c, c.CreatedAt, moment().Add(time.Hour))
	a.RetiredAt, b.RetiredAt = moment().Add(time.Minute), moment().Add(time.Hour)
	for _, step := range []struct {
		before time.Time
		left   []clientele.SigningKey
	}{
		{a.RetiredAt, []clientele.SigningKey{a, b, c}},
		{a.RetiredAt.Add(time.Microsecond), []clientele.SigningKey{b, c}},
		{moment().Add(1000 * time.Hour), []clientele.SigningKey{c}}, // the newest is never deleted
	} {
		if err := s.DeleteSigningKeys(t.Context(), step.before); err != nil {
			t.Fatal(err)
		}
		wantKeys(t, s, step.left...)
	}
}

func TestSigningKey_AnIDTwiceIsRefusedAndChangesNothing(t *testing.T) {
	s, _ := newStore(t)
	a := signingKey("a", moment())
	rotate(t, s, a, moment(), moment())
	again := signingKey("a", moment().Add(time.Hour))
	if err := s.RotateSigningKey(t.Context(), again, again.CreatedAt, again.CreatedAt); err == nil {
		t.Error("stored twice")
	}
	wantKeys(t, s, a)
}

func TestFindCredentialByClientID(t *testing.T) {
	s, project := newStore(t)
	c, err := s.CreateCredential(t.Context(), clientele.Credential{
		Dialect: clientele.DKHardware, Name: "partner", ClientID: clientele.Some("one"), Scopes: []string{"customers"},
		Grants: []clientele.Grant{{ProjectID: project}}, CreatedAt: moment(),
	}, clientele.HashSecret(clientele.DKHardware, "secret"))
	if err != nil {
		t.Fatal(err)
	}
	got, err := s.FindCredentialByClientID(t.Context(), "one")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(c, got); diff != "" {
		t.Errorf("credential (-want +got):\n%s", diff)
	}
	for _, id := range []string{"", "two", "ONE"} {
		_, err := s.FindCredentialByClientID(t.Context(), id)
		wantKind(t, "client id "+id, err, clientele.KindNotFound)
	}
}
