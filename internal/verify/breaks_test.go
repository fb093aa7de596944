package verify_test

import "clientele/internal/verify"

// broken is one way to break a book.
type broken struct {
	name      string
	sql       []string
	invariant verify.Invariant
	says      string
	// also are the invariants that break with it.
	also string
}

// breaks returns ways to break a book: the first customer has id 1 in both kinds of store, as has the first lead.
func breaks(kind string) []broken {
	withoutItsLast := "customer 1 differs"
	if kind == "SQLite" { // where a history is a chain, which begins with the last
		withoutItsLast = "customer 1 has changes that its history does not lead to"
	}
	list := []broken{
		{
			"a value that no history tells of",
			[]string{"UPDATE customer SET email = 'x@example.com' WHERE id = 1"},
			verify.HistoryReplays, "customer 1 differs from its history in email", "term",
		},
		{"a version", []string{"UPDATE customer SET version = 7 WHERE id = 1"}, verify.HistoryReplays, "in version", ""},
		{
			"a lost change",
			[]string{"DELETE FROM change WHERE subject = 'customer' AND subject_id = 1 AND action = 'updated'"},
			verify.HistoryReplays, withoutItsLast, "",
		},
		{
			"a lost creation",
			[]string{"DELETE FROM change WHERE subject = 'customer' AND subject_id = 1 AND action = 'created'"},
			verify.HistoryReplays, `"updated" and number 1 of its history`, "address",
		},
		{
			"a lost history",
			[]string{"DELETE FROM change WHERE subject = 'customer' AND subject_id = 1"},
			verify.HistoryReplays, "customer 1 has no history", "",
		},
		{
			"a lost customer",
			[]string{"DELETE FROM customer WHERE id = 2"},
			verify.HistoryReplays, "customer 2 has a history and is not there", "address term file",
		},
		{
			"an unknown member",
			[]string{`UPDATE change SET new_values = '{"shoe_size": "43"}' WHERE subject = 'customer' AND action = 'updated'`},
			verify.HistoryReplays, "tells of shoe_size", "",
		},
		{
			"a value that is none",
			[]string{`UPDATE change SET new_values = '{"email": 43}' WHERE subject = 'customer' AND action = 'updated'`},
			verify.HistoryReplays, "has a value of email that is none", "",
		},
		{
			"an erased one who is there",
			[]string{"UPDATE change SET action = 'erased' WHERE subject = 'customer' AND action = 'updated'"},
			verify.HistoryReplays, "was erased and is there", "",
		},
		{
			"an erased one whose history has values",
			[]string{`UPDATE change SET new_values = '{"fax": "x"}' WHERE subject = 'customer' AND action = 'erased'`},
			verify.HistoryReplays, "was erased, and its history still has values", "",
		},
		{
			"a submission of an erased one without a record",
			[]string{"DELETE FROM erasure"},
			verify.ReferenceHeld, "refers to customer", "",
		},
		{"a lead", []string{"UPDATE lead SET net_value = 5 WHERE id = 1"}, verify.HistoryReplays, "lead 1 differs from its history", ""},
		{"a lost lead", []string{"DELETE FROM lead WHERE id = 1"}, verify.HistoryReplays, "lead 1 has a history and is not there", "count"},
		{
			"a lead's lost history",
			[]string{"DELETE FROM change WHERE subject = 'lead' AND subject_id = 2"},
			verify.HistoryReplays, "lead 2 has no history", "count",
		},
		{
			"an address of nobody",
			[]string{"UPDATE address SET customer_id = 900000 WHERE customer_id = 2"},
			verify.AddressOwned, "belongs to customer 900000, who is not there", "file",
		},
		{
			"an address",
			[]string{"UPDATE address SET city = 'x' WHERE customer_id = 2 AND city IS NOT NULL"},
			verify.AddressOwned, "customer 2 has other addresses", "",
		},
		{
			"a lost term",
			[]string{"DELETE FROM customer_term WHERE customer_id = 2 AND term LIKE 'n%'"},
			verify.TermsMatch, "customer 2 is not found by 1 of its 2 terms", "",
		},
		{
			"a wrong term",
			[]string{"UPDATE customer_term SET term = 'nzoe' WHERE customer_id = 2 AND term LIKE 'n%'"},
			verify.TermsMatch, "is found by 1 others", "",
		},
		{
			"a term of nobody",
			[]string{"UPDATE customer_term SET customer_id = 4000, block = 0 WHERE customer_id = 2"},
			verify.TermsMatch, "customer 4000 is found by a term and is not there", "",
		},
		{"a place in the list", []string{"DELETE FROM customer_update WHERE customer_id = 2"}, verify.ListWhole, "customer 2 is not in the list", ""},
		{"a lead's campaign", []string{"DELETE FROM campaign"}, verify.ReferenceHeld, "refers to campaign 1, which is not there", "file"},
		{
			"a delivery's event",
			[]string{`INSERT INTO delivery (project_id, id, subscription_id, event_seq, status, attempts, retries, due_at, created_at)
			SELECT id, 'e0000000-0000-4000-8000-000000000001', 'e0000000-0000-4000-8000-000000000002', 5, 'due', 0, 0, created_at, created_at FROM project`},
			verify.ReferenceHeld, "refers to event 5", "",
		},
		{
			"a submission's customer",
			[]string{"UPDATE submission SET customer_id = 77 WHERE customer_id <> 0"},
			verify.ReferenceHeld, "refers to customer 77", "",
		},
		{
			"a count",
			[]string{"UPDATE lead_count SET clicks = clicks + 1 WHERE span = 1 AND day = 20260301"},
			verify.CountsRight, "lead_count 20260301 the count of campaign 1", "",
		},
		{"a lost count", []string{"DELETE FROM lead_count WHERE span = 2"}, verify.CountsRight, "lead_count 20260300", ""},
		{
			"a status",
			[]string{"UPDATE submission SET status = 'Sleeping' WHERE status = 'Processing'"},
			verify.SubmissionMoves, `is "Sleeping", which none is`, "",
		},
		{
			"a status without its time",
			[]string{"UPDATE submission SET finished_at = NULL WHERE status = 'Succeeded'"},
			verify.SubmissionMoves, "its times and its failure say otherwise", "",
		},
		{
			"a success without a customer",
			[]string{"UPDATE submission SET customer_id = 0 WHERE status = 'Succeeded'"},
			verify.SubmissionMoves, "succeeded and names no customer", "",
		},
		{
			"a payload",
			[]string{`UPDATE submission SET payload = '{"mode": "x"}' WHERE status = 'Accepted'`},
			verify.SubmissionMoves, "waits and cannot be read", "",
		},
	}
	return append(list, ownBreaks(kind)...)
}

