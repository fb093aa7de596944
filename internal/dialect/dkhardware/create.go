package dkhardware

import (
	"clientele"
	"clientele/internal/dialect"
)

// create answers POST /v1/customer/create: 200 as soon as the submission is durable.
func (a *API) create(r *dialect.Request) (dialect.Answer, error) {
	details, addresses, err := decodeCreate(r.Body)
	if err != nil {
		return dialect.Answer{}, err
	}
	id, err := a.book.Create(r.Context(), r.Call, details, addresses)
	if err != nil {
		return dialect.Answer{}, err
	}
	return accepted(id), nil
}

// decodeCreate reads a new customer with its addresses, and says of all faults at once, in the order of the contract.
func decodeCreate(body []byte) (clientele.Details, []clientele.Address, error) {
	c := customerBody{text: body}
	var d clientele.Details
	if err := decode(body, &c); err != nil {
		return d, nil, err
	}
	var f faults
	property{"CustomerId", c.CustomerID}.empty(&f)
	property{"CreatedAt", c.CreatedAt}.empty(&f)
	property{"UpdatedAt", c.UpdatedAt}.empty(&f)
	c.readNames(&f, &d)
	d.Email = c.readEmail(&f)
	d.Type = c.readType(&f)
	addresses := c.readAddresses(&f)
	return d, addresses, f.err()
}

// accepted is the answer to a write, whatever became of it.
func accepted(submission string) dialect.Answer {
	b := clientele.AppendQuoted([]byte(`{"submissionId":`), submission)
	return dialect.Answer{Body: append(b, '}'), Result: clientele.Submitted}
}
