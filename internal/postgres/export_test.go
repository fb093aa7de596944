package postgres

import (
	"context"
	"fmt"
	"io/fs"
	"slices"
	"time"

	"clientele"
)

// UseMigrations makes s a program that knows these migrations.
func (s *Store) UseMigrations(files fs.FS) (err error) {
	s.files = files
	s.schema, err = newestVersion(files)
	return err
}

// Schema returns the version of the newest migration that s knows.
func (s *Store) Schema() int64 { return s.schema }

// MigrationLock is the advisory lock of whoever migrates.
const MigrationLock = int64(migrationLock)

// SetWatchEvery sets how long Watch hears nothing before it asks.
func (s *Store) SetWatchEvery(d time.Duration) { s.watchEvery = d }

// FillReaders makes n connections for reads, which are idle then.
func (s *Store) FillReaders(ctx context.Context, n int) error {
	for range n {
		conn, err := s.read.Acquire(ctx)
		if err != nil {
			return err
		}
		defer conn.Release()
	}
	return nil
}

// TellEvery is how often a server tells of changes at most.
const TellEvery = tellEvery

// Settle voids the mark or learns that its transaction took place.
func (s *Store) Settle(ctx context.Context, project int64, id string) (void bool, err error) {
	return s.settle(ctx, mark{project, id})
}

// IDSource gives out ids of a pretended sequence.
type IDSource struct{ idSource }

// Take takes n ids and gives back all but the first used.
func (s *IDSource) Take(n, used int, next func() int64) (ids []int64) {
	t := spans(s.take(n))
	for t.count() < n {
		first := next()
		t = append(t, span{first, first + idBlock})
	}
	for range used {
		ids = append(ids, t.pop())
	}
	s.give(t)
	return ids
}

// IDBlock is how many ids a value of a sequence stands for.
const IDBlock = idBlock

// PlacesAtOnce is how many customers that arrived one transaction gives their places.
const PlacesAtOnce = placesAtOnce

// ResendAtOnce is how many deliveries that failed one transaction makes due again.
const ResendAtOnce = resendAtOnce

// InsertMark and ForgetMarks are statements that tests look into.
const (
	InsertMark  = insertMark
	ForgetMarks = forgetMarks
)

// Statement is one that runs per request or per batch, with arguments and what its plan must look up: for each index the
// columns in its condition. Where one of several indexes will do, their names stand together.
type Statement struct {
	Name string
	SQL  string
	Args []any
	Want map[string][]string
}

// Statements returns the statements of a store whose plan matters. Arguments are about project 1.
func Statements() []Statement {
	const project = int64(1)
	ids, keys := []int64{5, 6, 7}, []string{"e5", "e6", "none"}
	numbers, uuids := []string{"n5", "n6"}, []string{"u5", "u6"}
	pk, of := map[string][]string{"customer_pk": {"project_id", "id"}}, map[string][]string{"address_of_customer": {"project_id", "customer_id"}}
	byExternal := map[string][]string{"customer_external_id_unique": {"project_id", "external_id"}}
	byNumber := map[string][]string{"customer_external_number_unique": {"project_id", "external_number"}}
	pending := map[string][]string{"submission_unfinished": {"project_id"}}
	list := []Statement{
		{"lock by id", lockByID, []any{project, ids}, pk},
		{"lock by external id", lockByExternalID, []any{project, keys}, join(pk, byExternal)},
		{"lock by external number", lockByExternalNumber, []any{project, numbers}, join(pk, byNumber)},
		{"lock by any key", lockByAnyKey, []any{project, ids, keys, numbers}, join(pk, byExternal, byNumber)},
		{"addresses by any key", addressesByAnyKey, []any{project, ids, keys, numbers}, join(of, byExternal, byNumber)},
		{"addresses by id", addressesByID, []any{project, ids, 1001}, of},
		{"customers by id", customersByID, []any{project, ids}, pk},
		{"customer by id", "SELECT " + customerColumns + " FROM customer WHERE project_id = $1 AND id = $2", []any{project, ids[0]}, pk},
		{"customer by external id", "SELECT " + customerColumns + " FROM customer WHERE project_id = $1 AND external_id = $2", []any{project, keys[0]}, byExternal},
		{"free keys", freeKeys, []any{project, ids[0]}, pk},
		{"move keys", moveKeys, []any{project, ids[0], "a", "b"}, pk},
		{"history", changesOf, []any{project, "customer", ids[0]}, map[string][]string{"change_of_subject": {"project_id", "subject", "subject_id"}}},
		{"remembered calls", findRemembered, []any{project, keys, ids}, map[string][]string{"remembered_call_pk": {"project_id", "key", "credential_id"}}},
		{"lock leads", lockLeads, []any{project, uuids}, map[string][]string{"lead_uuid lead_uuid_unique": nil}},
		{"find lead", findLead, []any{project, uuids[0]}, map[string][]string{"lead_uuid lead_uuid_unique": nil}},
		{"find the project of a lead", findLeadProject, []any{uuids[0]}, map[string][]string{"lead_uuid": nil}},
		{"lock submissions", lockSubmissions, []any{project, uuids}, map[string][]string{"submission_id_unique": {"project_id", "id"}}},
		{"find submission", findSubmission, []any{project, uuids[0]}, map[string][]string{"submission_id_unique": {"project_id", "id"}}},
		{"finish submissions", finishSubmissions, []any{
			project, ids[0], ids[2], ids, keys, ids, keys, []time.Time{{}, {}, {}},
		}, nil},
		{"claim submissions", claimSubmissions, []any{project, "Processing", "lease", time.Now(), 10}, pending},
		{"projects with submissions", projectsWithSubmissions, nil, map[string][]string{"submission_unfinished": nil}},
	}
	return slices.Concat(list, leadStatements(project), consoleStatements(), searchStatements(project), listStatements(project), inspectionStatements(project),
		erasureStatements(project),
		submissionListStatements(project), deliveryListStatements(project), trafficStatements())
}

