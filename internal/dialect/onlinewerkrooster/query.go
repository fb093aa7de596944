package onlinewerkrooster

import (
	"fmt"
	"maps"
	"net/url"
	"strconv"
	"strings"
	"unicode/utf8"

	"clientele"
	"clientele/internal/book"
)

// maxPageNumber bounds page, so that page times limit is far from the end of 64 bits.
const maxPageNumber = 1_000_000_000

// query is what a list is asked for.
type query struct {
	values url.Values // as sent, for the links to other pages
	page   int        // from 0
	limit  int

	externalID     clientele.Text
	externalNumber clientele.Text
	vatNumber      clientele.Text
}

// query reads the filters and the page. Unknown parameters are ignored. A filter that no customer can have selects none.
func (d *reader) query(raw string) query {
	values, err := url.ParseQuery(raw)
	if err != nil {
		d.fault("query", "is not valid: percent-encoding or a semicolon")
		return query{}
	}
	return query{
		values:         values,
		page:           d.number(values, "page", bounds{0, maxPageNumber, 0}),
		limit:          d.number(values, "limit", bounds{1, clientele.MaxPage, clientele.DefaultPage}),
		externalID:     d.filter(values, "extCustomerId"),
		externalNumber: trimmed(d.filter(values, "extCustomerNumber")),
		vatNumber:      d.filter(values, "enterpriseNumber"),
	}
}

// bounds are those of a number, and what it is when it is not sent.
type bounds struct{ least, most, otherwise int }

func (d *reader) number(q url.Values, name string, b bounds) int {
	values := q[name]
	if len(values) == 0 {
		return b.otherwise
	}
	n, err := strconv.ParseUint(values[0], 10, 31)
	if len(values) > 1 || err != nil || int(n) < b.least || int(n) > b.most {
		d.fault(name, "must be sent once, an integer from %d to %d", b.least, b.most)
		return b.otherwise
	}
	return int(n)
}

func (d *reader) filter(q url.Values, name string) clientele.Text {
	values := q[name]
	switch {
	case len(values) == 0:
		return clientele.Text{}
	case len(values) > 1:
		return d.fault(name, "must be sent once")
	case !utf8.ValidString(values[0]) || strings.IndexByte(values[0], 0) >= 0:
		return d.fault(name, "must be UTF-8 without NUL characters")
	}
	return clientele.Some(values[0])
}

// filter returns what the query selects of a project. VAT numbers are compared in their normal form.
func (q *query) filter(project int64) clientele.CustomerFilter {
	f := clientele.CustomerFilter{
		ProjectID: project, ExternalID: q.externalID, ExternalNumber: q.externalNumber, Limit: q.limit, Offset: q.page * q.limit,
	}
	if q.vatNumber.Valid {
		f.VATNormal = clientele.Some(book.NormalVAT(q.vatNumber.V))
	}
	return f
}

// links returns the Link header of a page (RFC 8288): where the first, the one before, the next and the last one are;
// empty when there is but one page.
func (q *query) links(path string, total int) string {
	last := max(0, (total-1)/q.limit)
	if last == 0 && q.page == 0 {
		return ""
	}
	list := []string{q.link(path, "first", 0)}
	if q.page > 0 {
		list = append(list, q.link(path, "prev", min(q.page-1, last)))
	}
	if q.page < last {
		list = append(list, q.link(path, "next", q.page+1))
	}
	return strings.Join(append(list, q.link(path, "last", last)), ", ")
}

func (q *query) link(path, rel string, page int) string {
	values := maps.Clone(q.values)
	values.Set("page", strconv.Itoa(page))
	values.Set("limit", strconv.Itoa(q.limit))
	return fmt.Sprintf("<%s?%s>; rel=%q", path, values.Encode(), rel)
}
