package storetest

import (
	"testing"

	"clientele"
)

// testFinishErased: what a receiver answers after somebody was erased is not kept where the event told of them, nor where it tells of
// the erasure; other answers are.
func testFinishErased(t *testing.T, f *eventFixture) {
	s := f.subscribe(t, f.project)
	id := f.commitOne(t, upsert(f.project, 1, "a", email("ada@example.com")), clientele.Created)
	f.gather(t, s, 1)
	f.commitOne(t, upsert(f.project, 2, "b", email("bob@example.com")), clientele.Created)
	f.gather(t, s, 2)
	answers := func(n int, list []clientele.Delivery) (kept []string) {
		t.Helper()
		p := parcelOf(s, n)
		for i := range list {
			p.Sent = append(p.Sent, sent(list[i], n, clientele.DeliveryDelivered))
		}
		f.finish(t, "x", p)
		for i := range list {
			attempts, err := f.ListAttempts(t.Context(), f.project, list[i].ID)
			mustDo(t, "attempts", err)
			if len(attempts) != 1 {
				t.Fatalf("%d attempts of delivery %d", len(attempts), i)
			}
			kept = append(kept, string(attempts[0].Answer))
		}
		return kept
	}
	onTheirWay := f.claim(t, "x", 3)[0].Deliveries
	f.erase(t, 4, id, clientele.ErasedRows{})
	wantSame(t, "answers to what was on its way", []string{"", "ok"}, answers(5, onTheirWay))
	f.gather(t, s, 6)
	wantSame(t, "answers to the erasure", []string{""}, answers(8, f.claim(t, "x", 7)[0].Deliveries))
	f.commitOne(t, upsert(f.project, 9, "b", email("bob@example.org")), clientele.Updated)
	f.gather(t, s, 9)
	wantSame(t, "answers about somebody else", []string{"ok"}, answers(11, f.claim(t, "x", 10)[0].Deliveries))
}
