package access

import (
	"context"
	"encoding/hex"
	"net/netip"
	"strings"
	"sync"

	"clientele"

	"github.com/google/uuid"
)

const (
	// maxGuesses is how many unknown secrets a client's address may show in a minute, before no others of its are looked up
	// for the rest of it.
	maxGuesses = 60
	// maxOpened bounds the memory for who was let in from where.
	maxOpened = 10_000
)

// guesses slows down whoever tries out secrets, by address. It locks out nobody who has a good one: secrets that let
// somebody in from the same address since the server started are looked up in any case, and so are those that have the form
// of ours, which are too long to be guessed at any speed. What is left is short secrets that partners brought along.
type guesses struct {
	failed failures

	mu     sync.Mutex
	opened map[opening]struct{}
}

// opening is that a secret let somebody in from an address. A secret that did so elsewhere is a guess: whoever tries it here
// need not have it yet.
type opening struct {
	from   netip.Prefix
	secret clientele.SecretHash
}

// check returns an Error of kind rate_limited when the caller showed too many unknown secrets and this may be one more.
func (g *guesses) check(ctx context.Context, d clientele.Dialect, secret string, hash clientele.SecretHash) error {
	if g.failed.none() { // nearly always
		return nil
	}
	from := Origin(ctx)
	if !from.IsValid() {
		return nil
	}
	if err := g.failed.check(from.String()); err != nil && !isLong(d, secret) && !g.hasOpened(opening{from, hash}) {
		return err
	}
	return nil
}

// note takes down what became of a secret.
func (g *guesses) note(ctx context.Context, hash clientele.SecretHash, err error) {
	from := Origin(ctx)
	switch {
	case !from.IsValid():
	case err == nil:
		g.open(opening{from, hash})
	case clientele.KindOf(err) == clientele.KindUnauthorized:
		g.fail(ctx)
	}
}

// fail counts an unknown secret.
func (g *guesses) fail(ctx context.Context) {
	if from := Origin(ctx); from.IsValid() {
		g.failed.add(from.String())
	}
}

func (g *guesses) hasOpened(o opening) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	_, ok := g.opened[o]
	return ok
}

func (g *guesses) open(o opening) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if _, known := g.opened[o]; known {
		return
	}
	if g.opened == nil {
		g.opened = map[opening]struct{}{}
	}
	if len(g.opened) >= maxOpened {
		for other := range g.opened { // any one: it is known again with its next call, unless somebody guesses there just now
			delete(g.opened, other)
			break
		}
	}
	g.opened[o] = struct{}{}
}

// Origin returns what is counted for the client of a call: its address, of IPv6 the /64 that one subscriber has; not valid
// when it is not known.
func Origin(ctx context.Context) netip.Prefix {
	client := clientele.RequestOf(ctx).Client.WithZone("")
	bits := client.BitLen()
	if client.Is6() {
		bits = 64
	}
	return netip.PrefixFrom(client, bits).Masked()
}

// isLong reports whether a secret has the form of those that NewSecret makes, or is another random UUID: at least 122 random
// bits.
func isLong(d clientele.Dialect, secret string) bool {
	if random, ok := strings.CutPrefix(secret, prefixes[d]); ok && prefixes[d] != "" {
		b, err := hex.DecodeString(random)
		return err == nil && len(b) == 32
	}
	id, err := uuid.Parse(secret)
	return err == nil && id.Version() == 4 && id.Variant() == uuid.RFC4122
}
