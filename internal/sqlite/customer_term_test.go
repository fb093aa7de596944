package sqlite

import (
	"database/sql"
	"slices"
	"testing"

	"clientele"
)

// TestMigrate_MakesTheSearchAnew brings a book up to date whose terms were written with its customers: terms that no list
// tells of are gone, also where the search was not filled yet, and the duty makes them all again.
func TestMigrate_MakesTheSearchAnew(t *testing.T) {
	const count = 20
	s, project := bookOfVersion(t, 12, func(s *Store, project int64) {
		for n := range count {
			mustCommit(t, s, benchWrite(project, n+1))
		}
	})
	for _, query := range []string{
		"INSERT INTO customer_term (project_id, block, term, customer_id) VALUES (1, 0, 'nformer', 3), (1, 0, 'nanna', 8)",
		"INSERT INTO customer_term_fill (project_id, filled_to) VALUES (1, 5)",
	} {
		if _, err := s.write.ExecContext(t.Context(), query); err != nil {
			t.Fatal(err)
		}
	}
	if _, _, err := s.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := allTerms(t, s); len(got) != 0 {
		t.Errorf("terms of before are left: %v", got)
	}
	followAll(t, s)
	var want []clientele.CustomerTerm
	for id := range int64(count) {
		c, err := s.FindCustomer(t.Context(), project, id+1)
		if err != nil {
			t.Fatal(err)
		}
		for _, term := range c.Terms() {
			want = append(want, clientele.CustomerTerm{ProjectID: project, CustomerID: c.ID, Term: term})
		}
	}
	slices.SortFunc(want, clientele.CompareTerms)
	if got := allTerms(t, s); !slices.Equal(got, want) || len(want) < 4*count {
		t.Errorf("%d terms, want %d", len(got), len(want))
	}
}

// allTerms returns what the book's customers are found by, in order.
func allTerms(t *testing.T, s *Store) (list []clientele.CustomerTerm) {
	t.Helper()
	rows, err := s.read.QueryContext(t.Context(), "SELECT project_id, customer_id, term FROM customer_term ORDER BY project_id, block, term, customer_id")
	if err != nil {
		t.Fatal(err)
	}
	err = collect(rows, func(r *sql.Rows) error {
		var term clientele.CustomerTerm
		err := r.Scan(&term.ProjectID, &term.CustomerID, &term.Term)
		list = append(list, term)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return list
}
