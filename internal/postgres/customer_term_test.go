package postgres_test

import (
	"slices"
	"testing"

	"clientele/internal/postgres"
	"clientele/internal/postgres/pgtest"
)

// TestMigrate_MakesOldCustomersSearchable fills the search of a book from before there was one, also when that was broken off,
// or when somebody else has written some of it.
func TestMigrate_MakesOldCustomersSearchable(t *testing.T) {
	url := pgtest.New(t)
	conn := dial(t, url)
	s := open(t, postgres.Options{URL: url})
	for _, name := range []string{"one", "two"} {
		b := &bench{store: s, project: newProject(t, s, name)}
		for n := range int64(21) { // more than one transaction takes
			if _, err := s.Commit(t.Context(), b.upserts(n*batchSize, n)); err != nil {
				t.Fatal(err)
			}
		}
	}
	all := func() [][2]string {
		return strings2(t, conn, `SELECT project_id || ' ' || block || ' ' || customer_id, term FROM customer_term ORDER BY project_id, block, term, customer_id`)
	}
	want := all()
	exec(t, conn, "DELETE FROM customer_term WHERE customer_id % 7 <> 0")
	exec(t, conn, "INSERT INTO customer_term_fill (project_id, filled_to) SELECT id, 0 FROM project")
	if current, newest, err := s.Versions(t.Context()); err != nil || current != 8 || newest < 9 {
		t.Errorf("Versions of a book whose search is not filled = %d, %d, %v", current, newest, err)
	}
	if _, _, err := s.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := all(); !slices.Equal(got, want) || len(want) < 3*2*21*batchSize {
		t.Errorf("%d terms after the migration, want %d", len(got), len(want))
	}
	if current, newest, err := s.Versions(t.Context()); err != nil || current != newest {
		t.Errorf("Versions = %d, %d, %v", current, newest, err)
	}
}
