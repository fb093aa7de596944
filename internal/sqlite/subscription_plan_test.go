package sqlite

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"clientele"
)

// backgroundOfEvents runs everything that happens by itself about events, over and over, while partners call.
func backgroundOfEvents(t *testing.T, s *Store, project int64) {
	t.Helper()
	ctx := t.Context()
	id := mustCommit(t, s, upsert(project, "a", "ada@example.com"))[0].SubjectID
	cursors, err := s.ListEventCursors(ctx)
	if err != nil || len(cursors) != 1 {
		t.Fatalf("cursors %v, %v", cursors, err)
	}
	tails, err := s.ReadChanges(ctx, cursors, 100)
	if err != nil {
		t.Fatal(err)
	}
	e := clientele.Event{
		ProjectID: project, EventType: cursors[0].EventType, From: cursors[0].Seq, To: tails[0].ReadTo,
		SubjectIDs: []int64{id}, FirstAt: moment(), At: moment(), CreatedAt: moment(),
	}
	ids := 0
	if _, err := s.GatherEvents(ctx, []clientele.Event{e}, func() string { ids++; return fmt.Sprint(ids) }); err != nil {
		t.Fatal(err)
	}
	claim := clientele.Claim{Lease: "x", At: moment(), Until: moment().Add(time.Minute)}
	order := clientele.DeliveryOrder{Healthy: 10, Failing: 10, PerSubscription: 10, Admit: func(clientele.ProjectKey, string) bool { return true }}
	parcels, err := s.ClaimDeliveries(ctx, claim, order)
	if err != nil || len(parcels) != 1 || len(parcels[0].Deliveries) != 1 {
		t.Fatalf("claim %v, %v", parcels, err)
	}
	sent := clientele.SentParcel{
		ProjectID: project, SubscriptionID: parcels[0].Subscription.ID, Disable: "gone", At: moment(),
		Sent: []clientele.SentDelivery{{
			DeliveryID: parcels[0].Deliveries[0].ID, Status: clientele.DeliveryDelivered, Attempt: clientele.Attempt{At: moment()},
		}},
	}
	for _, do := range []func() error{
		func() error {
			return s.RenewDeliveries(ctx, claim, []clientele.ProjectKey{{ProjectID: project, Key: parcels[0].Subscription.ID}})
		},
		func() error { return s.FinishDeliveries(ctx, "x", []clientele.SentParcel{sent}) },
		func() error { return s.ReleaseDeliveries(ctx, "x") },
		func() error { _, err := s.NextDelivery(ctx); return err },
		func() error { return s.ResendDelivery(ctx, project, "1", moment()) },
		func() error { _, err := s.FindDelivery(ctx, project, "1"); return err },
		func() error { _, err := s.ForgetDeliveries(ctx, moment().Add(-time.Hour), 10); return err },
		func() error { _, err := s.ListAttempts(ctx, project, "1"); return err },
		func() error {
			_, err := s.ListDeliveries(ctx, clientele.DeliveryFilter{ProjectID: project, SubscriptionID: sent.SubscriptionID, Limit: 1})
			return err
		},
	} {
		if err := do(); err != nil {
			t.Fatal(err)
		}
	}
}

// TestQueries_OfEventsUseAnIndex looks at the plan of each statement that gathering and delivering run: none reads a table
// from end to end, and none sorts.
func TestQueries_OfEventsUseAnIndex(t *testing.T) {
	s, project := newStore(t)
	_, err := s.CreateSubscription(t.Context(), clientele.Subscription{
		ID: "s", ProjectID: project, EventType: clientele.CustomerChanged, CreatedAt: moment(), RequestTimeout: time.Second,
	})
	if err != nil {
		t.Fatal(err)
	}
	before := maps.Clone(s.stmts)
	r := recordReads(t, s)
	backgroundOfEvents(t, s, project)
	queries := append(slices.Sorted(maps.Keys(r.queries)), selectDue, toldOfErased)
	for query := range s.stmts {
		if before[query] == nil {
			queries = append(queries, query)
		}
	}
	ofEvents := 0
	for _, query := range queries {
		for _, step := range explain(t, s, query) {
			if strings.Contains(step, "subscription") || strings.Contains(step, "delivery") {
				ofEvents++
			}
			// All cursors are read, and all claims are released, from an index that has nothing else.
			all := strings.Contains(step, "INDEX subscription_cursor") || strings.Contains(step, "INDEX subscription_lease")
			if !all && (scansTable(step) || strings.Contains(step, "TEMP B-TREE")) {
				t.Errorf("%s\n  in %s", step, query)
			}
		}
	}
	if ofEvents < 15 {
		t.Errorf("%d steps were looked at: too few to be all", ofEvents)
	}
}

// TestHastenDeliveries_ReadsWhatIsAhead: of all subscriptions, which are few, it reads what is due later, and no other delivery.
func TestHastenDeliveries_ReadsWhatIsAhead(t *testing.T) {
	s, _ := newStore(t)
	steps := explain(t, s, hastenDeliveries)
	const want = "SEARCH d USING INDEX delivery_due (project_id=? AND subscription_id=? AND due_at>?)"
	if !slices.Contains(steps, want) || slices.Contains(steps, "SCAN delivery") {
		t.Errorf("the plan is %q, want %q in it", steps, want)
	}
}
