package access

import (
	"hash/maphash"
	"sync"
	"time"
)

// Of wrong passwords in a row, these are heard freely; the next ones after a lock that doubles from the first to the longest.
const (
	freeTries   = 5
	firstLock   = time.Minute
	longestLock = time.Hour
)

// lockFor returns for how long the nth wrong password in a row locks a login; 0 for not at all.
func lockFor(failed int) time.Duration {
	if failed < freeTries {
		return 0
	}
	return min(firstLock<<min(failed-freeTries, 10), longestLock)
}

// throttle locks the names of nobody, as the store locks those of operators. Its memory is bounded: names share places, so a
// name may be locked with another one, which takes no operator's way in. The zero value is ready.
type throttle struct {
	mu     sync.Mutex
	seed   maphash.Seed
	places map[uint64]tries
}

// throttlePlaces is how many names are told apart.
const throttlePlaces = 1 << 16

type tries struct {
	failed      int
	lockedUntil time.Time
}

// place needs mu. The seed keeps anybody from choosing names that share one.
func (t *throttle) place(name string) uint64 {
	if t.places == nil {
		t.seed, t.places = maphash.MakeSeed(), map[uint64]tries{}
	}
	return maphash.String(t.seed, name) % throttlePlaces
}

// lockedUntil returns until when the name is locked; the past when it is not.
func (t *throttle) lockedUntil(name string) time.Time {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.places[t.place(name)].lockedUntil
}

// count counts a wrong password.
func (t *throttle) count(name string, now time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	at := t.place(name)
	tried := t.places[at]
	tried.failed++
	if lock := lockFor(tried.failed); lock > 0 {
		tried.lockedUntil = now.Add(lock)
	}
	t.places[at] = tried
}
