package onlinewerkrooster

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"clientele"
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

// The most that is stored of each field, in characters; of an id, in digits (rulings).
const (
	maxIDDigits     = 19
	maxNumber       = 64
	maxName         = 250
	maxEnterprise   = 32
	maxStreet       = 255
	maxStreetNumber = 20
	maxCity         = 255
	maxPostalCode   = 50
	maxCountry      = 150
)

// need says whether a text must be there.
type need uint8

const (
	optional need = iota
	required
)

// reader takes values out of a request and gathers what is wrong with them, in the order in which it is asked.
type reader struct{ faults faults }

// err returns what is wrong; nil when nothing is.
func (d *reader) err() error { return d.faults.err() }

func (d *reader) fault(field, format string, args ...any) clientele.Text {
	d.faults = append(d.faults, fault{field, fmt.Sprintf(format, args...)})
	return clientele.Text{}
}

// customer reads the body of a create. Faults come in the order of the document's table.
func (d *reader) customer(body []byte) (clientele.Details, *clientele.Address) {
	var in customerBody
	if len(bytes.TrimLeft(body, " \t\r\n")) == 0 {
		d.fault("body", "is empty, and must be a JSON object")
		return clientele.Details{}, nil
	}
	if err := dialect.DecodeObject(body, &in); errors.Is(err, dialect.ErrNotObject) {
		d.fault("body", "must be a JSON object")
		return clientele.Details{}, nil
	} else if err != nil {
		d.fault("body", "is not valid JSON: %s", dialect.Reason(err))
		return clientele.Details{}, nil
	}
	details := clientele.Details{
		ExternalID:     d.id("extCustomerId", in.ExtCustomerID),
		ExternalNumber: trimmed(d.text("extCustomerNumber", in.ExtCustomerNumber, maxNumber, required)),
		Company:        d.text("name", in.Name, maxName, required),
		VATNumber:      d.text("enterpriseNumber", in.EnterpriseNumber, maxEnterprise, required),
	}
	return details, d.address(in.Address)
}

// id takes an identifier that the document calls Numeric: an integer of at least 1, kept digit for digit.
func (d *reader) id(field string, raw jsontext.Value) clientele.Text {
	switch {
	case isNull(raw):
		return d.fault(field, "is required")
	case raw.Kind() != '0' || bytes.ContainsAny(raw, ".eE"):
		return d.fault(field, "must be an integer, without quotes")
	case raw[0] == '-' || raw[0] == '0':
		return d.fault(field, "must be at least 1")
	case len(raw) > maxIDDigits:
		return d.fault(field, "must have at most %d digits", maxIDDigits)
	}
	return clientele.Some(string(raw))
}

// trimmed takes the blanks around an identifier away: with and without them it names the same customer.
func trimmed(t clientele.Text) clientele.Text {
	t.V = strings.TrimSpace(t.V)
	return t
}

// text takes a text as it was sent. A required one must have more than blanks in it.
func (d *reader) text(field string, raw jsontext.Value, maxRunes int, n need) clientele.Text {
	if isNull(raw) {
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
	if !isNull(raw) {
		if err := dialect.DecodeObject(raw, &in); err != nil {
			d.fault("address", "must be an object")
			return nil
		}
	}
	a := &clientele.Address{AddressDetails: clientele.AddressDetails{
		Street:       d.text("address.street", in.Street, maxStreet, optional),
		StreetNumber: d.text("address.streetNumber", in.StreetNumber, maxStreetNumber, optional),
		City:         d.text("address.city", in.City, maxCity, required),
		PostalCode:   d.text("address.postalCode", in.PostalCode, maxPostalCode, optional),
		Country:      d.text("address.country", in.Country, maxCountry, optional),
	}}
	// For dialects that know lines only.
	a.Line1 = clientele.NonEmpty(strings.TrimSpace(strings.TrimSpace(a.Street.V) + " " + strings.TrimSpace(a.StreetNumber.V)))
	return a
}

// isNull reports whether a property is absent or null, which is the same here.
func isNull(raw jsontext.Value) bool { return raw == nil || raw.Kind() == 'n' }
