package webhook

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"clientele"
)

// TestDeliver_HangingReceiversDelayNobody has 1,000 subscriptions of which 100 hang for their full time-out: the other 900
// receive before any of those has come to its end, and within 2 s of the change at the median. A machine that is busy with
// other things gets as much longer as it takes without the 100.
func TestDeliver_HangingReceiversDelayNobody(t *testing.T) {
	eachStore(t, testDeliver_HangingReceiversDelayNobody)
}

// slack is how much longer than the same without hanging receivers it may take where that is longer than maxMedian.
const slack = 3

func testDeliver_HangingReceiversDelayNobody(t *testing.T, open opener) {
	const all, hanging = manySubscriptions, manySubscriptions / 10
	f := newFixture(t, open, Options{Now: time.Now})
	c := &crossing{}
	var receivers []*receiver
	for range 10 {
		receivers = append(receivers, newReceiver(t, c.answer))
	}
	for n := range all {
		path := "/take"
		if n%(all/hanging) == 0 {
			path = "/hang"
		}
		s, err := f.Create(t.Context(), clientele.SubscriptionOrder{
			ProjectID: f.project, EventType: clientele.CustomerChanged, RequestTimeout: MaxRequestTimeout,
			URL: fmt.Sprintf("%s%s/%d", receivers[n%len(receivers)].URL, path, n),
		})
		if err != nil {
			t.Fatalf("create %s: %v", s.ID, err)
		}
	}
	if err := f.Start(t.Context(), Alone); err != nil {
		t.Fatal(err)
	}
	without, _ := c.cross(t, f, all)
	f.slots.wait(0)
	c.hang.Store(true)
	with, last := c.cross(t, f, all-hanging)
	t.Logf("median %s, last %s, %s without hanging receivers; %d in flight", with, last, without, f.InFlight())
	if with > max(maxMedian, slack*without) {
		t.Errorf("the median arrived after %s, %s without hanging receivers", with, without)
	}
	if n := c.gone.Load(); n > 0 {
		t.Errorf("%d of those that hang had to end before the others were reached", n)
	}
	f.cutOff() // the hanging ones need not be waited for
}

// crossing is a place where many messages arrive.
type crossing struct {
	hang atomic.Bool
	gone atomic.Int64 // requests that hung and came to their end

	mu       sync.Mutex
	arrived  []time.Time
	expected int
	complete chan struct{}
}

func (c *crossing) answer(_ http.ResponseWriter, q *http.Request) {
	if c.hang.Load() && strings.HasPrefix(q.URL.Path, "/hang") {
		<-q.Context().Done()
		c.gone.Add(1)
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.arrived = append(c.arrived, time.Now()); len(c.arrived) == c.expected {
		close(c.complete)
	}
}

// cross makes a change and returns how long after it the messages arrived, at the median and the last.
func (c *crossing) cross(t *testing.T, f *fixture, expected int) (median, last time.Duration) {
	t.Helper()
	c.mu.Lock()
	c.arrived, c.expected, c.complete = nil, expected, make(chan struct{})
	c.mu.Unlock()
	changed := time.Now()
	f.change(t, "a")
	f.Changed()
	select {
	case <-c.complete:
	case <-time.After(2 * time.Minute):
		t.Fatal("not all receivers were reached")
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	slices.SortFunc(c.arrived, time.Time.Compare)
	return c.arrived[len(c.arrived)/2].Sub(changed), c.arrived[len(c.arrived)-1].Sub(changed)
}

// TestDeliver_KeepsConnections: a host that many subscriptions are sent to at once is not connected to anew for the next message.
func TestDeliver_KeepsConnections(t *testing.T) {
	eachStore(t, testDeliver_KeepsConnections)
}

func testDeliver_KeepsConnections(t *testing.T, open opener) {
	const count = 40
	f := newFixture(t, open, Options{Now: time.Now})
	var mu sync.Mutex
	connections := map[string]bool{}
	var together sync.WaitGroup // of those that are sent one message
	to := newReceiver(t, func(_ http.ResponseWriter, q *http.Request) {
		mu.Lock()
		connections[q.RemoteAddr] = true
		mu.Unlock()
		together.Done()
		together.Wait()
	})
	for n := range count {
		_, err := f.Create(t.Context(), clientele.SubscriptionOrder{
			ProjectID: f.project, EventType: clientele.CustomerChanged, RequestTimeout: MaxRequestTimeout, URL: fmt.Sprintf("%s/%d", to.URL, n),
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := f.Start(t.Context(), Alone); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		together.Add(count)
		f.change(t, "a")
		f.Changed()
		together.Wait()
		f.slots.wait(0)
	}
	if len(connections) != count {
		t.Errorf("%d messages, %d at once, went over %d connections", 2*count, count, len(connections))
	}
}
