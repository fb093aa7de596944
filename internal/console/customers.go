package console

import (
	"context"
	"iter"
	"slices"
	"strconv"
	"strings"
	"time"

	"clientele"
	"clientele/internal/book"
)

// customerStore is what the pages of customers read.
type customerStore interface {
	SearchCustomers(ctx context.Context, q clientele.CustomerSearch) (clientele.CustomerHits, error)
	clientele.CustomerShelf
	FindTermPlace(ctx context.Context, project int64) (clientele.TermPlace, error)
	FindCustomer(ctx context.Context, project, id int64) (clientele.Customer, error)
	ListHistory(ctx context.Context, q clientele.HistoryQuery) ([]clientele.Change, error)
	ListErasures(ctx context.Context, q clientele.ErasureQuery) ([]clientele.Erasure, error)
	ListCredentials(ctx context.Context) ([]clientele.Credential, error)
}

// customerPageSize is how many customers a page shows.
const customerPageSize = 50

// customersPage is the search of customers and what it found.
type customersPage struct {
	Filter    customerFilter
	Partners  partners
	Customers []clientele.Customer
	Pages     pages
	// Paused says that the search looked through a part of the book only; Pages.Next goes on.
	Paused bool
	// Behind says that the search does not know of the newest changes yet; "" when it does.
	Behind string
}

// customerFilter are the values of the search form, as they were sent.
type customerFilter struct {
	Text, Source, Partner, From, To string
}

// isEmpty reports whether nothing is filtered.
func (f customerFilter) isEmpty() bool { return f == customerFilter{} }

func (r *request) customerFilter() customerFilter {
	q := r.URL.Query()
	return customerFilter{q.Get("q"), q.Get("source"), q.Get("partner"), q.Get("from"), q.Get("to")}
}

func (c *Console) showCustomers(r *request) (answer, error) {
	p := customersPage{Filter: r.customerFilter()}
	var err error
	if p.Partners, err = c.partners(r); err != nil {
		return answer{}, err
	}
	q, err := r.customerSearch(p.Filter, p.Partners)
	if err != nil {
		return answer{}, err
	}
	q.Limit, q.After = customerPageSize, readPosition(r.URL.Query().Get("after"))
	if q.Terms != nil {
		if p.Behind, err = c.searchBehind(r); err != nil {
			return answer{}, err
		}
	}
	hits, err := c.Store.SearchCustomers(r.Context(), q)
	if err != nil {
		return answer{}, err
	}
	for customer, err := range c.loadCustomers(r.Context(), r.Project.ID, hits.IDs) {
		if err != nil {
			return answer{}, err
		}
		customer.Addresses = nil // the list shows none
		p.Customers = append(p.Customers, customer)
	}
	if hits.Next != nil {
		p.Pages.Next, p.Paused = r.nextPage("after", writePosition(*hits.Next)), len(hits.IDs) < q.Limit
	}
	if q.After != nil {
		p.Pages.First = r.pathWith("after", "")
	}
	return view("Customers", customersView(r, p)), nil
}

// searchBehind tells how many changes the search by words does not know of yet; "" when it knows of all.
func (c *Console) searchBehind(r *request) (string, error) {
	place, err := c.Store.FindTermPlace(r.Context(), r.Project.ID)
	switch {
	case err != nil || place.Behind == 0:
		return "", err
	case place.Behind == 1:
		return "1 change is not searchable yet. Ids and VAT numbers are found at once.", nil
	case place.Behind < clientele.MaxTermsBehind:
		return number(place.Behind) + " changes are not searchable yet. Ids and VAT numbers are found at once.", nil
	default:
		return number(place.Behind) + " changes or more are not searchable yet. Ids and VAT numbers are found at once.", nil
	}
}

// customerSearch returns the search that the form means; a date that is none is an error of kind invalid.
func (r *request) customerSearch(f customerFilter, of partners) (clientele.CustomerSearch, error) {
	q := clientele.CustomerSearch{CustomerScope: clientele.CustomerScope{ProjectID: r.Project.ID, Origins: of.origins(f.Source, f.Partner)}}
	book.ReadSearch(&q, f.Text)
	var err error
	if q.From, err = r.day(f.From); err != nil {
		return q, err
	}
	if q.To, err = r.day(f.To); err == nil && !q.To.IsZero() {
		q.To = q.To.AddDate(0, 0, 1).Add(-time.Microsecond)
	}
	return q, err
}

// day returns the beginning of a day (2026-11-22) in the project's zone; the zero time for "".
func (r *request) day(text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	day, err := time.ParseInLocation(time.DateOnly, text, r.zone)
	if err != nil {
		return time.Time{}, clientele.Errorf(clientele.KindInvalid, "A date is written like 2026-11-22")
	}
	return day, nil
}

// writePosition returns a position as it stands in a link.
func writePosition(p clientele.Position) string {
	at := "0"
	if !p.At.IsZero() {
		at = strconv.FormatInt(p.At.UnixMicro(), 10)
	}
	return at + "." + strconv.FormatInt(p.ID, 10)
}

