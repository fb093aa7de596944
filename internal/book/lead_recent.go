package book

import (
	"context"
	"sync"
	"time"

	"clientele"
)

// recentAge is how long something that was looked up is believed: a pause takes effect within it.
const recentAge = 5 * time.Second

// recentRefreshAge is the age from which one caller looks again while the others still believe.
const recentRefreshAge = 4 * time.Second

// maxRecent bounds what is remembered. Only what exists and was of use is.
const maxRecent = 10_000

// recent remembers for a moment what was looked up. Its methods may be called from any goroutine.
type recent[K comparable, V any] struct {
	find func(context.Context, K) (V, error)
	now  func() time.Time

	mu    sync.Mutex
	known map[K]*sighting[V]
}

// sighting is what was found, and when.
type sighting[V any] struct {
	value   V
	at      time.Time
	looking bool // somebody looks again
}

func newRecent[K comparable, V any](find func(context.Context, K) (V, error), now func() time.Time) *recent[K, V] {
	return &recent[K, V]{find: find, now: now, known: map[K]*sighting[V]{}}
}

// get returns the value of the key if there is one and it is accepted. Who is refused costs one look-up, whether there is
// no such value or one that is not accepted: the caller cannot tell the two apart by the time it takes.
func (r *recent[K, V]) get(ctx context.Context, key K, accept func(*V) bool) (V, bool, error) {
	now := r.now()
	if s := r.recall(key, now); s != nil && accept(&s.value) {
		return s.value, true, nil
	}
	v, err := r.find(ctx, key)
	found := err == nil && accept(&v)
	r.remember(key, v, found, now)
	if err != nil && clientele.KindOf(err) != clientele.KindNotFound {
		return v, false, err
	}
	return v, found, nil
}

// recall returns what may still be believed. Of the callers that find it ageing, one gets nil and so looks again.
func (r *recent[K, V]) recall(key K, now time.Time) *sighting[V] {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := r.known[key]
	if s == nil {
		return nil
	}
	age := now.Sub(s.at)
	if age >= recentAge || age < 0 || age >= recentRefreshAge && !s.looking {
		s.looking = true
		return nil
	}
	return s
}

func (r *recent[K, V]) remember(key K, v V, found bool, now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !found {
		delete(r.known, key)
		return
	}
	if len(r.known) >= maxRecent {
		clear(r.known)
	}
	r.known[key] = &sighting[V]{value: v, at: now}
}
