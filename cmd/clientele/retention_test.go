package main

import (
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"maps"
	"path/filepath"
	"testing"
	"time"

	"clientele/internal/config"
	"clientele/internal/sqlite"
	"clientele/internal/work"
)

const day = 24 * time.Hour

// keptKinds are what is kept for a time, the shortest first. Marks are those of whom a command erased: retention makes others.
var keptKinds = []struct {
	what, count string
	keep        time.Duration
}{
	{"sessions", "SELECT count(*) FROM session", 12 * time.Hour},
	{"remembered calls", "SELECT count(*) FROM remembered_call", day},
	{"refused calls", "SELECT count(*) FROM refusal", 7 * day},
	{"counts of calls", "SELECT count(*) FROM call_count", 8 * day},
	{"deliveries", "SELECT count(*) FROM delivery", 20 * day},
	{"submissions", "SELECT count(*) FROM submission", 30 * day},
	{"visitors", "SELECT count(*) FROM lead WHERE ip IS NOT NULL", 50 * day},
	{"customers", "SELECT count(*) FROM customer", 60 * day},
	{"the audit log", "SELECT count(*) FROM audit WHERE action LIKE 'operator%'", 400 * day},
	{"marks of erasures", "SELECT count(*) FROM erasure_mark JOIN erasure USING (project_id, customer_id) WHERE asked_by = 'command'", 730 * day},
}

// keeper is the part of a server that deletes what is old, with a clock that a test sets and time that passes when it says so.
type keeper struct {
	t      *testing.T
	db     *sql.DB
	clock  hands
	passed time.Duration
	duties map[string]work.Task
}

func newKeeper(t *testing.T, dir string) *keeper {
	t.Helper()
	var line cli
	parser, err := config.Parser(&line)
	if err == nil {
		_, err = parser.Parse([]string{"serve", "--keep-customers", "1440h", "--keep-deliveries", "480h", "--keep-visitors", "1200h", "--data-dir", dir})
	}
	if err != nil {
		t.Fatal(err)
	}
	k := &keeper{t: t}
	r := furnish(&line.Serve.Serve, openBook(t, dir), slog.New(slog.DiscardHandler), k.clock.Now)
	r.leaps.Elapsed = func() time.Duration { return k.passed }
	k.duties = map[string]work.Task{"old customers": r.eraseOldCustomers(&line.Serve.Serve), "the rest": r.forgetOld(&line.Serve.Serve)}
	if k.db, err = sql.Open("sqlite", filepath.Join(dir, sqlite.FileName)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := r.close(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
		_ = k.db.Close()
	})
	return k
}

// run carries out the duties with the clock that far ahead.
func (k *keeper) run(ahead time.Duration) {
	k.t.Helper()
	k.clock.set(ahead)
	for name, duty := range k.duties {
		if again, err := duty(k.t.Context()); again != 0 || err != nil {
			k.t.Errorf("%s, the clock %s ahead: %s, %v", name, ahead, again, err)
		}
	}
}

// counts returns how much there is of each kind.
func (k *keeper) counts() map[string]int {
	k.t.Helper()
	found := map[string]int{}
	for _, kind := range keptKinds {
		var n int
		if err := k.db.QueryRowContext(k.t.Context(), kind.count).Scan(&n); err != nil {
			k.t.Fatal(err)
		}
		found[kind.what] = n
	}
	return found
}

func (k *keeper) wants(when string, want map[string]int) {
	k.t.Helper()
	if got := k.counts(); !maps.Equal(got, want) {
		k.t.Errorf("%s there is %v, want %v", when, got, want)
	}
}

// oldBook makes a book with some of every kind, all of it from now.
func oldBook(t *testing.T) (dir string) {
	t.Helper()
	dir, key := newBook(t)
	b := erasureBook{crashBook{
		key:     key,
		command: func(args ...string) outcome { return command(t, append(args, "--data-dir", dir)...) },
		start:   func(args ...string) *server { return startServer(t, dir, args...) },
	}, "sqlite", filepath.Join(dir, sqlite.FileName), nil}
	receiver := newEcho(t)
	e := &estate{t: t, b: b.crashBook, s: b.start("--allow-loopback-http", believeLoopback)}
	e.shop = e.keys("shop")
	b.command("subscription", "create", "--project", "shop", "--url", receiver.URL, "--allow-loopback-http", "--json").object(t)
	e.bringPerson(t, &b)
	newOperator(t, b.crashBook, e.s)
	e.s.entry(e.shop.opm, `{"customerId":"other","customerPhone":"+12125550100"}`).wants(t, 201, createdBody)
	b.command("customer", "erase", "--project", "shop", "--yes", "--settle", "0s", "--external-id", "other").wants(t, exitOK)
	eventually(t, patience, "an event is delivered", func() bool { return receiver.told.Load() > 0 })
	e.s.stop()
	return dir
}

// TestRetention_ClockJumps: each kind is deleted when its time has passed and no sooner. A clock that is set back, or leaps
// forward by weeks and is set right within a day, deletes nothing.
func TestRetention_ClockJumps(t *testing.T) {
	t.Parallel()
	dir := oldBook(t)
	k := newKeeper(t, dir)
	want := k.counts()
	for what, n := range want {
		if n == 0 {
			t.Errorf("there are no %s: that shows little", what)
		}
	}
	for _, ahead := range []time.Duration{0, 3 * 365 * day, 0, -3 * 365 * day, 0, 40 * day, 0} {
		k.run(ahead)
		k.wants(fmt.Sprintf("with the clock set %s ahead", ahead), want)
		k.passed += time.Hour
	}
	k = newKeeper(t, dir)           // as a server that is started again, with a clock that is believed
	const margin = 70 * time.Minute // calls are counted by the hour
	for _, kind := range keptKinds {
		k.passed = kind.keep - margin
		k.run(k.passed)
		k.run(k.passed + 100*day)
		k.run(k.passed)
		k.wants("shortly before the time of "+kind.what, want)
		k.passed = kind.keep + margin
		k.run(k.passed)
		want[kind.what] = 0
		k.wants("after the time of "+kind.what, want)
	}
}
