package main

import (
	"database/sql"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"clientele/internal/postgres/pgtest"
	"clientele/internal/sqlite"

	"github.com/go-json-experiment/json"
)

// erasedMark is in every value of the person who is erased.
const erasedMark = "Zweigmark"

// erasureBook is a book that can be searched for a word, in each table and, where it is one, in its files.
type erasureBook struct {
	crashBook
	driver, source string
	files          []string
}

func onEachErasureBook(t *testing.T, test func(t *testing.T, b erasureBook)) {
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		dir, key := newBook(t)
		file := filepath.Join(dir, sqlite.FileName)
		test(t, erasureBook{crashBook{
			key:     key,
			command: func(args ...string) outcome { return command(t, append(args, "--data-dir", dir)...) },
			start:   func(args ...string) *server { return startServer(t, dir, args...) },
		}, "sqlite", file, []string{file, file + "-wal"}})
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		d := newDatabase(t, pgtest.Empty(t))
		test(t, erasureBook{crashBook{key: d.key, command: d.command, start: d.start}, "pgx", d.url, nil})
	})
}

// tables are the queries for the names of all tables.
var tables = map[string]string{
	"sqlite": "SELECT name FROM sqlite_master WHERE type = 'table'",
	"pgx":    "SELECT tablename FROM pg_tables WHERE schemaname = 'public'",
}

// holding returns the tables and files that hold a word, in any case, and how many values were looked at.
func (b *erasureBook) holding(t *testing.T, words ...string) (list []string, values int) {
	t.Helper()
	db, err := sql.Open(b.driver, b.source)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for _, table := range column(t, db, tables[b.driver]) {
		for _, value := range column(t, db, "SELECT * FROM "+table) {
			values++
			if word := wordIn(value, words); word != "" {
				list = append(list, table+": "+word)
			}
		}
	}
	for _, file := range b.files {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if word := wordIn(string(content), words); word != "" {
			list = append(list, filepath.Base(file)+": "+word)
		}
	}
	return list, values
}

func wordIn(text string, words []string) string {
	text = strings.ToLower(text)
	for _, word := range words {
		word = strings.ToLower(word)
		if strings.Contains(text, word) || strings.Contains(text, hex.EncodeToString([]byte(word))) {
			return word
		}
	}
	return ""
}

// column returns all values of a query, whatever their columns, as texts.
func column(t *testing.T, db *sql.DB, query string) (list []string) {
	t.Helper()
	rows, err := db.Query(query)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		t.Fatal(err)
	}
	values := make([]any, len(columns))
	for i := range values {
		values[i] = new(any)
	}
	for rows.Next() {
		if err := rows.Scan(values...); err != nil {
			t.Fatal(err)
		}
		for _, v := range values {
			if b, isBytes := (*v.(*any)).([]byte); isBytes {
				list = append(list, string(b))
				continue
			}
			list = append(list, fmt.Sprint(*v.(*any)))
		}
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return list
}

// echo is a receiver who answers with what it knows of the person.
type echo struct {
	*httptest.Server
	told atomic.Int64
}

func newEcho(t *testing.T) *echo {
	e := &echo{}
	e.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		e.told.Add(1)
		fmt.Fprintf(w, `{"thanks":"%s"}`, erasedMark)
	}))
	t.Cleanup(e.Close)
	return e
}

const (
	erasedEmail = erasedMark + "@example.com"
	erasedPhone = "2125550187"
)

// wordsOfErased are what may not be anywhere when the person is erased.
var wordsOfErased = []string{erasedMark, erasedPhone, "192.0.2.77"}

