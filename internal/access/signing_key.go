package access

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"clientele"

	"github.com/google/uuid"
)

// SigningKeys keeps the keys that tokens are signed with. Both stores are one.
type SigningKeys interface {
	// ListSigningKeys returns all keys, oldest first.
	ListSigningKeys(ctx context.Context) ([]clientele.SigningKey, error)
	// RotateSigningKey stores a new key and retires the newest one as of oldUntil; it does nothing when the newest one was
	// created at renewBefore or later.
	RotateSigningKey(ctx context.Context, k clientele.SigningKey, renewBefore, oldUntil time.Time) error
	// DeleteSigningKeys deletes the keys that were retired before the given time.
	DeleteSigningKeys(ctx context.Context, retiredBefore time.Time) error
}

const (
	// MaxKeyAge is how old a signing key gets before another takes its place.
	MaxKeyAge = 30 * 24 * time.Hour
	// keyOverlap is how long the old key goes on signing after a new one was made: by then every server that meets the new
	// one has had time to hear of it (see reloadGap).
	keyOverlap = 10 * time.Second
	// maxRingAge is how long a server works with the keys it read: it may sign with a retired key for so long.
	maxRingAge = time.Minute
	// reloadGap is the least time between two readings because of keys that nobody knows, which anybody can make up.
	reloadGap = time.Second
	// keptAfterRetiring is how long a retired key is kept: until the last token that any server signed with it is over.
	keptAfterRetiring = TokenAge + 2*maxRingAge
)

// ring is what one reading of the keys gave, and the tokens that were verified with it since.
type ring struct {
	keys     []clientele.SigningKey
	loadedAt time.Time
	verified verifiedTokens
}

// find returns the key that a token names; nil when there is none.
func (r *ring) find(id string) *clientele.SigningKey {
	for i := range r.keys {
		if r.keys[i].ID == id {
			return &r.keys[i]
		}
	}
	return nil
}

// signing returns the oldest key that is not retired yet; nil when there is none.
func (r *ring) signing(now time.Time) *clientele.SigningKey {
	for i := range r.keys {
		if k := &r.keys[i]; k.RetiredAt.IsZero() || now.Before(k.RetiredAt) {
			return k
		}
	}
	return nil
}

// keyring holds the keys in memory. Its methods may be called from any goroutine.
type keyring struct {
	store   SigningKeys
	now     func() time.Time
	loading sync.Mutex
	current atomic.Pointer[ring]
}

// atMost returns the keys as they were read at most age ago.
func (k *keyring) atMost(ctx context.Context, age time.Duration) (*ring, error) {
	if r := k.current.Load(); r != nil && k.isYoung(r, age) {
		return r, nil
	}
	k.loading.Lock()
	defer k.loading.Unlock()
	if r := k.current.Load(); r != nil && k.isYoung(r, age) { // somebody was faster
		return r, nil
	}
	return k.load(ctx)
}

func (k *keyring) isYoung(r *ring, age time.Duration) bool {
	passed := k.now().Sub(r.loadedAt)
	return passed >= 0 && passed < age
}

func (k *keyring) load(ctx context.Context) (*ring, error) {
	now := k.now()
	keys, err := k.store.ListSigningKeys(ctx)
	if err != nil {
		return nil, fmt.Errorf("load signing keys: %w", err)
	}
	r := &ring{keys: keys, loadedAt: now}
	k.current.Store(r)
	return r, nil
}

// verifying returns the keys that a token with this key is verified with. While the store cannot be asked, those that are
// known go on verifying.
func (k *keyring) verifying(ctx context.Context, id string) (*ring, error) {
	known := k.current.Load()
	r, err := k.atMost(ctx, maxRingAge)
	if err != nil && known != nil {
		r, err = known, nil
	}
	if err == nil && r.find(id) == nil {
		return k.atMost(ctx, reloadGap)
	}
	return r, err
}

// signer returns the key to sign with. It makes a new one when there is none or the newest is too old, and takes away what
// is not needed any more.
func (k *keyring) signer(ctx context.Context) (*clientele.SigningKey, error) {
	r, err := k.atMost(ctx, maxRingAge)
	if err != nil {
		return nil, err
	}
	now := k.now()
	if n := len(r.keys); n == 0 || now.Sub(r.keys[n-1].CreatedAt) >= MaxKeyAge {
		if r, err = k.rotate(ctx, now); err != nil {
			return nil, err
		}
	}
	if key := r.signing(now); key != nil {
		return key, nil
	}
	return nil, fmt.Errorf("there is no signing key among %d", len(r.keys))
}

func (k *keyring) rotate(ctx context.Context, now time.Time) (*ring, error) {
	k.loading.Lock()
	defer k.loading.Unlock()
	if err := k.store.RotateSigningKey(ctx, newSigningKey(now), now.Add(-MaxKeyAge+time.Microsecond), now.Add(keyOverlap)); err != nil {
		return nil, err
	}
	if err := k.store.DeleteSigningKeys(ctx, now.Add(-keptAfterRetiring)); err != nil {
		return nil, err
	}
	return k.load(ctx)
}

func newSigningKey(now time.Time) clientele.SigningKey {
	seed := make([]byte, ed25519.SeedSize)
	_, _ = rand.Read(seed) // never fails
	return clientele.SigningKey{ID: uuid.NewString(), Seed: seed, CreatedAt: now.UTC().Truncate(time.Microsecond)}
}

// RotateSigningKey makes a new signing key now. Tokens that were signed with the old one stay valid until they are over.
func RotateSigningKey(ctx context.Context, keys SigningKeys, now time.Time) error {
	if err := keys.RotateSigningKey(ctx, newSigningKey(now), farFuture, now.Add(keyOverlap)); err != nil {
		return err
	}
	return keys.DeleteSigningKeys(ctx, now.Add(-keptAfterRetiring))
}

// ReplaceSigningKeys makes a new signing key now and deletes all others, for the case that one leaked: every token in
// circulation ends, on other servers within a minute, and partners ask for new ones.
func ReplaceSigningKeys(ctx context.Context, keys SigningKeys, now time.Time) error {
	if err := keys.RotateSigningKey(ctx, newSigningKey(now), farFuture, now); err != nil {
		return err
	}
	return keys.DeleteSigningKeys(ctx, farFuture)
}

// farFuture is after the time at which any key was made or retires.
var farFuture = time.Date(9999, time.January, 1, 0, 0, 0, 0, time.UTC)
