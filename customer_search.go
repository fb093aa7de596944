package clientele

import (
	"context"
	"time"
)

// CustomerSearch looks for customers of one project by what somebody typed, and by where they came from and when.
//
// Keys and Terms are ways to be found: a customer is found when it has one of the keys, or all terms of one of the lists. When
// neither is stated, the scope alone selects.
type CustomerSearch struct {
	CustomerScope
	// ID is our id; 0 for none. The keys are compared whole; missing ones find nobody.
	ID             int64
	ExternalID     Text
	ExternalNumber Text
	VATNormal      Text
	// Terms are lists of the beginnings of terms: see WordTerm, EmailTerm and PhoneTerm.
	Terms [][]string
	// After continues behind a page, with its Next; nil to begin with the newest.
	After *Position
	// Limit is 1 to MaxPage.
	Limit int
}

// CustomerScope is where customers of one project came from, and when.
type CustomerScope struct {
	ProjectID int64
	// Origins are the ways they came, any of them; none for all.
	Origins []CustomerOrigin
	// From and To bound the created date, both inclusive; zero for no bound.
	From, To time.Time
}

// CustomerOrigin is the way a customer came into the book: Customer.Source and Customer.CredentialID.
type CustomerOrigin struct {
	Source       Dialect
	CredentialID int64
}

// CustomerHits is a page of what a search found, the newest first: by created date where only the scope selects, otherwise
// by id, which is nearly the same (PostgreSQL hands out ids to servers by the thousand).
type CustomerHits struct {
	IDs []int64
	// Next continues behind the page; nil when there is nothing more. With fewer IDs than the limit it says that so much was
	// looked through in vain that the search paused.
	Next *Position
}

// CustomerIndex is what a search asks a store: each a look-up in an index that never reads more than it returns.
type CustomerIndex interface {
	// IDSpan returns the lowest and the highest id of a project's customers; 0 twice when there is none.
	IDSpan(ctx context.Context, project int64) (oldest, newest int64, err error)
	// IDsByTerm returns the customers of the blocks that have a term with the beginning, in no order; one may come twice.
	IDsByTerm(ctx context.Context, project int64, blocks []int64, beginning string) ([]int64, error)
	// IDsByKey returns the customers below an id that have one of the search's keys, the highest ids first, at most limit.
	IDsByKey(ctx context.Context, q *CustomerSearch, below int64, limit int) ([]int64, error)
	// PositionsInScope returns the created dates and ids of the customers in the scope, the newest first, at most limit.
	PositionsInScope(ctx context.Context, s CustomerScope, after *Position, limit int) ([]Position, error)
	// LoadCustomers returns the customers with the ids, in their order.
	LoadCustomers(ctx context.Context, project int64, ids []int64) ([]Customer, error)
	// IDsInScope returns those of ids that are in the scope, in no order.
	IDsInScope(ctx context.Context, s CustomerScope, ids []int64) ([]int64, error)
}

// WordTerm returns the beginning of the terms of names whose word begins with a folded word (FoldWords).
func WordTerm(word string) string { return string(rune(wordTerm)) + word }

// EmailTerm returns the beginning of the terms of e-mail addresses that begin with s; "" when nothing of s can be in one.
func EmailTerm(s string) string { return termOf(emailTerm, foldEmail(s)) }

// PhoneTerm returns the beginning of the terms of phone numbers that begin with the digits of s, country code first; "" when
// there is none.
func PhoneTerm(s string) string { return termOf(phoneTerm, foldPhone(s)) }

func termOf(kind byte, folded string) string {
	if folded == "" {
		return ""
	}
	return string(rune(kind)) + folded
}

// AfterTerms returns the first text behind all terms with a beginning: terms t with beginning <= t < AfterTerms(beginning).
func AfterTerms(beginning string) string { return beginning + "\U0010ffff" }

// hasText reports whether something of the customer itself is searched for.
func (q *CustomerSearch) hasText() bool {
	return q.ID != 0 || q.ExternalID.Valid || q.ExternalNumber.Valid || q.VATNormal.Valid || q.Terms != nil
}

// isAll reports whether the scope is the whole project.
func (s *CustomerScope) isAll() bool { return len(s.Origins) == 0 && s.From.IsZero() && s.To.IsZero() }
