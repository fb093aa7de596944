package access

import (
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"clientele"

	"go.uber.org/goleak"
)

// wantTake counts a call and holds the answer to a limit and what is left of it; refused says that nothing was left
// before either. The library that counts takes the time from the real clock, so the end of the window is a range.
func wantTake(t *testing.T, a *Access, c *clientele.Credential, class Class, limit, left int, refused bool) {
	t.Helper()
	got, err := a.Take(t.Context(), c, class)
	if got.Limit != limit || got.Remaining != left || got.Reset <= 0 || got.Reset > time.Minute {
		t.Errorf("Take = %+v; want limit %d, %d remaining, reset in up to a minute", got, limit, left)
	}
	e, ok := errors.AsType[*clientele.Error](err)
	if !refused && err != nil || refused && (!ok || e.Kind != clientele.KindRateLimited || e.RetryAfter != got.Reset) {
		t.Errorf("Take's error is %v; want kind rate_limited, to retry when the window ends: %t", err, refused)
	}
}

// newLimits returns an Access for counting.
func newLimits(t *testing.T) *Access {
	t.Helper()
	a := New(newDirectory(), newClock().Now)
	t.Cleanup(func() {
		if err := a.Close(t.Context()); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return a
}

func TestTake_AllowsTheLimitAndNoMore(t *testing.T) {
	a := newLimits(t)
	c := &clientele.Credential{ID: 1, ReadsPerMinute: 3}
	for left := 2; left >= 0; left-- {
		wantTake(t, a, c, Read, 3, left, false)
	}
	for range 3 {
		wantTake(t, a, c, Read, 3, 0, true)
	}
}

// TestTake_AClockSetBackShutsNobodyOut: who has reached its limit waits for a minute, and not until the clock is where it was.
func TestTake_AClockSetBackShutsNobodyOut(t *testing.T) {
	clock := newClock()
	a := New(newDirectory(), clock.Now)
	t.Cleanup(func() { _ = a.Close(t.Context()) })
	c := &clientele.Credential{ID: 1, WritesPerMinute: 1}
	wantTake(t, a, c, Write, 1, 0, false)
	wantTake(t, a, c, Write, 1, 0, true)
	clock.turn(3 * time.Hour)
	wantTake(t, a, c, Write, 1, 0, true) // the library counts by the real clock, which stands still here
	clock.turn(-time.Millisecond)        // two calls at once
	wantTake(t, a, c, Write, 1, 0, true)
	clock.turn(-3 * time.Hour)
	wantTake(t, a, c, Write, 1, 0, false)
	wantTake(t, a, c, Write, 1, 0, true)
}

func TestTake_ResetComesNearer(t *testing.T) {
	a := newLimits(t)
	c := &clientele.Credential{ID: 1, WritesPerMinute: 1000}
	last := time.Minute
	for range 1000 {
		q, err := a.Take(t.Context(), c, Write)
		if err != nil || q.Reset > last {
			t.Fatalf("Take = %+v, %v after a reset in %v", q, err, last)
		}
		last = q.Reset
	}
	if last == time.Minute {
		t.Error("the reset does not come nearer")
	}
}

func TestTake_CountsEachByItself(t *testing.T) {
	a := newLimits(t)
	c, other := &clientele.Credential{ID: 1, ReadsPerMinute: 1, WritesPerMinute: 1}, &clientele.Credential{ID: 11, ReadsPerMinute: 1}
	for _, refused := range []bool{false, true} {
		wantTake(t, a, c, Read, 1, 0, refused)
		wantTake(t, a, c, Write, 1, 0, refused)
		wantTake(t, a, other, Read, 1, 0, refused)
	}
}

func TestTake_ZeroMeansNoLimit(t *testing.T) {
	a := newLimits(t)
	for range 1000 {
		q, err := a.Take(t.Context(), &clientele.Credential{ID: 1, WritesPerMinute: 1}, Read)
		if err != nil || q != (Quota{}) {
			t.Fatalf("Take = %+v, %v; want no quota", q, err)
		}
	}
	if q, err := a.Take(t.Context(), &clientele.Credential{ID: 1, ReadsPerMinute: 1}, Write); err != nil || q != (Quota{}) {
		t.Errorf("Take = %+v, %v; want no quota", q, err)
	}
}

func TestTake_ANewLimitCountsAnew(t *testing.T) {
	a := newLimits(t)
	wantTake(t, a, &clientele.Credential{ID: 1, ReadsPerMinute: 1}, Read, 1, 0, false)
	wantTake(t, a, &clientele.Credential{ID: 1, ReadsPerMinute: 1}, Read, 1, 0, true)
	wantTake(t, a, &clientele.Credential{ID: 1, ReadsPerMinute: 2}, Read, 2, 1, false)
}

func TestTake_FromManyGoroutines(t *testing.T) {
	a := newLimits(t)
	var allowed atomic.Int64
	var running sync.WaitGroup
	for range 10 {
		running.Go(func() {
			for range 10 {
				if _, err := a.Take(t.Context(), &clientele.Credential{ID: 1, ReadsPerMinute: 42}, Read); err == nil {
					allowed.Add(1)
				}
			}
		})
	}
	running.Wait()
	if n := allowed.Load(); n != 42 {
		t.Errorf("%d calls were allowed, want 42", n)
	}
}

func TestClose_EndsTheCounting(t *testing.T) {
	before := goleak.IgnoreCurrent()
	a := New(newDirectory(), newClock().Now)
	for limit := 1; limit <= 5; limit++ {
		if _, err := a.Take(t.Context(), &clientele.Credential{ID: 1, ReadsPerMinute: limit}, Read); err != nil {
			t.Error(err)
		}
	}
	for range 2 {
		if err := a.Close(t.Context()); err != nil {
			t.Errorf("Close = %v", err)
		}
	}
	goleak.VerifyNone(t, before)
}
