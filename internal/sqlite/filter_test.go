package sqlite

import (
	"slices"
	"strings"
	"testing"

	"clientele"
)

// TestFilterSQL_UsesTheIndexOfItsKey looks at the plan of every filter: it searches the index of the most telling key,
// in which the ids stand in order.
func TestFilterSQL_UsesTheIndexOfItsKey(t *testing.T) {
	s, project := newStore(t)
	key := clientele.Some("x")
	for _, test := range []struct {
		filter clientele.CustomerFilter
		index  string
	}{
		{clientele.CustomerFilter{}, "customer_project (project_id=?)"},
		{clientele.CustomerFilter{ExternalID: key}, "customer_external_id_unique (project_id=? AND external_id=?)"},
		{clientele.CustomerFilter{ExternalNumber: key}, "customer_external_number_unique (project_id=? AND external_number=?)"},
		{clientele.CustomerFilter{VATNormal: key}, "customer_vat_normal (project_id=? AND vat_normal=?)"},
		{clientele.CustomerFilter{ExternalID: key, VATNormal: key}, "customer_external_id_unique (project_id=? AND external_id=?)"},
	} {
		test.filter.ProjectID = project
		from, _ := filterSQL(test.filter)
		for _, query := range []string{"SELECT id" + from + " ORDER BY id LIMIT ? OFFSET ?", "SELECT count(*)" + from} {
			steps := explain(t, s, query)
			if len(steps) != 1 || !strings.HasSuffix(steps[0], test.index) {
				t.Errorf("plan of %s is %q, want a search of %s", query, steps, test.index)
			}
		}
	}
}

// TestPositionsSQL_GoesAlongAnIndex looks at the plan of every list: it reads places in their order, and of customers at most
// whether a place is still their own.
func TestPositionsSQL_GoesAlongAnIndex(t *testing.T) {
	s, project := newStore(t)
	for bits := range 16 {
		q := clientele.CustomerQuery{ProjectID: project, ByCreated: bits&1 != 0, Newest: bits&2 != 0}
		if bits&4 != 0 {
			q.From, q.To = moment(), moment()
		}
		if bits&8 != 0 {
			q.After = &clientele.Position{}
		}
		query, _ := positionsSQL(q)
		steps := explain(t, s, query)
		want := []string{"SEARCH u USING PRIMARY KEY (project_id=?", "SEARCH c USING INTEGER PRIMARY KEY (rowid=?)"}
		if q.ByCreated {
			want = []string{"SEARCH customer USING COVERING INDEX customer_created_at (project_id=?"}
		}
		if !slices.EqualFunc(steps, want, strings.HasPrefix) {
			t.Errorf("plan of %s is %q", query, steps)
		}
	}
}

// TestFilterCustomers_CountsOnlyWhenThePageDoesNotTell counts the queries of a reader.
func TestFilterCustomers_CountsOnlyWhenThePageDoesNotTell(t *testing.T) {
	s, project := newStore(t)
	mustCommit(t, s, upsert(project, "a", "ada@example.com"), upsert(project, "b", "bob@example.com"))
	r := recordReads(t, s)
	for _, test := range []struct {
		limit, offset int
		counts        bool
	}{{3, 0, false}, {2, 1, false}, {2, 0, true}, {1, 1, true}, {2, 2, true}} {
		clear(r.queries)
		_, total, err := s.FilterCustomers(t.Context(), clientele.CustomerFilter{ProjectID: project, Limit: test.limit, Offset: test.offset})
		if err != nil || total != 2 {
			t.Fatalf("limit %d, offset %d: total %d, %v; want 2", test.limit, test.offset, total, err)
		}
		queries := make([]string, 0, 2)
		for query := range r.queries {
			queries = append(queries, query)
		}
		counted := slices.ContainsFunc(queries, func(q string) bool { return strings.Contains(q, "count(*)") })
		if counted != test.counts {
			t.Errorf("limit %d, offset %d: counted %t, want %t", test.limit, test.offset, counted, test.counts)
		}
	}
}
