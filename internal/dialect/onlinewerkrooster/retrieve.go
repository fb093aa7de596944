package onlinewerkrooster

import (
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"clientele"
	"clientele/internal/book"
	"clientele/internal/dialect"

	"github.com/go-chi/chi/v5"
)

// show answers one customer.
func (a *API) show(r *dialect.Request) (dialect.Answer, error) {
	id, err := strconv.ParseInt(chi.URLParam(r.Request, "customerId"), 10, 64)
	if err != nil {
		return dialect.Answer{}, clientele.Errorf(clientele.KindNotFound, "not a number")
	}
	c, err := a.shelf.FindCustomer(r.Context(), r.Call.ProjectID, id)
	if err != nil {
		return dialect.Answer{}, err
	}
	return dialect.Answer{Body: appendCustomer(nil, &c)}, nil
}

// list answers a page of the company's customers in order of customerId, with the total in X-Total-Count.
func (a *API) list(r *dialect.Request) (dialect.Answer, error) {
	page, filter, err := readQuery(r)
	if err != nil {
		return dialect.Answer{}, err
	}
	ids, total, err := a.shelf.FilterCustomers(r.Context(), filter)
	if err != nil {
		return dialect.Answer{}, err
	}
	customers, err := a.shelf.LoadCustomers(r.Context(), r.Call.ProjectID, ids)
	if err != nil {
		return dialect.Answer{}, err
	}
	body := []byte{'['}
	for i := range customers {
		if i > 0 {
			body = append(body, ',')
		}
		body = appendCustomer(body, &customers[i])
	}
	header := http.Header{"X-Total-Count": {strconv.Itoa(total)}}
	if link := links(r.Request, page, filter.Limit, total); link != "" {
		header.Set("Link", link)
	}
	return dialect.Answer{Header: header, Body: append(body, ']')}, nil
}

// maxPageNumber keeps page times limit inside an int64 on every machine.
const maxPageNumber = 1_000_000_000

// readQuery reads the filters and the page, and reports all faults. A filter that no customer can have selects none.
func readQuery(r *dialect.Request) (page int, f clientele.CustomerFilter, err error) {
	q := r.URL.Query()
	var d reader
	page = d.number(q, "page", 0, maxPageNumber, 0)
	f = clientele.CustomerFilter{
		ProjectID:      r.Call.ProjectID,
		Limit:          d.number(q, "limit", 1, clientele.MaxPage, clientele.DefaultPage),
		ExternalID:     d.filter(q, "extCustomerId"),
		ExternalNumber: d.filter(q, "extCustomerNumber"),
	}
	if t := d.filter(q, "enterpriseNumber"); t.Valid {
		f.VATNormal = clientele.Some(book.NormalVAT(t.V))
	}
	f.Offset = page * f.Limit
	return page, f, d.faults.err()
}

func (d *reader) number(q url.Values, name string, least, most, otherwise int) int {
	values := q[name]
	if len(values) == 0 {
		return otherwise
	}
	n, err := strconv.Atoi(values[0])
	if len(values) > 1 || err != nil || n < least || n > most {
		d.fault(name, "must be sent once, an integer from %d to %d", least, most)
		return otherwise
	}
	return n
}

func (d *reader) filter(q url.Values, name string) clientele.Text {
	values := q[name]
	if len(values) == 0 {
		return clientele.Text{}
	}
	if len(values) > 1 {
		return d.fault(name, "must be sent once")
	}
	return clientele.Some(values[0])
}

// links returns the Link header of a page: where the first, the page before, the next and the last one are (RFC 8288).
func links(r *http.Request, page, limit, total int) string {
	last := max(0, (total-1)/limit)
	var list []string
	add := func(rel string, page int) {
		q := r.URL.Query()
		q.Set("page", strconv.Itoa(page))
		q.Set("limit", strconv.Itoa(limit))
		list = append(list, fmt.Sprintf("<%s?%s>; rel=%q", r.URL.EscapedPath(), q.Encode(), rel))
	}
	if last == 0 && page == 0 {
		return ""
	}
	add("first", 0)
	if page > 0 {
		add("prev", min(page-1, last))
	}
	if page < last {
		add("next", page+1)
	}
	add("last", last)
	return strings.Join(list, ", ")
}

// appendCustomer appends a customer as this API shows it: the ids, and every field of the create body, null where a
// customer of another dialect has nothing.
func appendCustomer(b []byte, c *clientele.Customer) []byte {
	b = fmt.Appendf(b, `{"companyId":%d,"customerId":%d,"extCustomerId":`, c.ProjectID, c.ID)
	b = append(b, numeric(c.ExternalID.V)...)
	b = c.ExternalNumber.AppendJSON(append(b, `,"extCustomerNumber":`...))
	b = c.VATNumber.AppendJSON(append(b, `,"enterpriseNumber":`...))
	b = name(c).AppendJSON(append(b, `,"name":`...))
	b = append(b, `,"address":`...)
	if len(c.Addresses) == 0 {
		return append(b, `null}`...)
	}
	a := &c.Addresses[0]
	street := a.Street
	if !street.Valid {
		street = a.Line1
	}
	b = street.AppendJSON(append(b, `{"street":`...))
	b = a.StreetNumber.AppendJSON(append(b, `,"streetNumber":`...))
	b = a.City.AppendJSON(append(b, `,"city":`...))
	b = a.PostalCode.AppendJSON(append(b, `,"postalCode":`...))
	b = a.Country.AppendJSON(append(b, `,"country":`...))
	return append(b, `}}`...)
}

// name returns the single name this API knows: the company, or else the person's first and last name.
func name(c *clientele.Customer) clientele.Text {
	if c.Company.Valid {
		return c.Company
	}
	return clientele.NonEmpty(strings.TrimSpace(c.FirstName.V + " " + c.LastName.V))
}

// numeric returns an external id as the number it is in this API; null when it is none, which another dialect may have set.
func numeric(id string) string {
	if len(id) == 0 || len(id) > maxIDDigits || id[0] == '0' {
		return "null"
	}
	for i := range len(id) {
		if id[i] < '0' || id[i] > '9' {
			return "null"
		}
	}
	return id
}
