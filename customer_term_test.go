package clientele_test

import (
	"slices"
	"strings"
	"testing"

	"clientele"

	"pgregory.net/rapid"
)

// TestTermStep_TakesWhatIsKeptToWhatIsRight: whatever texts a customer has had and has, what is kept and changed by a step is
// what it is found by, and the same step again does nothing.
func TestTermStep_TakesWhatIsKeptToWhatIsRight(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		kept := map[string]bool{}
		list := ""
		for range 3 {
			c := clientele.Customer{ID: 7, ProjectID: 1}
			c.FirstName, c.Company = clientele.Some(rapid.String().Draw(rt, "name")), clientele.Some(rapid.StringMatching(`([a-c] ?){0,40}`).Draw(rt, "company"))
			c.Email, c.Phone = clientele.Some(rapid.String().Draw(rt, "email")), clientele.Some(rapid.StringMatching(`[0-9\n+]{0,12}`).Draw(rt, "phone"))
			var step clientele.TermStep
			step.Follow([]clientele.SearchedCustomer{{Customer: c, Kept: list}})
			for _, term := range step.Dropped {
				if !kept[term.Term] {
					rt.Fatalf("%q is dropped, and was not kept", term.Term)
				}
				delete(kept, term.Term)
			}
			for _, term := range step.Added {
				if kept[term.Term] || strings.Contains(term.Term, "\n") || term.CustomerID != c.ID || term.ProjectID != 1 {
					rt.Fatalf("%+v is added", term)
				}
				kept[term.Term] = true
			}
			for _, l := range step.Lists {
				list = l.Terms
			}
			terms := c.Terms()
			if len(kept) != len(terms) || slices.ContainsFunc(terms, func(t string) bool { return !kept[t] }) {
				rt.Fatalf("kept %v, want %q", kept, terms)
			}
			again := clientele.TermStep{}
			if again.Follow([]clientele.SearchedCustomer{{Customer: c, Kept: list}}); len(again.Lists)+len(again.Added)+len(again.Dropped) > 0 {
				rt.Fatalf("a second time: %+v", again)
			}
		}
	})
}