// readPosition reads what writePosition wrote; nil, the beginning, for anything else.
func readPosition(s string) *clientele.Position {
	before, after, _ := strings.Cut(s, ".")
	at, err := strconv.ParseInt(before, 10, 64)
	if err != nil {
		return nil
	}
	id, err := strconv.ParseInt(after, 10, 64)
	if err != nil || id < 1 {
		return nil
	}
	p := &clientele.Position{ID: id}
	if at != 0 {
		p.At = time.UnixMicro(at).UTC()
	}
	return p
}

// exportCustomers is the list of customers without pages.
func (c *Console) exportCustomers(r *request) (export, error) {
	of, err := c.partners(r)
	if err != nil {
		return export{}, err
	}
	q, err := r.customerSearch(r.customerFilter(), of)
	if err != nil {
		return export{}, err
	}
	return exportOf("customers", customerColumns(of), c.eachCustomer(r.Context(), q)), nil
}

// eachCustomer goes through all customers that a search finds.
func (c *Console) eachCustomer(ctx context.Context, q clientele.CustomerSearch) iter.Seq2[clientele.Customer, error] {
	return func(yield func(clientele.Customer, error) bool) {
		q.Limit = clientele.MaxPage
		for {
			hits, err := c.Store.SearchCustomers(ctx, q)
			if err != nil {
				yield(clientele.Customer{}, err)
				return
			}
			for customer, err := range c.loadCustomers(ctx, q.ProjectID, hits.IDs) {
				if !yield(customer, err) || err != nil {
					return
				}
			}
			if q.After = hits.Next; q.After == nil {
				return
			}
		}
	}
}

// loadCustomers goes through the customers with the ids, which are loaded part by part.
func (c *Console) loadCustomers(ctx context.Context, project int64, ids []int64) iter.Seq2[clientele.Customer, error] {
	return func(yield func(clientele.Customer, error) bool) {
		loader := clientele.CustomerLoader{Shelf: c.Store}
		for len(ids) > 0 {
			list, n, err := loader.Load(ctx, project, ids)
			if err != nil {
				yield(clientele.Customer{}, err)
				return
			}
			for i := range list {
				if !yield(list[i], nil) {
					return
				}
			}
			ids = ids[n:]
		}
	}
}

// partners are the credentials that open the request's project, revoked ones among them.
type partners []clientele.Credential

func (c *Console) partners(r *request) (partners, error) {
	all, err := c.Store.ListCredentials(r.Context())
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(all, func(cr clientele.Credential) bool {
		return !slices.ContainsFunc(cr.Grants, func(g clientele.Grant) bool { return g.ProjectID == r.Project.ID })
	}), nil
}

// name returns a partner's name by its credential; "" for none.
func (p partners) name(id int64) string {
	for _, c := range p {
		if c.ID == id {
			return c.Name
		}
	}
	return ""
}

// choices are the partners as a selection.
func (p partners) choices() []choice {
	list := []choice{{"", "All partners"}}
	for _, c := range p {
		list = append(list, choice{strconv.FormatInt(c.ID, 10), c.Name + " (" + dialectName(c.Dialect) + ")"})
	}
	return list
}

// nobody is an origin that no customer has.
var nobody = []clientele.CustomerOrigin{{Source: "none", CredentialID: -1}}

// origins returns the ways that a source and a partner allow, as the form has them; none for all.
func (p partners) origins(source, partner string) []clientele.CustomerOrigin {
	if source == "" && partner == "" {
		return nil
	}
	var list []clientele.CustomerOrigin
	for _, c := range p {
		if (source == "" || source == string(c.Dialect)) && (partner == "" || partner == strconv.FormatInt(c.ID, 10)) {
			list = append(list, clientele.CustomerOrigin{Source: c.Dialect, CredentialID: c.ID})
		}
	}
	if partner == "" { // the operator's own ways have no credential
		list = append(list, clientele.CustomerOrigin{Source: clientele.Dialect(source)})
	}
	if len(list) == 0 {
		return nobody
	}
	return list
}

// sourceChoices are the ways into the book as a selection.
func sourceChoices() []choice {
	list := dialectChoices()
	for _, d := range []clientele.Dialect{clientele.ViaConsole, clientele.ViaImport, clientele.ViaCommand} {
		list = append(list, choice{string(d), dialectName(d)})
	}
	return list
}

// customerName is what a customer is called on a page.
func customerName(c *clientele.Customer) string {
	name := strings.TrimSpace(c.FirstName.V + " " + c.LastName.V)
	switch {
	case name != "":
		return name
	case strings.TrimSpace(c.Company.V) != "":
		return c.Company.V
	default:
		return "Customer " + strconv.FormatInt(c.ID, 10)
	}
}

// customerURL is the path of a customer's page.
func customerURL(r *request, id int64) string {
	return r.projectURL("/customers/" + strconv.FormatInt(id, 10))
}

// firstOf returns the first text that is not empty.
func firstOf(texts ...string) string {
	for _, t := range texts {
		if t != "" {
			return t
		}
	}
	return ""
}

// flagCount says how many flags a customer has.
func flagCount(flags clientele.Flags) string {
	if n := len(flagNames(flags)); n != 1 {
		return strconv.Itoa(n) + " flags"
	}
	return "1 flag"
}
