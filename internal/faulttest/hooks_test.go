package faulttest_test

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"clientele/internal/faulttest"
	"clientele/internal/postgres/pgtest"
)

// TestFaults_Receivers: whatever receivers do, each is told of every change once it takes events again, in the order that
// docs/webhooks.md promises, and none waits for another.
func TestFaults_Receivers(t *testing.T) {
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel() // it waits most of the time
		b := faulttest.Book{Binary: faulttest.Binary(), Dir: filepath.Join(t.TempDir(), "data")}
		testReceivers(t, b, ledgerOf{
			open:   func() *ledger { return newLedger(t, "sqlite", filepath.Join(b.Dir, "clientele.db")) },
			micros: func(column string) string { return column },
		})
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		b := faulttest.Book{Binary: faulttest.Binary(), URL: pgtest.New(t)}
		testReceivers(t, b, ledgerOf{
			open:   func() *ledger { return newLedger(t, "pgx", b.URL) },
			micros: func(column string) string { return "(extract(epoch FROM " + column + ") * 1000000)::bigint" },
		})
	})
}

// ledgerOf opens the ledger of a book, whose times it reads as microseconds.
type ledgerOf struct {
	open   func() *ledger
	micros func(column string) string
}

// street is a server and the receivers along it.
type street struct {
	t      *testing.T
	book   *book
	server *faulttest.Server
	ledger *ledger
	micros func(string) string
	random *rand.Rand

	bad     *receiver // misbehaves by plan, path by path; the path /well does not
	well    *receiver // elsewhere, and takes everything
	secured []*receiver
	hung    chan struct{} // closed when the path /hung answers again

	mu    sync.Mutex
	plans map[string]plan
	lost  []string // calls of a redirect's target
}

func testReceivers(t *testing.T, b faulttest.Book, of ledgerOf) {
	random, count := faulttest.Seeded(t), faulttest.NewTally(t)
	trusted := newAuthority(t)
	b.Before = []string{"env", "SSL_CERT_FILE=" + trusted.file}
	s := &street{t: t, book: newBook(t, b), micros: of.micros, random: random, plans: map[string]plan{}, hung: make(chan struct{})}
	s.ledger = of.open()
	s.bad, s.well = newReceiver(t), newReceiver(t)
	s.bad.answer = s.answer
	for range faulttest.InLongTests(2, 6) {
		s.secured = append(s.secured, newTLSReceiver(t, trusted, random))
	}
	s.server = serve(t, s.book.Book)
	paths := s.settleIn(faulttest.InLongTests(10, 24))
	for round := range faulttest.InLongTests(1, 7) {
		wrong := s.round(round, paths)
		for range paths {
			count.Try()
		}
		if round == 0 {
			for range s.secured {
				count.Try()
			}
		}
		count.Violations(t, fmt.Sprintf("round %d", round), wrong)
		if len(wrong) > 0 {
			break
		}
	}
	s.server.Stop()
	b.Run(t, "verify")
}

// settleIn subscribes everybody and returns the paths at which the bad receiver misbehaves.
func (s *street) settleIn(n int) (paths []string) {
	s.t.Helper()
	var often []string
	for range 20 {
		often = append(often, "--retry", "1s")
	}
	bad := append(often, "--request-timeout", patienceOfSender.String())
	for i := range n {
		paths = append(paths, fmt.Sprintf("/bad/%d", i))
		s.book.subscribe(s.t, "customer:changed", s.bad.URL+paths[i], bad...)
	}
	for _, v := range s.secured {
		s.book.subscribe(s.t, "customer:changed", v.URL+"/secured", bad...)
	}
	s.book.subscribe(s.t, "customer:changed", s.bad.URL+"/hung", often...)
	s.book.subscribe(s.t, "customer:changed", s.bad.URL+"/well", often...)
	s.book.subscribe(s.t, "customer:changed", s.well.URL+"/well", often...)
	return paths
}

