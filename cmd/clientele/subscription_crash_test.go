package main

import (
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"clientele/internal/faulttest"

	"github.com/go-json-experiment/json"
)

// listener takes events and fails now and then, until it is calm.
type listener struct {
	*httptest.Server
	calm atomic.Bool

	mu    sync.Mutex
	told  map[string]map[string]bool // by path, the customers it was told of
	sent  map[string]string          // by webhook-id, the customers
	twice []string
}

func newListener(t *testing.T) *listener {
	t.Helper()
	l := &listener{told: map[string]map[string]bool{}, sent: map[string]string{}}
	l.Server = httptest.NewServer(l)
	t.Cleanup(l.Close)
	return l
}

func (l *listener) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var e struct {
		Payload struct {
			CustomerIDs []string `json:"customerIds"`
		} `json:"payload"`
	}
	b, err := io.ReadAll(r.Body)
	if err != nil || json.Unmarshal(b, &e) != nil || !l.calm.Load() && rand.IntN(3) == 0 {
		w.WriteHeader(http.StatusInternalServerError)
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	id, all := r.Header.Get("Webhook-Id"), strings.Join(e.Payload.CustomerIDs, " ")
	if before, again := l.sent[id]; again && before != all {
		l.twice = append(l.twice, id)
	}
	l.sent[id] = all
	if l.told[r.URL.Path] == nil {
		l.told[r.URL.Path] = map[string]bool{}
	}
	for _, customer := range e.Payload.CustomerIDs {
		l.told[r.URL.Path][customer] = true
	}
}

func (l *listener) toldOf(path string) []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Sorted(maps.Keys(l.told[path]))
}

// TestKill_EveryChangeIsToldOf kills a server at random moments while partners write and events go out, and wants every
// customer of the book told of to every subscription in the end.
func TestKill_EveryChangeIsToldOf(t *testing.T) {
	t.Parallel() // it waits for retries
	onEachBook(t, killDuringEvents)
}

func killDuringEvents(t *testing.T, b crashBook) {
	l := newListener(t)
	paths := []string{"/a", "/b", "/c"}
	for _, path := range paths {
		b.command("subscription", "create", "--project", "shop", "--url", l.URL+path, "--retry", "1s", "--retry", "1s",
			"--retry", "1s", "--retry", "1s", "--allow-loopback-http", "--json").object(t)
	}
	c := &crowd{key: b.key, journals: make([]journal, crashConnections)}
	random := rand.New(rand.NewPCG(1, 2))
	rounds := faulttest.InLongTests(3, 8) // how often the server is killed while it tells of changes
	for round := range rounds {
		s := b.start("--allow-loopback-http")
		c.load(t, s, round*5+4, random)
	}
	l.calm.Store(true)
	s := b.start("--allow-loopback-http")
	var want []string
	for _, row := range b.read().customers {
		want = append(want, fmt.Sprint(row.id))
	}
	slices.Sort(want)
	for _, path := range paths {
		eventually(t, 3*patience, "all customers are told of to "+path, func() bool { return slices.Equal(l.toldOf(path), want) })
	}
	s.stop()
	if len(l.twice) > 0 {
		t.Errorf("webhook-ids that stood for different events: %v", l.twice)
	}
	t.Logf("%d customers, %d events, %d kills", len(want), len(l.sent), rounds)
}
