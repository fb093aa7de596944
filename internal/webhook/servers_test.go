package webhook

import (
	"context"
	"net/http"
	"testing"
	"time"

	"clientele"
)

// TestDeliver_TwoServers has two servers on one book send each delivery once, and one take over from the other when that
// dies in the middle.
func TestDeliver_TwoServers(t *testing.T) { eachStore(t, testDeliver_TwoServers) }

func testDeliver_TwoServers(t *testing.T, open opener) {
	f := newFixture(t, open, Options{})
	other := newFixtureOn(t, f.again(t), f.clock, Options{})
	r := newReceiver(t, nil)
	for range 20 {
		f.subscribe(t, r.URL)
	}
	f.change(t, "a")
	f.clock.Add(time.Second)
	for _, s := range []*fixture{f, other} {
		f.carrying.Go(func() {
			if _, err := s.Gather(t.Context()); err != nil {
				t.Errorf("gather: %v", err)
			}
			if _, err := s.Deliver(t.Context()); err != nil {
				t.Errorf("deliver: %v", err)
			}
		})
	}
	f.carrying.Wait()
	f.pass(t)
	other.pass(t)
	if n := len(r.got()); n != 20 {
		t.Errorf("%d messages to 20 subscriptions", n)
	}
	f.changed(t, "b") // nothing of it is left for the claim below
	f.change(t, "c")
	f.clock.Add(time.Second)
	if _, err := f.Gather(t.Context()); err != nil {
		t.Fatal(err)
	}
	claimed, err := f.book.ClaimDeliveries(t.Context(), f.claim(), f.slots.order()) // and dies
	if err != nil || len(claimed) != 20 {
		t.Fatalf("claimed %d, %v", len(claimed), err)
	}
	if other.pass(t); len(r.got()) != 40 {
		t.Fatalf("%d messages while the claim holds, want 40", len(r.got()))
	}
	f.clock.Add(defaultLease)
	if other.pass(t); len(r.got()) != 60 {
		t.Errorf("%d messages after the claim ran out, want 60", len(r.got()))
	}
}

// TestStop_CutsAndGivesBack has a server end while a receiver hangs: nothing is recorded of it, and the next server sends
// it at once.
func TestStop_CutsAndGivesBack(t *testing.T) { eachStore(t, testStop_CutsAndGivesBack) }

func testStop_CutsAndGivesBack(t *testing.T, open opener) {
	f := newFixture(t, open, Options{})
	reached := make(chan struct{}, 1)
	r := newReceiver(t, func(_ http.ResponseWriter, q *http.Request) {
		reached <- struct{}{}
		<-q.Context().Done()
	})
	s := f.subscribe(t, r.URL)
	f.change(t, "a")
	f.clock.Add(time.Second)
	ending := New(f.book, Options{Now: f.clock.Now, Client: ClientOptions{anyAddress: true}})
	if _, err := ending.Gather(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := ending.Deliver(t.Context()); err != nil {
		t.Fatal(err)
	}
	<-reached
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if err := ending.Stop(ended); err != nil {
		t.Fatal(err)
	}
	r.set(nil)
	f.pass(t)
	if d := f.deliveries(t, s)[0]; d.Status != clientele.DeliveryDelivered || d.Attempts != 1 {
		t.Errorf("delivery is %s after %d attempts, want delivered after 1", d.Status, d.Attempts)
	}
}
