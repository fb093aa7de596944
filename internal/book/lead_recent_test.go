package book

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"clientele"
)

// shelf is a place to look things up that counts.
type shelf struct {
	mu    sync.Mutex
	has   map[string]int
	err   error
	asked int
	now   time.Time
}

func newShelf() *shelf {
	return &shelf{has: map[string]int{"a": 1}, now: time.Date(2026, 11, 20, 10, 0, 0, 0, time.UTC)}
}

func (s *shelf) find(_ context.Context, key string) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked++
	if s.err != nil {
		return 0, s.err
	}
	v, ok := s.has[key]
	if !ok {
		return 0, clientele.Errorf(clientele.KindNotFound, "no such thing")
	}
	return v, nil
}

func (s *shelf) time() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.now
}

func anything(*int) bool { return true }

func nothing(*int) bool { return false }

func TestRecent_BelievesForFiveSeconds(t *testing.T) {
	s := newShelf()
	r := newRecent(s.find, s.time)
	for _, step := range []struct {
		after     time.Duration
		change    int // of what is on the shelf
		wantValue int
		wantAsked int
	}{
		{0, 1, 1, 1},
		{0, 2, 1, 1},
		{4*time.Second - 1, 2, 1, 1},
		{1, 2, 2, 2}, // four seconds: the first caller looks again
		{0, 3, 2, 2}, // and the others believe it
		{5 * time.Second, 3, 3, 3},
		{-time.Hour, 4, 4, 4}, // a clock that was set back
	} {
		s.now, s.has["a"] = s.now.Add(step.after), step.change
		v, found, err := r.get(t.Context(), "a", anything)
		if v != step.wantValue || !found || err != nil || s.asked != step.wantAsked {
			t.Errorf("%+v: %d, %v, %v after %d look-ups", step, v, found, err, s.asked)
		}
	}
}

// TestRecent_OneCallerRefreshes: while one looks again, the others go on believing until five seconds are over.
func TestRecent_OneCallerRefreshes(t *testing.T) {
	s := newShelf()
	release, entered := make(chan struct{}), make(chan struct{})
	var slow atomic.Bool
	r := newRecent(func(ctx context.Context, key string) (int, error) {
		if slow.Load() {
			entered <- struct{}{}
			<-release
		}
		return s.find(ctx, key)
	}, s.time)
	if _, found, err := r.get(t.Context(), "a", anything); !found || err != nil {
		t.Fatal(found, err)
	}
	s.mu.Lock()
	s.now = s.now.Add(4 * time.Second)
	s.mu.Unlock()
	slow.Store(true)
	done := make(chan struct{})
	go func() {
		defer close(done)
		_, _, _ = r.get(context.WithoutCancel(t.Context()), "a", anything)
	}()
	<-entered
	if v, found, err := r.get(t.Context(), "a", anything); v != 1 || !found || err != nil {
		t.Errorf("beside a refresh: %d, %v, %v", v, found, err)
	}
	close(release)
	<-done
}

func TestRecent_RefusalsAlwaysCostOneLookUp(t *testing.T) {
	s := newShelf()
	r := newRecent(s.find, s.time)
	if _, found, _ := r.get(t.Context(), "a", anything); !found {
		t.Fatal("not found")
	}
	for i := range 4 {
		for key, accept := range map[string]func(*int) bool{"a": nothing, "unknown": anything} {
			before := s.asked
			if _, found, err := r.get(t.Context(), key, accept); found || err != nil {
				t.Errorf("%s is found, %v", key, err)
			}
			if s.asked != before+1 {
				t.Errorf("round %d: a refusal of %s cost %d look-ups", i, key, s.asked-before)
			}
		}
	}
}

func TestRecent_AFailureIsNotRemembered(t *testing.T) {
	s := newShelf()
	r := newRecent(s.find, s.time)
	s.err = clientele.Unavailable("gone", errors.New("cause"))
	if _, found, err := r.get(t.Context(), "a", anything); found || clientele.KindOf(err) != clientele.KindUnavailable {
		t.Errorf("%v, %v; want unavailable", found, err)
	}
	s.err = nil
	if v, found, err := r.get(t.Context(), "a", anything); v != 1 || !found || err != nil {
		t.Errorf("afterwards: %d, %v, %v", v, found, err)
	}
}

func TestRecent_IsBounded(t *testing.T) {
	r := newRecent(func(_ context.Context, key int) (int, error) { return key, nil }, newShelf().time)
	for key := range maxRecent + 10 {
		if _, found, err := r.get(t.Context(), key, anything); !found || err != nil {
			t.Fatal(found, err)
		}
		if len(r.known) > maxRecent {
			t.Fatalf("%d are remembered", len(r.known))
		}
	}
	for key := range maxRecent {
		_, _, _ = r.get(t.Context(), -key, nothing)
	}
	if len(r.known) > maxRecent {
		t.Errorf("%d are remembered", len(r.known))
	}
}

func TestRecent_FromManyGoroutines(t *testing.T) {
	s := newShelf()
	r := newRecent(s.find, s.time)
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			for n := range 200 {
				accept := anything
				if (n+i)%5 == 0 {
					accept = nothing
				}
				if _, _, err := r.get(context.WithoutCancel(t.Context()), []string{"a", "b"}[n%2], accept); err != nil {
					t.Error(err)
				}
				s.mu.Lock()
				s.now = s.now.Add(50 * time.Millisecond)
				s.mu.Unlock()
			}
		})
	}
	all.Wait()
}
