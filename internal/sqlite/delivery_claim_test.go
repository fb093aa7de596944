package sqlite

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"clientele"
)

// TestClaimDeliveries_SharesEvents: an event that another subscription of the claim is sent too is the same ids, once in memory,
// and makes no second parcel full.
func TestClaimDeliveries_SharesEvents(t *testing.T) {
	s, project := newStore(t)
	const events, idsOfEach = 3, clientele.MaxParcelIDs/2 + 1
	var cursor int64
	for _, id := range []string{"s1", "s2"} {
		sub, err := s.CreateSubscription(t.Context(), clientele.Subscription{
			ID: id, ProjectID: project, EventType: clientele.CustomerChanged, CreatedAt: moment(), RequestTimeout: time.Second,
		})
		if err != nil {
			t.Fatal(err)
		}
		cursor = sub.Cursor
	}
	made := 0
	for n := range int64(events) {
		ids := make([]int64, idsOfEach)
		for i := range ids {
			ids[i] = n*idsOfEach + int64(i) + 1
		}
		_, err := s.GatherEvents(t.Context(), []clientele.Event{{
			ProjectID: project, EventType: clientele.CustomerChanged, From: cursor + n, To: cursor + n + 1,
			SubjectIDs: ids, FirstAt: moment(), At: moment(), CreatedAt: moment(),
		}}, func() string { made++; return fmt.Sprint(made) })
		if err != nil {
			t.Fatal(err)
		}
	}
	parcels, err := s.ClaimDeliveries(t.Context(), clientele.Claim{Lease: "x", At: moment(), Until: moment().Add(time.Minute)},
		clientele.DeliveryOrder{Healthy: 10, PerSubscription: 10, Admit: func(clientele.ProjectKey, string) bool { return true }})
	if err != nil || len(parcels) != 2 {
		t.Fatalf("%d parcels, %v", len(parcels), err)
	}
	first, second := parcels[0].Deliveries, parcels[1].Deliveries
	if len(first) != 2 || len(second) != events {
		t.Fatalf("%d and %d deliveries; want 2, which are full, and %d", len(first), len(second), events)
	}
	for i := range first {
		if &first[i].SubjectIDs[0] != &second[i].SubjectIDs[0] {
			t.Errorf("event %d was read twice", i)
		}
	}
	for n, d := range second {
		if d.SubscriptionID != parcels[1].Subscription.ID || d.EventType != clientele.CustomerChanged || !d.EventAt.Equal(moment()) ||
			len(d.SubjectIDs) != idsOfEach || d.SubjectIDs[0] != int64(n*idsOfEach+1) || !slices.IsSorted(d.SubjectIDs) {
			t.Errorf("delivery %d: %s, %s, %s, %d ids from %d", n, d.SubscriptionID, d.EventType, d.EventAt, len(d.SubjectIDs), d.SubjectIDs[0])
		}
	}
}
