package access

import (
	"context"
	"fmt"
	"net/netip"
	"testing"
	"time"

	"clientele"
)

// from returns the context of a call from the address.
func from(address string) context.Context {
	return clientele.WithRequest(context.Background(), &clientele.Request{Client: netip.MustParseAddr(address)})
}

// guess shows n unknown secrets from the address and returns the kind of the last error.
func guess(a *Access, address string, n int) clientele.Kind {
	var err error
	for i := range n {
		_, err = a.BySecret(from(address), clientele.OPM, fmt.Sprintf("guess %d of %s", i, address))
	}
	return clientele.KindOf(err)
}

// TestBySecret_Guessing: who shows too many unknown secrets is told to wait, and the store is not asked any more.
func TestBySecret_Guessing(t *testing.T) {
	clock, d := newClock(), newDirectory()
	a := New(d, clock.Now)
	if got := guess(a, "192.0.2.7", maxGuesses); got != clientele.KindUnauthorized {
		t.Errorf("the last of %d guesses: %v, want unauthorized", maxGuesses, got)
	}
	asked := d.asked()
	_, err := a.BySecret(from("192.0.2.7"), clientele.OPM, "one more")
	if e, ok := err.(*clientele.Error); !ok || e.Kind != clientele.KindRateLimited || e.RetryAfter <= 0 || e.RetryAfter > time.Minute {
		t.Errorf("one more: %v, want rate_limited with a time to wait", err)
	}
	if d.asked() != asked {
		t.Error("the store was asked for it")
	}
	if got := guess(a, "192.0.2.8", 1); got != clientele.KindUnauthorized {
		t.Errorf("from another address: %v", got)
	}
	clock.turn(window)
	if got := guess(a, "192.0.2.7", 1); got != clientele.KindUnauthorized {
		t.Errorf("a minute later: %v", got)
	}
}

// TestBySecret_GuessingLocksOutNobody: behind the same address a secret of ours goes on to let in, and so does a short one
// that has before, also after it was forgotten; only a short one that nobody has shown there yet has to wait.
func TestBySecret_GuessingLocksOutNobody(t *testing.T) {
	const address = "192.0.2.7"
	clock, d := newClock(), newDirectory()
	a := New(d, clock.Now)
	made, before, after, random := NewSecret(clientele.OPM), "legacy-before", "legacy-after", NewSecret(clientele.PrimeLead)
	for i, secret := range []string{made, before, after, random} {
		d.put(secret, clientele.Credential{ID: int64(i + 1), Dialect: clientele.OPM}, time.Time{})
	}
	if _, err := a.BySecret(from(address), clientele.OPM, before); err != nil {
		t.Fatal(err)
	}
	guess(a, address, maxGuesses)
	a.ForgetAll()
	clock.turn(MaxAge)
	for secret, want := range map[string]bool{made: true, before: true, random: true, after: false} {
		_, err := a.BySecret(from(address), clientele.OPM, secret)
		if (err == nil) != want || err != nil && clientele.KindOf(err) != clientele.KindRateLimited {
			t.Errorf("%s: %v, want to be let in: %t", secret, err, want)
		}
	}
	if _, err := a.BySecret(context.Background(), clientele.OPM, after); err != nil {
		t.Errorf("a caller without an address: %v", err)
	}
}

// TestBySecret_GuessingIsSlowForKeysInUse: that a partner uses a short secret elsewhere helps nobody to find it out. Who has
// guessed too much hears the same of it as of any other, and the store is not asked; the partner goes on, from its whole
// network.
func TestBySecret_GuessingIsSlowForKeysInUse(t *testing.T) {
	const short = "legacy-2026"
	d := newDirectory()
	a := New(d, newClock().Now)
	d.put(short, clientele.Credential{ID: 1}, time.Time{})
	ask := func(address string) error {
		_, err := a.BySecret(from(address), clientele.OPM, short)
		return err
	}
	for _, address := range []string{"192.0.2.7", "2001:db8:1:2::7"} {
		if err := ask(address); err != nil {
			t.Fatalf("the partner at %s: %v", address, err)
		}
	}
	guess(a, "198.51.100.9", maxGuesses)
	a.ForgetAll()
	asked := d.asked()
	if err := ask("198.51.100.9"); clientele.KindOf(err) != clientele.KindRateLimited || d.asked() != asked {
		t.Errorf("the right one after %d guesses: %v, want rate_limited without a question to the store", maxGuesses, err)
	}
	guess(a, "192.0.2.7", maxGuesses)
	guess(a, "2001:db8:1:2::9", maxGuesses)
	for _, address := range []string{"192.0.2.7", "2001:db8:1:2::8"} {
		if err := ask(address); err != nil {
			t.Errorf("the partner at %s, where somebody else has guessed: %v", address, err)
		}
	}
}

