package webhook

import (
	"context"
	"testing"
	"time"

	"clientele/internal/work"
)

// TestDeliver_ClocksApart: of two servers of a database whose clocks are hours apart, neither takes what the other has, and
// each takes over when the other dies, as soon as if their clocks were the same.
func TestDeliver_ClocksApart(t *testing.T) {
	t.Parallel()
	for name, ahead := range map[string]time.Duration{"ahead": 3 * time.Hour, "behind": -3 * time.Hour} {
		t.Run("the one that dies is "+name, func(t *testing.T) {
			t.Parallel()
			testClocksApart(t, ahead)
		})
	}
}

// lease is how long claims hold in the test: no longer than a test can wait.
const lease = 2 * time.Second

func testClocksApart(t *testing.T, ahead time.Duration) {
	again := openPostgres(t)
	dying := newFixtureOn(t, again(t), &clock{}, Options{Now: bookTime(t, again(t), ahead), Lease: lease})
	other := newFixtureOn(t, again(t), &clock{}, Options{Now: bookTime(t, again(t), 0), Lease: lease})
	dying.subscribe(t, "https://shop.example.com/")
	dying.change(t, "a")
	if !dying.claims(t, 10*time.Second) {
		t.Fatal("nothing is due")
	}
	claimed := time.Now()
	if other.claims(t, 0) && time.Since(claimed) < lease {
		t.Error("the other server took a claim that holds")
	}
	if !other.claims(t, 10*lease) {
		t.Errorf("nobody takes over a claim of %s within %s", lease, 10*lease)
	}
}

// claims gathers and claims until there is something to send, and reports whether there was within a time.
func (f *fixture) claims(t *testing.T, within time.Duration) bool {
	t.Helper()
	poll := time.NewTicker(5 * time.Millisecond)
	defer poll.Stop()
	for end := time.Now().Add(within); ; <-poll.C {
		if _, err := f.Gather(t.Context()); err != nil {
			t.Fatal(err)
		}
		parcels, err := f.book.ClaimDeliveries(t.Context(), f.claim(), f.slots.order())
		if err != nil {
			t.Fatal(err)
		}
		if len(parcels) > 0 || time.Now().After(end) {
			return len(parcels) > 0
		}
	}
}

// bookTime returns the clock of a server that is ahead of the others by so much, as the program makes it.
func bookTime(t *testing.T, b book, ahead time.Duration) func() time.Time {
	t.Helper()
	at := b.(interface {
		Time(ctx context.Context) (time.Time, error)
	})
	c := &work.Clock{Ask: at.Time, Local: func() time.Time { return time.Now().Add(ahead) }}
	if _, err := c.Follow(t.Context()); err != nil {
		t.Fatal(err)
	}
	return c.Now
}