// ownBreaks returns those that the stores do not have in common.
func ownBreaks(kind string) []broken {
	if kind == "PostgreSQL" {
		return []broken{
			{
				"a key",
				[]string{"DROP INDEX customer_external_id_unique", "UPDATE customer SET external_id = 'a' WHERE id = 2"},
				verify.KeyUnique, "customer 1 shares its external_id with 1 others, such as 2", "history",
			},
			{"a sequence", []string{"SELECT setval('change_seq_seq', 2)"}, verify.NumbersAhead, "change  has a row with seq 10", ""},
			{
				"an old submission",
				[]string{"UPDATE submission SET accepted_at = accepted_at - interval '2 min' WHERE status = 'Accepted'"},
				verify.SubmissionMoves, "has been waiting for 1h1m0s", "",
			},
			{
				"a constraint",
				[]string{"ALTER TABLE lead ADD CONSTRAINT held FOREIGN KEY (publisher_id) REFERENCES publisher (id) NOT VALID"},
				verify.FileIntact, "constraint held is not validated", "",
			},
		}
	}
	return []broken{
		{
			"a key",
			[]string{"DROP INDEX customer_external_id_unique", "UPDATE customer SET external_id = 'a' WHERE id = 2"},
			verify.KeyUnique, "customer 1 shares its external_id with 1 others, such as 2", "history",
		},
		{"a sequence", []string{"UPDATE sqlite_sequence SET seq = 2 WHERE name = 'change'"}, verify.NumbersAhead, "change  has a row with seq 10", ""},
		{
			"an old submission",
			[]string{"UPDATE submission SET accepted_at = accepted_at - 120000000 WHERE status = 'Accepted'"},
			verify.SubmissionMoves, "has been waiting for 1h1m0s", "",
		},
		{
			"no JSON",
			[]string{"UPDATE change SET new_values = 'x' WHERE subject = 'customer' AND action = 'updated'"},
			verify.HistoryReplays, "has values that are no JSON object", "",
		},
		{"a foreign key", []string{"UPDATE campaign SET project_id = 9"}, verify.FileIntact, "campaign refers to no project", "reference"},
		{"an index", []string{
			"PRAGMA writable_schema = 1",
			`UPDATE sqlite_master SET rootpage = (SELECT sum(rootpage) FROM sqlite_master WHERE name IN ('lead_ip', 'lead_action_at')) - rootpage
				WHERE name IN ('lead_ip', 'lead_action_at')`,
			"PRAGMA schema_version = 9999",
		}, verify.FileIntact, "lead_ip", ""},
	}
}
