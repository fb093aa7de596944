package postgres

import "time"

// erasureStatements are those about erasures: the first runs with each batch that creates customers.
func erasureStatements(project int64) []Statement {
	byKey := map[string][]string{"erasure_pk": {"project_id", "customer_id"}}
	return []Statement{
		{"find marks", findMarks, []any{project, [][]byte{{1}, {2}}}, map[string][]string{"erasure_mark_pk": {"project_id", "mark"}}},
		{"erasure of a customer", erasureOf, []any{project, int64(5), 1}, byKey},
		{"notice an erasure", noticeErasure, []any{project, int64(5), int64(1), int64(2), time.Now()}, byKey},
		{"list of erasures", listErasures, []any{project, time.Now(), int64(5), 10}, map[string][]string{"erasure_at": {"project_id"}}},
		{"newest erasures", newestErasures, []any{project, 10}, map[string][]string{"erasure_at": {"project_id"}}},
		{"forget marks of erasures", forgetErasureMarks, []any{project, time.Now(), 10}, map[string][]string{"erasure_mark_at": {"project_id"}}},
		{"delete a customer", deleteCustomer, []any{project, int64(5)}, map[string][]string{"customer_pk": {"project_id", "id"}}},
		{"delete its addresses", deleteAddresses, []any{project, int64(5)}, map[string][]string{"address_of_customer": {"project_id", "customer_id"}}},
		{"empty its history", emptyHistory, []any{project, int64(5)}, map[string][]string{"change_of_subject": {"project_id", "subject_id"}}},
		{"forget its visits", forgetVisits, []any{project, "192.0.2.1"}, map[string][]string{"lead_ip": {"project_id", "ip"}}},
		{
			"empty a submission", emptySubmission,
			[]any{project, "u5", "5", "Failed", "erased", time.Now()},
			map[string][]string{"submission_id_unique": {"project_id", "id"}},
		},
		{"empty answers", emptyAnswers, []any{project, "d5"}, map[string][]string{"attempt_pk": {"project_id", "delivery_id"}}},
	}
}
