package verify

import (
	"context"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"clientele"
)

// person is a customer as the tables have it.
type person struct {
	customer clientele.Customer
	terms    []string
	// replayed says that there is a history of it.
	replayed bool
}

// customers verifies the customers of the project: with each its addresses, its terms and its history.
func (v *verifier) customers(ctx context.Context) error {
	starts := func(from int64) []*clientele.RowRange {
		return []*clientele.RowRange{
			v.rowsOf("customer", "id", from, math.MaxInt64),
			v.rowsOf("address", "customer_id", from, math.MaxInt64),
			v.rowsOf("customer_term", "block", clientele.TermBlock(from), math.MaxInt64),
			v.changesOf(clientele.SubjectCustomer, from, math.MaxInt64),
		}
	}
	return v.blocks(ctx, starts, func(s clientele.Snapshot, b blockOf) error { return v.customerBlock(ctx, s, b) })
}

func (v *verifier) customerBlock(ctx context.Context, s clientele.Snapshot, b blockOf) error {
	people := map[int64]*person{}
	for row, err := range s.Rows(ctx, v.rowsOf("customer", "id", b.from, b.to, "id")) {
		if err != nil {
			return err
		}
		c := record{v.columns["customer"], row}.customer()
		people[c.ID] = &person{customer: c}
	}
	if err := v.addresses(ctx, s, b, people); err != nil {
		return err
	}
	strays, err := v.terms(ctx, s, b, people)
	if err != nil {
		return err
	}
	place, err := v.termPlace(ctx, s)
	if err != nil {
		return err
	}
	err = v.histories(ctx, s, v.changesOf(clientele.SubjectCustomer, b.from, b.to), nil, func(id int64, h *replay) {
		v.compareCustomer(id, people[id], h)
		if h.erased && h.last > place { // the search may have been at it at that moment, and follows
			delete(strays, id)
		}
		if p := people[id]; p != nil && h.last <= place { // otherwise the search has not heard of its last change yet
			v.compareTerms(id, p)
		}
	})
	if err != nil {
		return err
	}
	for _, id := range slices.Sorted(maps.Keys(strays)) {
		v.foundIn(TermsMatch, "customer", id, "is found by a term and is not there")
	}
	for _, id := range slices.Sorted(maps.Keys(people)) {
		if !people[id].replayed {
			v.foundIn(HistoryReplays, "customer", id, "has no history")
		}
	}
	unlisted, err := s.Unlisted(ctx, v.project.ID, b.from, b.to, maxListed)
	if err != nil {
		return err
	}
	for _, id := range unlisted {
		v.foundIn(ListWhole, "customer", id, "is not in the list by last update")
	}
	v.report.Customers += int64(len(people))
	v.advance(len(people))
	return nil
}

// foundIn tells of a row of the project that is named by a number.
func (v *verifier) foundIn(i Invariant, table string, id int64, message string) {
	v.found(Finding{Invariant: i, Project: v.project.ID, Subject: table, ID: strconv.FormatInt(id, 10), Message: message})
}

func (v *verifier) addresses(ctx context.Context, s clientele.Snapshot, b blockOf, people map[int64]*person) error {
	for row, err := range s.Rows(ctx, v.rowsOf("address", "customer_id", b.from, b.to, "customer_id", "id")) {
		if err != nil {
			return err
		}
		r := record{v.columns["address"], row}
		owner := r.number("customer_id")
		p := people[owner]
		if p == nil {
			v.foundIn(AddressOwned, "address", r.number("id"), fmt.Sprintf("belongs to customer %d, who is not there", owner))
			continue
		}
		p.customer.Addresses = append(p.customer.Addresses, r.address())
	}
	return nil
}

// terms reads what the customers of a block are found by, and returns who is found and not there.
func (v *verifier) terms(ctx context.Context, s clientele.Snapshot, b blockOf, people map[int64]*person) (strays map[int64]bool, err error) {
	strays = map[int64]bool{}
	block := clientele.TermBlock(b.from)
	for row, err := range s.Rows(ctx, v.rowsOf("customer_term", "block", block, block, "block", "term", "customer_id")) {
		if err != nil {
			return nil, err
		}
		r := record{v.columns["customer_term"], row}
		id := r.number("customer_id")
		switch p := people[id]; {
		case p == nil:
			strays[id] = true
		default:
			p.terms = append(p.terms, r.string("term"))
		}
	}
	return strays, nil
}

// termPlace is up to where the history of the project was followed for what customers are found by.
func (v *verifier) termPlace(ctx context.Context, s clientele.Snapshot) (place int64, err error) {
	for row, err := range s.Rows(ctx, v.rowsOf("customer_term_place", "seq", 0, math.MaxInt64, "seq")) {
		if err != nil {
			return 0, err
		}
		place = record{v.columns["customer_term_place"], row}.number("seq")
	}
	return place, nil
}

// compareTerms holds what a customer is found by to what it should be.
func (v *verifier) compareTerms(id int64, p *person) {
	slices.Sort(p.terms)
	want := p.customer.Terms()
	if missing, extra := without(want, p.terms), without(p.terms, want); missing+extra > 0 {
		v.foundIn(TermsMatch, "customer", id,
			fmt.Sprintf("is not found by %d of its %d terms, and is found by %d others", missing, len(want), extra))
	}
}

// without counts the texts of a list that are not in the other. Both are in order.
func without(list, other []string) int {
	n := 0
	for _, s := range list {
		if _, found := slices.BinarySearch(other, s); !found {
			n++
		}
	}
	return n
}

// compareCustomer holds a customer to its history. p is nil where there is no such customer.
func (v *verifier) compareCustomer(id int64, p *person, h *replay) {
	for _, fault := range h.faults {
		v.foundIn(HistoryReplays, "customer", id, fault)
	}
	switch {
	case p == nil && h.erased && h.holds:
		v.foundIn(HistoryReplays, "customer", id, "was erased, and its history still has values")
		return
	case p == nil && h.erased:
		return
	case p == nil:
		v.foundIn(HistoryReplays, "customer", id, "has a history and is not there")
		return
	case h.erased:
		v.foundIn(HistoryReplays, "customer", id, "was erased and is there")
	}
	p.replayed = true
	if differ := differingFields(&p.customer, &h.customer); len(differ) > 0 {
		v.foundIn(HistoryReplays, "customer", id, "differs from its history in "+strings.Join(differ, ", "))
	}
	if !slices.Equal(p.customer.Addresses, h.customer.Addresses) {
		v.foundIn(AddressOwned, "customer", id, "has other addresses than its history says")
	}
}

// differingFields returns the names of what two customers differ in, but for addresses and what is made of raw values.
func differingFields(a, b *clientele.Customer) []string {
	var list []string
	for f := range clientele.AllFields.All {
		if *a.Of(f) != *b.Of(f) {
			list = append(list, f.String())
		}
	}
	for _, d := range []struct {
		name    string
		differs bool
	}{
		{"source", a.Source != b.Source},
		{"credential_id", a.CredentialID != b.CredentialID},
		{"version", a.Version != b.Version},
		{"created_at", !a.CreatedAt.Equal(b.CreatedAt)},
		{"updated_at", !a.UpdatedAt.Equal(b.UpdatedAt)},
	} {
		if d.differs {
			list = append(list, d.name)
		}
	}
	return list
}
