package webhook

import (
	"context"
	"net/http"
	"testing"
	"time"

	"clientele"
)

// hanging is a service that sends to one subscription whose receiver does not answer before the test ends.
func hanging(t *testing.T, open opener) (f *fixture, r *receiver, s clientele.Subscription) {
	t.Helper()
	f = newFixture(t, open, Options{})
	released := make(chan struct{})
	r = newReceiver(t, func(_ http.ResponseWriter, q *http.Request) {
		select {
		case <-released:
		case <-q.Context().Done():
		}
	})
	t.Cleanup(func() { close(released) })
	s = f.subscribe(t, r.URL)
	f.change(t, "a")
	f.clock.Add(time.Second)
	if _, err := f.Gather(t.Context()); err != nil {
		t.Fatal(err)
	}
	f.deliver(t)
	r.await(t, 1)
	return f, r, s
}

func (f *fixture) deliver(t testing.TB) {
	t.Helper()
	if _, err := f.Deliver(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// await waits until so many messages have come.
func (r *receiver) await(t testing.TB, n int) {
	t.Helper()
	poll := time.NewTicker(time.Millisecond)
	defer poll.Stop()
	for deadline := time.Now().Add(20 * time.Second); len(r.got()) < n; <-poll.C {
		if time.Now().After(deadline) {
			t.Fatalf("%d messages came, want %d", len(r.got()), n)
		}
	}
}

// TestRenew_NotWhatNobodyCarries: a claim of which the server never heard, because the connection was lost with the answer,
// runs out, although the server goes on and renews the others.
func TestRenew_NotWhatNobodyCarries(t *testing.T) { eachStore(t, testRenew_NotWhatNobodyCarries) }

func testRenew_NotWhatNobodyCarries(t *testing.T, open opener) {
	f, _, _ := hanging(t, open)
	r := newReceiver(t, nil)
	f.subscribe(t, r.URL)
	f.change(t, "b")
	f.clock.Add(time.Second)
	if _, err := f.Gather(t.Context()); err != nil {
		t.Fatal(err)
	}
	unheard, err := f.book.ClaimDeliveries(t.Context(), f.claim(), f.slots.order())
	if err != nil || len(unheard) != 1 {
		t.Fatalf("claimed %d, %v", len(unheard), err)
	}
	for range 4 {
		f.clock.Add(defaultLease / 3)
		if _, err := f.renew(t.Context()); err != nil {
			t.Fatal(err)
		}
		f.deliver(t)
	}
	r.await(t, 1)
}

// TestDeliver_OneMessageAtATime: when the book could not be reached for so long that a claim ran out, its subscription is not
// sent to a second time while the first message is still on its way.
func TestDeliver_OneMessageAtATime(t *testing.T) { eachStore(t, testDeliver_OneMessageAtATime) }

func testDeliver_OneMessageAtATime(t *testing.T, open opener) {
	f, r, _ := hanging(t, open)
	f.clock.Add(2 * defaultLease)
	f.deliver(t)
	well := newReceiver(t, nil)
	f.subscribe(t, well.URL)
	f.change(t, "b")
	f.clock.Add(time.Second)
	if _, err := f.Gather(t.Context()); err != nil {
		t.Fatal(err)
	}
	f.deliver(t)
	well.await(t, 1)
	if n := len(r.got()); n != 1 {
		t.Errorf("%d messages are on their way to one subscription", n)
	}
}

// lingering is a book that lets a test do something between recording what was sent and hearing that it is recorded.
type lingering struct {
	book
	recorded chan struct{}
	heard    chan struct{}
}

func (l *lingering) FinishDeliveries(ctx context.Context, lease string, parcels []clientele.SentParcel) error {
	err := l.book.FinishDeliveries(ctx, lease, parcels)
	l.recorded <- struct{}{}
	<-l.heard
	return err
}

// TestDeliver_WhatIsJustRecorded: what is due when a message is in the book, and the server is about to hear of that, does not
// wait for the end of a claim.
func TestDeliver_WhatIsJustRecorded(t *testing.T) { eachStore(t, testDeliver_WhatIsJustRecorded) }

func testDeliver_WhatIsJustRecorded(t *testing.T, open opener) {
	l := &lingering{book: open(t)(t), recorded: make(chan struct{}), heard: make(chan struct{}, 10)}
	c := &clock{now: time.Date(2026, time.November, 22, 10, 0, 0, 0, time.UTC)}
	f := newFixtureOn(t, l, c, Options{})
	r := newReceiver(t, nil)
	f.subscribe(t, r.URL)
	gather := func(key string) {
		f.change(t, key)
		f.clock.Add(time.Second)
		if _, err := f.Gather(t.Context()); err != nil {
			t.Fatal(err)
		}
		f.deliver(t)
	}
	gather("a")
	<-l.recorded
	gather("b")
	l.heard <- struct{}{}
	f.slots.wait(0)
	f.deliver(t)
	<-l.recorded
	l.heard <- struct{}{}
	r.await(t, 2)
}
