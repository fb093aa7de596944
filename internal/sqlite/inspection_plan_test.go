package sqlite

import (
	"slices"
	"strings"
	"testing"

	"clientele"
)

// blockRanges are the ranges that a whole book is gone through by, block by block.
func blockRanges() []clientele.RowRange {
	part := func(table string, key ...string) clientele.Part {
		return clientele.Part{Table: table, Owned: true, Project: 1, Key: key, Columns: []string{"project_id"}}
	}
	return []clientele.RowRange{
		{Part: part("customer", "id"), By: "id"},
		{Part: part("address", "customer_id", "id"), By: "customer_id"},
		{Part: part("customer_term", "block", "term", "customer_id"), By: "block"},
		{Part: part("change", "subject_id", "seq"), Subject: clientele.SubjectCustomer, By: "subject_id"},
		{Part: part("change", "subject_id", "seq"), Subject: clientele.SubjectLead, By: "subject_id"},
		{Part: part("lead", "id"), By: "id"},
		{Part: part("submission", "seq"), By: "seq"},
	}
}

// TestLook_ReadsBlocksByTheirKeys: no block costs more than its own rows, however large the book is.
func TestLook_ReadsBlocksByTheirKeys(t *testing.T) {
	s, _ := newStore(t)
	for _, r := range blockRanges() {
		rows, _ := rowsSQL(&r)
		first, _ := firstSQL(&r)
		for _, query := range []string{rows, first} {
			steps := explain(t, s, query)
			sorts := r.Table == "change" && query == rows // of a block, the histories
			wrong := func(step string) bool { return scansTable(step) || strings.Contains(step, "TEMP B-TREE") && !sorts }
			searches := func(step string) bool { return strings.Contains(step, "SEARCH") }
			// Of what belongs to a project, only its number and the range may say where to look.
			wide := func(step string) bool { return strings.HasSuffix(step, "(project_id=?)") }
			if slices.ContainsFunc(steps, wide) || slices.ContainsFunc(steps, wrong) || !slices.ContainsFunc(steps, searches) {
				t.Errorf("%s: %v", query, steps)
			}
		}
	}
}

// TestLook_FindsVisitsByTheirAddress, and sorts no more than those.
func TestLook_FindsVisitsByTheirAddress(t *testing.T) {
	s, _ := newStore(t)
	query, _ := rowsSQL(&clientele.RowRange{
		Part: clientele.Part{Table: "lead", Owned: true, Project: 1, Key: []string{"id"}, Columns: []string{"id"}}, By: "ip", Text: "192.0.2.1",
	})
	steps := explain(t, s, query)
	byAddress := func(step string) bool { return strings.Contains(step, "lead_ip (project_id=? AND ip=?)") }
	if !slices.ContainsFunc(steps, byAddress) {
		t.Errorf("%s: %v", query, steps)
	}
}
