package postgres

import (
	"time"

	"clientele"
)

// searchStatements are the look-ups of a search of customers, and what keeps them up to date.
func searchStatements(project int64) []Statement {
	terms := map[string][]string{"customer_term_pk": {"project_id", "block", "term"}}
	list := map[string][]string{"customer_term_list_pk": {"project_id", "customer_id"}}
	scope := clientele.CustomerScope{ProjectID: project, From: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), To: time.Now(), Origins: []clientele.CustomerOrigin{{Source: "opm", CredentialID: 1}, {Source: "opm", CredentialID: 2}}}
	sources, credentials := originArrays(scope.Origins)
	byOrigin, args := originSQL(scope, &clientele.Position{At: time.Now(), ID: 5}, 100)
	return []Statement{
		{"terms of blocks", idsByTerm, []any{project, []int64{1, 2, 3}, "nkowal", clientele.AfterTerms("nkowal")}, terms},
		{"drop a term", deleteTerm, []any{project, int64(1), "nkowal5", int64(5005)}, terms},
		{"forget terms", forgetTerms, []any{project, int64(1), int64(5005)}, map[string][]string{"customer_term_pk": {"project_id", "block"}}},
		{"forget a list of terms", forgetTermList, []any{project, int64(5005)}, list},
		{"load what is found by", loadSearched, []any{project, []int64{5, 6, 7}}, map[string][]string{"customer_pk": {"project_id", "id"}, "customer_term_list_pk": {"project_id", "customer_id"}}},
		{"insert terms", insertTerms, termArrays(project, []clientele.CustomerTerm{{Term: "na"}}), nil},
		{"put lists of terms", putTermLists, termListArrays(project, []clientele.TermList{{CustomerID: 5}}), nil},
		{"list place of the search", findTermPlace, []any{project}, map[string][]string{"customer_term_place_pk": {"project_id"}}},
		{"list move place of the search", moveTermPlace, []any{project, 2, 1}, map[string][]string{"customer_term_place_pk": {"project_id"}}},
		{"count changes behind the search", countTermsBehind, []any{project, 99_000, 1000}, map[string][]string{"change_pk": {"project_id", "seq"}}},
		{"id span", idSpan, []any{project}, map[string][]string{"customer_pk": {"project_id"}}},
		{"search by id", idsBySearchedID, []any{project, int64(5), int64(9), 10}, map[string][]string{"customer_pk": {"project_id", "id"}}},
		{"search by external id", idsBySearchedKey, []any{project, "e5", int64(9), 10}, map[string][]string{"customer_external_id_unique": {"project_id", "external_id"}}},
		{"search by external number", idsBySearchedNumber, []any{project, "n6", int64(9), 10}, map[string][]string{"customer_external_number_unique": {"project_id", "external_number"}}},
		{"list search by VAT", idsBySearchedVAT, []any{project, "PL5", int64(9), 10}, map[string][]string{"customer_vat_normal": {"project_id", "vat_normal"}}},
		{"list in scope", byOrigin, args, map[string][]string{"customer_origin": {"project_id", "source", "credential_id", "AT TIME ZONE"}}},
		{"in scope", idsInScope, []any{project, []int64{5, 6}, at(scope.From), at(scope.To), sources, credentials}, map[string][]string{"customer_pk": {"project_id", "id"}}},
		{"list history", historyOf, []any{project, "customer", int64(5), int64(1 << 40), 50}, map[string][]string{"change_of_subject": {"project_id", "subject", "subject_id", "seq"}}},
	}
}
