package opm

import (
	"bytes"
	"fmt"
	"net/http"
	"strings"
	"unicode/utf8"

	"clientele"
	"clientele/internal/dialect"

	"github.com/go-json-experiment/json/jsontext"
)

// entryBody is the body of POST /entry. Its properties are raw, so that a wrong type is answered in the document's words.
type entryBody struct {
	CustomerID        jsontext.Value `json:"customerId"`
	CustomerEmail     jsontext.Value `json:"customerEmail"`
	CustomerPhone     jsontext.Value `json:"customerPhone"`
	CustomerFirstName jsontext.Value `json:"customerFirstName"`
	CustomerLastName  jsontext.Value `json:"customerLastName"`
	CustomerIP        jsontext.Value `json:"customerIP"`
}

var (
	created  = []byte(`{"statusCode":201,"message":"OK - Created"}`)
	accepted = []byte(`{"statusCode":202,"message":"OK - Update accepted"}`)
)

func (a *API) entry(r *dialect.Request) (dialect.Answer, error) {
	details, err := decodeEntry(r.Body)
	if err != nil {
		return dialect.Answer{}, err
	}
	result, err := a.book.Upsert(r.Context(), r.Call, details)
	if err != nil {
		return dialect.Answer{}, err
	}
	if result == clientele.Created {
		return dialect.Answer{Status: http.StatusCreated, Body: created, Result: result}, nil
	}
	return dialect.Answer{Status: http.StatusAccepted, Body: accepted, Result: result}, nil
}

// property is one documented property on its way from the body to the details.
type property struct {
	name     string
	field    clientele.Field
	maxRunes int
	raw      jsontext.Value
	text     string
}

// decodeEntry reads a body, and says of several faults the first in the order of the rulings: object, required
// customerId, types, lengths, e-mail or phone.
func decodeEntry(body []byte) (clientele.Details, error) {
	var d clientele.Details
	var e entryBody
	if len(bytes.TrimLeft(body, " \t\r\n")) == 0 {
		return d, invalid("Body cannot be empty when content-type is set to 'application/json'")
	}
	if err := dialect.DecodeObject(body, &e); err != nil {
		return d, notJSON(err)
	}
	if e.CustomerID == nil {
		return d, invalid("body must have required property 'customerId'")
	}
	properties := [...]property{
		{"customerId", clientele.FieldExternalID, 255, e.CustomerID, ""},
		{"customerEmail", clientele.FieldEmail, 320, e.CustomerEmail, ""},
		{"customerPhone", clientele.FieldPhone, 50, e.CustomerPhone, ""},
		{"customerFirstName", clientele.FieldFirstName, 150, e.CustomerFirstName, ""},
		{"customerLastName", clientele.FieldLastName, 150, e.CustomerLastName, ""},
		{"customerIP", clientele.FieldIP, 45, e.CustomerIP, ""},
	}
	for i := range properties {
		if err := properties[i].readText(); err != nil {
			return d, err
		}
	}
	for i := range properties {
		p := &properties[i]
		if err := p.check(); err != nil {
			return d, err
		}
		if !blank(p.text) { // a blank never wipes data
			*d.Of(p.field) = clientele.Some(p.text)
		}
	}
	if d.Email.IsEmpty() && d.Phone.IsEmpty() {
		return d, invalid("body must have either required property 'customerEmail' or 'customerPhone'")
	}
	return d, nil
}

// readText takes the text of the property. An id may be an integer, kept digit for digit; only the others may be null.
func (p *property) readText() error {
	isID := p.field == clientele.FieldExternalID
	switch kind := p.raw.Kind(); {
	case kind == '"':
		text, err := jsontext.AppendUnquote(nil, p.raw)
		if err != nil {
			return notJSON(err)
		}
		p.text = string(text)
		return nil
	case isID && kind == '0' && !bytes.ContainsAny(p.raw, ".eE"):
		p.text = string(p.raw)
		return nil
	case !isID && (p.raw == nil || kind == 'n'):
		return nil
	default:
		return invalid("body/%s must be string", p.name)
	}
}

// check says whether the text can be stored.
func (p *property) check() error {
	if p.field == clientele.FieldExternalID && blank(p.text) {
		return invalid("body/%s must NOT have fewer than 1 characters", p.name)
	}
	if len(p.text) > p.maxRunes && utf8.RuneCountInString(p.text) > p.maxRunes {
		return invalid("body/%s must NOT have more than %d characters", p.name, p.maxRunes)
	}
	if strings.IndexByte(p.text, 0) >= 0 {
		return invalid("body/%s must not contain a NUL character", p.name)
	}
	return nil
}

// blank reports whether a text has nothing in it but white space.
func blank(s string) bool { return strings.TrimSpace(s) == "" }

func invalid(format string, args ...any) error {
	return clientele.Errorf(clientele.KindInvalid, format, args...)
}

// notJSON puts an error of the decoder into this API's words.
func notJSON(err error) error {
	if err == error(dialect.ErrNotObject) {
		return err
	}
	return &clientele.Error{Kind: clientele.KindInvalid, Message: fmt.Sprintf("Body is not valid JSON: %s", dialect.Reason(err))}
}
