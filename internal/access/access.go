// Package access decides who is calling: it knows keys by their hash, remembers them for a moment, counts calls against
// limits, and notes when a credential was last used.
package access

import (
	"context"
	"fmt"
	"sync"
	"time"

	"clientele"
)

// MaxAge is how long a credential is believed without asking the store: a revocation takes effect within it.
const MaxAge = 5 * time.Second

// refreshAge is the age from which one caller asks anew while the others still believe, so that a busy credential
// never makes all its callers ask at once.
const refreshAge = 4 * time.Second

// maxRemembered bounds the memory for credentials. Only credentials that exist are remembered.
const maxRemembered = 10_000

// Directory finds credentials. Both stores are one.
type Directory interface {
	// FindCredentialBySecret returns the credential of a secret and when that secret stops working (zero: with the
	// credential); kind not_found when there is none.
	FindCredentialBySecret(ctx context.Context, hash clientele.SecretHash) (clientele.Credential, time.Time, error)
	// TouchCredentials records when credentials were last used.
	TouchCredentials(ctx context.Context, usedAt map[int64]time.Time) error
}

// Access tells who is calling. Its methods may be called from any goroutine.
type Access struct {
	directory Directory
	now       func() time.Time
	limits    limits

	mu    sync.Mutex
	known map[clientele.SecretHash]*knowledge
	used  map[int64]time.Time
}

// knowledge is what the store said about a secret, and when.
type knowledge struct {
	credential clientele.Credential
	until      time.Time // when the secret stops working; zero: with the credential
	askedAt    time.Time
	asking     bool // somebody is asking anew
}

// New returns an Access over the directory that takes the time from now. Close ends it.
func New(d Directory, now func() time.Time) *Access {
	return &Access{
		directory: d, now: now,
		known: map[clientele.SecretHash]*knowledge{},
		used:  map[int64]time.Time{},
	}
}

// BySecret returns the credential that a secret of a dialect belongs to.
//
// The error is of kind unauthorized when the secret is unknown, of another dialect, revoked or expired, all alike, and
// unavailable when the store cannot be asked.
func (a *Access) BySecret(ctx context.Context, d clientele.Dialect, secret string) (*clientele.Credential, error) {
	hash := clientele.HashSecret(d, Canonical(secret))
	now := a.now()
	k := a.recall(hash, now)
	if k == nil {
		var err error
		if k, err = a.ask(ctx, hash, now); err != nil {
			return nil, err
		}
	}
	if !k.credential.Active(now) || !k.until.IsZero() && !now.Before(k.until) {
		return nil, unauthorized
	}
	a.touch(k.credential.ID, now)
	return &k.credential, nil
}

var unauthorized = clientele.Errorf(clientele.KindUnauthorized, "unknown credential")

// recall returns what is known of a secret and may still be believed. Of the callers that find it ageing, one gets nil
// and so asks anew.
func (a *Access) recall(hash clientele.SecretHash, now time.Time) *knowledge {
	a.mu.Lock()
	defer a.mu.Unlock()
	k := a.known[hash]
	if k == nil {
		return nil
	}
	age := now.Sub(k.askedAt)
	if age >= MaxAge || age < 0 || age >= refreshAge && !k.asking {
		k.asking = true
		return nil
	}
	return k
}

func (a *Access) ask(ctx context.Context, hash clientele.SecretHash, now time.Time) (*knowledge, error) {
	c, until, err := a.directory.FindCredentialBySecret(ctx, hash)
	if clientele.KindOf(err) == clientele.KindNotFound {
		a.forget(hash)
		return nil, unauthorized
	}
	if err != nil {
		return nil, fmt.Errorf("ask for credential: %w", err)
	}
	k := &knowledge{credential: c, until: until, askedAt: now}
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.known) >= maxRemembered {
		clear(a.known)
	}
	a.known[hash] = k
	return k, nil
}

func (a *Access) forget(hash clientele.SecretHash) {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.known, hash)
}

// ForgetAll makes the next call of every credential ask the store: after a change to credentials was heard of.
func (a *Access) ForgetAll() {
	a.mu.Lock()
	defer a.mu.Unlock()
	clear(a.known)
}

func (a *Access) touch(id int64, now time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.used[id] = now
}

// RecordUse stores when credentials were last used since it was called before. Call it now and then.
func (a *Access) RecordUse(ctx context.Context) error {
	a.mu.Lock()
	used := a.used
	a.used = map[int64]time.Time{}
	a.mu.Unlock()
	if len(used) == 0 {
		return nil
	}
	if err := a.directory.TouchCredentials(ctx, used); err != nil {
		a.mu.Lock()
		defer a.mu.Unlock()
		for id, at := range used { // for the next time
			if at.After(a.used[id]) {
				a.used[id] = at
			}
		}
		return fmt.Errorf("record use of credentials: %w", err)
	}
	return nil
}

// Close ends the counting against limits.
func (a *Access) Close(ctx context.Context) error { return a.limits.close(ctx) }
