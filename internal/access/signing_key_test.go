package access_test

import (
	"fmt"
	"testing"
	"time"

	"clientele"
	"clientele/internal/access"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

// keyOf returns the id of the key that a server signs with.
func keyOf(t testing.TB, f *fixture, s *server) string {
	t.Helper()
	token, err := jwt.ParseSigned(f.token(t, s), []jose.SignatureAlgorithm{jose.EdDSA})
	if err != nil {
		t.Fatal(err)
	}
	return token.Headers[0].KeyID
}

func countKeys(t testing.TB, f *fixture) int {
	t.Helper()
	keys, err := f.ListSigningKeys(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return len(keys)
}

// TestSigningKey_Life goes through the life of a key: made for the first token, it signs for 30 days, and is kept until its
// last token is over.
func TestSigningKey_Life(t *testing.T) {
	f := newFixture(t)
	s := f.serve(t, f, f)
	first := keyOf(t, f, s)
	f.clock.Move(access.MaxKeyAge - time.Second)
	if got := keyOf(t, f, s); got != first || countKeys(t, f) != 1 {
		t.Errorf("before 30 days: key %s of %d, want %s of 1", got, countKeys(t, f), first)
	}
	f.clock.Move(time.Second)
	if got := keyOf(t, f, s); got != first || countKeys(t, f) != 2 {
		t.Errorf("after 30 days: key %s of %d; want the old one for a moment, and a new one beside it", got, countKeys(t, f))
	}
	f.clock.Move(10 * time.Second)
	last := f.token(t, s)
	if second := keyOf(t, f, s); second == first {
		t.Errorf("a moment later: still the old key")
	}
	f.wantIn(t, "token of the new key", s, last, allScopes)

	f.clock.Move(access.MaxKeyAge)
	if f.token(t, s); countKeys(t, f) != 2 {
		t.Errorf("after 60 days: %d keys, want the last two", countKeys(t, f))
	}
}

// TestSigningKey_TokensOutliveTheirKey holds that a token is good for its 90 minutes, whatever happens to its key.
func TestSigningKey_TokensOutliveTheirKey(t *testing.T) {
	f := newFixture(t)
	s, other := f.serve(t, f, f), f.serve(t, f, f)
	token := f.token(t, s)
	if err := access.RotateSigningKey(t.Context(), f, f.clock.Now()); err != nil {
		t.Fatal(err)
	}
	f.clock.Move(time.Minute) // s signed with the old key until now
	late := f.token(t, s)
	for range 3 {
		f.clock.Move(29 * time.Minute)
		if err := access.RotateSigningKey(t.Context(), f, f.clock.Now()); err != nil {
			t.Fatal(err)
		}
		f.wantIn(t, "token of the first key", s, token, allScopes)
		f.wantIn(t, "token of the first key, another server", other, token, allScopes)
		f.wantIn(t, "late token", other, late, allScopes)
	}
	f.clock.Move(2 * time.Hour)
	if err := access.RotateSigningKey(t.Context(), f, f.clock.Now()); err != nil {
		t.Fatal(err)
	}
	if got := countKeys(t, f); got != 2 {
		t.Errorf("%d keys are kept, want 2", got)
	}
}

// TestSigningKey_ServersShareThem holds that a token of one server lets in at another, at once, also after a rotation, and
// that servers that start together agree on a key.
func TestSigningKey_ServersShareThem(t *testing.T) {
	f := newFixture(t)
	a, b := f.serve(t, f, f), f.serve(t, f, f)
	wantOut(t, "no key yet", b, "x.y.z")
	f.wantIn(t, "the first", b, f.token(t, a), allScopes)
	f.wantIn(t, "and back", a, f.token(t, b), allScopes)
	if got := countKeys(t, f); got != 1 {
		t.Errorf("%d keys, want one for both", got)
	}
	if err := access.RotateSigningKey(t.Context(), f, f.clock.Now()); err != nil {
		t.Fatal(err)
	}
	for range 30 { // whatever either has heard of, and whenever
		f.clock.Move(7 * time.Second)
		f.wantIn(t, "a for b", b, f.token(t, a), allScopes)
		f.wantIn(t, "b for a", a, f.token(t, b), allScopes)
	}
}

// TestSigningKey_ReplacedOnesLetNobodyIn holds that the tokens of a key that leaked end within a minute on every server.
func TestSigningKey_ReplacedOnesLetNobodyIn(t *testing.T) {
	f := newFixture(t)
	a, b := f.serve(t, f, f), f.serve(t, f, f)
	token := f.token(t, a)
	f.wantIn(t, "before", b, token, allScopes)
	if err := access.ReplaceSigningKeys(t.Context(), f, f.clock.Now()); err != nil {
		t.Fatal(err)
	}
	if got := countKeys(t, f); got != 1 {
		t.Errorf("%d keys, want the new one", got)
	}
	f.clock.Move(time.Minute)
	wantOut(t, "after", a, token)
	wantOut(t, "after, another server", b, token)
	f.wantIn(t, "a new one", b, f.token(t, a), allScopes)
}

// TestSigningKey_UnknownOnesAreAskedForSparingly holds that tokens with made-up keys cost one question a second.
func TestSigningKey_UnknownOnesAreAskedForSparingly(t *testing.T) {
	f := newFixture(t)
	store := &flakyStore{Store: f.Store}
	s, stranger := f.serve(t, store, store), newFixture(t)
	f.wantIn(t, "a good one", s, f.token(t, s), allScopes)
	store.asked()
	for i := range 50 {
		elsewhere := stranger.serve(t, stranger, stranger)
		wantOut(t, fmt.Sprint("unknown key ", i), s, stranger.token(t, elsewhere))
	}
	if lists, _ := store.asked(); lists != 0 {
		t.Errorf("asked %d times within the second", lists)
	}
	f.clock.Move(time.Second)
	stranger.clock.Move(time.Second)
	for range 50 {
		wantOut(t, "unknown key", s, stranger.token(t, stranger.serve(t, stranger, stranger)))
	}
	if lists, finds := store.asked(); lists != 1 || finds != 0 {
		t.Errorf("asked %d times for keys and %d times for credentials; want once and never", lists, finds)
	}
}

// TestSigningKey_NoStoreNoToken holds that a server which never read a key lets nobody in, and says why.
func TestSigningKey_NoStoreNoToken(t *testing.T) {
	f := newFixture(t)
	token := f.token(t, f.serve(t, f, f))
	store := &flakyStore{Store: f.Store, failing: true}
	_, err := f.serve(t, store, store).tokens.Verify(t.Context(), token)
	wantKind(t, "verify", err, clientele.KindUnavailable)
}
