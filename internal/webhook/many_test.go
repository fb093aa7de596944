package webhook

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"clientele"
)

// TestDeliver_HangingReceiversDelayNobody has 1,000 subscriptions of which 100 hang for their full time-out: the other 900
// receive within 2 s of the change at the median.
func TestDeliver_HangingReceiversDelayNobody(t *testing.T) {
	eachStore(t, testDeliver_HangingReceiversDelayNobody)
}

func testDeliver_HangingReceiversDelayNobody(t *testing.T, open opener) {
	const all, hanging = manySubscriptions, manySubscriptions / 10
	f := newFixture(t, open, Options{Now: time.Now})
	var mu sync.Mutex
	var arrived []time.Time
	complete := make(chan struct{})
	answer := func(_ http.ResponseWriter, q *http.Request) {
		if strings.HasPrefix(q.URL.Path, "/hang") {
			<-q.Context().Done()
			return
		}
		mu.Lock()
		defer mu.Unlock()
		if arrived = append(arrived, time.Now()); len(arrived) == all-hanging {
			close(complete)
		}
	}
	var receivers []*receiver
	for range 10 {
		receivers = append(receivers, newReceiver(t, answer))
	}
	for n := range all {
		path := "/take"
		if n%(all/hanging) == 0 {
			path = "/hang"
		}
		s, err := f.Create(t.Context(), clientele.SubscriptionOrder{
			ProjectID: f.project, EventType: clientele.CustomerChanged, RequestTimeout: 30 * time.Second,
			URL: fmt.Sprintf("%s%s/%d", receivers[n%len(receivers)].URL, path, n),
		})
		if err != nil {
			t.Fatalf("create %s: %v", s.ID, err)
		}
	}
	if err := f.Start(t.Context(), Alone); err != nil {
		t.Fatal(err)
	}
	changed := time.Now()
	f.change(t, "a")
	f.Changed()
	select {
	case <-complete:
	case <-t.Context().Done():
		t.Fatal("not all receivers were reached")
	}
	mu.Lock()
	slices.SortFunc(arrived, time.Time.Compare)
	median, last := arrived[len(arrived)/2].Sub(changed), arrived[len(arrived)-1].Sub(changed)
	mu.Unlock()
	t.Logf("median %s, last %s; %d in flight", median, last, f.InFlight())
	if median > maxMedian {
		t.Errorf("the median arrived after %s", median)
	}
	f.cutOff() // the hanging ones need not be waited for
}
