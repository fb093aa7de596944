package faulttest_test

import (
	"fmt"
	"net/url"
	"time"

	"clientele/internal/faulttest"
	"clientele/internal/postgres/pgtest"
)

// failOver gives PostgreSQL a standby that has every commit before it is acknowledged, takes the primary away under load and
// leads the wires to the standby, as an address that moves does. It returns what run does.
func (f *stage) failOver() (recovery time.Duration, wrong []string) {
	f.t.Helper()
	primary := f.cluster
	standby := primary.NewStandby(f.t, pgtest.Settings{"hot_standby = on", "synchronous_standby_names = ''"})
	for _, statement := range []string{"ALTER SYSTEM SET synchronous_standby_names = '*'", "SELECT pg_reload_conf()"} {
		if _, err := f.ledger.db.Exec(statement); err != nil {
			f.t.Fatal(err)
		}
	}
	faulttest.Eventually(f.t, "the standby is synchronous", func() bool {
		return f.ledger.number("SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync'") == 1
	})
	recovery, wrong = f.run(fault{name: "a failover", happen: func(f *stage) { f.promote(primary, standby) }})
	if err := primary.Stop(); err != nil {
		wrong = append(wrong, fmt.Sprintf("stop the old primary: %v", err))
	}
	return recovery, wrong
}

// promote takes the primary away, killed, shut down or silent, and puts the standby in its place.
func (f *stage) promote(primary, standby *pgtest.Cluster) {
	switch f.random.IntN(3) {
	case 0:
		primary.Crash(f.t)
		f.mustBeUnready(f.wires)
	case 1:
		primary.Quit(f.t)
		f.mustBeUnready(f.wires)
	default:
		primary.Pause(f.t)
		defer primary.Resume(f.t) // it comes back, and nobody is led to it any more
		f.mustBeUnready(f.wires)
	}
	u, err := url.Parse(f.direct.URL)
	if err != nil {
		f.t.Fatal(err)
	}
	f.cluster, f.direct.URL = standby, standby.URL(u.Path[1:])
	f.book.Book = f.direct
	f.ledger.moveTo(f.t, f.direct.URL)
	if n := f.ledger.number("SELECT CASE WHEN pg_promote(true, 60) THEN 1 ELSE 0 END"); n != 1 {
		f.t.Fatal("the standby was not promoted")
	}
	for _, w := range f.wires {
		w.lead(fmt.Sprintf("127.0.0.1:%d", standby.Port))
	}
}
