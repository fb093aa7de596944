package console

import (
	"encoding/csv"
	"net/http"
	"strings"
	"testing"

	"clientele"
)

// TestExports_HaveTheWholeListAndNoSecret takes each list along, as it is filtered, and looks for what a spreadsheet would run.
func TestExports_HaveTheWholeListAndNoSecret(t *testing.T) {
	onBothStores(t, func(t *testing.T, f *fixture) {
		r := newReceiver(t)
		s := f.subscribe(t, r.url+"/?k=token-in-the-url")
		check(t, f.hooks.Disable(t.Context(), f.project.ID, f.subscribe(t, r.url).ID, `=HYPERLINK("https://evil.example")`))
		call := f.submitter(t)
		created, failed := f.submit(t, call)
		formula, err := f.book.Update(t.Context(), call, "=1+1", 998, clientele.Patch{})
		check(t, err)
		f.carryOut(t)
		f.change(t)
		f.deliver(t)
		id := r.hears(t)
		b := f.as(t, viewer)

		all := b.get("/console/p/1/submissions?format=csv").want(http.StatusOK).has(created, failed, formula, "'=1+1").lacks(",=1+1")
		if got := len(rowsOf(t, all)); got != 5 { // a heading, these three, and that of the change
			t.Errorf("%d rows of submissions", got)
		}
		b.get("/console/p/1/submissions?format=ndjson&status=Failed").want(http.StatusOK).
			has(failed, `"failure":"customer_missing"`, `"target":"=1+1"`, `"write":{"mode":`).lacks(created)
		b.get("/console/p/1/submissions?format=csv&from=x").want(http.StatusUnprocessableEntity).has("is no date")
		b.get(subscriptionsList+"?format=csv").want(http.StatusOK).has(s.ID, "k=…", "'=HYPERLINK").lacks(secretsOf(&s)...)
		b.get(subscriptionsList+"?format=ndjson&state=active").want(http.StatusOK).has(s.ID, `"due":0`).lacks("HYPERLINK")
		b.get(deliveriesList+"?format=ndjson&subscription="+s.ID).want(http.StatusOK).has(id, `"status":"delivered"`, `"subject_ids":[1,2]`)
		b.get(deliveriesList + "?format=csv&status=failed").want(http.StatusOK).lacks(id)
		b.get(deliveriesList + "?format=xlsx").want(http.StatusUnprocessableEntity)
		b.get(deliveriesList + "?status=due").want(http.StatusOK).has("format=csv&amp;status=due")
		f.as(t, owner).get("/console/audit").want(http.StatusOK).has("submissions as csv", "subscriptions as ndjson", "deliveries as csv")
	})
}

// TestExport_GoesOnBehindAPage has more rows than the store gives at once.
func TestExport_GoesOnBehindAPage(t *testing.T) {
	f := newFixture(t)
	call := f.submitter(t)
	writes := make([]clientele.Write, clientele.MaxPage+3)
	for i := range writes {
		s := &clientele.Submission{ID: "s" + idText(int64(i+1)), ProjectID: f.project.ID, Origin: call.Origin, AcceptedAt: f.clock.Now()}
		writes[i] = clientele.Write{ProjectID: f.project.ID, Origin: call.Origin, At: f.clock.Now(), Submission: s}
	}
	_, err := f.store.Commit(t.Context(), writes)
	check(t, err)
	seen := map[string]bool{}
	for _, row := range rowsOf(t, f.as(t, viewer).get("/console/p/1/submissions?format=csv").want(http.StatusOK)) {
		seen[row[0]] = true
	}
	if len(seen) != len(writes)+1 {
		t.Errorf("%d different rows, want %d and the heading", len(seen), len(writes))
	}
}

func rowsOf(t *testing.T, p *page) [][]string {
	t.Helper()
	rows, err := csv.NewReader(strings.NewReader(p.body)).ReadAll()
	check(t, err)
	return rows
}
