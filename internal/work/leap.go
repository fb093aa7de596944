package work

import (
	"sync"
	"time"
)

const (
	// believedLeap is how far a clock may leap forward at once without being doubted: machines that sleep do that every night.
	believedLeap = 24 * time.Hour
	// doubtFor is for how long a clock that leapt further is doubted. It is the time to find out and to set it right.
	doubtFor = 24 * time.Hour
)

// LeapWatch watches a clock that what is old is deleted by. One that leaps forward by more than a day is doubted for a day:
// what a wrong clock has deleted no right one brings back. A clock that is set back is believed, since it deletes nothing.
// What a clock was before the first question is not known: it is believed then. Doubt may be called from any goroutine.
type LeapWatch struct {
	// Now is the clock.
	Now func() time.Time
	// Elapsed is how much time has passed, whatever the clock was set to meanwhile; default by the machine's monotonic clock.
	Elapsed func() time.Duration

	mu sync.Mutex
	// start is what the clock, as it was believed last, says of when Elapsed was 0; zero before the first question.
	start time.Time
	// doubted is how much had passed when the doubt began; negative for no doubt.
	doubted time.Duration
}

// NewLeapWatch returns a watch on a clock.
func NewLeapWatch(now func() time.Time) *LeapWatch {
	began := time.Now()
	return &LeapWatch{Now: now, Elapsed: func() time.Duration { return time.Since(began) }, doubted: -1}
}

// Doubt returns how much further the clock is than it can be; 0 when it is believed.
func (w *LeapWatch) Doubt() time.Duration {
	w.mu.Lock()
	defer w.mu.Unlock()
	passed := w.Elapsed()
	start := w.Now().Round(0).Add(-passed)
	leap := start.Sub(w.start)
	if !w.start.IsZero() && leap > believedLeap {
		if w.doubted < 0 {
			w.doubted = passed
		}
		if passed-w.doubted < doubtFor {
			return leap
		}
	}
	w.start, w.doubted = start, -1
	return 0
}
