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
	"clientele/internal/postgres/pgtest"
	"clientele/internal/sqlite"
)

// hands is a clock that runs, and that is set forward and back.
type hands struct{ ahead atomic.Int64 }

// Now has no monotonic reading: whoever measures by it measures what the clock on the wall says.
func (h *hands) Now() time.Time { return time.Now().Round(0).Add(time.Duration(h.ahead.Load())) }

func (h *hands) set(ahead time.Duration) { h.ahead.Store(int64(ahead)) }

// startByClock starts a server in this process that goes by a clock, and returns where it serves and how to end it.
func startByClock(t *testing.T, b faulttest.Book, clock *hands) (url string, end func()) {
	t.Helper()
	var line cli
	parser, err := config.Parser(&line)
	if err != nil {
		t.Fatal(err)
	}
	where := []string{"--data-dir", b.Dir}
	if b.URL != "" {
		where = []string{"--database-url", b.URL}
	}
	if _, err := parser.Parse(append([]string{"serve", "--listen", "127.0.0.1:0", "--allow-loopback-http"}, where...)); err != nil {
		t.Fatal(err)
	}
	c, log := &line.Serve, slog.New(slog.DiscardHandler)
	s, err := c.openStore(t.Context(), log)
	if err != nil {
		t.Fatal(err)
	}
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
// not depend on it, every submission is carried out, and every customer is told of. On PostgreSQL what the server makes of the
// database's clock jumps, too.
func TestFaults_ClockJumps(t *testing.T) {
	t.Run("sqlite", func(t *testing.T) { testClockJumps(t, faulttest.Book{Binary: binary, Dir: t.TempDir()}) })
	t.Run("postgres", func(t *testing.T) { testClockJumps(t, faulttest.Book{Binary: binary, URL: pgtest.Empty(t)}) })
}

func testClockJumps(t *testing.T, b faulttest.Book) {
	random, count := faulttest.Seeded(t), faulttest.NewTally(t)
	crowd := faulttest.NewCrowd(faulttest.NewPartners(t, b), "clock", 6)
	l := newListener(t)
	l.calm.Store(true)
	b.Run(t, "subscription", "create", "--project", "shop", "--url", l.URL+"/told", "--allow-loopback-http", "--json")
	for range faulttest.InLongTests(1, 6) {
		clock := &hands{}
		url, end := startByClock(t, b, clock)
		for range faulttest.InLongTests(6, 20) {
			count.Try()
			sendAcrossJump(t, crowd, url, clock, random)
			count.Violations(t, fmt.Sprintf("the clock %v ahead", time.Duration(clock.ahead.Load())), crowd.Wrong())
		}
		clock.set(0)
		count.Violations(t, "in the end", settledIn(t, b, crowd))
		end()
		count.Violations(t, "in the end", checkBook(t, b, crowd))
	}
	_, end := startByClock(t, b, &hands{})
	defer end()
	want := customersOf(t, b)
	eventually(t, 3*patience, "all customers are told of", func() bool { return slices.Equal(l.toldOf("/told"), want) })
}

// checkBook looks at a book of either kind that nobody serves.
func checkBook(t *testing.T, b faulttest.Book, crowd *faulttest.Crowd) (violations []string) {
	t.Helper()
	if b.URL == "" {
		return b.Check(t.Context(), crowd)
	}
	_, violations = faulttest.CheckDatabase(t.Context(), b.URL, crowd)
	return violations
}

// customersOf returns the ids of all customers of a book, in order of their text.
func customersOf(t *testing.T, b faulttest.Book) (list []string) {
	t.Helper()
	driver, source := "sqlite", filepath.Join(b.Dir, sqlite.FileName)
	if b.URL != "" {
		driver, source = "pgx", b.URL
	}
	db, err := sql.Open(driver, source)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	list = column(t, db, "SELECT id FROM customer")
	slices.Sort(list)
	return list
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
func settledIn(t *testing.T, b faulttest.Book, crowd *faulttest.Crowd) (violations []string) {
	t.Helper()
	read := func() (*faulttest.Found, error) { return faulttest.ReadDir(t.Context(), b.Dir) }
	if b.URL != "" {
		read = func() (*faulttest.Found, error) { return faulttest.ReadDatabase(t.Context(), b.URL) }
	}
	eventually(t, 3*patience, "the submissions come to their ends", func() bool {
		found, err := read()
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
	url, end := startByClock(t, faulttest.Book{Dir: dir}, clock)
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
