package main

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"regexp"
	"strconv"
	"testing"
	"time"

	"clientele/internal/postgres/pgtest"
)

// maxAnswer bounds how long a partner waits for an answer while the database is stopped: 8 s until the store gives up, or
// 10 s in the line of writes, and something for a busy machine.
const maxAnswer = 13 * time.Second

// TestDatabase_Stopped: while the database neither answers nor hangs up, every call is answered 503 within its bound, most of
// them at once, the server's memory stays bounded, and /readyz says so. When the database goes on, so does the server.
func TestDatabase_Stopped(t *testing.T) {
	t.Parallel() // it waits most of the time
	const waiting, connections = 32, 128
	cluster := pgtest.NewCluster(t, nil)
	d := newDatabase(t, cluster.New(t))
	s := d.start("--max-waiting", strconv.Itoa(waiting))
	l := startLoad(t, d.key, connections, func(random *rand.Rand, n int64) string {
		return fmt.Sprint("customer-", random.IntN(1000))
	}, s)
	l.waitForAnswers(t, patience, 200)
	before := residentBytes(t, s)
	cluster.Pause(t)
	paused := time.Now()
	resume := func() { cluster.Resume(t) }
	defer func() { resume() }() // else it could not be stopped
	s.eventuallyStatus(patience, http.StatusServiceUnavailable, request{url: "/readyz"})
	eventually(t, maxAnswer, "the writes that wait are answered 503", func() bool { return l.oldFailures(paused, 5*time.Second) >= waiting/2 })
	if got := s.ask(request{url: "/healthz"}).status; got != http.StatusOK {
		t.Errorf("/healthz is answered %d while the database is stopped", got)
	}
	during := residentBytes(t, s)
	resume()
	resume = func() {}
	resumed := time.Now()
	s.eventuallyStatus(patience, http.StatusOK, request{url: "/readyz"})
	l.waitForAnswers(t, patience, 200)
	l.stop()
	l.onlyBetween(t, time.Time{}, resumed.Add(maxAnswer))
	var longest time.Duration
	for _, f := range l.failures {
		longest = max(longest, f.ended.Sub(f.begun))
	}
	if longest > maxAnswer {
		t.Errorf("an answer took %s, want %s at most", longest, maxAnswer)
	}
	if atOnce := len(l.failures) - l.oldFailures(time.Time{}, time.Second); atOnce < connections {
		t.Errorf("%d writes were refused at once by a full line, want %d at least", atOnce, connections)
	}
	const most = 64 << 20
	if during > before+most {
		t.Errorf("the server has %d MB while the database is stopped, and had %d MB before", during>>20, before>>20)
	}
	s.stop()
	t.Logf("%d answers were 503, after %s at most; %d MB before, %d MB during; %d acknowledged writes are all there",
		len(l.failures), longest, before>>20, during>>20, d.read(nil).holds(t, l.journals))
}

// oldFailures counts the failures since a time that took so long.
func (l *load) oldFailures(since time.Time, took time.Duration) (n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, f := range l.failures {
		if f.ended.After(since) && f.ended.Sub(f.begun) >= took {
			n++
		}
	}
	return n
}

var residentLine = regexp.MustCompile(`(?m)^VmRSS:\s+(\d+) kB$`)

// residentBytes returns how much memory the server has.
func residentBytes(t testing.TB, s *server) int64 {
	t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.process.Process.Pid))
	if err != nil {
		t.Fatal(err)
	}
	found := residentLine.FindSubmatch(status)
	if found == nil {
		t.Fatalf("no VmRSS in %s", status)
	}
	kB, err := strconv.ParseInt(string(found[1]), 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return kB << 10
}
