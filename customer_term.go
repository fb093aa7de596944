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

// TermPlace is up to where the history of a project has been followed by the search of its customers.
type TermPlace struct {
	ProjectID int64
	// Seq is the sequence of the change up to which all customers are found as they are; 0 when nothing was followed yet.
	Seq int64
	// Behind is how many of the next MaxTermsBehind changes are of customers.
	Behind int
}

// MaxTermsBehind is how many changes behind a TermPlace are looked at to tell how many of them are of customers.
const MaxTermsBehind = 10_000

// SearchedCustomer is a customer and what it is found by so far.
type SearchedCustomer struct {
	// Customer has its ids and what terms are made of; no values when there is no such customer any more.
	Customer Customer
	// Kept are the terms that it is found by, as TermList.Terms; "" for none.
	Kept string
}

// TermList are all terms of one customer: what has to go when it is found by others.
type TermList struct {
	CustomerID int64
	// Terms are in order, each but the last followed by a line feed, which is in no term.
	Terms string
}

// TermStep takes the search of a project's customers from one place in the history to another.
type TermStep struct {
	ProjectID int64
	// From is where it has to stand, and To where it stands afterwards.
	From, To int64
	// Added and Dropped are the terms that customers are found by from now on, and not any more; Added is in order.
	Added, Dropped []CustomerTerm
	// Lists are the lists of the customers that have changed.
	Lists []TermList
}

// Follow makes the step put right what the customers are found by.
func (s *TermStep) Follow(customers []SearchedCustomer) {
	for i := range customers {
		c := &customers[i].Customer
		kept, terms := splitTerms(customers[i].Kept), c.Terms()
		list := strings.Join(terms, termBreak)
		if list == customers[i].Kept {
			continue
		}
		s.Added = appendTerms(s.Added, c, terms, kept)
		s.Dropped = appendTerms(s.Dropped, c, kept, terms)
		s.Lists = append(s.Lists, TermList{c.ID, list})
	}
	slices.SortFunc(s.Added, CompareTerms)
}

const termBreak = "\n"

func splitTerms(list string) []string {
	if list == "" {
		return nil
	}
	return strings.Split(list, termBreak)
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
