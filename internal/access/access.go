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

// Directory finds credentials. Both stores are one.
type Directory interface {
	// FindCredentialBySecret returns the credential of a secret and when that secret stops working (zero: with the
	// credential); kind not_found when there is none.
	FindCredentialBySecret(ctx context.Context, hash clientele.SecretHash) (clientele.Credential, time.Time, error)
	// FindCredential and FindCredentialByClientID return the credential with our id or with the public one; kind not_found
	// when there is none.
	FindCredential(ctx context.Context, id int64) (clientele.Credential, error)
	FindCredentialByClientID(ctx context.Context, clientID string) (clientele.Credential, error)
	// TouchCredentials records when credentials were last used.
	TouchCredentials(ctx context.Context, usedAt map[int64]time.Time) error
}

// Access tells who is calling. Its methods may be called from any goroutine.
type Access struct {
	directory Directory
	now       func() time.Time
	limits    limits
	admit     func(projectID, credentialID int64) error // nil admits all
	guesses   guesses

	bySecret   cache[clientele.SecretHash]
	byID       cache[int64]
	byClientID cache[string]

	mu   sync.Mutex
	used map[int64]time.Time
}

// New returns an Access over the directory that takes the time from now. Close ends it.
func New(d Directory, now func() time.Time) *Access {
	return &Access{
		directory: d, now: now, used: map[int64]time.Time{}, guesses: guesses{failed: failures{now: now, most: maxGuesses}},
	}
}

// AdmitBy makes Take ask whether there is room for a write of a credential, before anybody reads what it says. Call it
// before the first Take.
func (a *Access) AdmitBy(admit func(projectID, credentialID int64) error) { a.admit = admit }

// BySecret returns the credential that a secret of a dialect belongs to.
//
// The error is of kind unauthorized when the secret is unknown, of another dialect, revoked or expired, all alike,
// rate_limited when too many such came from the caller's address (docs/decisions/0012-brute-force.md), and unavailable when
// the store cannot be asked.
func (a *Access) BySecret(ctx context.Context, d clientele.Dialect, secret string) (*clientele.Credential, error) {
	return a.BySecretIf(ctx, d, secret, acceptAny)
}

// BySecretIf is BySecret for a caller that has to show more than the secret: accept says whether it did. The error is of
// kind unauthorized when it did not, and that costs one question to the store like every other refusal.
func (a *Access) BySecretIf(
	ctx context.Context, d clientele.Dialect, secret string, accept func(*clientele.Credential) bool,
) (*clientele.Credential, error) {
	c, hash, err := a.seek(ctx, d, secret, accept)
	a.guesses.note(ctx, hash, err)
	return c, err
}

// seek is BySecretIf, but leaves it to its caller to note what became of the secret, and returns what the secret is noted by.
func (a *Access) seek(
	ctx context.Context, d clientele.Dialect, secret string, accept func(*clientele.Credential) bool,
) (*clientele.Credential, clientele.SecretHash, error) {
	hash := clientele.HashSecret(d, Canonical(secret))
	if err := a.guesses.check(ctx, d, secret, hash); err != nil {
		return nil, hash, err
	}
	c, err := find(a, &a.bySecret, hash, lookup{accept, func() (clientele.Credential, time.Time, error) {
		return a.directory.FindCredentialBySecret(ctx, hash)
	}})
	return c, hash, err
}

// ByID returns the credential with our id. The errors are those of BySecret.
func (a *Access) ByID(ctx context.Context, id int64) (*clientele.Credential, error) {
	return find(a, &a.byID, id, lookup{acceptAny, func() (clientele.Credential, time.Time, error) {
		c, err := a.directory.FindCredential(ctx, id)
		return c, time.Time{}, err
	}})
}

// ByClientID returns the credential of a dialect with the public id. The errors are those of BySecret.
func (a *Access) ByClientID(ctx context.Context, d clientele.Dialect, clientID string) (*clientele.Credential, error) {
	isOfDialect := func(c *clientele.Credential) bool { return c.Dialect == d }
	return find(a, &a.byClientID, clientID, lookup{isOfDialect, func() (clientele.Credential, time.Time, error) {
		c, err := a.directory.FindCredentialByClientID(ctx, clientID)
		return c, time.Time{}, err
	}})
}

func acceptAny(*clientele.Credential) bool { return true }

var unauthorized = clientele.Errorf(clientele.KindUnauthorized, "unknown credential")

// lookup asks the store for a credential, and says whether an active one is good for the call.
type lookup struct {
	accept func(*clientele.Credential) bool
	ask    func() (clientele.Credential, time.Time, error)
}

// find returns the active credential that is remembered under key, or that the store has, if it is accepted. What is
// remembered only ever lets in: who is refused has waited for the store, so the time it takes does not tell why.
func find[K comparable](a *Access, c *cache[K], key K, l lookup) (*clientele.Credential, error) {
	now := a.now()
	k, since := c.recall(key, now)
	if k == nil || !l.accept(&k.credential) {
		credential, until, err := l.ask()
		if clientele.KindOf(err) == clientele.KindNotFound {
			c.forget(key)
			return nil, unauthorized
		}
		if err != nil {
			return nil, fmt.Errorf("ask for credential: %w", err)
		}
		k = &knowledge{credential: credential, until: until, askedAt: now}
		c.keep(key, k, since)
	}
	credential, err := k.active(now)
	if err == nil && !l.accept(credential) {
		return nil, unauthorized
	}
	if err == nil {
		a.touch(credential.ID, now)
	}
	return credential, err
}

// ForgetAll makes the next call of every credential ask the store: after a change to credentials was heard of.
func (a *Access) ForgetAll() {
	a.bySecret.forgetAll()
	a.byID.forgetAll()
	a.byClientID.forgetAll()
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
