package access

import (
	"sync"
	"time"

	"clientele"
)

// MaxAge is how long a credential is believed without asking the store: a revocation takes effect within it.
const MaxAge = 5 * time.Second

// refreshAge is the age from which one caller asks anew while the others still believe, so that a busy credential
// never makes all its callers ask at once.
const refreshAge = 4 * time.Second

// maxRemembered bounds the memory for credentials, by each way to find them. Only credentials that exist are remembered.
const maxRemembered = 10_000

// knowledge is what the store said about a credential, and when.
type knowledge struct {
	credential clientele.Credential
	until      time.Time // when what it was found by stops working; zero: with the credential
	askedAt    time.Time
	asking     bool // somebody is asking anew
}

// active returns the credential if it opens anything at time now, otherwise unauthorized.
func (k *knowledge) active(now time.Time) (*clientele.Credential, error) {
	if !k.credential.Active(now) || !k.until.IsZero() && !now.Before(k.until) {
		return nil, unauthorized
	}
	return &k.credential, nil
}

// cache remembers credentials by what they are found by. The zero value is empty.
type cache[K comparable] struct {
	mu    sync.Mutex
	known map[K]*knowledge
	// forgotten counts the calls of forgetAll: what was asked before one must not be kept after it.
	forgotten int
}

// recall returns what is known, opens something and may still be believed. Of the callers that find it ageing, one gets nil
// and so asks anew. Who is refused always asks: what is revoked or has expired takes the time of what is unknown. What is
// asked now is handed to keep with since.
func (c *cache[K]) recall(key K, now time.Time) (k *knowledge, since int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	k = c.known[key]
	if k == nil {
		return nil, c.forgotten
	}
	if _, err := k.active(now); err != nil {
		return nil, c.forgotten
	}
	age := now.Sub(k.askedAt)
	if age >= MaxAge || age < 0 || age >= refreshAge && !k.asking {
		k.asking = true
		return nil, c.forgotten
	}
	return k, c.forgotten
}

// keep remembers what was asked since a recall, unless everything was forgotten meanwhile.
func (c *cache[K]) keep(key K, k *knowledge, since int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if since != c.forgotten {
		return
	}
	if c.known == nil || len(c.known) >= maxRemembered {
		c.known = map[K]*knowledge{}
	}
	c.known[key] = k
}

func (c *cache[K]) forget(key K) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.known, key)
}

func (c *cache[K]) forgetAll() {
	c.mu.Lock()
	defer c.mu.Unlock()
	clear(c.known)
	c.forgotten++
}
