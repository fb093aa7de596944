package main

import (
	"database/sql"
	"fmt"
	"slices"
	"testing"
)

// TestErase_VisitsFromEachAddress: visits from the address that a customer was stated to have, however it was written, and from
// one that it had before, are exported and lose address and browser; those of others stay.
func TestErase_VisitsFromEachAddress(t *testing.T) {
	t.Parallel()
	onEachErasureBook(t, func(t *testing.T, b erasureBook) {
		e := &estate{t: t, b: b.crashBook, s: b.start(believeLoopback)}
		e.shop = e.keys("shop")
		campaign := b.command("campaign", "create", "--project", "shop", "--name", "C", "--landing-url", "https://shop.example.com/", "--json").object(t)
		publisher := b.command("publisher", "create", "--name", "P", "--json").object(t)
		for _, ip := range []string{"2001:db8::1", "203.0.113.7", "203.0.113.8"} {
			a := e.s.ask(request{
				client: stayer, url: fmt.Sprintf("/click/%s/%s", campaign["uuid"], publisher["uuid"]),
				header: map[string]string{"X-Forwarded-For": ip, "User-Agent": "browser of " + ip},
			})
			if a.status/100 != 3 {
				t.Fatalf("the click is answered %d %s", a.status, a.body)
			}
		}
		entry := `{"customerId":"ada","customerEmail":"ada@example.com","customerIP":"%s"}`
		e.s.entry(e.shop.opm, fmt.Sprintf(entry, "203.0.113.7")).wants(t, 201, createdBody)
		e.s.entry(e.shop.opm, fmt.Sprintf(entry, "2001:DB8:0::1")).wants(t, 202, acceptedBody)

		v := b.command("customer", "export", "--project", "shop", "--external-id", "ada").object(t)
		var browsers []string
		list, _ := v["visits"].([]any)
		for _, visit := range list {
			members, _ := visit.(map[string]any)
			browsers = append(browsers, fmt.Sprint(members["user_agent"]))
		}
		if want := []string{"browser of 2001:db8::1", "browser of 203.0.113.7"}; !slices.Equal(browsers, want) {
			t.Errorf("the export has visits of %q, want %q", browsers, want)
		}
		b.command("customer", "erase", "--project", "shop", "--external-id", "ada", "--yes", "--settle", "0s", "--json").object(t)
		db, err := sql.Open(b.driver, b.source)
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		left := column(t, db, "SELECT ip || ' ' || user_agent FROM lead WHERE ip IS NOT NULL OR user_agent IS NOT NULL")
		if want := []string{"203.0.113.8 browser of 203.0.113.8"}; !slices.Equal(left, want) {
			t.Errorf("left are %q, want %q", left, want)
		}
		b.command("verify").wants(t, exitOK)
	})
}
