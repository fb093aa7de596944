package book

import (
	"sync"
	"testing"
	"time"
)

// TestSteady_DoesNotRunBackwards but for a clock that is set back by more than an hour.
func TestSteady_DoesNotRunBackwards(t *testing.T) {
	const us = time.Microsecond
	began := time.Date(2026, time.November, 22, 10, 0, 0, 0, time.UTC)
	var wall time.Time
	s := steady{clock: func() time.Time { return wall }}
	for _, step := range []struct {
		what       string
		wall, want time.Duration
	}{
		{"at first", 0, 0},
		{"at the same time", 0, 0},
		{"running", time.Second, time.Second},
		{"set back", -time.Hour + time.Second, time.Second + us},
		{"standing", -time.Minute, time.Second + 2*us},
		{"caught up", 2 * time.Second, 2 * time.Second},
		{"far ahead", 100 * time.Hour, 100 * time.Hour},
		{"set right", 3 * time.Second, 3 * time.Second},
		{"set back by more than an hour", -time.Hour + 3*time.Second - us, -time.Hour + 3*time.Second - us},
	} {
		wall = began.Add(step.wall)
		if got := s.now().Sub(began); got != step.want {
			t.Errorf("%s: %s, want %s", step.what, got, step.want)
		}
	}
}

// TestSteady_ForMany: each of those who ask at the same time hears no less than before.
func TestSteady_ForMany(t *testing.T) {
	s := steady{clock: time.Now}
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			var last time.Time
			for range 10_000 {
				now := s.now()
				if now.Before(last) {
					t.Errorf("%s after %s", now, last)
					return
				}
				last = now
			}
		})
	}
	all.Wait()
}
