package main

import (
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"clientele"
	"clientele/internal/faulttest"
)

// refuser is a receiver that refuses the first message it gets, and takes all others.
type refuser struct {
	*httptest.Server
	mu      sync.Mutex
	refused string // its webhook-id
	count   map[string]int
}

func newRefuser(t *testing.T) *refuser {
	r := &refuser{count: map[string]int{}}
	r.Server = httptest.NewServer(r)
	t.Cleanup(r.Close)
	return r
}

func (r *refuser) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	r.mu.Lock()
	defer r.mu.Unlock()
	id := q.Header.Get("Webhook-Id")
	if r.count[id]++; r.refused == "" {
		r.refused = id
		w.WriteHeader(http.StatusServiceUnavailable)
	}
}

// got returns how many messages came, and how often the one that was refused did.
func (r *refuser) got() (messages, refused int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.count), r.count[r.refused]
}

// attempts returns how many attempts at deliveries are recorded, which follows what a receiver got: when the next is due is worked
// out by the clock of that moment.
func attempts(t *testing.T, book store) (n int) {
	t.Helper()
	list, err := book.ListDeliveries(t.Context(), clientele.DeliveryFilter{ProjectID: 1, Limit: 10})
	if err != nil {
		t.Fatal(err)
	}
	for i := range list {
		n += list[i].Attempts
	}
	return n
}

// TestClock_DeliveriesWaitByIt: a message that was refused is sent again when the clock says so, whatever it said in between: not
// before, once, and what is newer does not wait for it.
func TestClock_DeliveriesWaitByIt(t *testing.T) {
	t.Parallel()
	dir, key := newBook(t)
	clock := &hands{}
	u, end := startByClock(t, faulttest.Book{Dir: dir}, clock)
	defer end()
	r, s, book := newRefuser(t), &server{t: t, url: u}, openBook(t, dir)
	command(t, "subscription", "create", "--project", "shop", "--url", r.URL, "--retry", "1h", "--allow-loopback-http", "--json",
		"--data-dir", dir).wants(t, exitOK)
	const set = 3 * time.Hour // ahead of the right time, when the message is refused
	for i, step := range []struct {
		what        string
		ahead       time.Duration
		wantRefused int // how often it has come
	}{
		{"refused", set, 1},
		{"the clock set back", 0, 1},
		{"right again, and before the time", set + 50*time.Minute, 1},
		{"set back by a day", -20 * time.Hour, 1},
		{"after the time", set + 70*time.Minute, 2},
		{"days ahead", 9 * day, 2},
	} {
		clock.set(step.ahead)
		s.entry(key, `{"customerId":"`+string(rune('a'+i))+`","customerPhone":"+12125550100"}`).wants(t, 201, createdBody)
		eventually(t, 3*patience, step.what+": what is new is told of", func() bool {
			messages, refused := r.got()
			return messages > i && refused >= step.wantRefused && attempts(t, book) == messages-1+refused
		})
		if messages, refused := r.got(); messages != i+1 || refused != step.wantRefused {
			t.Errorf("%s: %d messages, the refused one %d times, want %d and %d", step.what, messages, refused, i+1, step.wantRefused)
		}
	}
}

// TestClock_NewDeliveriesDoNotWait: an event that was not sent yet when the clock is set back by days is sent all the same, and so is
// a message that would be repeated days later.
func TestClock_NewDeliveriesDoNotWait(t *testing.T) {
	t.Parallel()
	dir, key := newBook(t)
	clock := &hands{}
	u, end := startByClock(t, faulttest.Book{Dir: dir}, clock)
	defer end()
	var told atomic.Int64
	hangs, released := make(chan struct{}), make(chan struct{})
	receiver := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		switch told.Add(1) {
		case 1:
			w.WriteHeader(http.StatusServiceUnavailable)
		case 2: // what comes after this one waits for it
			close(hangs)
			<-released
		}
	}))
	defer receiver.Close()
	command(t, "subscription", "create", "--project", "shop", "--url", receiver.URL, "--retry", "24h", "--allow-loopback-http", "--json",
		"--data-dir", dir).wants(t, exitOK)
	s, book := &server{t: t, url: u}, openBook(t, dir)
	change := func(id string) {
		t.Helper()
		s.entry(key, `{"customerId":"`+id+`","customerPhone":"+12125550100"}`).wants(t, 201, createdBody)
	}
	gathered := func(n int) {
		t.Helper()
		eventually(t, 3*patience, "the events are gathered", func() bool {
			list, err := book.ListDeliveries(t.Context(), clientele.DeliveryFilter{ProjectID: 1, Limit: 10})
			return err == nil && len(list) == n && list[n-1].Attempts == 1
		})
	}
	clock.set(9 * day)
	change("a")
	gathered(1)
	change("b")
	<-hangs
	change("c")
	gathered(3)
	clock.set(0)
	close(released)
	eventually(t, 3*patience, "the third event, and the first again", func() bool { return told.Load() == 4 })
}
