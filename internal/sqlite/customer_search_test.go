package sqlite

import (
	"maps"
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
	followAll(t, s)
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

// TestTerms_AreKeptByIndexes looks at the plan of each statement of the duty that keeps the search.
func TestTerms_AreKeptByIndexes(t *testing.T) {
	s, project := newStore(t)
	mustCommit(t, s, benchWrite(project, 1))
	before := maps.Clone(s.stmts)
	r := recordReads(t, s)
	followAll(t, s)
	w := benchWrite(project, 9) // another of those who are called so
	w.Customer.Patch.Put(clientele.FieldExternalID, clientele.Some("c-7919"))
	mustCommit(t, s, w)
	followAll(t, s)
	if _, err := s.FindTermPlace(t.Context(), project); err != nil {
		t.Fatal(err)
	}
	if err := s.ForgetTerms(t.Context(), project, 1); err != nil {
		t.Fatal(err)
	}
	queries := slices.Sorted(maps.Keys(r.queries))
	for query := range s.stmts {
		if before[query] == nil && strings.Contains(query, "customer_term") {
			queries = append(queries, query)
		}
	}
	for _, want := range []string{loadSearched, findTermPlace, countTermsBehind, beginTermPlace, moveTermPlace, deleteTerm, forgetTerms, forgetTermList} {
		if !slices.Contains(queries, want) {
			t.Errorf("%s was not asked", want)
		}
	}
	for _, query := range queries {
		for _, step := range explain(t, s, query) {
			isList := step == "SCAN p" && strings.Contains(query, "FROM project p") // one row for each project
			if scansTable(step) && !isList && !strings.Contains(step, "VIRTUAL TABLE") && !strings.HasPrefix(step, "SCAN (subquery") || strings.Contains(step, "TEMP B-TREE") {
				t.Errorf("%s\n  in %s", step, query)
			}
		}
	}
}
