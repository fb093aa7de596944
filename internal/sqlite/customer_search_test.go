package sqlite

import (
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"testing"

	"clientele"
)

// TestSearch_UsesTheIndexOfEachPart looks at the plan of each look-up that a search makes.
func TestSearch_UsesTheIndexOfEachPart(t *testing.T) {
	s, _ := newStore(t)
	scope := clientele.CustomerScope{ProjectID: 1, From: moment(), To: moment(), Origins: []clientele.CustomerOrigin{{}, {}}}
	byOrigin, _ := originSQL(scope, scope.Origins[0], &clientele.Position{})
	inScope, _ := scopeSQL(scope)
	for query, index := range map[string]string{
		idsByTerm:                   "SEARCH t USING PRIMARY KEY (project_id=? AND block=? AND term>? AND term<?)",
		idsByKey("id"):              "SEARCH customer USING INTEGER PRIMARY KEY (rowid=?)",
		idsByKey("external_id"):     "customer_external_id_unique (project_id=? AND external_id=?)",
		idsByKey("external_number"): "customer_external_number_unique (project_id=? AND external_number=?)",
		idsByKey("vat_normal"):      "SEARCH customer USING COVERING INDEX customer_vat_normal (project_id=? AND vat_normal=? AND id<?)",
		byOrigin:                    "SEARCH customer USING COVERING INDEX customer_origin (project_id=? AND source=? AND credential_id=? AND created_at>? AND created_at<?)",
		inScope:                     "SEARCH c USING INTEGER PRIMARY KEY (rowid=?)",
		deleteTerm:                  "SEARCH customer_term USING PRIMARY KEY (project_id=? AND block=? AND term=? AND customer_id=?)",
	} {
		steps := explain(t, s, query)
		if !slices.ContainsFunc(steps, func(step string) bool { return strings.HasSuffix(step, index) }) {
			t.Errorf("plan of %s is %q, want %s", query, steps, index)
		}
		if slices.ContainsFunc(steps, scansTable) || slices.ContainsFunc(steps, func(s string) bool { return strings.Contains(s, "TEMP B-TREE") }) {
			t.Errorf("plan of %s is %q", query, steps)
		}
	}
}

// TestSearch_ReadsAFewThingsOnly counts the queries of searches over an empty project and over a few customers.
func TestSearch_ReadsAFewThingsOnly(t *testing.T) {
	s, project := newStore(t)
	for n := range 20 {
		mustCommit(t, s, benchWrite(project, n+1))
	}
	r := recordReads(t, s)
	hits, err := s.SearchCustomers(t.Context(), clientele.CustomerSearch{
		CustomerScope: clientele.CustomerScope{ProjectID: project}, Limit: 10,
		Terms: [][]string{{clientele.WordTerm("anna"), clientele.WordTerm("kowal")}},
	})
	if err != nil || len(hits.IDs) != 2 || hits.Next != nil {
		t.Fatalf("found %v, next %v, %v; want two customers", hits.IDs, hits.Next, err)
	}
	if len(r.queries) != 4 { // the span of ids, terms of the first word, and the few who have it, with addresses
		t.Errorf("%d different queries: %v", len(r.queries), r.queries)
	}
}

// TestMigrate_MakesOldCustomersSearchable fills the search of a book from before there was one, also when it was broken off.
func TestMigrate_MakesOldCustomersSearchable(t *testing.T) {
	s, project := newStore(t)
	p, err := s.CreateProject(t.Context(), clientele.Project{Name: "Maple Street Tools", TimeZone: "UTC", CreatedAt: moment()})
	if err != nil {
		t.Fatal(err)
	}
	other := p.ID
	var writes []clientele.Write
	for n := range fillBatch + 10 {
		writes = append(writes, benchWrite(project, n+1))
	}
	mustCommit(t, s, writes...)
	mustCommit(t, s, benchWrite(other, 1))
	all := func() (terms []string) {
		rows, err := s.write.QueryContext(t.Context(), "SELECT project_id || ' ' || block || ' ' || term || ' ' || customer_id FROM customer_term")
		if err != nil {
			t.Fatal(err)
		}
		if err := collect(rows, func(r *sql.Rows) error { terms = append(terms, ""); return r.Scan(&terms[len(terms)-1]) }); err != nil {
			t.Fatal(err)
		}
		return terms
	}
	want := all()
	for _, query := range []string{
		"DELETE FROM customer_term WHERE customer_id <> 1",
		fmt.Sprintf("INSERT INTO customer_term_fill VALUES (%d, 0), (%d, 0)", project, other),
	} {
		if _, err := s.write.ExecContext(t.Context(), query); err != nil {
			t.Fatal(err)
		}
	}
	current, newest, err := s.Versions(t.Context())
	if err != nil || current != searchVersion-1 || newest < searchVersion {
		t.Errorf("Versions of a book whose search is not filled = %d, %d, %v", current, newest, err)
	}
	if _, _, err := s.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := all(); !slices.Equal(got, want) || len(want) < 4*fillBatch {
		t.Errorf("%d terms after the migration, want %d", len(got), len(want))
	}
	if current, newest, err = s.Versions(t.Context()); err != nil || current != newest {
		t.Errorf("Versions = %d, %d, %v", current, newest, err)
	}
}
