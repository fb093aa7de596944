package work_test

import (
	"testing"
	"time"

	"clientele"
	"clientele/internal/intake"
	"clientele/internal/work"
)

// named counts the customers that are found by a word.
func (o *office) named(t *testing.T, word string) int {
	t.Helper()
	hits, err := o.SearchCustomers(t.Context(), clientele.CustomerSearch{
		CustomerScope: clientele.CustomerScope{ProjectID: o.project}, Terms: [][]string{{clientele.WordTerm(word)}}, Limit: clientele.MaxPage,
	})
	if err != nil {
		t.Fatal(err)
	}
	return len(hits.IDs)
}

// TestCustomerTerms_GiveWayToALongLine: while many writes wait, the search takes a small step now and then, and when the line
// is short again, all that is left.
func TestCustomerTerms_GiveWayToALongLine(t *testing.T) {
	o := newOffice(t, intake.Options{})
	const count, atOnce = 10, 2
	for range count {
		var p clientele.Patch
		p.Put(clientele.FieldFirstName, clientele.Some("Anna"))
		_, err := o.line.Commit(t.Context(), clientele.Write{
			ProjectID: o.project, At: o.clock.Now(), Customer: &clientele.CustomerWrite{Mode: clientele.CreateCustomer, Patch: p},
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	waiting := work.FewWaiting + 1
	c := work.CustomerTerms{Store: o.Store, ReadAtOnce: atOnce, Waiting: func() int { return waiting }, Now: o.clock.Now}
	found := func(what string, want int, wantAgain bool) {
		t.Helper()
		again, err := c.Follow(t.Context())
		if err != nil || (again > 0) != wantAgain {
			t.Errorf("%s: Follow = %s, %v", what, again, err)
		}
		if got := o.named(t, "anna"); got != want {
			t.Errorf("%s: %d are found, want %d", what, got, want)
		}
	}
	found("at first", 0, true)
	o.clock.Move(time.Second)
	found("a second later", 0, true)
	o.clock.Move(time.Second)
	found("after two", atOnce, true) // and not more at once
	o.clock.Move(time.Second)
	found("after three", atOnce, true)
	o.clock.Move(time.Second)
	found("after four", 2*atOnce, true)
	waiting = work.FewWaiting
	found("when the line is short", count, false)
	waiting++
	o.clock.Move(time.Hour)
	found("when it is long again", count, true) // the hour was none of waiting
}
