package main

import (
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"path/filepath"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"clientele/internal/config"
	"clientele/internal/faulttest"
	"clientele/internal/sqlite"
)

// hands is a clock that runs, and that is set forward and back.
type hands struct{ ahead atomic.Int64 }

// Now has no monotonic reading: whoever measures by it measures what the clock on the wall says.
func (h *hands) Now() time.Time { return time.Now().Round(0).Add(time.Duration(h.ahead.Load())) }

func (h *hands) set(ahead time.Duration) { h.ahead.Store(int64(ahead)) }

// startByClock starts a server in this process that goes by a clock, and returns where it serves and how to end it.
func startByClock(t *testing.T, dir string, clock *hands) (url string, end func()) {
	t.Helper()
	var line cli
	parser, err := config.Parser(&line)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := parser.Parse([]string{"serve", "--listen", "127.0.0.1:0", "--data-dir", dir, "--allow-loopback-http"}); err != nil {
		t.Fatal(err)
	}
	c, s, log := &line.Serve, openBook(t, dir), slog.New(slog.DiscardHandler)
	r := furnish(&c.Serve, s, log, clock.Now)
	if r.tls, err = secure(&c.TLS, log); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	var out output
	ended := make(chan error, 1)
	go func() { ended <- c.serve(ctx, r, &out) }()
	eventually(t, patience, "the server prints where it serves", func() bool {
		found := servesLine.FindStringSubmatch(out.String())
		if found != nil {
			url = found[1]
		}
		return found != nil
	})
	return url, func() {
		t.Helper()
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("the server ended: %v", err)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
}

// TestFaults_ClockJumps sets the clock of a server forward and back, by up to days, in the midst of a random load: the histories do
// not depend on it, every submission is carried out, and every customer is told of.
func TestFaults_ClockJumps(t *testing.T) {
	random, count := faulttest.Seeded(t), faulttest.NewTally(t)
	dir := t.TempDir()
	b := faulttest.Book{Binary: binary, Dir: dir}
	crowd := faulttest.NewCrowd(faulttest.NewPartners(t, b), "clock", 6)
	l := newListener(t)
	l.calm.Store(true)
	b.Run(t, "subscription", "create", "--project", "shop", "--url", l.URL+"/told", "--allow-loopback-http", "--json")
	for range faulttest.InLongTests(1, 6) {
		clock := &hands{}
		url, end := startByClock(t, dir, clock)
		for range faulttest.InLongTests(6, 20) {
			count.Try()
			sendAcrossJump(t, crowd, url, clock, random)
			count.Violations(t, fmt.Sprintf("the clock %v ahead", time.Duration(clock.ahead.Load())), crowd.Wrong())
		}
		clock.set(0)
		count.Violations(t, "in the end", settledIn(t, dir, crowd))
		end()
		count.Violations(t, "in the end", b.Check(t.Context(), crowd))
	}
	s := startServer(t, dir, "--allow-loopback-http")
	var want []string
	db, err := sql.Open("sqlite", filepath.Join(dir, sqlite.FileName))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	query(t, db, "SELECT id FROM customer", func(scan scanner) error {
		var id int64
		err := scan(&id)
		want = append(want, fmt.Sprint(id))
		return err
	})
	slices.Sort(want)
	eventually(t, 3*patience, "all customers are told of", func() bool { return slices.Equal(l.toldOf("/told"), want) })
	s.stop()
}

// sendAcrossJump sends while the clock jumps, at some answer. A token is over, or not valid yet, after a jump: the partner asks for
// another.
func sendAcrossJump(t *testing.T, crowd *faulttest.Crowd, url string, clock *hands, random *rand.Rand) {
	t.Helper()
	ahead := time.Duration(random.Int64N(int64(12*24*time.Hour))) - 6*24*time.Hour
	at := 1 + random.Int64N(15)
	crowd.Send(t.Context(), faulttest.Load{
		URLs: []string{url}, Random: random, Calls: 4, Loss: faulttest.Stay,
		Answered: func(n int64) {
			if n == at {
				clock.set(ahead)
			}
		},
	})
}

// settledIn waits until the submissions of a book have come to their ends, and returns what is wrong then.
func settledIn(t *testing.T, dir string, crowd *faulttest.Crowd) (violations []string) {
	t.Helper()
	eventually(t, 3*patience, "the submissions come to their ends", func() bool {
		found, err := faulttest.ReadDir(t.Context(), dir)
		if err != nil || found.Unfinished() > 0 {
			return false
		}
		violations = found.Check(crowd)
		return true
	})
	return violations
}

// TestClock_Tokens: a token is over when the clock says so, and whoever asks for another has one, whichever way the clock
// went.
func TestClock_Tokens(t *testing.T) {
	dir, _ := newBook(t)
	p := newSubmitter(t, crashBook{command: func(args ...string) outcome { return command(t, append(args, "--data-dir", dir)...) }})
	clock := &hands{}
	url, end := startByClock(t, dir, clock)
	defer end()
	s := &server{t: t, url: url}
	status := func() int {
		return s.ask(request{url: "/v1/customer", header: map[string]string{"Authorization": "Bearer " + p.token}}).status
	}
	p.login(t, s)
	for _, jump := range []time.Duration{26 * time.Hour, -3 * time.Hour, 400 * 24 * time.Hour, -400 * 24 * time.Hour} {
		if got := status(); got != http.StatusOK {
			t.Errorf("before the clock is set %v ahead: %d", jump, got)
		}
		clock.set(jump)
		if got := status(); got != http.StatusUnauthorized {
			t.Errorf("with the clock set %v ahead: %d for a token of another time", jump, got)
		}
		p.login(t, s)
	}
}
