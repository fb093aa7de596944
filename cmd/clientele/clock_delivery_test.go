package main

import (
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"
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

// TestClock_DeliveriesWaitByIt: a message that was refused is sent again when the clock says so, whatever it said in between: not
// before, once, and what is newer does not wait for it.
func TestClock_DeliveriesWaitByIt(t *testing.T) {
	t.Parallel()
	dir, key := newBook(t)
	clock := &hands{}
	u, end := startByClock(t, dir, clock)
	defer end()
	r, s := newRefuser(t), &server{t: t, url: u}
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
		{"set back by days", -9 * day, 1},
		{"after the time", set + 70*time.Minute, 2},
		{"days ahead", 9 * day, 2},
	} {
		clock.set(step.ahead)
		s.entry(key, `{"customerId":"`+string(rune('a'+i))+`","customerPhone":"+12125550100"}`).wants(t, 201, createdBody)
		eventually(t, patience, step.what+": what is new is told of", func() bool {
			messages, refused := r.got()
			return messages > i && refused >= step.wantRefused
		})
		if messages, refused := r.got(); messages != i+1 || refused != step.wantRefused {
			t.Errorf("%s: %d messages, the refused one %d times, want %d and %d", step.what, messages, refused, i+1, step.wantRefused)
		}
	}
}