// trafficStatements are those about calls, which belong to no project. Lists are known by their names: before anything is
// known of a table that is empty it may be read from end to end.
func trafficStatements() (list []Statement) {
	for _, f := range []struct {
		filter clientele.RefusalFilter
		index  string
	}{
		{clientele.RefusalFilter{}, "refusal_pk"},
		{clientele.RefusalFilter{CredentialID: 5, Status: 4}, "refusal_credential"},
		{clientele.RefusalFilter{ProjectID: 5, Dialect: clientele.OPM}, "refusal_project refusal_credential refusal_pk"},
	} {
		f.filter.Limit = 50
		sql, args := refusalsSQL(f.filter)
		list = append(list, Statement{"list refusals by " + f.index, sql, args, map[string][]string{f.index: nil}})
	}
	from := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	return append(list,
		Statement{"find refusal", findRefusal, []any{5}, map[string][]string{"refusal_pk": nil}},
		Statement{"list counts of calls", listCallCounts, []any{60, 0, from, from.Add(time.Hour)}, map[string][]string{"call_count_pk": nil}},
		Statement{"count waiting submissions", countWaiting, []any{100}, map[string][]string{"submission_unfinished": nil}},
		Statement{"list newest changes", newestChanges, []any{1, 10}, map[string][]string{"change_pk": {"project_id"}}},
		Statement{"list old counts", forgetCallCounts, []any{from, 10}, map[string][]string{"call_count_at": nil}},
		Statement{"list old refusals", forgetRefusals, []any{from, 10}, map[string][]string{"refusal_at": nil}},
	)
}

// listStatements are the lists, of each kind one.
func listStatements(project int64) (list []Statement) {
	updated, created := "customer_update_pk", "customer_created_at"
	from, after := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), &clientele.Position{At: time.Now(), ID: 1}
	for name, q := range map[string]clientele.CustomerQuery{
		updated: {ProjectID: project, Limit: 100}, updated + " from": {ProjectID: project, Limit: 100, From: from, To: time.Now()},
		updated + " newest after": {ProjectID: project, Limit: 100, Newest: true, After: after},
		created:                   {ProjectID: project, ByCreated: true, Limit: 100},
		created + " after":        {ProjectID: project, ByCreated: true, Limit: 100, After: after},
	} {
		sql, args := positionsSQL(q)
		index := updated
		if q.ByCreated {
			index = created
		}
		list = append(list, Statement{"list " + name, sql, args, map[string][]string{index: {"project_id"}}})
	}
	current := map[string][]string{"customer_update_pk": {"project_id"}, "customer_pk": {"project_id", "id"}}
	times, ids := []time.Time{from, from}, []int64{5, 6}
	list = append(list,
		Statement{"list places to sweep", listPlaces, []any{project, from, 5, 1000}, current},
		Statement{"list places that were left", deletePlaces, []any{project, times, ids}, map[string][]string{
			"customer_update_pk": {"project_id", "at", "customer_id"},
		}},
		Statement{"list who has no place", unlisted, []any{project, 1, 5000, 100}, map[string][]string{
			"customer_pk": {"project_id", "id"}, "customer_update_pk": {"project_id", "at", "customer_id"},
		}},
		Statement{"list a piece of customers", pieceOfCustomers, []any{project, 5, 100}, map[string][]string{"customer_pk": {"project_id", "id"}}},
		Statement{"list who gets a place", restorePlaces, []any{project, 5, 100}, map[string][]string{"customer_pk": {"project_id", "id"}}},
		Statement{"list the place of one", deleteCurrentPlace, []any{project, 5}, map[string][]string{
			"customer_update_pk": {"project_id", "at", "customer_id"},
		}})
	for index, f := range map[string]clientele.CustomerFilter{
		"customer_external_id_unique":     {ProjectID: project, ExternalID: clientele.Some("e5")},
		"customer_external_number_unique": {ProjectID: project, ExternalNumber: clientele.Some("n5")},
		"customer_vat_normal":             {ProjectID: project, VATNormal: clientele.Some("PL5")},
	} {
		where, args := filterSQL(f)
		list = append(list, Statement{"filter " + index, "SELECT id" + where + " ORDER BY id", args, map[string][]string{index: {"project_id"}}})
	}
	return list
}

