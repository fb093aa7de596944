package postgres_test

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"clientele/internal/postgres/pgtest"

	"github.com/jackc/pgx/v5"
)

// citusStubs stand for the functions of Citus; they note what they are called with.
const citusStubs = `
	CREATE TABLE pg_temp.called (kind text, name text, colocated text);
	CREATE FUNCTION create_reference_table(name text) RETURNS void LANGUAGE sql AS
		$$INSERT INTO pg_temp.called VALUES ('reference', name::regclass::text, '')$$;
	CREATE FUNCTION create_distributed_table(name text, by text, colocate_with text) RETURNS void LANGUAGE sql AS
		$$INSERT INTO pg_temp.called VALUES ('distributed by ' || by, name::regclass::text, colocate_with)$$`

const foreignKeys = `SELECT conrelid::regclass::text || ' ' || conname, pg_get_constraintdef(oid) FROM pg_constraint
	WHERE contype = 'f' AND connamespace = 'public'::regnamespace ORDER BY 1`

// TestScale runs what docs/scale.md has an operator run on Citus, with stubs for its functions: each table is distributed,
// copied to every node or left alone, once, as its primary key asks, and the foreign keys are as before.
func TestScale(t *testing.T) {
	conn := dial(t, pgtest.New(t))
	exec(t, conn, "SET check_function_bodies = off")
	for _, stub := range strings.Split(citusStubs, ";") {
		exec(t, conn, stub)
	}
	text, err := os.ReadFile("../../docs/scale.md")
	if err != nil {
		t.Fatal(err)
	}
	before := strings2(t, conn, foreignKeys)
	for _, statement := range citusStatements(t, string(text)) {
		runAsPsql(t, conn, statement)
	}
	if after := strings2(t, conn, foreignKeys); len(before) < 5 || !slices.Equal(before, after) {
		t.Errorf("the foreign keys were %v and are %v", before, after)
	}
	place := map[string]string{}
	for i, call := range strings2(t, conn, "SELECT kind, name || ' ' || colocated FROM pg_temp.called") {
		name, with, _ := strings.Cut(call[1], " ")
		if place[name] != "" {
			t.Errorf("docs/scale.md names table %s twice", name)
		}
		if place[name] = call[0]; call[0] == "distributed by project_id" && with != "customer" && name != "customer" {
			t.Errorf("call %d puts %s together with %s", i, name, with)
		}
	}
	for _, row := range regexp.MustCompile("(?m)^\\| `(\\w+)` \\|").FindAllStringSubmatch(string(text), -1) {
		place[row[1]] = "local"
	}
	wantPlaces(t, conn, place)
}

// citusStatements returns the statements of the block of the document that distributes the tables, as psql takes them.
func citusStatements(t *testing.T, document string) (list []string) {
	t.Helper()
	for _, block := range regexp.MustCompile("(?ms)^```sql\n(.*?)^```$").FindAllStringSubmatch(document, -1) {
		if strings.Contains(block[1], "create_distributed_table") {
			list = append(list, regexp.MustCompile(`(?s)\S.*?(?:;|\\gexec)\n`).FindAllString(block[1], -1)...)
		}
	}
	if len(list) < 10 {
		t.Fatalf("docs/scale.md has %d statements for Citus", len(list))
	}
	return list
}

// runAsPsql runs a statement; one that ends with \gexec returns statements, which are run in turn.
func runAsPsql(t *testing.T, conn *pgx.Conn, statement string) {
	t.Helper()
	query, generates := strings.CutSuffix(strings.TrimSpace(statement), `\gexec`)
	if !generates {
		exec(t, conn, query)
		return
	}
	made := strings2(t, conn, strings.Replace(query, " FROM ", ", '' FROM ", 1))
	if len(made) < 5 {
		t.Errorf("%s makes %d statements", query, len(made))
	}
	for _, one := range made {
		exec(t, conn, one[0])
	}
}

// wantPlaces holds the places of tables to their primary keys.
func wantPlaces(t *testing.T, conn *pgx.Conn, place map[string]string) {
	t.Helper()
	for _, table := range strings2(t, conn, `SELECT c.relname::text, coalesce((SELECT a.attname::text FROM pg_index i
		JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = i.indkey[0] WHERE i.indrelid = c.oid AND i.indisprimary), '')
		FROM pg_class c WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')`) {
		name, owned := table[0], table[1] == "project_id"
		if got := place[name]; got == "" || owned != (got == "distributed by project_id") {
			t.Errorf("docs/scale.md has table %s %q; its primary key begins with %s", name, got, table[1])
		}
		delete(place, name)
	}
	for name := range place {
		t.Errorf("docs/scale.md names table %s, which is none", name)
	}
}