// answer answers as it is planned.
func (s *street) answer(w http.ResponseWriter, r *http.Request) (taken bool) {
	s.mu.Lock()
	if strings.HasPrefix(r.URL.Path, redirected) {
		s.lost = append(s.lost, r.Method+" "+r.URL.Path)
	}
	hung := s.hung
	var next misdeed
	if p := s.plans[r.URL.Path]; len(p) > 0 {
		next, s.plans[r.URL.Path] = p[0], p[1:]
	}
	s.mu.Unlock()
	switch {
	case r.URL.Path == "/hung":
		select {
		case <-hung:
		case <-r.Context().Done():
			return false
		}
	case next.answer != nil:
		return next.answer(w, r)
	}
	w.WriteHeader(http.StatusOK)
	return true
}

// round changes customers while the receivers misbehave, waits until everybody was told, and returns what was wrong.
func (s *street) round(round int, paths []string) (wrong []string) {
	s.t.Helper()
	plans := map[string]plan{}
	for _, path := range paths {
		plans[path] = newPlan(s.random)
	}
	hung := make(chan struct{})
	s.mu.Lock()
	s.plans, s.hung = plans, hung
	s.mu.Unlock()
	customers := s.change(round)
	told := func(v *receiver, path string) bool {
		for _, id := range customers {
			if _, ok := v.toldOf(path, "customer", id); !ok {
				return false
			}
		}
		return true
	}
	// Those who behave are told while another at the same address, and a whole time-out long, says nothing.
	faulttest.Eventually(s.t, "those who behave are told", func() bool { return told(s.bad, "/well") && told(s.well, "/well") })
	if told(s.bad, "/hung") {
		wrong = append(wrong, "the receiver that hangs has taken an event")
	}
	faulttest.Eventually(s.t, "those who misbehave are told", func() bool {
		for _, path := range paths {
			if !told(s.bad, path) {
				return false
			}
		}
		for _, v := range s.secured {
			if !told(v, "/secured") {
				return false
			}
		}
		return true
	})
	close(hung)
	faulttest.Eventually(s.t, "every delivery ends", func() bool {
		return s.ledger.number("SELECT count(*) FROM delivery WHERE status = 'due'") == 0
	})
	return append(wrong, s.check()...)
}

// change makes and changes some customers, in several events, and returns them.
func (s *street) change(round int) (ids []int64) {
	s.t.Helper()
	for n := range 3 {
		key := fmt.Sprintf("r%d-%d", round, n)
		for _, state := range []string{"Gent", "Genk"}[:1+s.random.IntN(2)] {
			a, err := send(oneOff, call{
				url: s.server.URL + "/entry", header: map[string]string{"x-api-key": s.book.opm},
				body: fmt.Sprintf(`{"customerId":"%s","customerPhone":"+12125550100","customerFirstName":"%s"}`, key, state),
			})
			if err != nil || a.status/100 != 2 {
				s.t.Fatalf("answer %d %s, %v", a.status, a.body, err)
			}
		}
		ids = append(ids, s.ledger.number(fmt.Sprintf("SELECT id FROM customer WHERE external_id = '%s'", key)))
	}
	return ids
}

// check returns what is wrong with the deliveries so far.
func (s *street) check() (wrong []string) {
	for what, query := range map[string]string{
		"deliveries were not delivered": "SELECT count(*) FROM delivery WHERE status <> 'delivered'",
		"subscriptions are disabled":    "SELECT count(*) FROM subscription WHERE disabled_at IS NOT NULL",
	} {
		if n := s.ledger.number(query); n != 0 {
			wrong = append(wrong, fmt.Sprintf("%d %s", n, what))
		}
	}
	taken := map[string]bool{}
	for _, v := range append([]*receiver{s.bad, s.well}, s.secured...) {
		wrong = append(wrong, v.faults()...)
		v.mu.Lock()
		for id, ok := range v.taken {
			taken[id] = ok
		}
		v.mu.Unlock()
	}
	s.mu.Lock()
	for _, c := range s.lost {
		wrong = append(wrong, "a redirect was followed: "+c)
	}
	s.mu.Unlock()
	deliveries := s.deliveries()
	for _, d := range deliveries {
		if !taken[d.id] {
			wrong = append(wrong, fmt.Sprintf("delivery %s of subscription %s was never taken", d.id, d.subscription))
		}
	}
	return append(wrong, inOrder(deliveries)...)
}
