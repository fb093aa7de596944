package dkhardware

import (
	"clientele"
	"clientele/internal/dialect"

	"github.com/go-json-experiment/json/jsontext"
)

// update answers POST /v1/customer/update: 200 as soon as the submission is durable. Whether there is such a customer is
// found out when it is carried out.
func (a *API) update(r *dialect.Request) (dialect.Answer, error) {
	target, patch, err := decodeUpdate(r.Body)
	if err != nil {
		return dialect.Answer{}, err
	}
	submission, err := a.book.Update(r.Context(), r.Call, target, readID(target), patch)
	if err != nil {
		return dialect.Answer{}, err
	}
	return accepted(submission), nil
}

// decodeUpdate reads the id of a customer and its new values: absent keeps, null clears. It says of all faults at once, in
// the order of the contract.
func decodeUpdate(body []byte) (target string, patch clientele.Patch, err error) {
	c := customerBody{text: body}
	if err := decode(body, &c); err != nil {
		return "", patch, err
	}
	var f faults
	var d clientele.Details
	target = property{"CustomerId", c.CustomerID}.identifier(&f, maxID)
	property{"CreatedAt", c.CreatedAt}.empty(&f)
	property{"UpdatedAt", c.UpdatedAt}.empty(&f)
	if c.FirstName != nil {
		d.FirstName = property{"FirstName", c.FirstName}.required(&f, maxName)
	}
	if c.LastName != nil {
		d.LastName = property{"LastName", c.LastName}.required(&f, maxName)
	}
	c.readOptional(&f, &d)
	property{"Email", c.Email}.empty(&f)
	d.Type = c.readType(&f)
	property{"Addresses", c.Addresses}.empty(&f)
	return target, c.patch(&d), f.err()
}

// patch returns the details that were sent.
func (c *customerBody) patch(d *clientele.Details) clientele.Patch {
	var p clientele.Patch
	for _, sent := range []struct {
		raw   jsontext.Value
		field clientele.Field
	}{
		{c.FirstName, clientele.FieldFirstName},
		{c.LastName, clientele.FieldLastName},
		{c.Company, clientele.FieldCompany},
		{c.Phone, clientele.FieldPhone},
		{c.AltPhone, clientele.FieldAltPhone},
		{c.Fax, clientele.FieldFax},
		{c.CustomerType, clientele.FieldType},
	} {
		if sent.raw != nil {
			p.Put(sent.field, *d.Of(sent.field))
		}
	}
	return p
}
