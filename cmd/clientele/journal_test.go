package main

import (
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"testing"

	"clientele/internal/sqlite"

	"github.com/go-json-experiment/json"
	"github.com/google/go-cmp/cmp"
)

// values are the values of a customer by their names in change records.
type values map[string]string

// write is one POST /entry of a test: what was sent, and what was answered.
type write struct {
	id     string // X-Request-Id, which ends up in the change record
	key    string // customerId
	values values // what it states
	status int    // 201 or 202; 0 when no answer came, and nobody knows whether it is in the book
}

// properties are the names of the dialect for the names in change records, in the order in which readBook reads them.
var properties = []struct{ name, property string }{
	{"external_id", "customerId"},
	{"first_name", "customerFirstName"},
	{"last_name", "customerLastName"},
	{"email", "customerEmail"},
	{"phone", "customerPhone"},
	{"ip", "customerIP"},
}

func (w *write) body() string {
	body := map[string]string{}
	for _, p := range properties {
		if v, ok := w.values[p.name]; ok {
			body[p.property] = v
		}
	}
	b, err := json.Marshal(body)
	if err != nil {
		panic(err)
	}
	return string(b)
}

// journal is what one connection sent, in order.
type journal []*write

// bookRows is everything in a book that the tests look at.
type bookRows struct {
	customers []customerRow
	changes   []changeRow // in order of their sequence
}

type customerRow struct {
	id      int64
	version int
	email   sql.NullString // normalised
	values  values
}

type changeRow struct {
	seq, subject      int64
	action, requestID string
	values            values
}

// readBook reads the book in dir: first the store opens it, as after a crash, then its rows are read as they are.
func readBook(t testing.TB, dir string) *bookRows {
	t.Helper()
	return readBookSince(t, dir, nil)
}

// readBookSince reads the book but for changes that were read before.
func readBookSince(t testing.TB, dir string, before []changeRow) *bookRows {
	t.Helper()
	s, err := sqlite.Open(t.Context(), dir)
	if err != nil {
		t.Fatalf("open the book: %v", err)
	}
	if err := errors.Join(s.Ping(t.Context()), s.Close()); err != nil {
		t.Fatalf("the book does not answer: %v", err)
	}
	db, err := sql.Open("sqlite", filepath.Join(dir, sqlite.FileName))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	return readRows(t, db, before)
}

// querier is a database, or a transaction of one.
type querier interface {
	Query(statement string, args ...any) (*sql.Rows, error)
}

// readRows reads the rows of a book of either kind but for changes that were read before.
func readRows(t testing.TB, db querier, before []changeRow) *bookRows {
	t.Helper()
	b := bookRows{changes: before}
	var last int64
	if len(before) > 0 {
		last = before[len(before)-1].seq
	}
	query(t, db, `SELECT id, version, email_normal, external_id, first_name, last_name, email, phone, ip
		FROM customer ORDER BY id`, func(scan scanner) error {
		c := customerRow{values: values{}}
		var texts [6]sql.NullString
		err := scan(&c.id, &c.version, &c.email, &texts[0], &texts[1], &texts[2], &texts[3], &texts[4], &texts[5])
		for i, text := range texts {
			if text.Valid {
				c.values[properties[i].name] = text.String
			}
		}
		b.customers = append(b.customers, c)
		return err
	})
	query(t, db, fmt.Sprintf(`SELECT seq, subject_id, action, request_id, new_values FROM change
		WHERE subject = 'customer' AND seq > %d ORDER BY seq`, last), func(scan scanner) error {
		var c changeRow
		var text []byte
		err := scan(&c.seq, &c.subject, &c.action, &c.requestID, &text)
		c.values = parseValues(t, text)
		b.changes = append(b.changes, c)
		return err
	})
	return &b
}

type scanner func(dest ...any) error

func query(t testing.TB, db querier, statement string, row func(scanner) error) {
	t.Helper()
	rows, err := db.Query(statement)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		if err := row(rows.Scan); err != nil {
			t.Fatal(err)
		}
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
}

// parseValues reads a JSON object of texts.
func parseValues(t testing.TB, text []byte) values {
	t.Helper()
	var v values
	if err := json.Unmarshal(text, &v); err != nil {
		t.Fatalf("a record holds %q: %v", text, err)
	}
	return v
}

