package browsertest

import (
	"strings"
	"testing"
)

// TestCustomer_IsFoundAndEdited finds a customer as a person looks for one, and changes it.
func TestCustomer_IsFoundAndEdited(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, s *server, l look) {
		key := s.issue("--project", "shop", "--dialect", "opm", "--name", "Partner")["x-api-key"]
		for _, entry := range []string{
			`{"customerId":"7519","customerEmail":"ada.archer@example.com","customerFirstName":"Ada","customerLastName":"Archer","customerPhone":"+12125550101"}`,
			`{"customerId":"7520","customerEmail":"ben.baker@example.com","customerFirstName":"Ben","customerLastName":"Baker"}`,
		} {
			if got := s.entry(key, entry); !strings.HasPrefix(got, "201 ") {
				t.Fatal(got)
			}
		}
		p := logIn(t, s, "editor", l)
		s.until("the search knows of both", func() bool {
			p.Open("/console/p/1/customers?q=ba")
			known, err := evaluate[bool](p.ctx, `document.querySelectorAll('#list tbody tr').length === 1 && !document.body.innerText.includes('searchable yet')`)
			return err == nil && known
		})
		p.Open("/console/p/1/customers")
		p.WaitText("Baker")
		p.check()
		p.Fill(field("Find"), "arch") // the list follows what is typed
		p.Wait("only the one who is looked for is listed", `document.querySelectorAll('#list tbody tr').length === 1`)
		p.check()
		p.Follow(link("Ada Archer"))
		p.WaitText("+12125550101")
		p.check()

		p.Follow(link("Edit"))
		p.check()
		p.Fill(field("Last name"), "Archer-Baker")
		p.Fill(field("E-mail"), "Ada@Example.COM")
		p.Follow(button("Save"))
		p.WaitText("The customer was saved")
		p.WaitText("ada@example.com") // in its normal form
		p.WaitText("Console")         // in the history
		p.check()

		p.Open("/console/p/1/customers?q=7520")
		p.Wait("the customer is found by the partner's id", `document.querySelectorAll('#list tbody tr').length === 1`)
		p.NoFaults()
	})
}
