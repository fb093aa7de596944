package postgres_test

import (
	"testing"
	"testing/fstest"

	"clientele"
	"clientele/internal/postgres"
	"clientele/internal/postgres/pgtest"
	"clientele/internal/work"
)

// TestMigrate_MakesTheSearchAnew brings a book up to date whose terms were written with its customers: terms that no list
// tells of are gone, the duty makes them all again, and older programs stay away.
func TestMigrate_MakesTheSearchAnew(t *testing.T) {
	const newVersion = "0013_search_duty.sql"
	url := pgtest.Empty(t)
	conn := dial(t, url)
	old := open(t, postgres.Options{URL: url})
	files := fstest.MapFS{}
	for name, data := range read(t) {
		if name < newVersion {
			files[name] = &fstest.MapFile{Data: data}
		}
	}
	if err := old.UseMigrations(files); err != nil {
		t.Fatal(err)
	}
	if _, _, err := old.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	newProject(t, old, "one")
	// By hand, since this program writes into books of today's schema only.
	exec(t, conn, `INSERT INTO customer (project_id, id, external_id, first_name, email, email_normal, flags, source, credential_id,
			version, created_at, updated_at)
		SELECT p.id, n, 'c-' || n, 'Anna', 'anna' || n || '@example.com', 'anna' || n || '@example.com', 0, 'opm', 0, 1, now(), now()
		FROM project p, generate_series(1, 256) n`)
	exec(t, conn, `INSERT INTO change (project_id, subject, subject_id, action, new_values, dialect, credential_id, request_id, at)
		SELECT project_id, 'customer', id, 'created', '{}', 'opm', 0, 'r', created_at FROM customer`)
	exec(t, conn, "INSERT INTO customer_term (project_id, block, term, customer_id) SELECT project_id, id / 4096, 'nformer', id FROM customer")
	exec(t, conn, "INSERT INTO customer_term_fill (project_id, filled_to) SELECT id, 5 FROM project")

	s := open(t, postgres.Options{URL: url})
	if _, _, err := s.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := old.Ping(t.Context()); clientele.KindOf(err) != clientele.KindConflict {
		t.Errorf("ping of the older program: %v; want kind conflict", err)
	}
	if left := strings2(t, conn, "SELECT term, '' FROM customer_term"); len(left) != 0 {
		t.Errorf("%d terms of before are left", len(left))
	}
	if _, err := (&work.CustomerTerms{Store: s}).Follow(t.Context()); err != nil {
		t.Fatal(err)
	}
	perCustomer := strings2(t, conn, `SELECT count(*)::text, count(DISTINCT customer_id)::text FROM customer_term WHERE term <> 'nformer'`)
	lists := strings2(t, conn, `SELECT sum(cardinality(string_to_array(terms, E'\n')))::text, count(*)::text FROM customer_term_list`)
	if perCustomer[0] != lists[0] || lists[0][1] != "256" {
		t.Errorf("%v terms and customers, and %v in lists", perCustomer, lists)
	}
}