// TestErase_LeavesNothing sends a marked person through every API, rightly and wrongly, has it told of, and erases it while
// the server runs. Then no table and no file has a trace of it, older writes do not bring it back, and a new one is noticed.
func TestErase_LeavesNothing(t *testing.T) {
	t.Parallel()
	onEachErasureBook(t, func(t *testing.T, b erasureBook) {
		receiver := newEcho(t)
		e := &estate{t: t, b: b.crashBook, s: b.start("--allow-loopback-http", believeLoopback)}
		e.shop = e.keys("shop")
		b.command("subscription", "create", "--project", "shop", "--url", receiver.URL, "--allow-loopback-http", "--json").object(t)
		ids, words := e.bringPerson(t, &b)
		eventually(t, 3*patience, "the receiver is told", func() bool { return receiver.told.Load() > 0 })
		eventually(t, patience, "a receiver's answer is stored", func() bool {
			list, _ := b.holding(t, erasedMark)
			return strings.Contains(strings.Join(list, " "), "attempt")
		})
		o := b.command("customer", "export", "--project", "shop", "--external-id", erasedMark+"-1").wants(t, exitOK)
		if !strings.Contains(o.stdout, erasedEmail) || !strings.Contains(o.stdout, erasedPhone) {
			t.Fatalf("the export is without the person: %s", o.stdout)
		}
		before, _ := b.holding(t, words...)
		for _, want := range []string{"customer:", "address:", "change:", "submission:", "attempt:", "refusal:", "lead:", "remembered_call:", "customer_term:"} {
			if !strings.Contains(strings.Join(before, " "), want) {
				t.Errorf("before the erasure there is nothing in %s %v: that shows little", want, before)
			}
		}
		e.s.entry(e.shop.opm, `{"customerEmail":"`+erasedEmail+`"}`) // refused, and in the server's hands at this moment
		for _, by := range [][]string{{"--external-id", erasedMark + "-1", "--settle", "0s"}, {"--id", ids[1], "--settle", "0s"}, {"--email", erasedEmail}} {
			b.command(append([]string{"customer", "erase", "--project", "shop", "--yes"}, by...)...).wants(t, exitOK)
		}
		after, values := b.holding(t, words...)
		if len(after) > 0 || values < 300 {
			t.Errorf("of %d values these hold something of the person: %v", values, after)
		}
		e.erasedIsUnknown(t, ids)
		b.command("verify").wants(t, exitOK)
		e.comesBack(t, ids)
		e.s.stop()
		if word := wordIn(e.s.stderr.String(), words); word != "" {
			t.Errorf("the log has %s", word)
		}
		if !strings.Contains(e.s.stderr.String(), "an erased customer is there again") {
			t.Errorf("the log does not tell of the return: %s", tail(e.s.stderr.String()))
		}
	})
}

// bringPerson sends the person through every API, and returns the customers and the words.
func (e *estate) bringPerson(t *testing.T, b *erasureBook) (ids, words []string) {
	t.Helper()
	s, m := e.s, erasedMark
	opm := map[string]string{"x-api-key": e.shop.opm, "Idempotency-Key": m + "-call"}
	entry := func(first string) string {
		return fmt.Sprintf(`{"customerId":"%s-1","customerEmail":"%s","customerPhone":"+1%s","customerFirstName":"%s","customerLastName":"%s","customerIP":"192.0.2.77"}`,
			m, erasedEmail, erasedPhone, first, m)
	}
	s.ask(request{url: "/entry", header: opm, body: entry(m)}).wants(t, 201, createdBody)
	s.entry(e.shop.opm, entry(m+"ine")).wants(t, 202, acceptedBody)
	ids = []string{"1"}
	ids = append(ids, e.post("/api/customers", map[string]string{"apikey": e.shop.owr}, fmt.Sprintf(
		`{"extCustomerId":77,"extCustomerNumber":"%[1]s-77","name":"%[1]s","enterpriseNumber":"BE0123456749","address":{"city":"%[1]s","street":"%[1]s"}}`, m), "customerId"))
	dkh := e.shop.dkh
	ids = append(ids, dkh.await(t, s, e.submit("create", `"lastName":"`+m+`","email":"`+erasedMark+`@Example.com","phone":"`+erasedPhone+`"`)))
	dkh.await(t, s, e.submit("update", `"lastName":"`+m+`","customerId":"1","company":"`+m+`"`))
	failed := e.submit("update", `"lastName":"`+m+`","customerId":"999999","phone":"`+erasedPhone+`"`)
	if failed == "" {
		t.FailNow()
	}
	eventually(t, patience, "the submission fails", func() bool {
		return strings.Contains(s.ask(request{url: "/v1/customer/status", header: e.shop.dkhHeader(), body: `{"submissionId":"` + failed + `"}`}).body, "Failed")
	})
	s.ask(request{url: "/v1/customer/create", header: e.shop.dkhHeader(), body: `{"email":"` + erasedEmail + `","lastName":["` + m + `"]}`})
	s.ask(request{url: "/nowhere?email=" + erasedEmail})
	campaign := b.command("campaign", "create", "--project", "shop", "--name", "C", "--landing-url", "https://shop.example.com/", "--json").object(t)
	publisher := b.command("publisher", "create", "--name", "P", "--json").object(t)
	visit := s.ask(request{
		client: stayer, url: fmt.Sprintf("/click/%s/%s", campaign["uuid"], publisher["uuid"]),
		header: map[string]string{"X-Forwarded-For": "192.0.2.77", "User-Agent": m},
	})
	if visit.status/100 != 3 {
		t.Fatalf("the click is answered %d %s", visit.status, visit.body)
	}
	eventually(t, patience, "the search and the inbox have followed", func() bool {
		list, _ := b.holding(t, m)
		text := strings.Join(list, " ")
		return strings.Contains(text, "customer_term:") && strings.Contains(text, "refusal:")
	})
	return ids, wordsOfErased
}

