package browsertest

import (
	"strings"
	"testing"
)

// TestOverview_ShowsAnEntryLive sends a customer as a partner does while an operator looks at the overview, and asks the
// inbox why another was refused.
func TestOverview_ShowsAnEntryLive(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, s *server, l look) {
		key := s.issue("--project", "shop", "--dialect", "opm", "--name", "Partner")["x-api-key"]
		p := logIn(t, s, "viewer", l)
		p.Open("/console/")
		p.WaitText("Nothing has changed yet")
		p.WaitText("Live")
		if got := s.entry(key, `{"customerId":"live-1","customerEmail":"ada@example.com"}`); !strings.HasPrefix(got, "201 ") {
			t.Fatal(got)
		}
		p.WaitFor(css("[aria-label='Newest changes'] tbody tr"))
		p.check()
		if got := s.entry(key, `{"customerId":"live-1"}`); !strings.HasPrefix(got, "400 ") {
			t.Fatal(got)
		}
		s.until("the inbox has the call that was refused", func() bool {
			p.Open("/console/inbox")
			has, err := evaluate[bool](p.ctx, `document.querySelector('#list tbody a') !== null`)
			return err == nil && has
		})
		p.check()
		p.Follow(css("#list tbody a"))
		p.WaitText("must have either required property")
		p.check()
	})
}

// TestFunnel_IsRead reads how far the demo's leads have come, and follows them to the list and to one of them.
func TestFunnel_IsRead(t *testing.T) {
	t.Parallel()
	_, p := demo(t, look{360, dark})
	p.Open("/console/p/1/funnel?range=90d")
	p.WaitText("Demo campaign")
	p.check()
	p.Follow(link("Leads").in(".page-head"))
	p.check()
	p.Follow(css("#list tbody tr:first-child th a, #list tbody tr:first-child td:first-child a"))
	p.WaitText("Time line")
	p.check()
}
