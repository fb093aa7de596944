package onlinewerkrooster

import (
	"fmt"
	"strings"

	"clientele"
	"clientele/internal/book"
	"clientele/internal/dialect"
)

// create answers POST /api/customers (document, section "POST api/customers").
func (a *API) create(r *dialect.Request) (dialect.Answer, error) {
	d := newReader(r)
	details, address := d.customer(r.Body)
	if err := d.err(); err != nil {
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
		names := make([]string, len(r.Differs))
		for i, name := range r.Differs {
			names[i] = namesOf[name]
		}
		c.code, c.customerID = "EXT_CUSTOMER_ID_EXISTS", r.CustomerID
		c.message = fmt.Sprintf("extCustomerId %s exists with other values of: %s.", d.ExternalID.V, strings.Join(names, ", "))
	}
	return &clientele.Error{Kind: clientele.KindConflict, Err: c}
}
