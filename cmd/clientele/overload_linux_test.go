package main

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"clientele/internal/postgres/pgtest"
)

// rowTime is what the slow database takes for each new customer.
const rowTime = 10 * time.Millisecond

// slowDown are the statements that make it slow.
var slowDown = []string{
	fmt.Sprintf("CREATE FUNCTION slow_down() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(%g); RETURN NEW; END'", rowTime.Seconds()),
	"CREATE TRIGGER slow_down BEFORE INSERT ON customer FOR EACH ROW EXECUTE FUNCTION slow_down()",
}

// flood is an open loop: each connection sends a write at fixed times, or as soon as it has the answer to the one before.
type flood struct {
	mu                sync.Mutex
	accepted, refused []time.Duration // how long the answers took
	wrong             []string
}

func (f *flood) send(t *testing.T, s *server, key string, connections int, ticks int) {
	var all sync.WaitGroup
	for i := range connections {
		client := kept(t)
		all.Go(func() {
			defer client.CloseIdleConnections()
			first := time.NewTimer(time.Second * time.Duration(i) / time.Duration(connections))
			<-first.C
			tick := time.NewTicker(time.Second)
			defer tick.Stop()
			for n := range ticks {
				f.one(s, client, key, fmt.Sprintf(`{"customerId":"%d-%d","customerEmail":"c%d-%d@example.com"}`, i, n, i, n))
				<-tick.C
			}
		})
	}
	all.Wait()
}

func (f *flood) one(s *server, client *http.Client, key, body string) {
	begun := time.Now()
	a, err := send(request{client: client, url: s.url + "/entry", key: key, body: body})
	took := time.Since(begun)
	f.mu.Lock()
	defer f.mu.Unlock()
	switch {
	case err == nil && a.status == http.StatusCreated:
		f.accepted = append(f.accepted, took)
	case err == nil && a.status == http.StatusServiceUnavailable && a.header.Get("Retry-After") == "1":
		f.refused = append(f.refused, took)
	default:
		f.wrong = append(f.wrong, fmt.Sprint(a.status, a.body, err))
	}
}

// TestOverload: a server whose database can take less than half of what is sent goes on doing what it can. What it lets in is
// answered in bounded time, the rest hears 503 at once, its memory stays bounded, and afterwards all is as before.
func TestOverload(t *testing.T) {
	t.Parallel() // it waits most of the time
	const connections, ticks, batch = 250, 3, 32
	d := newDatabase(t, pgtest.Empty(t))
	s := d.start("--lanes", "1", "--max-batch", strconv.Itoa(batch))
	for _, statement := range slowDown {
		ask(t, d.url, statement)
	}
	before := residentBytes(t, s)
	var f flood
	begun := time.Now()
	f.send(t, s, d.key, connections, ticks)
	lasted := time.Since(begun)
	ended := time.Now()
	if a := s.entry(d.key, `{"customerId":"after","customerEmail":"after@example.com"}`); a.status != http.StatusCreated {
		t.Errorf("after the flood a write is answered %d", a.status)
	}
	recovered := time.Since(ended)
	after := residentBytes(t, s)
	for _, wrong := range f.wrong {
		t.Errorf("a write of the flood is answered %s", wrong)
	}
	slices.Sort(f.accepted)
	slices.Sort(f.refused)
	if len(f.accepted) == 0 || len(f.refused) < connections/2 {
		t.Fatalf("%d writes accepted and %d refused in %s", len(f.accepted), len(f.refused), lasted)
	}
	most := func(list []time.Duration) time.Duration { return list[len(list)*95/100] }
	if took, longest := most(f.accepted), 8*batch*rowTime; took > longest {
		t.Errorf("of the accepted, 95 of 100 took up to %s, want %s at most", took, longest)
	}
	if took := most(f.refused); took > max(250*time.Millisecond, most(f.accepted)/2) { // a busy machine does nothing at once
		t.Errorf("of the refused, 95 of 100 took up to %s, want them refused at once", took)
	}
	if did, could := len(f.accepted), int(lasted/rowTime); did < could/4 {
		t.Errorf("%d writes accepted in %s, when the database could take some %d", did, lasted, could)
	}
	if recovered > 2*time.Second {
		t.Errorf("recovered after %s", recovered)
	}
	if grown := after - before; grown > 64<<20 {
		t.Errorf("the server has %d MB more than before", grown>>20)
	}
	t.Logf("%d accepted, 95 of 100 within %s; %d refused, within %s; recovered after %s; %d MB before, %d MB after", len(f.accepted),
		most(f.accepted), len(f.refused), most(f.refused), recovered, before>>20, after>>20)
	s.stop()
}
