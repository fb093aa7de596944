package access

import (
	"context"
	"encoding/hex"
	"strings"
	"sync"

	"clientele"

	"github.com/google/uuid"
)

const (
	// maxGuesses is how many unknown secrets a client's address may show in a minute, before no others of its are looked up
	// for the rest of it.
	maxGuesses = 60
	// maxOpened bounds the memory for secrets that let somebody in.
	maxOpened = 10_000
)

// guesses slows down whoever tries out secrets, by address. It locks out nobody who has a good one: secrets that let
// somebody in since the server started are looked up in any case, and so are those that have the form of ours, which are
// too long to be guessed at any speed. What is left is short secrets that partners brought along.
type guesses struct {
	failed failures

	mu     sync.Mutex
	opened map[clientele.SecretHash]struct{}
}

// check returns an Error of kind rate_limited when the caller showed too many unknown secrets and this may be one more.
func (g *guesses) check(ctx context.Context, d clientele.Dialect, secret string, hash clientele.SecretHash) error {
	if g.failed.none() { // nearly always
		return nil
	}
	from := origin(ctx)
	if from == "" {
		return nil
	}
	if err := g.failed.check(from); err != nil && !isLong(d, secret) && !g.hasOpened(hash) {
		return err
	}
	return nil
}

// note takes down what became of a secret.
func (g *guesses) note(ctx context.Context, hash clientele.SecretHash, err error) {
	switch {
	case err == nil:
		g.open(hash)
	case clientele.KindOf(err) == clientele.KindUnauthorized:
		g.fail(ctx)
	}
}

// fail counts an unknown secret.
func (g *guesses) fail(ctx context.Context) {
	if from := origin(ctx); from != "" {
		g.failed.add(from)
	}
}

func (g *guesses) hasOpened(hash clientele.SecretHash) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	_, ok := g.opened[hash]
	return ok
}

func (g *guesses) open(hash clientele.SecretHash) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if _, known := g.opened[hash]; known {
		return
	}
	if g.opened == nil || len(g.opened) >= maxOpened {
		g.opened = map[clientele.SecretHash]struct{}{}
	}
	g.opened[hash] = struct{}{}
}

// origin returns what is counted for the client of a call: its address, of IPv6 the /64 that one subscriber has; "" when it
// is not known.
func origin(ctx context.Context) string {
	client := clientele.RequestOf(ctx).Client
	if !client.IsValid() {
		return ""
	}
	if client.Is6() {
		if network, err := client.WithZone("").Prefix(64); err == nil {
			return network.String()
		}
	}
	return client.String()
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
