package faulttest_test

import (
	"database/sql"
	"fmt"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"
	_ "modernc.org/sqlite"             // the driver "sqlite"
)

// effect is a change in the book.
type effect struct {
	seq, subject int64
	about        string // customer or lead
	action       string
}

// ledger holds a book against the journals of a load, piece by piece as the book grows.
type ledger struct {
	db      *sql.DB
	last    int64               // the newest change that was read
	effects map[string][]effect // by request
	checked map[*partner]int    // how much of a journal was held against the book
}

// newLedger returns a ledger of the book in a database, which is read on a way of its own.
func newLedger(t testing.TB, driver, source string) *ledger {
	t.Helper()
	db, err := sql.Open(driver, source)
	if err != nil {
		t.Fatal(err)
	}
	db.SetMaxIdleConns(0) // the database may die between two looks
	g := &ledger{db: db, effects: map[string][]effect{}, checked: map[*partner]int{}}
	t.Cleanup(func() { _ = g.db.Close() })
	return g
}

// moveTo makes g read another database, which holds the same book.
func (g *ledger) moveTo(t testing.TB, url string) {
	t.Helper()
	_ = g.db.Close()
	var err error
	if g.db, err = sql.Open("pgx", url); err != nil {
		t.Fatal(err)
	}
	g.db.SetMaxIdleConns(0)
}

// number returns the one number that a query has for an answer; -1 when it has none.
func (g *ledger) number(query string) int64 {
	var n int64
	if err := g.db.QueryRow(query).Scan(&n); err != nil {
		return -1
	}
	return n
}

// readOn reads the changes that came since the last time.
func (g *ledger) readOn(t testing.TB) {
	t.Helper()
	rows, err := g.db.Query(fmt.Sprintf(
		"SELECT seq, subject_id, subject, action, request_id FROM change WHERE seq > %d ORDER BY seq", g.last))
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var e effect
		var request string
		if err := rows.Scan(&e.seq, &e.subject, &e.about, &e.action, &request); err != nil {
			t.Fatal(err)
		}
		g.effects[request] = append(g.effects[request], e)
		g.last = e.seq
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
}

// wantedAction is what the change says of what was acknowledged, by kind and, of an entry, status.
func wantedAction(s *sent) string {
	switch {
	case s.kind == report || s.kind == update || s.status == 202:
		return "updated"
	default:
		return "created"
	}
}

// check returns what is wrong with the book, of what was sent since the last time. Nothing may be under way.
func (g *ledger) check(t testing.TB, l *load) (wrong []string) {
	t.Helper()
	g.readOn(t)
	for _, p := range l.partners {
		wrong = append(wrong, g.checkJournal(p)...)
	}
	for what, query := range map[string]string{
		"external ids that stand for two customers":     "SELECT count(*) FROM (SELECT 1 FROM customer WHERE external_id IS NOT NULL GROUP BY project_id, external_id HAVING count(*) > 1) AS twice",
		"external numbers that stand for two customers": "SELECT count(*) FROM (SELECT 1 FROM customer WHERE external_number IS NOT NULL GROUP BY project_id, external_number HAVING count(*) > 1) AS twice",
		"submissions that did not succeed":              "SELECT count(*) FROM submission WHERE status <> 'Succeeded'",
	} {
		if n := g.number(query); n != 0 {
			wrong = append(wrong, fmt.Sprintf("%d %s", n, what))
		}
	}
	return wrong
}

// checkJournal holds what a partner sent since the last time against the book: what was acknowledged is there once and says
// what was answered, what was not is there once at most, and all stands in the partner's order. Submissions are carried out in
// order for each customer.
func (g *ledger) checkJournal(p *partner) (wrong []string) {
	type line struct { // what came before: of all that takes effect at once, and of submissions about a customer
		effect
		*sent
	}
	lines := map[int64]line{}
	for _, s := range p.journal[g.checked[p]:] {
		found := g.effects[s.marker]
		switch {
		case len(found) > 1:
			wrong = append(wrong, fmt.Sprintf("DOUBLED: %s took effect %d times: %+v", s.marker, len(found), found))
			continue
		case len(found) == 0 && s.status != 0:
			wrong = append(wrong, fmt.Sprintf("LOST: %s, kind %d, was answered %d and is not in the book", s.marker, s.kind, s.status))
			continue
		case s.status == 0:
			continue
		}
		e, about := found[0], int64(0)
		if s.kind == create || s.kind == update {
			about = found[0].subject
		}
		if before := lines[about]; e.seq < before.seq {
			wrong = append(wrong, fmt.Sprintf("%+v was sent after %+v was answered, and stands before it in the history: %+v, %+v",
				*s, *before.sent, e, before.effect))
		}
		lines[about] = line{e, s}
		if want := wantedAction(s); e.action != want {
			wrong = append(wrong, fmt.Sprintf("%s was answered %d and the book says %s, want %s", s.marker, s.status, e.action, want))
		}
		if s.kind == register && fmt.Sprint(e.subject) != s.id {
			wrong = append(wrong, fmt.Sprintf("%s was told of customer %s and the book has %d", s.marker, s.id, e.subject))
		}
	}
	g.checked[p] = len(p.journal)
	return wrong
}

// checkAll looks at everything once more: a lost transaction may have woken up after a journal was checked.
func (g *ledger) checkAll(t testing.TB, l *load) []string {
	t.Helper()
	g.last, g.effects, g.checked = 0, map[string][]effect{}, map[*partner]int{}
	wrong := g.check(t, l)
	sentBy := map[string]bool{}
	for _, p := range l.partners {
		for _, s := range p.journal {
			sentBy[s.marker] = true
		}
	}
	for request := range g.effects {
		if !sentBy[request] {
			wrong = append(wrong, fmt.Sprintf("a change is of request %q, which nobody sent", request))
		}
	}
	return wrong
}