// TestAuthenticate_RightSecretUnderAWrongID counts like any unknown one, and is not taken for one that has let somebody in.
func TestAuthenticate_RightSecretUnderAWrongID(t *testing.T) {
	const address, short = "198.51.100.9", "legacy-2026"
	d := newDirectory()
	a := New(d, newClock().Now)
	tokens := NewTokens(a, nil, clientele.OPM)
	d.put(short, clientele.Credential{ID: 1, ClientID: clientele.Some("shop")}, time.Time{})
	for i := range maxGuesses + 1 {
		want := clientele.KindUnauthorized
		if i == maxGuesses {
			want = clientele.KindRateLimited
		}
		if _, err := tokens.Authenticate(from(address), Client{ID: fmt.Sprint("made up ", i), Secret: short}); clientele.KindOf(err) != want {
			t.Fatalf("try %d: %v, want %s", i+1, err, want)
		}
	}
	if _, err := tokens.Authenticate(from(address), Client{ID: "shop", Secret: short}); clientele.KindOf(err) != clientele.KindRateLimited {
		t.Errorf("under the right id, then: %v, want rate_limited", err)
	}
	if _, err := tokens.Authenticate(from("192.0.2.7"), Client{ID: "shop", Secret: short}); err != nil {
		t.Errorf("the partner: %v", err)
	}
}

// TestGuesses_Origin: one subscriber of IPv6 has a whole /64 of addresses to guess from.
func TestGuesses_Origin(t *testing.T) {
	for address, want := range map[string]string{
		"192.0.2.7": "192.0.2.7/32", "2001:db8:1:2::7": "2001:db8:1:2::/64", "2001:db8:1:2:ffff::1": "2001:db8:1:2::/64", "fe80::1%eth0": "fe80::/64",
	} {
		if got := Origin(from(address)).String(); got != want {
			t.Errorf("%s counts for %q, want %q", address, got, want)
		}
	}
	if got := Origin(context.Background()); got.IsValid() {
		t.Errorf("a caller without an address counts for %s", got)
	}
}

// TestGuesses_AreBounded: neither made-up addresses nor good secrets fill the memory.
func TestGuesses_AreBounded(t *testing.T) {
	g := guesses{failed: failures{now: newClock().Now, most: maxGuesses}}
	for i := range uint32(maxOpened + 100) {
		address := netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)})
		g.note(from(address.String()), clientele.SecretHash{}, unauthorized)
		g.note(from(address.String()), clientele.SecretHash{1}, nil)
		g.note(from("192.0.2.7"), clientele.SecretHash{byte(i >> 16), byte(i >> 8), byte(i)}, nil)
	}
	if len(g.failed.counts) > maxFailing || len(g.opened) != maxOpened {
		t.Errorf("%d addresses and %d secrets are remembered", len(g.failed.counts), len(g.opened))
	}
}

func TestIsLong(t *testing.T) {
	for _, d := range []clientele.Dialect{clientele.OPM, clientele.Onlinewerkrooster, clientele.PrimeLead, clientele.DKHardware} {
		if secret := NewSecret(d); !isLong(d, secret) || d != clientele.PrimeLead && isLong(d, secret[:20]) {
			t.Errorf("%s: what is long is not told from what is short", d)
		}
	}
	for _, secret := range []string{"", "opm_", "opm_secret", "2a2b6d3e-8f0c-11ee-b9d1-0242ac120002", "00000000-0000-0000-0000-000000000001"} {
		if isLong(clientele.OPM, secret) {
			t.Errorf("%q is held to be too long to guess", secret)
		}
	}
}
