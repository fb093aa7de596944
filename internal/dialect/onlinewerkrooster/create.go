package onlinewerkrooster

import (
	"bytes"
	"fmt"
	"strings"
	"unicode/utf8"

	"clientele"
	"clientele/internal/book"
	"clientele/internal/dialect"

	"github.com/go-json-experiment/json/jsontext"
)

// customerBody is the body of a create. Its properties are raw, so that all faults can be told at once.
type customerBody struct {
	ExtCustomerID     jsontext.Value `json:"extCustomerId"`
	ExtCustomerNumber jsontext.Value `json:"extCustomerNumber"`
	Name              jsontext.Value `json:"name"`
	EnterpriseNumber  jsontext.Value `json:"enterpriseNumber"`
	Address           jsontext.Value `json:"address"`
}

// addressBody is the address in it.
type addressBody struct {
	Street       jsontext.Value `json:"street"`
	StreetNumber jsontext.Value `json:"streetNumber"`
	City         jsontext.Value `json:"city"`
	PostalCode   jsontext.Value `json:"postalCode"`
	Country      jsontext.Value `json:"country"`
}

// maxIDDigits bounds extCustomerId.
const maxIDDigits = 19

func (a *API) create(r *dialect.Request) (dialect.Answer, error) {
	details, address, err := decodeCustomer(r.Body)
	if err != nil {
		return dialect.Answer{}, err
	}
	registered, err := a.book.Register(r.Context(), r.Call, details, address)
	if err != nil {
		return dialect.Answer{}, err
	}
	if registered.Result == clientele.ExternalIDTaken || registered.Result == clientele.ExternalNumberTaken {
		return dialect.Answer{}, conflictOf(&registered, &details)
	}
	return dialect.Answer{Result: registered.Result, Body: fmt.Appendf(nil, `{"companyId":%d,"customerId":%d,"extCustomerId":%s}`,
		r.Call.ProjectID, registered.CustomerID, details.ExternalID.V)}, nil
}

// decodeCustomer reads the body of a create and reports all its faults, in the order of the document's table.
func decodeCustomer(body []byte) (clientele.Details, *clientele.Address, error) {
	var in customerBody
	if err := dialect.DecodeObject(body, &in); err != nil {
		return clientele.Details{}, nil, faults{{"body", "is not valid: " + dialect.Reason(err)}}.err()
	}
	var d reader
	details := clientele.Details{
		ExternalID:     d.id("extCustomerId", in.ExtCustomerID),
		ExternalNumber: d.text("extCustomerNumber", in.ExtCustomerNumber, 64, required),
		Company:        d.text("name", in.Name, 250, required),
		VATNumber:      d.text("enterpriseNumber", in.EnterpriseNumber, 32, required),
	}
	address := d.address(in.Address)
	return details, address, d.faults.err()
}

// need says whether a text must be there.
type need uint8

const (
	optional need = iota
	required
)

// reader takes values out of a body and gathers what is wrong with them.
type reader struct{ faults faults }

func (d *reader) fault(field, format string, args ...any) clientele.Text {
	d.faults = append(d.faults, fault{field, fmt.Sprintf(format, args...)})
	return clientele.Text{}
}

// id takes an identifier that the document calls Numeric: an integer of at least 1, kept digit for digit.
func (d *reader) id(field string, raw jsontext.Value) clientele.Text {
	switch {
	case raw == nil || raw.Kind() == 'n':
		return d.fault(field, "is required")
	case raw.Kind() != '0' || bytes.ContainsAny(raw, ".eE"):
		return d.fault(field, "must be an integer, not in quotes")
	case raw[0] == '-' || raw[0] == '0':
		return d.fault(field, "must be at least 1")
	case len(raw) > maxIDDigits:
		return d.fault(field, "must have at most %d digits", maxIDDigits)
	}
	return clientele.Some(string(raw))
}

func (d *reader) text(field string, raw jsontext.Value, maxRunes int, n need) clientele.Text {
	if raw == nil || raw.Kind() == 'n' {
		if n == required {
			return d.fault(field, "is required")
		}
		return clientele.Text{}
	}
	if raw.Kind() != '"' {
		return d.fault(field, "must be a string")
	}
	unquoted, err := jsontext.AppendUnquote(nil, raw)
	text := string(unquoted)
	switch {
	case err != nil:
		return d.fault(field, "is not valid JSON")
	case n == required && strings.TrimSpace(text) == "":
		return d.fault(field, "must not be empty")
	case utf8.RuneCountInString(text) > maxRunes:
		return d.fault(field, "must have at most %d characters", maxRunes)
	case strings.IndexByte(text, 0) >= 0:
		return d.fault(field, "must not contain a NUL character")
	}
	return clientele.Some(text)
}

// address takes the address, whose city is required; a body without an address lacks the city.
func (d *reader) address(raw jsontext.Value) *clientele.Address {
	var in addressBody
	if raw != nil && raw.Kind() != 'n' {
		if err := dialect.DecodeObject(raw, &in); err != nil {
			d.fault("address", "must be an object")
			return nil
		}
	}
	a := &clientele.Address{AddressDetails: clientele.AddressDetails{
		Street:       d.text("address.street", in.Street, 255, optional),
		StreetNumber: d.text("address.streetNumber", in.StreetNumber, 20, optional),
		City:         d.text("address.city", in.City, 255, required),
		PostalCode:   d.text("address.postalCode", in.PostalCode, 50, optional),
		Country:      d.text("address.country", in.Country, 150, optional),
	}}
	a.Line1 = clientele.NonEmpty(strings.TrimSpace(a.Street.V + " " + a.StreetNumber.V)) // for dialects that know lines only
	return a
}

// namesOf are this API's names of what can differ between a request and the customer that stands.
var namesOf = map[string]string{
	"external_number": "extCustomerNumber", "company": "name", "vat_number": "enterpriseNumber",
	"address.street": "address.street", "address.street_number": "address.streetNumber", "address.city": "address.city",
	"address.postal_code": "address.postalCode", "address.country": "address.country",
}

// conflictOf says which key is taken and, of a customer with the same id, what is different.
func conflictOf(r *book.Registration, d *clientele.Details) error {
	c := &conflict{
		code:    "EXT_CUSTOMER_NUMBER_EXISTS",
		message: fmt.Sprintf("extCustomerNumber %s belongs to another customer.", d.ExternalNumber.V),
	}
	if r.Result == clientele.ExternalIDTaken {
		var names []string
		for _, name := range r.Differs {
			if ours, ok := namesOf[name]; ok {
				names = append(names, ours)
			}
		}
		c.code, c.customerID = "EXT_CUSTOMER_ID_EXISTS", r.CustomerID
		c.message = fmt.Sprintf("extCustomerId %s exists with other values of: %s.", d.ExternalID.V, strings.Join(names, ", "))
	}
	return &clientele.Error{Kind: clientele.KindConflict, Err: c}
}
