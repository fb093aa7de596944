package main

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"clientele/internal/faulttest"
	"clientele/internal/sqlite"
)

const (
	crashConnections = 48
	sharedCustomers  = 8 // written to by every connection
)

// TestKill_NothingAcknowledgedIsLost loads a server from many connections, kills it at a random moment, looks at what it
// left, and starts it again on the same directory, many times over. CRASH_SEED repeats a run's random choices.
func TestKill_NothingAcknowledgedIsLost(t *testing.T) {
	t.Parallel() // it waits for the disk
	rounds := faulttest.InLongTests(8, 22)
	seed := uint64(time.Now().UnixNano())
	if s := os.Getenv("CRASH_SEED"); s != "" {
		var err error
		if seed, err = strconv.ParseUint(s, 10, 64); err != nil {
			t.Fatal(err)
		}
	}
	fmt.Printf("CRASH_SEED=%d repeats the random choices of %s\n", seed, t.Name())
	random := rand.New(rand.NewPCG(seed, 0))
	dir, key := newBook(t)
	c := &crowd{key: key, journals: make([]journal, crashConnections)}
	b := &bookRows{}
	for round := range rounds {
		s := startServer(t, dir)
		c.load(t, s, round, random)
		b = readBookSince(t, copyBook(t, dir), b.changes)
		b.holds(t, c.journals)
	}
	startServer(t, dir).stop()
	b = readBook(t, dir)
	acknowledged := b.holds(t, c.journals)
	t.Logf("%d kills: %d writes acknowledged, %d sent, %d in the book, of %d customers",
		rounds, acknowledged, c.sent.Load(), len(b.changes), len(b.customers))
	if unknown := int(c.sent.Load()) - acknowledged; acknowledged < rounds*crashConnections/4 || unknown < rounds {
		t.Errorf("%d writes acknowledged and %d left without an answer by %d kills: that is no load", acknowledged, unknown, rounds)
	}
}

// crowd is a number of partners' connections with a journal each.
type crowd struct {
	key      string
	journals []journal
	sent     atomic.Int64
}

// load sends from all connections at once until the server is killed: after a random number of answers and a random
// moment more. A connection that finds the server gone ends.
func (c *crowd) load(t testing.TB, s *server, round int, random *rand.Rand) {
	t.Helper()
	most := int64(200)
	if round%5 == 4 {
		most = 2000 // enough to have the log written back to the file meanwhile
	}
	answers, moment := 1+random.Int64N(most), time.Duration(random.IntN(5000))*time.Microsecond
	var answered atomic.Int64
	var killed atomic.Bool
	var all sync.WaitGroup
	for i := range c.journals {
		own := rand.New(rand.NewPCG(random.Uint64(), uint64(i)))
		client := kept(t)
		all.Go(func() {
			defer client.CloseIdleConnections()
			for n := 0; ; n++ {
				w := c.next(own, i, fmt.Sprintf("r%d-c%d-n%d", round, i, n))
				if err := c.deliver(client, s.url, w); err != nil {
					if !killed.Load() || os.IsTimeout(err) {
						t.Errorf("round %d, killed: %t: %v", round, killed.Load(), err)
					}
					return
				}
				if answered.Add(1) == answers {
					time.AfterFunc(moment, func() {
						killed.Store(true)
						_ = s.process.Process.Kill()
					})
				}
			}
		})
	}
	all.Wait()
	<-s.exited
}

// next chooses what connection i sends next and enters it in the connection's journal: a customer of its own, new or
// known, or one that all connections write to.
func (c *crowd) next(random *rand.Rand, i int, marker string) *write {
	w := &write{id: marker}
	switch known := len(c.journals[i]); {
	case random.IntN(5) == 0:
		w.key = fmt.Sprintf("shared-%d", random.IntN(sharedCustomers))
	case known > 0 && random.IntN(2) == 0:
		w.key = c.journals[i][random.IntN(known)].key
	default:
		w.key = marker
	}
	w.values = statesOf(w.key, marker, random.IntN(4) == 0)
	c.journals[i] = append(c.journals[i], w)
	c.sent.Add(1)
	return w
}

// deliver sends a write and notes the answer; the error is that there was none, or a wrong one.
func (c *crowd) deliver(client *http.Client, url string, w *write) error {
	a, err := send(request{
		client: client, url: url + "/entry", key: c.key, body: w.body(), header: map[string]string{"X-Request-Id": w.id},
	})
	if err != nil {
		return err
	}
	if a.status != http.StatusCreated && a.status != http.StatusAccepted {
		return fmt.Errorf("answer %d %s", a.status, a.body)
	}
	w.status = a.status
	return nil
}

// copyBook copies the files of a book that no process has open, so that looking at them changes nothing for the server.
func copyBook(t testing.TB, dir string) string {
	t.Helper()
	image := t.TempDir()
	for _, name := range []string{sqlite.FileName, sqlite.FileName + "-wal"} {
		b, err := os.ReadFile(filepath.Join(dir, name))
		if err == nil {
			err = os.WriteFile(filepath.Join(image, name), b, 0o600)
		}
		if err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
	}
	return image
}

// TestKill_DuringFirstStart kills a server at many moments of its first start, in which it makes the directory, the file
// and the tables. The next start must find its way whatever was left.
func TestKill_DuringFirstStart(t *testing.T) {
	for i := range 12 {
		dir := filepath.Join(t.TempDir(), "data")
		s := launch(t, dir, program(nil, serveArgs(dir)...))
		time.AfterFunc(time.Duration(i)*3*time.Millisecond, func() { _ = s.process.Process.Kill() })
		<-s.exited
		startServer(t, dir).stop()
		got := command(t, "migrate", "status", "--data-dir", dir, "--json").object(t)
		if got["version"] != got["newest"] || got["version"] == 0.0 {
			t.Errorf("killed after %d ms, then started: migrate status says %v", i*3, got)
		}
	}
}