// byRequest returns the change that each request made, and fails the test when one made two.
func (b *bookRows) byRequest(t testing.TB) map[string]*changeRow {
	t.Helper()
	changes := make(map[string]*changeRow, len(b.changes))
	for i := range b.changes {
		c := &b.changes[i]
		if changes[c.requestID] != nil {
			t.Fatalf("request %s made two changes", c.requestID)
		}
		changes[c.requestID] = c
	}
	return changes
}

// checkHistory checks the book in itself: no customer twice, each begins with one creation, its changes give it as it
// stands, and its version counts them.
func (b *bookRows) checkHistory(t testing.TB) {
	t.Helper()
	replayed, versions := map[int64]values{}, map[int64]int{}
	for _, c := range b.changes {
		if first := versions[c.subject] == 0; first != (c.action == "created") {
			t.Fatalf("change %d of customer %d is its %d. and says %q", c.seq, c.subject, versions[c.subject]+1, c.action)
		}
		if versions[c.subject]++; versions[c.subject] == 1 {
			replayed[c.subject] = values{}
		}
		for name, value := range c.values {
			replayed[c.subject][name] = value
		}
	}
	keys := map[string]bool{}
	for _, c := range b.customers {
		if keys[c.values["external_id"]] {
			t.Fatalf("customer %q is there twice", c.values["external_id"])
		}
		keys[c.values["external_id"]] = true
		if !maps.Equal(replayed[c.id], c.values) { // looked at first, since telling the difference takes long
			t.Fatalf("the history of customer %d does not give it as it stands (-history +customer):\n%s", c.id, cmp.Diff(replayed[c.id], c.values))
		}
		if c.version != versions[c.id] || c.email.String != c.values["email"] {
			t.Fatalf("customer %d has version %d after %d changes, e-mail %q normalised %q",
				c.id, c.version, versions[c.id], c.values["email"], c.email.String)
		}
		delete(replayed, c.id)
	}
	if len(replayed) > 0 {
		t.Fatalf("%d customers have a history and are not there", len(replayed))
	}
}

// holds checks the book against what was sent: each acknowledged write is there, as it was answered and in its
// connection's order, each change is wholly of one request, and nothing is there that nobody sent. It returns how many
// writes were acknowledged.
func (b *bookRows) holds(t testing.TB, journals []journal) (acknowledged int) {
	t.Helper()
	b.checkHistory(t)
	changes := b.byRequest(t)
	sent := map[string]*write{}
	for _, j := range journals {
		var last int64
		for _, w := range j {
			sent[w.id] = w
			c := changes[w.id]
			if w.status == 0 {
				continue
			}
			acknowledged++
			if c == nil {
				t.Fatalf("LOST: request %s about %q was answered %d and is not in the book", w.id, w.key, w.status)
			}
			if c.seq <= last {
				t.Fatalf("request %s was sent after another was answered, and stands before it in the history", w.id)
			}
			last = c.seq
			if want := map[int]string{201: "created", 202: "updated"}[w.status]; c.action != want {
				t.Fatalf("request %s was answered %d and the book says %q", w.id, w.status, c.action)
			}
		}
	}
	b.wholly(t, sent)
	return acknowledged
}

// wholly replays the history and checks after each change that all its request stated stands in its customer.
func (b *bookRows) wholly(t testing.TB, sent map[string]*write) {
	t.Helper()
	customers := map[int64]values{}
	for _, c := range b.changes {
		w := sent[c.requestID]
		if w == nil {
			t.Fatalf("change %d is of request %q, which nobody sent", c.seq, c.requestID)
		}
		if customers[c.subject] == nil {
			customers[c.subject] = values{}
		}
		for name, value := range c.values {
			customers[c.subject][name] = value
			if w.values[name] != value {
				t.Fatalf("change %d gives %s %q; its request %s stated %q", c.seq, name, value, w.id, w.values[name])
			}
		}
		for name, value := range w.values {
			if got := customers[c.subject][name]; got != value {
				t.Fatalf("after change %d of request %s %s is %q, not %q as sent", c.seq, w.id, name, got, value)
			}
		}
	}
}

// statesOf says what one write states: all properties, or only some, which leaves the others as they were.
func statesOf(key, marker string, some bool) values {
	v := values{"external_id": key, "email": fmt.Sprintf("%s@example.com", marker)}
	if !some {
		v["first_name"], v["last_name"], v["phone"], v["ip"] = "First "+marker, "Last "+marker, "555 "+marker, "ip "+marker
	}
	return v
}