// submissionListStatements are the lists of submissions, of each index those that it is for.
func submissionListStatements(project int64) (list []Statement) {
	from, behind := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), &clientele.Position{At: time.Now(), ID: 5}
	for index, filters := range map[string][]clientele.SubmissionFilter{
		"submission_accepted_at":                     {{}, {Status: clientele.Succeeded}, {Before: behind}, {From: from, To: time.Now()}},
		"submission_of_credential":                   {{CredentialID: 1}, {CredentialID: 1, Before: behind}, {CredentialID: 2, From: from, Status: clientele.Succeeded}},
		"submission_failed submission_of_credential": {{Status: clientele.Failed}, {Status: clientele.Failed, Before: behind, CredentialID: 1}},
		"submission_unfinished":                      {{Status: clientele.Accepted}, {Status: clientele.Processing, Before: behind}},
	} {
		for i, f := range filters {
			f.ProjectID, f.Limit = project, 50
			sql, args := submissionsSQL(f)
			list = append(list, Statement{fmt.Sprintf("list %s %d", index, i), sql, args, map[string][]string{index: {"project_id"}}})
		}
	}
	list = append(list, Statement{"list old submissions", forgetSubmissions, []any{project, from, 10}, map[string][]string{
		"submission_accepted_at": {"project_id", "accepted_at"},
	}})
	return list
}

// deliveryListStatements are the lists of deliveries, of each index those that it is for.
func deliveryListStatements(project int64) (list []Statement) {
	for index, filters := range map[string][]clientele.DeliveryFilter{
		"delivery_pk":           {{}, {Before: 5000}, {Status: clientele.DeliveryDelivered}},
		"delivery_subscription": {{SubscriptionID: "s1"}, {SubscriptionID: "s1", Status: clientele.DeliveryDelivered, Before: 5000}},
		"delivery_due":          {{Status: clientele.DeliveryDue}, {SubscriptionID: "s1", Status: clientele.DeliveryDue, Before: 5000}},
		"delivery_failed delivery_failed_of_subscription": {
			{Status: clientele.DeliveryFailed, Before: 5000}, {SubscriptionID: "s1", Status: clientele.DeliveryFailed},
		},
	} {
		for i, f := range filters {
			f.ProjectID, f.Limit = project, 50
			sql, args := deliveriesSQL(f)
			list = append(list, Statement{fmt.Sprintf("list %s %d", index, i), sql, args, map[string][]string{index: {"project_id"}}})
		}
	}
	old := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	return append(
		list,
		Statement{"list for resending", resendFailed, []any{project, "s1", time.Now(), time.Now(), time.Now(), 5, 100}, map[string][]string{
			"delivery_failed_of_subscription delivery_failed": nil, "delivery_pk": {"project_id", "seq"},
		}},
		Statement{"finished before", finishedBefore, []any{project, []string{"d1"}, []int64{1}, []time.Time{{}}}, map[string][]string{
			"attempt_pk": {"project_id", "delivery_id"},
		}},
		Statement{"list attempts to forget", forgetAttempts, []any{project, old, 10}, map[string][]string{
			"delivery_created": {"project_id", "created_at"}, "delivery_pk": {"project_id", "seq"}, "attempt_pk": {"project_id", "delivery_id"},
		}},
		Statement{"list deliveries to forget", forgetDeliveries, []any{project, old, 10}, map[string][]string{
			"delivery_created": {"project_id", "created_at"}, "delivery_pk": {"project_id", "seq"},
		}},
		Statement{"list events to forget", forgetEvents, []any{project, old, 10}, map[string][]string{
			"event_created": {"project_id", "created_at"}, "delivery_created": {"project_id", "created_at"}, "event_pk": {"project_id", "seq"},
		}},
		Statement{"told of erased", toldOfErased, []any{project, []string{"d1", "d2"}, clientele.CustomerChanged}, map[string][]string{
			"delivery_id_unique": {"project_id", "id"}, "event_pk": {"project_id", "seq"}, "erasure_pk": {"project_id", "customer_id"},
		}},
	)
}

func join(maps ...map[string][]string) map[string][]string {
	all := map[string][]string{}
	for _, m := range maps {
		for k, v := range m {
			all[k] = v
		}
	}
	return all
}
