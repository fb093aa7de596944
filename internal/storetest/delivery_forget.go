package storetest

import (
	"testing"
	"time"

	"clientele"
)

func deliveryForgetChecks() []eventCheck {
	return []eventCheck{
		{"Forget_OldOnes", testForgetDeliveries},
		{"Forget_OldOnesBehindDatesAhead", testForgetBehindDatesAhead},
	}
}

func testForgetDeliveries(t *testing.T, f *eventFixture) {
	s := f.due(t, 3)
	p := f.claim(t, "x", 4)[0]
	f.finish(t, "x", parcelOf(s, 4, sent(p.Deliveries[0], 4, clientele.DeliveryDelivered)))
	n, err := f.ForgetDeliveries(t.Context(), at(3), 100)
	mustDo(t, "forget", err)
	if left := f.deliveries(t, clientele.DeliveryFilter{}); n != 2 || len(left) != 1 || left[0].ID != p.Deliveries[2].ID {
		t.Errorf("%d deliveries were forgotten, %d are left; want 2 and the last", n, len(left))
	}
	if a, err := f.ListAttempts(t.Context(), f.project, p.Deliveries[0].ID); err != nil || len(a) != 0 {
		t.Errorf("%d attempts at a forgotten delivery, %v", len(a), err)
	}
	f.finish(t, "x", parcelOf(s, 5, sent(p.Deliveries[1], 5, clientele.DeliveryDelivered))) // no harm
}

// Numbers follow the order of gathering, dates follow a clock, which may have been ahead for a while.
func testForgetBehindDatesAhead(t *testing.T, f *eventFixture) {
	s := f.subscribe(t, f.project)
	for i, created := range []int{8, 9, 1, 7, 2, 3} {
		f.commit(t, upsert(f.project, i, "a", email(at(i).String())))
		f.gather(t, s, created)
	}
	for i, want := range []int64{2, 1, 0} {
		if n, err := f.ForgetDeliveries(t.Context(), at(4), 2); err != nil || n != want {
			t.Errorf("call %d forgot %d deliveries, %v; want %d", i+1, n, err, want)
		}
	}
	left := f.deliveries(t, clientele.DeliveryFilter{})
	var created []time.Time
	for _, d := range left { // with their events: a delivery is listed with its own
		created = append(created, d.CreatedAt)
	}
	wantSame(t, "what is left, the latest first", []time.Time{at(7), at(9), at(8)}, created)
}
