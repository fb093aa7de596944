package book

import (
	"context"
	"fmt"
	"strings"

	"clientele"
)

// Registration is what became of a Register.
type Registration struct {
	// Result is Created, Unchanged for a repeat, or which unique key another customer has.
	Result clientele.Result
	// CustomerID is our id of the new customer, or of the one that stands.
	CustomerID int64
	// Differs names what the customer that stands has otherwise than the request: names of Field, or "address." and a name
	// of AddressDetails.Texts, in their order. Never empty for a taken ExternalID, and empty for anything else.
	Differs []string
}

// Register creates the customer with the details' ExternalID and ExternalNumber, unless one of them is taken. When the
// customer that stands has all the values of the request, apart from blanks around them, the call is a repeat and counts
// as done. Nothing is ever overwritten. The name is compared with SingleName, and of the address, which may be nil, Street,
// StreetNumber, PostalCode, City and Country count; where the one that stands has only lines, Line1 is compared in the place of the
// first two: it is what was shown of them. Unique keys are compared as they are, blanks included.
func (b *Book) Register(ctx context.Context, call Call, d clientele.Details, address *clientele.Address) (Registration, error) {
	w := b.write(call)
	cw := &clientele.CustomerWrite{Mode: clientele.CreateCustomer, Patch: stating(&d)}
	if address != nil {
		cw.Addresses = []clientele.Address{*address}
	}
	cw.IsRepeatOf = func(c *clientele.Customer) bool { return len(differences(c, cw)) == 0 }
	w.Customer = cw
	o, err := b.commit.Commit(ctx, w)
	if err != nil {
		return Registration{}, fmt.Errorf("register customer in project %d: %w", call.ProjectID, err)
	}
	r := Registration{Result: o.Result, CustomerID: o.SubjectID}
	if o.Result == clientele.ExternalIDTaken {
		r.Differs = differences(o.Existing, cw)
	}
	return r, nil
}

// stating returns the patch that states each detail that is there.
func stating(d *clientele.Details) clientele.Patch {
	p := asSent(d)
	normalise(&p)
	return p
}

// asSent is stating without the normal values.
func asSent(d *clientele.Details) clientele.Patch {
	var p clientele.Patch
	for f := range clientele.AllFields.All {
		if t := *d.Of(f); t.Valid {
			p.Put(f, t)
		}
	}
	return p
}

// differences names the values of a registration that the customer has otherwise. Missing, empty and blank count as the
// same. Only what a registration can state is compared: a value that another dialect added is no difference.
func differences(c *clientele.Customer, w *clientele.CustomerWrite) []string {
	var names []string
	for f := range w.Patch.Set.All {
		stands := *c.Of(f)
		if f == clientele.FieldCompany {
			stands = SingleName(&c.Details)
		}
		if !sameText(stands, *w.Patch.Of(f)) {
			names = append(names, f.String())
		}
	}
	if len(w.Addresses) == 0 {
		return names
	}
	sent := w.Addresses[0].AddressDetails
	var stands clientele.AddressDetails
	if len(c.Addresses) > 0 {
		stands = c.Addresses[0].AddressDetails
	}
	if line := SingleStreet(&stands); !sameText(line, stands.Street) {
		stands.Street, sent.Street, sent.StreetNumber = line, sent.Line1, clientele.Text{}
	}
	has := registered(&stands)
	for i, t := range registered(&sent) {
		if !sameText(*has[i].Text, *t.Text) {
			names = append(names, "address."+t.Name)
		}
	}
	return names
}

// registered returns the texts that the address of a registration states. Line1 is none: it is made of them.
func registered(a *clientele.AddressDetails) [5]clientele.AddressText {
	return [5]clientele.AddressText{
		{Name: "street", Text: &a.Street},
		{Name: "street_number", Text: &a.StreetNumber},
		{Name: "city", Text: &a.City},
		{Name: "postal_code", Text: &a.PostalCode},
		{Name: "country", Text: &a.Country},
	}
}

// SingleName returns the name of a customer for whom knows only one: the company, or else the person's first and last name.
func SingleName(d *clientele.Details) clientele.Text {
	if strings.TrimSpace(d.Company.V) != "" {
		return d.Company
	}
	return clientele.NonEmpty(strings.TrimSpace(strings.TrimSpace(d.FirstName.V) + " " + strings.TrimSpace(d.LastName.V)))
}

// SingleStreet returns the street of an address, or else the first line of one that was sent in lines.
func SingleStreet(a *clientele.AddressDetails) clientele.Text {
	if a.Street.Valid || a.StreetNumber.Valid {
		return a.Street
	}
	return a.Line1
}

func sameText(a, b clientele.Text) bool { return strings.TrimSpace(a.V) == strings.TrimSpace(b.V) }
