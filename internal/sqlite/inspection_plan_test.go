package sqlite

import (
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
		{Part: part("lead", "id"), By: "id"},
		{Part: part("submission", "seq"), By: "seq"},
	}
}

// TestLook_ReadsBlocksByTheirKeys: no block costs more than its own rows, however large the book is.
func TestLook_ReadsBlocksByTheirKeys(t *testing.T) {
	s, _ := newStore(t)
	for _, r := range blockRanges() {
		from, _ := rangeSQL(&r)
		for _, query := range []string{
			"SELECT " + quoted(r.Columns) + from + " ORDER BY " + strings.Join(r.Key, ", "),
			"SELECT " + r.By + from + " ORDER BY " + r.By + " LIMIT 1",
		} {
			plan := strings.Join(explain(t, s, query), "; ")
			if !strings.Contains(plan, "SEARCH") || strings.Contains(plan, "SCAN") || strings.Contains(plan, "TEMP B-TREE") {
				t.Errorf("%s: %s", query, plan)
			}
		}
	}
}
