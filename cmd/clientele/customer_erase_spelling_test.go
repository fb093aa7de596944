package main

import (
	"database/sql"
	"testing"
)

// refusedOfAda are calls that are refused and name ada by her id or her address, each in a spelling of its own.
func (e *estate) refusedOfAda() []answer {
	owr := map[string]string{"apikey": e.shop.owr, "CustomerKey": e.shop.customerKey}
	return []answer{
		e.s.entry(e.shop.opm, `{"customerId":7519,"customerFirstName":"A"}`),
		e.s.entry(e.shop.opm, `{"customerId":"x","customerEmail":"ada.lovelace\u0040example.com","customerPhone":17}`),
		e.s.ask(request{url: "/api/customers?page=zzz&extCustomerId=7519", header: owr}),
		e.s.ask(request{url: "/api/customers?page=zzz&email=ada.lovelace%40example.com", header: owr}),
		e.s.ask(request{url: "/nowhere/7519?page=1"}),
	}
}

// refusedOfNobody are calls that are refused and are not about ada.
func (e *estate) refusedOfNobody() []answer {
	return []answer{
		e.s.entry(e.shop.opm, `{"customerId":75190,"customerFirstName":"B"}`),
		e.s.ask(request{url: "/nowhere?page=7519&email=ada.lovelace%40example.org"}),
	}
}

// TestErase_RefusedCallsInAnySpelling: refused calls that name somebody in the spellings of JSON and of queries are exported, and
// go with the person; those of others stay.
func TestErase_RefusedCallsInAnySpelling(t *testing.T) {
	t.Parallel()
	onEachErasureBook(t, func(t *testing.T, b erasureBook) {
		e := &estate{t: t, b: b.crashBook, s: b.start()}
		e.shop = e.keys("shop")
		e.s.entry(e.shop.opm, `{"customerId":"7519","customerEmail":"ada.lovelace@example.com"}`).wants(t, 201, createdBody)
		ofAda, ofNobody := e.refusedOfAda(), e.refusedOfNobody()
		for i, a := range append(ofAda, ofNobody...) {
			if a.status < 400 {
				t.Fatalf("call %d is answered %d %s", i, a.status, a.body)
			}
		}
		db, err := sql.Open(b.driver, b.source)
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		kept := func() int { return len(column(t, db, "SELECT id FROM refusal")) }
		eventually(t, patience, "the inbox has all", func() bool { return kept() == len(ofAda)+len(ofNobody) })
		v := b.command("customer", "export", "--project", "shop", "--external-id", "7519").object(t)
		if list, _ := v["refusedCalls"].([]any); len(list) != len(ofAda) {
			t.Errorf("the export has %d refused calls, want %d: %v", len(list), len(ofAda), list)
		}
		args := []string{"customer", "erase", "--project", "shop", "--external-id", "7519", "--yes", "--settle", "0s", "--json"}
		if o := b.command(args...).object(t); o["refusals"] != float64(len(ofAda)) {
			t.Errorf("the record of the erasure: %v", o)
		}
		if n := kept(); n != len(ofNobody) {
			t.Errorf("%d refused calls are left, want %d: %q", n, len(ofNobody), column(t, db, "SELECT target || ' ' || body FROM refusal"))
		}
		b.command("verify").wants(t, exitOK)
	})
}
