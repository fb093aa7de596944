package storetest

import (
	"slices"
	"testing"

	"clientele"
)

// testHasten: what nobody tried is due at once, however far ahead it is; what was tried waits, unless that is further ahead than
// anything can be; what is under a claim stays there.
func testHasten(t *testing.T, f *eventFixture) {
	s := f.due(t, 1)
	tried := f.claim(t, "x", 3)[0].Deliveries[0]
	f.finish(t, "x", parcelOf(s, 4, sent(tried, 4, clientele.DeliveryDue))) // due at 34
	f.commit(t, upsert(f.project, 1, "a", email("late")))
	f.gather(t, s, 5000)
	wants := func(what string, n int, ids ...string) {
		t.Helper()
		var got []string
		for _, p := range f.claim(t, "y", n) {
			for i := range p.Deliveries {
				got = append(got, p.Deliveries[i].ID)
			}
		}
		if !slices.Equal(got, ids) {
			t.Errorf("%s: %v is due, want %v", what, got, ids)
		}
	}
	wants("before", 10)
	mustDo(t, "hasten", f.HastenDeliveries(t.Context(), at(10), at(40)))
	late := f.deliveries(t, clientele.DeliveryFilter{SubscriptionID: s.ID})[0]
	wants("what nobody tried", 10, late.ID)
	mustDo(t, "hasten", f.HastenDeliveries(t.Context(), at(11), at(40)))
	if got := f.claim(t, "z", 12); len(got) != 0 {
		t.Error("a claim was released")
	}
	f.finish(t, "y", parcelOf(s, 12, sent(late, 12, clientele.DeliveryDelivered)))
	wants("what was tried, in its time", 13)
	mustDo(t, "hasten", f.HastenDeliveries(t.Context(), at(13), at(30)))
	wants("what was tried and is too far ahead", 13, tried.ID)
}
