package webhook

import (
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
