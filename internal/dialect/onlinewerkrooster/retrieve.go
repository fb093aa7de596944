package onlinewerkrooster

import (
	"context"
	"fmt"
	"net/http"
	"strconv"

	"clientele"
	"clientele/internal/book"
	"clientele/internal/dialect"

	"github.com/go-chi/chi/v5"
)

// Everything in this file is the extension of the rulings: the document promises to retrieve and describes no way to.

// show answers GET /api/customers/{customerId}: one customer. A customer of another company is unknown here.
func (a *API) show(r *dialect.Request) (dialect.Answer, error) {
	if err := newReader(r).err(); err != nil {
		return dialect.Answer{}, err
	}
	id, err := strconv.ParseUint(chi.URLParam(r.Request, "customerId"), 10, 63)
	if err != nil {
		return dialect.Answer{}, clientele.Errorf(clientele.KindNotFound, "not an id")
	}
	c, err := a.shelf.FindCustomer(r.Context(), r.Call.ProjectID, int64(id))
	if err != nil {
		return dialect.Answer{}, err
	}
	return dialect.Answer{Body: appendCustomer(nil, &c)}, nil
}

// list answers GET /api/customers: a page of the company's customers in order of customerId, with the total in
// X-Total-Count.
func (a *API) list(r *dialect.Request) (dialect.Answer, error) {
	d := newReader(r)
	q := d.query(r.URL.RawQuery)
	if err := d.err(); err != nil {
		return dialect.Answer{}, err
	}
	ids, total, err := a.shelf.FilterCustomers(r.Context(), q.filter(r.Call.ProjectID))
	if err != nil {
		return dialect.Answer{}, err
	}
	body, err := a.appendCustomers(r.Context(), nil, r.Call.ProjectID, ids)
	if err != nil {
		return dialect.Answer{}, err
	}
	header := http.Header{"X-Total-Count": {strconv.Itoa(total)}}
	if links := q.links(r.URL.EscapedPath(), total); links != "" {
		header.Set("Link", links)
	}
	return dialect.Answer{Header: header, Body: body}, nil
}

// appendCustomers appends the customers with the ids. They are loaded part by part: only one address of each is shown.
func (a *API) appendCustomers(ctx context.Context, b []byte, project int64, ids []int64) ([]byte, error) {
	loader := clientele.CustomerLoader{Shelf: a.shelf}
	b = append(b, '[')
	for separate := false; len(ids) > 0; {
		list, n, err := loader.Load(ctx, project, ids)
		if err != nil {
			return nil, err
		}
		for i := range list {
			if separate {
				b = append(b, ',')
			}
			separate = true
			b = appendCustomer(b, &list[i])
		}
		ids = ids[n:]
	}
	return append(b, ']'), nil
}

// appendCustomer appends a customer as this API shows it: the ids, and every field of the create body, null where a
// customer of another dialect has nothing.
func appendCustomer(b []byte, c *clientele.Customer) []byte {
	b = fmt.Appendf(b, `{"companyId":%d,"customerId":%d,"extCustomerId":`, c.ProjectID, c.ID)
	b = append(b, numeric(c.ExternalID.V)...)
	b = c.ExternalNumber.AppendJSON(append(b, `,"extCustomerNumber":`...))
	b = c.VATNumber.AppendJSON(append(b, `,"enterpriseNumber":`...))
	b = book.SingleName(&c.Details).AppendJSON(append(b, `,"name":`...))
	b = append(b, `,"address":`...)
	if len(c.Addresses) == 0 {
		return append(b, `null}`...)
	}
	a := &c.Addresses[0]
	b = book.SingleStreet(&a.AddressDetails).AppendJSON(append(b, `{"street":`...))
	b = a.StreetNumber.AppendJSON(append(b, `,"streetNumber":`...))
	b = a.City.AppendJSON(append(b, `,"city":`...))
	b = a.PostalCode.AppendJSON(append(b, `,"postalCode":`...))
	b = a.Country.AppendJSON(append(b, `,"country":`...))
	return append(b, `}}`...)
}

// numeric returns an external id as the number it is in this API; null when it is none, which another dialect may have set.
func numeric(id string) string {
	if id == "" || id[0] == '0' {
		return "null"
	}
	for i := range len(id) {
		if id[i] < '0' || id[i] > '9' {
			return "null"
		}
	}
	return id
}
