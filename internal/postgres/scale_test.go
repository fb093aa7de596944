package postgres_test

import (
	"os"
	"regexp"
	"slices"
	"testing"

	"clientele/internal/postgres/pgtest"
)

var (
	referenceCall   = regexp.MustCompile(`(?m)^SELECT create_reference_table\('(\w+)'\);$`)
	distributedCall = regexp.MustCompile(`(?m)^SELECT create_distributed_table\('(\w+)', 'project_id', colocate_with => '(\w+)'\);$`)
	localRow        = regexp.MustCompile("(?m)^\\| `(\\w+)` \\|")
	anyCall         = regexp.MustCompile(`(?m)^SELECT create_\w+_table\(`)
)

// TestScale holds docs/scale.md to the catalog: each table is distributed, copied to every node or left alone, once, as its
// primary key asks; and each comes after those that it refers to.
func TestScale(t *testing.T) {
	text, err := os.ReadFile("../../docs/scale.md")
	if err != nil {
		t.Fatal(err)
	}
	place := map[string]string{}
	put := func(table, where string) {
		if place[table] != "" {
			t.Errorf("docs/scale.md names table %s twice", table)
		}
		place[table] = where
	}
	reference, distributed := referenceCall.FindAllStringSubmatch(string(text), -1), distributedCall.FindAllStringSubmatch(string(text), -1)
	for _, call := range reference {
		put(call[1], "reference")
	}
	for i, call := range distributed {
		put(call[1], "distributed")
		if with := call[2]; (i == 0) != (with == "none") || i > 0 && with != distributed[0][1] {
			t.Errorf("docs/scale.md puts %s together with %s", call[1], with)
		}
	}
	for _, row := range localRow.FindAllStringSubmatch(string(text), -1) {
		put(row[1], "local")
	}
	if n := len(anyCall.FindAll(text, -1)); n != len(reference)+len(distributed) {
		t.Errorf("docs/scale.md has %d calls, of which %d are understood", n, len(reference)+len(distributed))
	}
	conn := dial(t, pgtest.New(t))
	tables := strings2(t, conn, `SELECT c.relname::text, coalesce((SELECT a.attname::text FROM pg_index i
		JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = i.indkey[0] WHERE i.indrelid = c.oid AND i.indisprimary), '')
		FROM pg_class c WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')`)
	for _, table := range tables {
		name, owned := table[0], table[1] == "project_id"
		if got := place[name]; got == "" || owned != (got == "distributed") {
			t.Errorf("docs/scale.md says %q of table %s, whose primary key begins with %s", got, name, table[1])
		}
		delete(place, name)
	}
	for name := range place {
		t.Errorf("docs/scale.md names table %s, which is none", name)
	}
	wantOrder(t, append(names(reference), names(distributed)...), strings2(t, conn, `SELECT conrelid::regclass::text, confrelid::regclass::text
		FROM pg_constraint WHERE contype = 'f' AND connamespace = 'public'::regnamespace`))
}

// names returns the tables of calls.
func names(calls [][]string) (list []string) {
	for _, call := range calls {
		list = append(list, call[1])
	}
	return list
}

// wantOrder fails the test when a table comes before one that it refers to.
func wantOrder(t *testing.T, tables []string, references [][2]string) {
	t.Helper()
	if len(references) < 5 {
		t.Errorf("the catalog has %d foreign keys only", len(references))
	}
	for _, r := range references {
		from, to := slices.Index(tables, r[0]), slices.Index(tables, r[1])
		if from < to || to < 0 {
			t.Errorf("docs/scale.md has %s at place %d, and %s, to which it refers, at %d", r[0], from, r[1], to)
		}
	}
}
