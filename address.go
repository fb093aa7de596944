package clientele

import (
	"strconv"
	"time"
)

// Address is one postal address of a customer.
type Address struct {
	ID int64
	AddressDetails
	IsDefaultBilling  bool
	IsDefaultShipping bool
	CreatedAt         time.Time
	UpdatedAt         time.Time
}

// AddressDetails are the texts of an address, raw, as they were sent.
type AddressDetails struct {
	FirstName Text
	LastName  Text
	Company   Text
	Phone     Text
	AltPhone  Text
	Fax       Text
	// Line1 and Line2 are the address lines. Street and StreetNumber are Line1 in parts, where a dialect sends parts.
	Line1        Text
	Line2        Text
	Street       Text
	StreetNumber Text
	PostalCode   Text
	City         Text
	State        Text
	// Country is a name or a code, as sent.
	Country Text
}

// AddressText is one text of an address with its name in change records and in the columns of the stores.
type AddressText struct {
	Name string
	Text *Text
}

// Texts returns the places of the texts of a, always in the same order.
func (a *AddressDetails) Texts() [14]AddressText {
	return [14]AddressText{
		{"first_name", &a.FirstName},
		{"last_name", &a.LastName},
		{"company", &a.Company},
		{"phone", &a.Phone},
		{"alt_phone", &a.AltPhone},
		{"fax", &a.Fax},
		{"line1", &a.Line1},
		{"line2", &a.Line2},
		{"street", &a.Street},
		{"street_number", &a.StreetNumber},
		{"postal_code", &a.PostalCode},
		{"city", &a.City},
		{"state", &a.State},
		{"country", &a.Country},
	}
}

// appendJSON appends a as a JSON object of the texts that are there, its id and its default marks.
func (a *Address) appendJSON(b []byte) []byte {
	b = strconv.AppendInt(append(b, `{"id":`...), a.ID, 10)
	for _, t := range a.Texts() {
		if t.Text.Valid {
			b = append(append(append(b, ',', '"'), t.Name...), '"', ':')
			b = t.Text.AppendJSON(b)
		}
	}
	b = strconv.AppendBool(append(b, `,"is_default_billing":`...), a.IsDefaultBilling)
	b = strconv.AppendBool(append(b, `,"is_default_shipping":`...), a.IsDefaultShipping)
	return append(b, '}')
}

func appendAddresses(b []byte, list []Address) []byte {
	b = append(b, '[')
	for i := range list {
		if i > 0 {
			b = append(b, ',')
		}
		b = list[i].appendJSON(b)
	}
	return append(b, ']')
}
