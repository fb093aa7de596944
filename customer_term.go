package clientele

import (
	"cmp"
	"slices"
	"strings"
)

// Terms are what a customer is found by when only its beginning is known: each word of its name and company, its e-mail
// address, its phone numbers. The first byte of a term says which of these it is.
const (
	wordTerm  = 'n'
	emailTerm = 'e'
	phoneTerm = 'p'
)

// maxTerms is by how many terms a customer is found at most: a name of a thousand words must not fill the book.
const maxTerms = 32

// TermBlockSize is how many ids of customers share a block. Terms are kept by block, so that new customers write to the same
// few pages, and a search goes through the newest first (docs/decisions/0008-customer-search.md).
const TermBlockSize = 4096

// TermBlock returns the block of a customer's terms.
func TermBlock(customerID int64) int64 { return customerID / TermBlockSize }

// CustomerTerm is one term of one customer.
type CustomerTerm struct {
	ProjectID  int64
	CustomerID int64
	Term       string
}

// Block returns the block that the term is kept in.
func (t *CustomerTerm) Block() int64 { return TermBlock(t.CustomerID) }

// termFields are the fields that terms are made of.
var termFields = FieldsOf(FieldFirstName, FieldLastName, FieldCompany, FieldEmail, FieldPhone, FieldAltPhone)

// Terms returns what the customer is found by, each term once, in order.
func (c *Customer) Terms() []string {
	terms := make([]string, 0, 8)
	for _, t := range [...]*Text{&c.FirstName, &c.LastName, &c.Company} {
		terms = appendWords(terms, string(rune(wordTerm)), t.V)
	}
	if len(terms) > maxTerms {
		slices.Sort(terms)
		terms = slices.Compact(terms)
		terms = terms[:min(len(terms), maxTerms)]
	}
	if email := EmailTerm(either(c.EmailNormal, c.Email)); email != "" {
		terms = append(terms, email)
	}
	for _, phone := range [...]string{either(c.PhoneE164, c.Phone), either(c.AltPhoneE164, c.AltPhone)} {
		if phone := PhoneTerm(phone); phone != "" {
			terms = append(terms, phone)
		}
	}
	slices.Sort(terms)
	return slices.Compact(terms)
}

// either returns the normal form of a value, or the raw one where nothing could be made of it.
func either(normal, raw Text) string {
	if normal.V != "" {
		return normal.V
	}
	return raw.V
}

// NewTerms returns the terms that the batch's customers are found by and were not found by before, in the order in which
// they are kept: so the next one to insert stands on the same page, mostly.
func (b *Batch) NewTerms() []CustomerTerm {
	list := make([]CustomerTerm, 0, 5*len(b.touchedCustomers))
	for _, e := range b.touchedCustomers {
		if e.state == added || e.reworded {
			list = appendTerms(list, &e.customer, e.customer.Terms(), e.terms)
		}
	}
	slices.SortFunc(list, CompareTerms)
	return list
}

// CompareTerms orders terms as they are kept: by project, block, term and customer.
func CompareTerms(a, b CustomerTerm) int {
	if a.ProjectID != b.ProjectID {
		return cmp.Compare(a.ProjectID, b.ProjectID)
	}
	if a.Block() != b.Block() {
		return cmp.Compare(a.CustomerID, b.CustomerID)
	}
	if order := strings.Compare(a.Term, b.Term); order != 0 {
		return order
	}
	return cmp.Compare(a.CustomerID, b.CustomerID)
}

// OldTerms returns the terms that the batch's customers are not found by any more.
func (b *Batch) OldTerms() []CustomerTerm {
	var list []CustomerTerm
	for _, e := range b.touchedCustomers {
		if e.reworded {
			list = appendTerms(list, &e.customer, e.terms, e.customer.Terms())
		}
	}
	return list
}

// appendTerms appends those of terms that are not among the others. Both are in order.
func appendTerms(list []CustomerTerm, c *Customer, terms, others []string) []CustomerTerm {
	for _, term := range terms {
		if _, found := slices.BinarySearch(others, term); !found {
			list = append(list, CustomerTerm{ProjectID: c.ProjectID, CustomerID: c.ID, Term: term})
		}
	}
	return list
}
