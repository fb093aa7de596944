package storetest

import (
	"testing"

	"clientele"
)

// testEraseVisits: visits from the address that the customer has, however it was stated, and from those that it had lose
// address and browser; those from others and of other projects keep theirs.
func testEraseVisits(t *testing.T, f *fixture) {
	l := newLeadFixture(t, f)
	visit := func(n int, c clientele.Campaign, ip string) func(wantForgotten bool) {
		w := l.register(c, n)
		w.Lead.Register.IP, w.Lead.Register.UserAgent = clientele.Some(ip), clientele.Some("browser")
		f.commitOne(t, w, clientele.Created)
		return func(wantForgotten bool) {
			t.Helper()
			lead, err := f.FindLead(t.Context(), w.ProjectID, w.Lead.Register.UUID)
			if err != nil || lead.IP.Valid == wantForgotten || lead.UserAgent.Valid == wantForgotten {
				t.Errorf("visit %d: %v %v, %v", n, lead.IP, lead.UserAgent, err)
			}
		}
	}
	own, again := visit(1, l.campaign, "2001:db8::1"), visit(2, l.campaign, "2001:db8::1")
	former, older := visit(3, l.campaign, "203.0.113.7"), visit(4, l.campaign, "203.0.113.8")
	strange, elsewhere := visit(5, l.campaign, "203.0.113.9"), visit(6, l.foreign, "2001:db8::1")

	id := f.commitOne(t, upsert(f.project, 7, "a", values{clientele.FieldIP: clientele.Some(" 2001:DB8:0::1 ")}), clientele.Created)
	f.haveErasureKey(t)
	w := erase(f.project, 8, id, clientele.ErasedRows{})
	w.Erase.IPs = []string{"203.0.113.7", "203.0.113.8", "203.0.113.7"}
	f.commitOne(t, w, clientele.Erased)
	for _, is := range []func(bool){own, again, former, older} {
		is(true)
	}
	strange(false)
	elsewhere(false)
	wantSame(t, "erasure", clientele.Erasure{
		ProjectID: f.project, CustomerID: id, At: at(8), AskedBy: clientele.AskedByCommand, Changes: 1,
	}, f.erasure(t, id))

	id = f.commitOne(t, upsert(f.project, 9, "b", values{clientele.FieldIP: clientele.Some("no address")}), clientele.Created)
	f.erase(t, 10, id, clientele.ErasedRows{})
	strange(false)
}
