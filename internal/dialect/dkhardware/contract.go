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
	CustomerID   jsontext.Value `json:"customerId"`
	CreatedAt    jsontext.Value `json:"createdAt"`
	UpdatedAt    jsontext.Value `json:"updatedAt"`
	FirstName    jsontext.Value `json:"firstName"`
	LastName     jsontext.Value `json:"lastName"`
	Company      jsontext.Value `json:"company"`
	Phone        jsontext.Value `json:"phone"`
	AltPhone     jsontext.Value `json:"altPhone"`
	Fax          jsontext.Value `json:"fax"`
	Email        jsontext.Value `json:"email"`
	CustomerType jsontext.Value `json:"customerType"`
	Addresses    jsontext.Value `json:"addresses"`
}

// addressBody is the Address contract as it is sent.
type addressBody struct {
	AddressID         jsontext.Value `json:"addressId"`
	CustomerID        jsontext.Value `json:"customerId"`
	FirstName         jsontext.Value `json:"firstName"`
	LastName          jsontext.Value `json:"lastName"`
	Company           jsontext.Value `json:"company"`
	Phone             jsontext.Value `json:"phone"`
	AltPhone          jsontext.Value `json:"altPhone"`
	Fax               jsontext.Value `json:"fax"`
	Zip               jsontext.Value `json:"zip"`
	Country           jsontext.Value `json:"country"`
	State             jsontext.Value `json:"state"`
	City              jsontext.Value `json:"city"`
	Address1          jsontext.Value `json:"address1"`
	Address2          jsontext.Value `json:"address2"`
	IsDefaultBilling  jsontext.Value `json:"isDefaultBilling"`
	IsDefaultShipping jsontext.Value `json:"isDefaultShipping"`
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
	var items []jsontext.Value
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
	if err := json.Unmarshal(c.Addresses, &items); err != nil {
		addNotValid(f, path, string(c.Addresses))
		return nil
	}
	if len(items) > maxAddresses {
		f.add(path, "'Addresses' must contain %d items or fewer. You entered %d items.", maxAddresses, len(items))
		return nil
	}
	list := make([]clientele.Address, len(items))
	for i, raw := range items {
		readAddress(f, fmt.Sprintf("%s[%d]", path, i), raw, &list[i])
	}
	keepLastDefaults(list)
	return list
}

func readAddress(f *faults, path string, raw jsontext.Value, a *clientele.Address) {
	var body addressBody
	if raw.Kind() != jsontext.KindBeginObject || json.Unmarshal(raw, &body) != nil {
		addNotValid(f, path, string(raw))
		return
	}
	at := func(name string, raw jsontext.Value) property { return property{path + "." + name, raw} }
	at("AddressId", body.AddressID).empty(f)
	at("CustomerId", body.CustomerID).empty(f)
	a.FirstName = at("FirstName", body.FirstName).required(f, maxName)
	a.LastName = at("LastName", body.LastName).required(f, maxName)
	a.Company = at("Company", body.Company).text(f, maxCompany)
	a.Phone = at("Phone", body.Phone).text(f, maxPhone)
	a.AltPhone = at("AltPhone", body.AltPhone).text(f, maxPhone)
	a.Fax = at("Fax", body.Fax).text(f, maxPhone)
	a.PostalCode = at("Zip", body.Zip).required(f, maxZip)
	a.Country = at("Country", body.Country).required(f, maxCountry)
	a.State = at("State", body.State).required(f, maxState)
	a.City = at("City", body.City).required(f, maxLine)
	a.Line1 = at("Address1", body.Address1).required(f, maxLine)
	a.Line2 = at("Address2", body.Address2).text(f, maxLine)
	a.IsDefaultBilling = at("IsDefaultBilling", body.IsDefaultBilling).flag(f)
	a.IsDefaultShipping = at("IsDefaultShipping", body.IsDefaultShipping).flag(f)
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
