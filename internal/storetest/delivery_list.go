package storetest

import (
	"slices"
	"testing"

	"clientele"
)

func deliveryListChecks() []eventCheck {
	return []eventCheck{
		{"List_FiltersAndPages", testListDeliveries},
		{"Finish_AgainHasNoEffect", testFinishAgain},
	}
}

// deliveryNumbers names deliveries by their rank in a list of all.
func deliveryNumbers(all, list []clientele.Delivery) (numbers []int) {
	for _, d := range list {
		numbers = append(numbers, slices.IndexFunc(all, func(a clientele.Delivery) bool { return a.ID == d.ID }))
	}
	return numbers
}

// testListDeliveries has two subscriptions of a project with three deliveries each, taken in turn, of which one is delivered,
// one failed and one due, and one of another project. Rank 0 is the newest.
func testListDeliveries(t *testing.T, f *eventFixture) {
	s, other := f.subscribe(t, f.project), f.subscribe(t, f.project)
	foreign := f.subscribe(t, f.other)
	for n := 1; n <= 3; n++ {
		f.commit(t, upsert(f.project, n, "a", email(at(n).String())))
		f.gather(t, s, n) // the other one stands at the same place
	}
	f.commit(t, upsert(f.other, 4, "b", nil))
	f.gather(t, foreign, 4)
	for _, p := range f.claim(t, "x", 5) {
		if p.Subscription.ProjectID == f.project {
			f.finish(t, "x", parcelOf(p.Subscription, 5, sent(p.Deliveries[0], 5, clientele.DeliveryDelivered),
				sent(p.Deliveries[1], 5, clientele.DeliveryFailed), sent(p.Deliveries[2], 5, clientele.DeliveryDue)))
		}
	}
	all := f.deliveries(t, clientele.DeliveryFilter{})
	if len(all) != 6 || !slices.IsSortedFunc(all, func(a, b clientele.Delivery) int { return int(b.Seq - a.Seq) }) {
		t.Fatalf("%d deliveries, want 6, the newest first", len(all))
	}
	if list := f.deliveries(t, clientele.DeliveryFilter{ProjectID: f.other}); len(list) != 1 || list[0].SubscriptionID != foreign.ID {
		t.Errorf("another project's: %+v", list)
	}
	for _, subscription := range []string{"", s.ID, other.ID, foreign.ID, "none"} {
		for _, status := range []clientele.DeliveryStatus{"", clientele.DeliveryDue, clientele.DeliveryDelivered, clientele.DeliveryFailed, "x"} {
			f.wantDeliveries(t, all, clientele.DeliveryFilter{SubscriptionID: subscription, Status: status})
		}
	}
}

// wantDeliveries holds a list to what the filter says, read at once and in pages of one and of two.
func (f *eventFixture) wantDeliveries(t *testing.T, all []clientele.Delivery, by clientele.DeliveryFilter) {
	t.Helper()
	var want []clientele.Delivery
	for _, d := range all {
		if (by.SubscriptionID == "" || d.SubscriptionID == by.SubscriptionID) && (by.Status == "" || d.Status == by.Status) {
			want = append(want, d)
		}
	}
	wantSame(t, "list of "+by.SubscriptionID+" "+string(by.Status), want, f.deliveries(t, by))
	for by.Limit = range 3 {
		if by.Limit == 0 {
			continue
		}
		var got []clientele.Delivery
		for by.Before = 0; ; {
			page := f.deliveries(t, by)
			if len(page) == 0 {
				break
			}
			got = append(got, page...)
			by.Before = page[len(page)-1].Seq
		}
		if w, g := deliveryNumbers(all, want), deliveryNumbers(all, got); !slices.Equal(w, g) {
			t.Errorf("pages of %d of %+v are %v, want %v", by.Limit, by, g, w)
		}
	}
}

// testFinishAgain finishes what was finished, as one does who does not know whether it took place.
func testFinishAgain(t *testing.T, f *eventFixture) {
	s := f.due(t, 2)
	p := f.claim(t, "x", 3)[0]
	first := parcelOf(s, 4, sent(p.Deliveries[0], 3, clientele.DeliveryDelivered), sent(p.Deliveries[1], 4, clientele.DeliveryDue))
	first.FailingSince = at(4)
	for i := range first.Sent {
		first.Sent[i].Attempt.Number = 1
	}
	f.finish(t, "x", first)
	want := f.deliveries(t, clientele.DeliveryFilter{})
	f.finish(t, "x", first)
	wantSame(t, "deliveries", want, f.deliveries(t, clientele.DeliveryFilter{}))
	second := f.claim(t, "x", 40)[0] // the same server's next claim
	f.finish(t, "x", first)
	if got := f.claim(t, "y", 41); len(got) != 0 {
		t.Error("what was finished before ended a later claim")
	}
	last := parcelOf(s, 42, sent(second.Deliveries[0], 42, clientele.DeliveryDelivered))
	last.Sent[0].Attempt.Number = 2
	f.finish(t, "x", last)
	f.finish(t, "x", last)
	attempts, err := f.ListAttempts(t.Context(), f.project, second.Deliveries[0].ID)
	mustDo(t, "attempts", err)
	if len(attempts) != 2 || attempts[1].Number != 2 || !attempts[1].At.Equal(at(42)) {
		t.Errorf("attempts %+v, want two", attempts)
	}
	d, err := f.FindDelivery(t.Context(), f.project, second.Deliveries[0].ID)
	mustDo(t, "find", err)
	if d.Attempts != 2 || d.Retries != 1 || d.Status != clientele.DeliveryDelivered {
		t.Errorf("delivery is %s after %d attempts and %d retries, want delivered after 2 and 1", d.Status, d.Attempts, d.Retries)
	}
}
