package postgres_test

import (
	"slices"
	"strings"
	"testing"

	"clientele/internal/postgres/pgtest"

	"github.com/jackc/pgx/v5"
)

// shared are the tables that do not belong to projects, and why. Each has to be small: on Citus it is copied to every
// node, or stays on one.
var shared = map[string]string{
	"project":           "names the projects; reference table",
	"credential":        "may open several projects, and is found before its project is known; reference table",
	"credential_grant":  "goes with credential; reference table",
	"credential_secret": "goes with credential; reference table",
	"publisher":         "brings visitors to campaigns of any project; reference table",
	"operator":          "logs in to the console of all projects; reference table",
	"session":           "goes with operator; reference table",
	"audit":             "tells of operators, also of what belongs to no project; reference table",
	"signing_key":       "signs tokens of all projects; reference table",
	"erasure_key":       "one row, the key of the marks of all projects; reference table",
	"schema_info":       "one row about the schema; stays on the coordinator",
	"goose_db_version":  "the migrations that took place; stays on the coordinator",
	"call_count":        "counts of calls, of all projects too; stays on the coordinator",
	"refusal":           "the newest refused calls, bounded, also of unknown callers; stays on the coordinator",
	"transfer":          "one row while a book arrives; stays on the coordinator",
}

// TestCatalog holds every table that belongs to projects to what distribution by project asks: project_id first in the
// primary key, and in each unique index and each foreign key between two such tables.
func TestCatalog(t *testing.T) {
	conn := dial(t, pgtest.New(t))
	tables := strings2(t, conn, "SELECT relname::text, '' FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') ORDER BY 1")
	if len(tables) < len(shared)+6 {
		t.Fatalf("the catalog has %d tables only", len(tables))
	}
	for name := range shared {
		if !slices.Contains(tables, [2]string{name, ""}) {
			t.Errorf("the list of shared tables names %s, which is none", name)
		}
	}
	for _, fault := range catalogFaults(t, conn) {
		t.Error(fault)
	}
}

// TestCatalog_Sees makes a table that breaks each rule, to show that they are looked at.
func TestCatalog_Sees(t *testing.T) {
	conn := dial(t, pgtest.New(t))
	exec(t, conn, `CREATE TABLE broken (
		id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
		project_id  bigint NOT NULL,
		name        text CONSTRAINT broken_name_unique UNIQUE,
		customer_id bigint,
		email       text CONSTRAINT broken_unnamed CHECK (email <> '')
	)`)
	exec(t, conn, "CREATE UNIQUE INDEX customer_global ON customer (email)")
	exec(t, conn, "CREATE UNIQUE INDEX address_global ON address (id)")
	exec(t, conn, "ALTER TABLE address ADD CONSTRAINT address_other FOREIGN KEY (id) REFERENCES address (id)")
	exec(t, conn, "CREATE TABLE bare (project_id bigint NOT NULL)")
	faults := strings.Join(catalogFaults(t, conn), "\n")
	for _, want := range []string{
		"broken: the primary key broken_pkey", "broken: the unique index broken_name_unique", "customer: the unique index customer_global",
		"address: the foreign key address_other", "bare: has no primary key", "broken_pkey has a name",
	} {
		if !strings.Contains(faults, want) {
			t.Errorf("a fault is not seen: %s\nseen:\n%s", want, faults)
		}
	}
}

func catalogFaults(t *testing.T, conn *pgx.Conn) (faults []string) {
	t.Helper()
	isShared := func(table string) bool { return shared[table] != "" }
	for _, row := range strings2(t, conn, `SELECT c.relname::text, coalesce(i.indexrelid::regclass::text, '')
		FROM pg_class c LEFT JOIN pg_index i ON i.indrelid = c.oid AND i.indisprimary
		WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND i.indexrelid IS NULL`) {
		faults = append(faults, row[0]+": has no primary key")
	}
	for _, row := range strings2(t, conn, `SELECT c.relname::text, CASE WHEN i.indisprimary THEN 'primary key ' ELSE 'unique index ' END || i.indexrelid::regclass::text
		FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid
		WHERE c.relnamespace = 'public'::regnamespace AND i.indisunique AND coalesce((SELECT a.attname FROM pg_attribute a
			WHERE a.attrelid = c.oid AND a.attnum = i.indkey[0]), '') <> 'project_id'`) {
		if !isShared(row[0]) {
			faults = append(faults, row[0]+": the "+row[1]+" does not begin with project_id")
		}
	}
	for _, row := range strings2(t, conn, `SELECT conrelid::regclass::text, confrelid::regclass::text || ' ' || conname::text FROM pg_constraint
		WHERE contype = 'f' AND connamespace = 'public'::regnamespace AND NOT EXISTS (
			SELECT 1 FROM unnest(conkey, confkey) AS k (here, there)
			JOIN pg_attribute h ON h.attrelid = conrelid AND h.attnum = k.here AND h.attname = 'project_id'
			JOIN pg_attribute o ON o.attrelid = confrelid AND o.attnum = k.there AND o.attname = 'project_id')`) {
		to, name, _ := strings.Cut(row[1], " ")
		if !isShared(row[0]) && !isShared(to) {
			faults = append(faults, row[0]+": the foreign key "+name+" is not within a project")
		}
	}
	return append(faults, unnamed(t, conn)...)
}

// unnamed tells of constraints whose names PostgreSQL made up, which an error then would show.
func unnamed(t *testing.T, conn *pgx.Conn) (faults []string) {
	for _, row := range strings2(t, conn, `SELECT conname::text, conrelid::regclass::text FROM pg_constraint
		WHERE connamespace = 'public'::regnamespace AND contype IN ('p', 'u', 'f', 'c') AND conname ~ '_(pkey|key|fkey|check)[0-9]*$'`) {
		if row[1] != "goose_db_version" {
			faults = append(faults, row[1]+": the constraint "+row[0]+" has a name that nobody gave it")
		}
	}
	return faults
}

// strings2 returns the rows of a query of two texts.
func strings2(t *testing.T, conn *pgx.Conn, sql string) [][2]string {
	t.Helper()
	rows, err := conn.Query(t.Context(), sql)
	if err != nil {
		t.Fatal(err)
	}
	list, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (s [2]string, err error) {
		err = row.Scan(&s[0], &s[1])
		return s, err
	})
	if err != nil {
		t.Fatal(err)
	}
	return list
}
