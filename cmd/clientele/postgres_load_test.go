package main

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"clientele/internal/faulttest"
	"clientele/internal/postgres/pgtest"
)

// load is partners' connections that write, each to one of some servers, until they are told to stop.
type load struct {
	servers  []*server
	key      string
	journals []journal
	// customer says whom the nth write of all is about.
	customer func(random *rand.Rand, n int64) string

	stopped  atomic.Bool
	sent     atomic.Int64
	answered []atomic.Int64 // 201 or 202, by server
	all      sync.WaitGroup

	mu       sync.Mutex
	failures []failure
}

// failure is a write that was not answered 201 or 202.
type failure struct {
	server       int
	status       int // 0 for no answer
	err          error
	begun, ended time.Time
}

// startLoad begins to write on so many connections. stop ends it.
func startLoad(t testing.TB, key string, connections int, customer func(*rand.Rand, int64) string, servers ...*server) *load {
	t.Helper()
	l := &load{
		servers: servers, key: key, customer: customer, journals: make([]journal, connections),
		answered: make([]atomic.Int64, len(servers)),
	}
	for i := range l.journals {
		random, client := rand.New(rand.NewPCG(uint64(i), 0)), kept(t)
		l.all.Go(func() {
			defer client.CloseIdleConnections()
			for !l.stopped.Load() {
				l.write(random, i, client)
			}
		})
	}
	t.Cleanup(l.stop) // also when the test ends early
	return l
}

// stop ends the load and waits for the last answers.
func (l *load) stop() {
	l.stopped.Store(true)
	l.all.Wait()
}

// write sends the next write of connection i and notes the answer.
func (l *load) write(random *rand.Rand, i int, client *http.Client) {
	n := l.sent.Add(1) - 1
	w := &write{id: fmt.Sprintf("c%d-n%d", i, n), key: l.customer(random, n)}
	w.values = statesOf(w.key, w.id, random.IntN(4) == 0)
	l.journals[i] = append(l.journals[i], w)
	to := i % len(l.servers)
	begun := time.Now()
	a, err := send(request{
		client: client, url: l.servers[to].url + "/entry", key: l.key, body: w.body(), header: map[string]string{"X-Request-Id": w.id},
	})
	if a.status == http.StatusCreated || a.status == http.StatusAccepted {
		w.status = a.status
		l.answered[to].Add(1)
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.failures = append(l.failures, failure{to, a.status, err, begun, time.Now()})
}

// waitForAnswers waits until every server has acknowledged so many writes more.
func (l *load) waitForAnswers(t testing.TB, within time.Duration, more int64) {
	t.Helper()
	for i := range l.answered {
		want := l.answered[i].Load() + more
		eventually(t, within, fmt.Sprintf("server %d acknowledges %d writes more", i, more), func() bool {
			return l.answered[i].Load() >= want
		})
	}
}

// createdOnce fails the test unless exactly one write about each customer was answered 201.
func (l *load) createdOnce(t testing.TB) {
	t.Helper()
	created := map[string]int{}
	for _, j := range l.journals {
		for _, w := range j {
			if w.status == http.StatusCreated {
				created[w.key]++
			} else if w.status != 0 {
				created[w.key] += 0
			}
		}
	}
	for key, n := range created {
		if n != 1 {
			t.Errorf("customer %s was answered 201 %d times", key, n)
		}
	}
	t.Logf("%d writes about %d customers", l.sent.Load(), len(created))
}

// TestDatabase_TwoServersOnOverlappingKeys: two servers race for each new customer and for a few that all write to. No error
// reaches a client, and each customer is created once.
func TestDatabase_TwoServersOnOverlappingKeys(t *testing.T) {
	const connections = 32
	d := newDatabase(t, pgtest.Empty(t))
	l := startLoad(t, d.key, connections, func(random *rand.Rand, n int64) string {
		if random.IntN(4) == 0 {
			return fmt.Sprint("shared-", random.IntN(sharedCustomers))
		}
		return fmt.Sprint("new-", n/connections) // as many as there are connections, at about the same time
	}, d.start(), d.start())
	end := time.After(faulttest.InLongTests(4*time.Second, 30*time.Second))
	<-end
	l.stop()
	for _, f := range l.failures {
		t.Errorf("server %d answered %d, %v", f.server, f.status, f.err)
	}
	l.createdOnce(t)
	for _, s := range l.servers {
		s.stop()
	}
	d.read(nil).holds(t, l.journals)
}
