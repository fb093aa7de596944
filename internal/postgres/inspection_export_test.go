package postgres

import (
	"math"
	"strings"

	"clientele"
)

// inspectionStatements are those by which a whole book is gone through, block by block.
func inspectionStatements(project int64) (list []Statement) {
	for _, c := range []struct {
		table, by, index string
		key              []string
		subject          clientele.Subject
	}{
		{"customer", "id", "customer_pk", []string{"id"}, ""},
		{"address", "customer_id", "address_of_customer", []string{"customer_id", "id"}, ""},
		{"customer_term", "block", "customer_term_pk", []string{"block", "term", "customer_id"}, ""},
		{"change", "subject_id", "change_of_subject", []string{"subject_id", "seq"}, clientele.SubjectCustomer},
		{"lead", "id", "lead_pk", []string{"id"}, ""},
		{"submission", "seq", "submission_pk", []string{"seq"}, ""},
	} {
		r := &clientele.RowRange{
			Part:    clientele.Part{Table: c.table, Owned: true, Project: project, Key: c.key},
			Subject: c.subject, By: c.by, From: 4096, To: 8191,
		}
		want := map[string][]string{c.index: {"project_id", c.by}}
		from, args := rangeSQL(r)
		list = append(list, Statement{"list block of " + c.table, "SELECT *" + from + " ORDER BY " + strings.Join(c.key, ", "), args, want})
		r.To = math.MaxInt64
		from, args = rangeSQL(r)
		list = append(list, Statement{"list first of " + c.table, "SELECT " + c.by + from + " ORDER BY " + c.by + " LIMIT 1", args, want})
	}
	r := &clientele.RowRange{Part: clientele.Part{Table: "lead", Owned: true, Project: project}, By: "ip", Text: "192.0.2.1"}
	from, args := rangeSQL(r)
	return append(list, Statement{"visits from an address", "SELECT *" + from + " ORDER BY id", args, map[string][]string{"lead_ip": {"project_id", "ip"}}})
}
