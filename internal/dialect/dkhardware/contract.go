package dkhardware

import (
	"fmt"
	"slices"
	"strings"

	"clientele"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// customerBody is the Customer contract as it is sent.
type customerBody struct {
	text []byte // the body, in which the values lie

	CustomerID, CreatedAt, UpdatedAt, FirstName, LastName, Company, Phone, AltPhone, Fax, Email, CustomerType, Addresses jsontext.Value
}

var customerNames = []string{
	`"customerId"`, `"createdAt"`, `"updatedAt"`, `"firstName"`, `"lastName"`, `"company"`, `"phone"`, `"altPhone"`, `"fax"`, `"email"`, `"customerType"`, `"addresses"`,
}

// values returns the places of the values, in the order of customerNames.
func (b *customerBody) values() []*jsontext.Value {
	return []*jsontext.Value{
		&b.CustomerID, &b.CreatedAt, &b.UpdatedAt, &b.FirstName, &b.LastName, &b.Company, &b.Phone, &b.AltPhone, &b.Fax, &b.Email, &b.CustomerType, &b.Addresses,
	}
}

// UnmarshalJSONFrom implements json.UnmarshalerFrom.
func (b *customerBody) UnmarshalJSONFrom(d *jsontext.Decoder) error {
	return readFields(d, b.text, customerNames, b.values())
}

// addressBody is the Address contract as it is sent.
type addressBody struct {
	AddressID, CustomerID, FirstName, LastName, Company, Phone, AltPhone, Fax, Zip, Country, State, City, Address1, Address2, IsDefaultBilling, IsDefaultShipping jsontext.Value
}

var addressNames = []string{
	`"addressId"`, `"customerId"`, `"firstName"`, `"lastName"`, `"company"`, `"phone"`, `"altPhone"`, `"fax"`, `"zip"`, `"country"`, `"state"`, `"city"`, `"address1"`, `"address2"`, `"isDefaultBilling"`, `"isDefaultShipping"`,
}

// values returns the places of the values, in the order of addressNames.
func (b *addressBody) values() []*jsontext.Value {
	return []*jsontext.Value{
		&b.AddressID, &b.CustomerID, &b.FirstName, &b.LastName, &b.Company, &b.Phone, &b.AltPhone, &b.Fax, &b.Zip, &b.Country, &b.State, &b.City, &b.Address1, &b.Address2, &b.IsDefaultBilling, &b.IsDefaultShipping,
	}
}

// addressBodies are the addresses on their way in. They are read one by one, since one that is none is a fault of its own.
type addressBodies struct {
	text  []byte // the list, in which the values lie
	items []addressItem
}

type addressItem struct {
	addressBody
	raw jsontext.Value // what is no object; nil for an address
}

// UnmarshalJSONFrom implements json.UnmarshalerFrom.
func (l *addressBodies) UnmarshalJSONFrom(d *jsontext.Decoder) error {
	if _, err := d.ReadToken(); err != nil {
		return err
	}
	for d.PeekKind() != jsontext.KindEndArray {
		l.items = append(l.items, addressItem{})
		item := &l.items[len(l.items)-1]
		if d.PeekKind() == jsontext.KindBeginObject {
			if err := readFields(d, l.text, addressNames, item.values()); err != nil {
				return err
			}
			continue
		}
		raw, err := d.ReadValue()
		if err != nil {
			return err
		}
		item.raw = raw.Clone()
	}
	_, err := d.ReadToken()
	return err
}

// Maximal lengths of the contracts, in characters.
const (
	maxID           = 64
	maxName         = 150
	maxCompany      = 250
	maxPhone        = 50
	maxEmail        = 100
	maxCustomerType = 20
	maxZip          = 50
	maxCountry      = 150
	maxState        = 50
	maxLine         = 255 // city and address lines
)

// maxAddresses is how many addresses one create may have (rulings, Writing).
const maxAddresses = 200

// customerTypes is the document's dictionary (section Type of Customer).
var customerTypes = []string{"business", "government", "military"}

// readNames reads the texts that create and update have in common, in the order of the contract.
func (c *customerBody) readNames(f *faults, d *clientele.Details) {
	d.FirstName = property{"FirstName", c.FirstName}.required(f, maxName)
	d.LastName = property{"LastName", c.LastName}.required(f, maxName)
	c.readOptional(f, d)
}

func (c *customerBody) readOptional(f *faults, d *clientele.Details) {
	d.Company = property{"Company", c.Company}.text(f, maxCompany)
	d.Phone = property{"Phone", c.Phone}.text(f, maxPhone)
	d.AltPhone = property{"AltPhone", c.AltPhone}.text(f, maxPhone)
	d.Fax = property{"Fax", c.Fax}.text(f, maxPhone)
}

// readEmail reads an e-mail of which no more is asked than exactly one @ between two parts that are not empty.
func (c *customerBody) readEmail(f *faults) clientele.Text {
	p := property{"Email", c.Email}
	t := p.required(f, maxEmail)
	local, domain, _ := strings.Cut(t.V, "@")
	if t.Valid && (local == "" || domain == "" || strings.Contains(domain, "@")) {
		f.add(p.path, "'Email' is not a valid email address.")
	}
	return t
}

// readType reads a type of the dictionary. One that is too long is only told that (rulings, More).
func (c *customerBody) readType(f *faults) clientele.Text {
	p := property{"CustomerType", c.CustomerType}
	before := len(*f)
	t := p.text(f, maxCustomerType)
	if t.Valid && len(*f) == before && !slices.Contains(customerTypes, t.V) {
		f.add(p.path, "'Customer Type' has a range of values which does not include '%s'.", t.V)
	}
	return t
}

// readAddresses reads the addresses of a create. Of several default ones the last wins (rulings, Writing).
func (c *customerBody) readAddresses(f *faults) []clientele.Address {
	const path = "Addresses"
	switch c.Addresses.Kind() {
	case jsontext.KindInvalid, jsontext.KindNull:
		return nil
	case jsontext.KindBeginArray:
	case jsontext.KindString:
		addNotValid(f, path, unquote(c.Addresses))
		return nil
	default:
		addNotValid(f, path, string(c.Addresses))
		return nil
	}
	sent := addressBodies{text: c.Addresses}
	if err := json.Unmarshal(c.Addresses, &sent); err != nil {
		addNotValid(f, path, string(c.Addresses))
		return nil
	}
	if n := len(sent.items); n > maxAddresses {
		f.add(path, "'Addresses' must contain %d items or fewer. You entered %d items.", maxAddresses, n)
		return nil
	}
	list := make([]clientele.Address, len(sent.items))
	for i := range sent.items {
		sent.items[i].read(f, i, &list[i])
	}
	keepLastDefaults(list)
	return list
}

// read reads the address that stands at a place of the list.
func (b *addressItem) read(f *faults, place int, a *clientele.Address) {
	if b.raw != nil {
		addNotValid(f, fmt.Sprintf("Addresses[%d]", place), string(b.raw))
		return
	}
	var own faults
	b.addressBody.read(&own, a)
	for _, o := range own { // a path is made for those only that are at fault
		*f = append(*f, fault{path: fmt.Sprintf("Addresses[%d].%s", place, o.path), messages: o.messages})
	}
}

func (b *addressBody) read(f *faults, a *clientele.Address) {
	property{"AddressId", b.AddressID}.empty(f)
	property{"CustomerId", b.CustomerID}.empty(f)
	a.FirstName = property{"FirstName", b.FirstName}.required(f, maxName)
	a.LastName = property{"LastName", b.LastName}.required(f, maxName)
	a.Company = property{"Company", b.Company}.text(f, maxCompany)
	a.Phone = property{"Phone", b.Phone}.text(f, maxPhone)
	a.AltPhone = property{"AltPhone", b.AltPhone}.text(f, maxPhone)
	a.Fax = property{"Fax", b.Fax}.text(f, maxPhone)
	a.PostalCode = property{"Zip", b.Zip}.required(f, maxZip)
	a.Country = property{"Country", b.Country}.required(f, maxCountry)
	a.State = property{"State", b.State}.required(f, maxState)
	a.City = property{"City", b.City}.required(f, maxLine)
	a.Line1 = property{"Address1", b.Address1}.required(f, maxLine)
	a.Line2 = property{"Address2", b.Address2}.text(f, maxLine)
	a.IsDefaultBilling = property{"IsDefaultBilling", b.IsDefaultBilling}.flag(f)
	a.IsDefaultShipping = property{"IsDefaultShipping", b.IsDefaultShipping}.flag(f)
}

// keepLastDefaults takes the mark of a default address from all but the last that has it.
func keepLastDefaults(list []clientele.Address) {
	billing, shipping := false, false
	for i := range slices.Backward(list) {
		a := &list[i]
		a.IsDefaultBilling, billing = a.IsDefaultBilling && !billing, billing || a.IsDefaultBilling
		a.IsDefaultShipping, shipping = a.IsDefaultShipping && !shipping, shipping || a.IsDefaultShipping
	}
}
