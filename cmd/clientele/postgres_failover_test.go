package main

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"
	"time"

	"clientele/internal/postgres/pgtest"
)

// maxGap bounds how long a failover may be felt: from the moment the primary dies to the last answer that is an error.
const maxGap = 20 * time.Second

// TestDatabase_Failover: the primary dies under load and its synchronous standby takes its place. The servers find it by
// themselves, no acknowledged write is missing, no customer is there twice, and errors are answered in the gap only.
func TestDatabase_Failover(t *testing.T) {
	primary, standby, url := newPair(t)
	d := newDatabase(t, url)
	l := startLoad(t, d.key, 24, func(random *rand.Rand, n int64) string {
		if random.IntN(4) == 0 {
			return fmt.Sprint("shared-", random.IntN(sharedCustomers))
		}
		return fmt.Sprint("new-", n/3)
	}, d.start(), d.start())
	l.waitForAnswers(t, patience, 100)
	primary.Crash(t)
	crashed := time.Now()
	for _, s := range l.servers {
		s.eventuallyStatus(patience, http.StatusServiceUnavailable, request{url: "/readyz"})
	}
	ask(t, standby.URL("postgres"), "SELECT pg_promote(true, 60)::text")
	promoted := time.Now()
	l.waitForAnswers(t, maxGap, 100)
	back := time.Now()
	for _, s := range l.servers {
		s.eventuallyStatus(maxGap, http.StatusOK, request{url: "/readyz"})
	}
	l.stop()
	l.onlyBetween(t, crashed, crashed.Add(maxGap))
	for _, s := range l.servers {
		s.stop()
	}
	standbyURL := strings.Replace(url, fmt.Sprintf("127.0.0.1:%d,", primary.Port), "", 1)
	acknowledged := (&database{t: t, url: standbyURL}).read(nil).holds(t, l.journals)
	t.Logf("promoted after %s, all write again after %s; %d acknowledged writes, all there, and %d errors in the gap",
		promoted.Sub(crashed), back.Sub(crashed), acknowledged, len(l.failures))
}

// newPair starts a primary and a standby that has every commit before it is acknowledged, and returns the URL of an empty
// database on whichever of them is the primary.
func newPair(t testing.TB) (primary, standby *pgtest.Cluster, url string) {
	t.Helper()
	primary = pgtest.NewCluster(t, nil)
	standby = primary.NewStandby(t, nil)
	super := primary.URL("postgres")
	for _, statement := range []string{
		"CREATE DATABASE book", "ALTER SYSTEM SET synchronous_standby_names = '*'", "SELECT pg_reload_conf()",
	} {
		ask(t, super, statement)
	}
	eventually(t, patience, "the standby is synchronous", func() bool {
		return ask(t, super, "SELECT sync_state FROM pg_stat_replication") == "sync"
	})
	one := fmt.Sprintf("127.0.0.1:%d", primary.Port)
	both := fmt.Sprintf("%s,127.0.0.1:%d", one, standby.Port)
	return primary, standby, strings.Replace(primary.URL("book"), one, both, 1) + "&target_session_attrs=read-write"
}

// onlyBetween fails the test when a write failed that was sent or answered outside of a time, or otherwise than with a 503.
func (l *load) onlyBetween(t testing.TB, from, to time.Time) {
	t.Helper()
	for _, f := range l.failures {
		if f.status != http.StatusServiceUnavailable {
			t.Errorf("server %d answered %d, %v", f.server, f.status, f.err)
		}
		if f.ended.Before(from) || f.ended.After(to) {
			t.Errorf("server %d answered %d, %s after the fault, %s after it was asked", f.server, f.status, f.ended.Sub(from), f.ended.Sub(f.begun))
		}
	}
}
