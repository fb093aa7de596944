package console

import (
	"strconv"

	"clientele"
)

// customerPage shows a customer with its history.
type customerPage struct {
	Customer clientele.Customer
	Partner  string
	History  []historyEntry
	// Partners name the credentials in the history.
	Partners partners
	Pages    pages
}

// historyPageSize is how many changes a page shows; historyBehind how many older ones are read to know what was there before.
const (
	historyPageSize = 50
	historyBehind   = 200
)

func (c *Console) showCustomer(r *request) (answer, error) {
	customer, err := c.customer(r)
	if err != nil {
		return answer{}, err
	}
	p := customerPage{Customer: customer}
	if p.Partners, err = c.partners(r); err != nil {
		return answer{}, err
	}
	p.Partner = p.Partners.name(customer.CredentialID)
	before := r.numberOf("before")
	changes, err := c.Store.ListHistory(r.Context(), clientele.HistoryQuery{
		ProjectID: r.Project.ID, Subject: clientele.SubjectCustomer, SubjectID: customer.ID, Before: before,
		Limit: historyPageSize + historyBehind,
	})
	if err != nil {
		return answer{}, err
	}
	if p.History, err = readHistory(changes, len(changes) < historyPageSize+historyBehind); err != nil {
		return answer{}, err
	}
	if len(p.History) > historyPageSize {
		p.History = p.History[:historyPageSize]
		p.Pages.Next = r.nextPage("before", strconv.FormatInt(p.History[historyPageSize-1].Change.Seq, 10))
	}
	if before != 0 {
		p.Pages.First = r.pathWith("before", "")
	}
	return view(customerName(&customer), customerView(r, p)), nil
}

// customer returns the customer that the URL names.
func (c *Console) customer(r *request) (clientele.Customer, error) {
	id, err := r.id("customer")
	if err != nil {
		return clientele.Customer{}, err
	}
	customer, err := c.Store.FindCustomer(r.Context(), r.Project.ID, id)
	if clientele.KindOf(err) == clientele.KindNotFound {
		err = c.explainMissing(r, id, err)
	}
	return customer, err
}

// explainMissing returns err, or the sentence that the customer was erased. The record of that says nothing about the person.
func (c *Console) explainMissing(r *request, id int64, err error) error {
	list, failed := c.Store.ListErasures(r.Context(), clientele.ErasureQuery{ProjectID: r.Project.ID, CustomerID: id, Limit: 1})
	switch {
	case failed != nil:
		return failed
	case len(list) == 0:
		return err
	}
	return clientele.Errorf(clientele.KindNotFound, "Customer %d was erased on %s, %s", id, r.shownTime(list[0].At), askedByWords(list[0].AskedBy))
}

// askedByWords says who wanted an erasure.
func askedByWords(by string) string {
	switch by {
	case clientele.AskedByCommand:
		return "on the command line"
	case clientele.AskedByRetention:
		return "having been kept for as long as customers are"
	default:
		return "by " + by
	}
}

// customerLine is one field of a customer: as it was sent, what was made of it, and what is odd about it.
type customerLine struct {
	Label  string
	Raw    clientele.Text
	Normal string
	Oddity string
}

// customerLines returns all fields of a customer, missing ones among them.
func customerLines(c *clientele.Customer) []customerLine {
	normal := map[clientele.Field]clientele.Text{
		clientele.FieldEmail: c.EmailNormal, clientele.FieldPhone: c.PhoneE164, clientele.FieldAltPhone: c.AltPhoneE164,
		clientele.FieldVATNumber: c.VATNormal,
	}
	var lines []customerLine
	for f := range clientele.AllFields.All {
		lines = append(lines, customerLine{fieldLabel(f.String()), *c.Of(f), normal[f].V, flagsOfField(c.Flags, f)})
	}
	return lines
}

// fieldLabels are the names of fields, in changes and columns, as people call them.
var fieldLabels = map[string]string{
	"external_id": "External id", "external_number": "External number", "first_name": "First name", "last_name": "Last name",
	"company": "Company", "email": "E-mail", "phone": "Phone", "alt_phone": "Other phone", "fax": "Fax", "ip": "IP address",
	"vat_number": "VAT number", "type": "Type", "addresses": "Addresses", "line1": "Line 1", "line2": "Line 2", "street": "Street",
	"street_number": "Street number", "postal_code": "Postal code", "city": "City", "state": "State", "country": "Country",
}

// fieldLabel returns what people call a field; its name when nobody calls it anything.
func fieldLabel(name string) string {
	if label := fieldLabels[name]; label != "" {
		return label
	}
	return name
}

// addressFacts are the texts of an address that are there.
func addressFacts(a *clientele.Address) []fact {
	var list []fact
	for _, t := range a.Texts() {
		if t.Text.Valid {
			list = append(list, text(fieldLabel(t.Name), t.Text.V))
		}
	}
	return list
}

// addressTitle says what an address is for.
func addressTitle(a *clientele.Address) string {
	switch {
	case a.IsDefaultBilling && a.IsDefaultShipping:
		return "Address for bills and parcels"
	case a.IsDefaultBilling:
		return "Address for bills"
	case a.IsDefaultShipping:
		return "Address for parcels"
	default:
		return "Address"
	}
}

// projectHas reports whether there is a page of the project at the path, relative to the project's.
func projectHas(path string) bool {
	for _, e := range ofProject {
		if e.path == path {
			return true
		}
	}
	return false
}
