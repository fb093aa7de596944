package access

import (
	"sync"
	"time"

	"clientele"
)

const (
	// maxFailures is how often a client may fail to prove itself in a minute, before it is not listened to for the rest of it.
	maxFailures = 30
	// maxFailing bounds the memory for clients that failed: anybody can make up names of clients.
	maxFailing = 10_000
)

// failures counts failed attempts by client id, known or not, in a fixed window, so that a secret that a partner brought
// along and that is short cannot be guessed at speed. Unknown secrets are counted likewise, by address.
type failures struct {
	now    func() time.Time
	most   int // that are heard in a window
	mu     sync.Mutex
	start  time.Time // of the window
	counts map[string]int
}

// none reports whether nobody failed in the window that was begun last.
func (f *failures) none() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.counts) == 0
}

// check returns an Error of kind rate_limited when the client failed too often.
func (f *failures) check(client string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	now := f.roll()
	if f.counts[client] < f.most {
		return nil
	}
	return &clientele.Error{
		Kind: clientele.KindRateLimited, Message: "too many failed attempts", RetryAfter: f.start.Add(window).Sub(now),
	}
}

// add counts a failed attempt.
func (f *failures) add(client string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.roll()
	if _, known := f.counts[client]; !known && len(f.counts) >= maxFailing {
		for other := range f.counts { // any one: whoever fills the memory forgets no faster than it sends
			delete(f.counts, other)
			break
		}
	}
	f.counts[client]++
}

// roll starts a new window when the old one is over, and returns the time.
func (f *failures) roll() time.Time {
	now := f.now()
	if age := now.Sub(f.start); f.counts == nil || age >= window || age < 0 {
		f.start, f.counts = now, map[string]int{}
	}
	return now
}