// submit submits to the DKHardware API under a request id that says nothing.
func (e *estate) submit(path, members string) (id string) {
	e.t.Helper()
	return submissionOf(e.t, e.s.ask(request{url: "/v1/customer/" + path, header: e.shop.dkhHeader(), body: `{"firstName":"Ada",` + members + "}"}))
}

// erasedIsUnknown asks every API for the person.
func (e *estate) erasedIsUnknown(t *testing.T, ids []string) {
	t.Helper()
	for _, by := range [][]string{{"--id", ids[0]}, {"--external-id", erasedMark + "-1"}, {"--email", erasedEmail}} {
		o := e.b.command(append([]string{"customer", "export", "--project", "shop"}, by...)...).wants(t, exitFailed)
		if !strings.Contains(o.stderr, "was erased at 20") || strings.Contains(o.stderr, erasedMark) {
			t.Errorf("the export %v says %q", by, o.stderr)
		}
	}
	for _, id := range ids {
		sub := e.shop.dkh.submit(t, e.s, "update", "x", `"customerId":"`+id+`","company":"x"`)
		eventually(t, patience, "an update of an erased customer fails", func() bool {
			a := e.s.ask(request{url: "/v1/customer/status", header: e.shop.dkhHeader(), body: `{"submissionId":"` + sub + `"}`})
			return strings.Contains(a.body, "'Customer Id' "+id+" does not exist.")
		})
	}
	a := e.s.ask(request{url: "/api/customers?extCustomerId=77", header: map[string]string{"apikey": e.shop.owr}})
	if strings.Contains(a.body, "extCustomerNumber") {
		t.Errorf("the list has %s", a.body)
	}
}

// comesBack sends the person again: under the old call, and anew.
func (e *estate) comesBack(t *testing.T, ids []string) {
	t.Helper()
	body := `{"customerId":"` + erasedMark + `-1","customerEmail":"` + erasedEmail + `"}`
	a := e.s.ask(request{url: "/entry", header: map[string]string{"x-api-key": e.shop.opm, "Idempotency-Key": erasedMark + "-call"}, body: body})
	if a.status != http.StatusConflict {
		t.Errorf("the old call is answered %d %s", a.status, a.body)
	}
	e.s.entry(e.shop.opm, body).wants(t, 201, createdBody)
	o := e.b.command("customer", "erasures", "--project", "shop", "--json").wants(t, exitOK)
	returned := map[string]int64{}
	for line := range strings.Lines(o.stdout) {
		var v struct{ Customer, ReturnedAs, HeldBack int64 }
		if err := json.Unmarshal([]byte(line), &v, json.MatchCaseInsensitiveNames(true)); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		returned[fmt.Sprint(v.Customer)] = v.ReturnedAs
	}
	if len(returned) != len(ids) || returned[ids[0]] == 0 || returned[ids[1]] != 0 {
		t.Errorf("erasures: %s", o.stdout)
	}
	metrics := e.s.ask(request{url: "/metrics"}).body
	for _, want := range []string{"clientele_erased_returns_total 1\n", "clientele_erased_held_back_total 1\n"} {
		if !strings.Contains(metrics, want) {
			t.Errorf("the metrics are without %q", want)
		}
	}
}
