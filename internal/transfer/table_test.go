package transfer

import (
	"database/sql"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"clientele/internal/postgres"
	"clientele/internal/postgres/pgtest"
	"clientele/internal/sqlite"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"
)

// staysBehind are the tables that no transfer moves, with the reason.
var staysBehind = map[string]string{
	"goose_db_version":    "which migrations a store has had is its own affair",
	"schema_info":         "as goose_db_version; PostgreSQL only",
	"transfer":            "it is about the transfer",
	"session":             "who is logged in at this moment: one logs in again at the new place",
	"customer_term":       "follows from the customers, and is made anew by following the history",
	"customer_term_list":  "as customer_term",
	"customer_term_place": "as customer_term",
	"customer_update":     "follows from the customers, and is made anew at the end",
	"submission_claim":    "who works on what at this moment: nobody, while a book is copied",
	"lead_count":          "follows from the history, and is counted anew from it",
	"lead_counting":       "as lead_count",
	"commit_mark":         "about transactions of the last hour and lost connections to this very server; PostgreSQL only",
	"call_count":          "what a server counted of its traffic, kept for days and for looking at only",
	"refusal":             "calls that were refused, kept for days and for looking at only",
}

// catalogs opens a book of each kind and what looks into its catalog.
func catalogs(t *testing.T) map[string]struct {
	book book
	db   *sql.DB
} {
	t.Helper()
	dir, url := t.TempDir(), pgtest.New(t)
	s, err := sqlite.Open(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	if _, _, err := s.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	open := func(driver, name string) *sql.DB {
		db, err := sql.Open(driver, name)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = db.Close() })
		return db
	}
	return map[string]struct {
		book book
		db   *sql.DB
	}{
		"SQLite":     {s, open("sqlite", filepath.Join(dir, sqlite.FileName))},
		"PostgreSQL": {openPostgres(t, postgres.Options{URL: url}), open("pgx", url)},
	}
}

var allTables = map[string]string{
	"SQLite":     "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'",
	"PostgreSQL": "SELECT tablename FROM pg_tables WHERE schemaname = 'public'",
}

// TestTables_AreAllThereAre: no table of a store is forgotten, and none is named that no store has.
func TestTables_AreAllThereAre(t *testing.T) {
	t.Parallel()
	known := maps.Clone(staysBehind)
	for _, name := range tableNames() {
		if known[name] != "" {
			t.Errorf("table %s moves and stays behind", name)
		}
		known[name] = "moves"
	}
	seen := map[string]bool{}
	for kind, c := range catalogs(t) {
		for _, table := range texts(t, c.db, allTables[kind]) {
			seen[table] = true
			if known[table] == "" {
				t.Errorf("%s has a table %s: add it to Tables, or to staysBehind with the reason", kind, table)
			}
		}
	}
	for table := range known {
		if !seen[table] {
			t.Errorf("no store has a table %s", table)
		}
	}
}

// TestTables_AreDescribedAsTheyAre: the same columns in both kinds of store, a project_id in those that belong to projects,
// and a key that names one row of a part.
func TestTables_AreDescribedAsTheyAre(t *testing.T) {
	t.Parallel()
	both := catalogs(t)
	for i := range Tables {
		p := &Tables[i]
		columns, err := sameColumns(t.Context(), both["SQLite"].book, both["PostgreSQL"].book, p.Table)
		if err != nil {
			t.Error(err)
		}
		ofNoProject := slices.Contains([]string{"credential_grant", "audit"}, p.Table) // whose project_id only tells of one
		if owned := slices.Contains(columns, "project_id") && !ofNoProject; owned != p.Owned {
			t.Errorf("table %s has columns %v; Owned is %t", p.Table, columns, p.Owned)
		}
		for _, name := range p.Key {
			if !slices.Contains(columns, name) {
				t.Errorf("table %s has no column %s for its key", p.Table, name)
			}
		}
		want := slices.Clone(p.Key)
		if p.Owned {
			want = append(want, "project_id")
		}
		slices.Sort(want)
		got := texts(t, both["PostgreSQL"].db, fmt.Sprintf(`SELECT attname FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid
			AND a.attnum = ANY(i.indkey) WHERE i.indisprimary AND i.indrelid = '%s'::regclass ORDER BY attname`, p.Table))
		if !slices.Equal(got, want) {
			t.Errorf("table %s has the primary key %v, and moves by %v", p.Table, got, want)
		}
	}
}

// TestFinishTransfer_MovesEverySequence: each sequence goes on above the numbers that arrived.
func TestFinishTransfer_MovesEverySequence(t *testing.T) {
	t.Parallel()
	source := newSQLite(t)
	fill(t, source)
	url := pgtest.New(t)
	to := openPostgres(t, postgres.Options{URL: url})
	mustCopy(t, source, to)
	db, err := sql.Open("pgx", url)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	numbers := largest(t, to)
	sequences := texts(t, db, "SELECT sequencename FROM pg_sequences WHERE schemaname = 'public' AND sequencename NOT LIKE 'goose%'")
	if len(sequences) < 9 {
		t.Errorf("only sequences %v were looked at", sequences)
	}
	for _, sequence := range sequences {
		if staysBehind[strings.TrimSuffix(sequence, "_id_seq")] != "" {
			continue
		}
		var table, column string
		for name := range numbers {
			if table, column, _ = strings.Cut(name, "."); sequence == table+"_"+column+"_seq" {
				break
			}
			table = ""
		}
		if table == "" {
			t.Errorf("sequence %s numbers nothing that moves", sequence)
			continue
		}
		var next int64
		if err := db.QueryRow("SELECT nextval($1::text::regclass)", sequence).Scan(&next); err != nil {
			t.Fatal(err)
		}
		if last := numbers[table+"."+column]; last == 0 || next <= last {
			t.Errorf("the next number of %s is %d, and %d has arrived", sequence, next, last)
		}
	}
}

// texts returns the texts of a query's only column.
func texts(t *testing.T, db *sql.DB, query string) []string {
	t.Helper()
	rows, err := db.QueryContext(t.Context(), query)
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	defer rows.Close()
	var list []string
	for rows.Next() {
		var s string
		if err := rows.Scan(&s); err != nil {
			t.Fatal(err)
		}
		list = append(list, s)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return list
}
