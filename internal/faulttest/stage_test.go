package faulttest_test

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"clientele/internal/faulttest"
	"clientele/internal/postgres/pgtest"
)

// stage is a book in a PostgreSQL cluster of its own, servers of it that each reach it over a wire of its own, partners
// that call them, and a receiver that is told of what they change.
type stage struct {
	t       *testing.T
	random  *rand.Rand
	cluster *pgtest.Cluster
	direct  faulttest.Book // the book without a wire
	book    *book
	wires   []*wire
	places  []faulttest.Book // the book over each wire
	servers []*atomic.Pointer[faulttest.Server]
	load    *load
	ledger  *ledger
	inbox   *receiver
	calm    atomic.Bool // the receiver takes everything
	path    string      // of the subscriptions at the receiver
}

// newStage makes a book with so many servers.
func newStage(t *testing.T, random *rand.Rand, servers int) *stage {
	t.Helper()
	cluster := pgtest.NewCluster(t, nil)
	f := &stage{t: t, random: random, cluster: cluster, direct: faulttest.Book{Binary: faulttest.Binary(), URL: cluster.New(t)}, inbox: newReceiver(t)}
	f.inbox.answer = func(w http.ResponseWriter, _ *http.Request) (taken bool) {
		status := http.StatusOK
		if !f.calm.Load() && rand.IntN(5) == 0 {
			status = http.StatusInternalServerError
		}
		w.WriteHeader(status)
		return status == http.StatusOK
	}
	f.book = newBook(t, f.direct)
	f.path = "/told"
	for _, event := range []string{"customer:changed", "lead:changed"} {
		f.book.subscribe(t, event, f.inbox.URL+f.path, slices.Repeat([]string{"--retry", "1s"}, 20)...)
	}
	for range servers {
		w, url := newWire(t, f.direct.URL)
		f.wires, f.places = append(f.wires, w), append(f.places, faulttest.Book{Binary: faulttest.Binary(), URL: url})
		p := &atomic.Pointer[faulttest.Server]{}
		p.Store(serve(t, f.places[len(f.places)-1]))
		f.servers = append(f.servers, p)
	}
	f.load = newLoad(t, f.book, 8, f.servers, random)
	f.ledger = newLedger(t, "pgx", f.direct.URL)
	return f
}

// How soon everything works again once a fault is over. The second is for connections that the network has forgotten:
// PostgreSQL ends what they hold after 10 s.
const (
	maxRecovery       = 10 * time.Second
	maxRecoveryForget = 25 * time.Second
)

// run lets one fault happen under load and holds the book against the journal. It returns how long it took after the
// fault until everything worked, and what was wrong.
func (f *stage) run(fault fault) (recovery time.Duration, wrong []string) {
	f.load.start()
	f.load.waitForMore(f.t, 3)
	fault.happen(f)
	over := time.Now()
	bound := maxRecovery
	if fault.forgets {
		bound = maxRecoveryForget
	}
	for _, s := range f.servers {
		faulttest.Eventually(f.t, "/readyz answers 200 after "+fault.name, func() bool { return s.Load().Ready() == 200 })
	}
	f.load.waitForMore(f.t, 8)
	if recovery = time.Since(over); recovery > bound {
		wrong = append(wrong, fmt.Sprintf("%s: works again after %s, want %s at most", fault.name, recovery, bound))
	}
	f.load.stop()
	f.load.mortal.Store(false)
	f.settle()
	f.load.mu.Lock()
	wrong = append(wrong, f.load.faults...)
	f.load.faults = nil
	f.load.mu.Unlock()
	return recovery, append(wrong, f.ledger.check(f.t, f.load)...)
}

// settle waits until every submission has ended.
func (f *stage) settle() {
	f.t.Helper()
	faulttest.Eventually(f.t, "every submission ends", func() bool {
		return f.ledger.number("SELECT count(*) FROM submission WHERE finished_at IS NULL") == 0
	})
}

// told waits until every change has been told of and every delivery has ended, and returns what is wrong with that.
func (f *stage) told() (wrong []string) {
	f.t.Helper()
	f.calm.Store(true)
	for event, subject := range map[string]string{"customer:changed": "customer", "lead:changed": "lead"} {
		faulttest.Eventually(f.t, "every change of a "+subject+" is gathered", func() bool {
			return f.ledger.number(fmt.Sprintf(`SELECT count(*) FROM change WHERE subject = '%s' AND seq >
				(SELECT min(cursor) FROM subscription WHERE event_type = '%s')`, subject, event)) == 0
		})
	}
	faulttest.Eventually(f.t, "every delivery ends", func() bool {
		return f.ledger.number("SELECT count(*) FROM delivery WHERE status = 'due'") == 0
	})
	for what, query := range map[string]string{
		"deliveries were not delivered": "SELECT count(*) FROM delivery WHERE status <> 'delivered'",
		"changes are in no event": `WITH told AS (SELECT project_id, event_type, id::bigint AS id, max(at) AS at
			FROM event CROSS JOIN LATERAL json_array_elements_text(subject_ids) AS id GROUP BY 1, 2, 3)
			SELECT count(*) FROM change AS c LEFT JOIN told AS e
			ON e.project_id = c.project_id AND e.event_type = c.subject || ':changed' AND e.id = c.subject_id
			WHERE e.at IS NULL OR e.at < c.at`,
	} {
		if n := f.ledger.number(query); n != 0 {
			wrong = append(wrong, fmt.Sprintf("%d %s", n, what))
		}
	}
	wrong = append(wrong, f.inbox.faults()...)
	return append(wrong, f.notTold()...)
}

// notTold returns the subjects of whose last change the receiver was not told since that was sent.
func (f *stage) notTold() (wrong []string) {
	for _, p := range f.load.partners {
		for _, s := range p.journal {
			for _, e := range f.ledger.effects[s.marker] {
				if at, ok := f.inbox.toldOf(f.path, e.about, e.subject); s.status != 0 && (!ok || at.Before(s.begun)) {
					wrong = append(wrong, fmt.Sprintf("nobody was told of %s, a change of %s %d", s.marker, e.about, e.subject))
				}
			}
		}
	}
	return wrong
}

// leftBehind waits until no connection holds a transaction open, and returns what is wrong with that.
func (f *stage) leftBehind() (wrong []string) {
	faulttest.Eventually(f.t, "no transaction is left open", func() bool {
		return f.ledger.number(`SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()
			AND state LIKE 'idle in transaction%' AND state_change < now() - interval '1 second'`) == 0
	})
	if n := f.ledger.number("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"); n > 80 {
		wrong = append(wrong, fmt.Sprintf("%d connections are open", n))
	}
	return wrong
}

// finish ends the stage: everything is looked at once more, and the servers end well.
func (f *stage) finish() []string {
	f.t.Helper()
	wrong := append(f.told(), f.leftBehind()...)
	wrong = append(wrong, f.ledger.checkAll(f.t, f.load)...)
	f.book.Run(f.t, "verify")
	for _, s := range f.servers {
		s.Load().Stop()
	}
	for _, w := range f.wires {
		w.close()
	}
	if err := f.cluster.Stop(); err != nil {
		wrong = append(wrong, fmt.Sprintf("stop PostgreSQL: %v", err))
	}
	return wrong
}
