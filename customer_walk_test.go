package clientele_test

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"clientele"

	"pgregory.net/rapid"
)

// plainIndex is a CustomerIndex over customers that it goes through from end to end. It counts what it hands out.
type plainIndex struct {
	customers []clientele.Customer
	reads     int
	blocks    int
	err       error
}

func (x *plainIndex) IDSpan(context.Context, int64) (oldest, newest int64, err error) {
	for i, c := range x.customers {
		if oldest = min(oldest, c.ID); i == 0 {
			oldest = c.ID
		}
		newest = max(newest, c.ID)
	}
	return oldest, newest, x.err
}

func (x *plainIndex) IDsByTerm(_ context.Context, _ int64, blocks []int64, beginning string) ([]int64, error) {
	x.blocks += len(blocks)
	var ids []int64
	for i := range x.customers {
		c := &x.customers[i]
		for _, term := range c.Terms() {
			if slices.Contains(blocks, clientele.TermBlock(c.ID)) && strings.HasPrefix(term, beginning) {
				ids = append(ids, c.ID)
			}
		}
	}
	x.reads += len(ids)
	return ids, x.err
}

func (x *plainIndex) IDsByKey(_ context.Context, q *clientele.CustomerSearch, below int64, limit int) ([]int64, error) {
	var ids []int64
	for i := range x.customers {
		if c := &x.customers[i]; c.ID < below && hasKey(c, q) {
			ids = append(ids, c.ID)
		}
	}
	slices.SortFunc(ids, func(a, b int64) int { return cmp.Compare(b, a) })
	return ids[:min(limit, len(ids))], x.err
}

func hasKey(c *clientele.Customer, q *clientele.CustomerSearch) bool {
	return c.ID == q.ID || q.VATNormal.Valid && c.VATNormal == q.VATNormal
}

func inScope(c *clientele.Customer, s clientele.CustomerScope) bool {
	origin := clientele.CustomerOrigin{Source: c.Source, CredentialID: c.CredentialID}
	return (len(s.Origins) == 0 || slices.Contains(s.Origins, origin)) &&
		(s.From.IsZero() || !c.CreatedAt.Before(s.From)) && (s.To.IsZero() || !c.CreatedAt.After(s.To))
}

func (x *plainIndex) PositionsInScope(
	_ context.Context, s clientele.CustomerScope, after *clientele.Position, limit int,
) ([]clientele.Position, error) {
	newestFirst := func(a, b clientele.Position) int { return cmp.Or(b.At.Compare(a.At), cmp.Compare(b.ID, a.ID)) }
	var list []clientele.Position
	for i := range x.customers {
		c := &x.customers[i]
		p := clientele.Position{At: c.CreatedAt, ID: c.ID}
		if inScope(c, s) && (after == nil || newestFirst(p, *after) > 0) {
			list = append(list, p)
		}
	}
	slices.SortFunc(list, newestFirst)
	return list[:min(limit, len(list))], x.err
}

func (x *plainIndex) LoadCustomers(_ context.Context, _ int64, ids []int64) ([]clientele.Customer, error) {
	var list []clientele.Customer
	for _, id := range ids {
		for _, c := range x.customers {
			if c.ID == id {
				list = append(list, c)
			}
		}
	}
	return list, x.err
}

func (x *plainIndex) IDsInScope(_ context.Context, s clientele.CustomerScope, ids []int64) ([]int64, error) {
	var list []int64
	for i := range x.customers {
		if c := &x.customers[i]; slices.Contains(ids, c.ID) && inScope(c, s) {
			list = append(list, c.ID)
		}
	}
	return list, x.err
}

// expected is a second opinion about what a search by text finds: every customer is looked at.
func (x *plainIndex) expected(q *clientele.CustomerSearch) []int64 {
	var ids []int64
	for i := range x.customers {
		c := &x.customers[i]
		found := hasKey(c, q)
		for _, terms := range q.Terms {
			all := true
			for _, beginning := range terms {
				all = all && slices.ContainsFunc(c.Terms(), func(t string) bool { return strings.HasPrefix(t, beginning) })
			}
			found = found || all
		}
		if found && inScope(c, q.CustomerScope) {
			ids = append(ids, c.ID)
		}
	}
	slices.SortFunc(ids, func(a, b int64) int { return cmp.Compare(b, a) })
	return ids
}

// TestSearchCustomers_AllPagesAreWhatIsThere compares searches over few and far customers with a look at each of them.
func TestSearchCustomers_AllPagesAreWhatIsThere(t *testing.T) {
	now := time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)
	rapid.Check(t, func(rt *rapid.T) {
		x := &plainIndex{}
		for _, id := range rapid.SliceOfNDistinct(rapid.Int64Range(1, 60*clientele.TermBlockSize), 0, 40, rapid.ID).Draw(rt, "ids") {
			c := clientele.Customer{ID: id, Source: clientele.OPM, CredentialID: rapid.Int64Range(1, 3).Draw(rt, "credential")}
			c.CreatedAt = now.Add(time.Duration(rapid.IntRange(0, 9).Draw(rt, "second")) * time.Second)
			c.FirstName = clientele.Some(rapid.SampledFrom([]string{"Anna", "Jan", "Annabel"}).Draw(rt, "first"))
			c.LastName = clientele.Some(rapid.SampledFrom([]string{"Kowalska", "Nowak", "Anders"}).Draw(rt, "last"))
			c.VATNormal = clientele.NonEmpty(rapid.SampledFrom([]string{"", "PL1"}).Draw(rt, "VAT"))
			x.customers = append(x.customers, c)
		}
		q := clientele.CustomerSearch{Limit: rapid.IntRange(1, 9).Draw(rt, "limit"), Terms: [][]string{{"n" + rapid.SampledFrom([]string{"a", "an", "anna", "jan", "x"}).Draw(rt, "one")}}}
		if rapid.Bool().Draw(rt, "two words") {
			q.Terms[0] = append(q.Terms[0], "n"+rapid.SampledFrom([]string{"k", "nowak", "anders"}).Draw(rt, "two"))
		}
		if rapid.Bool().Draw(rt, "alternative") {
			q.Terms = append(q.Terms, []string{"nnowak"})
		}
		if rapid.Bool().Draw(rt, "by VAT") {
			q.VATNormal = clientele.Some("PL1")
		}
		if rapid.Bool().Draw(rt, "scope") {
			q.Origins = []clientele.CustomerOrigin{{Source: clientele.OPM, CredentialID: 1}, {Source: clientele.OPM, CredentialID: 2}}
			q.From = now.Add(3 * time.Second)
		}
		want := x.expected(&q)
		var got []int64
		for {
			hits, err := clientele.SearchCustomers(rt.Context(), x, q)
			if err != nil || len(hits.IDs) > q.Limit {
				rt.Fatalf("%d customers, %v", len(hits.IDs), err)
			}
			got = append(got, hits.IDs...)
			if hits.Next == nil {
				break
			}
			if q.After != nil && hits.Next.ID >= q.After.ID {
				rt.Fatalf("the page after %d goes on after %d", q.After.ID, hits.Next.ID)
			}
			q.After = hits.Next
		}
		if !slices.Equal(got, want) {
			rt.Fatalf("found %v, want %v", got, want)
		}
	})
}

// denseIndex is a project of a million customers in which nearly everybody has each term, and nobody is in the scope.
type denseIndex struct{ plainIndex }

func (x *denseIndex) IDSpan(context.Context, int64) (oldest, newest int64, err error) {
	return 1, 1_000_000, nil
}

func (x *denseIndex) IDsByTerm(_ context.Context, _ int64, blocks []int64, _ string) ([]int64, error) {
	x.blocks += len(blocks)
	var ids []int64
	for _, b := range blocks {
		for n := range int64(clientele.TermBlockSize) {
			ids = append(ids, b*clientele.TermBlockSize+n)
		}
	}
	x.reads += len(ids)
	return ids, nil
}

func (x *denseIndex) PositionsInScope(context.Context, clientele.CustomerScope, *clientele.Position, int) ([]clientele.Position, error) {
	return make([]clientele.Position, 10_000), nil // not narrow
}

// TestSearchCustomers_IsBounded: a page reads a bounded part of the index, whatever is searched for, and pauses.
func TestSearchCustomers_IsBounded(t *testing.T) {
	x := &denseIndex{}
	q := clientele.CustomerSearch{Limit: 50, Terms: [][]string{{"na", "nb"}}}
	hits, err := clientele.SearchCustomers(t.Context(), x, q)
	if err != nil || len(hits.IDs) != 50 || hits.IDs[0] != 1_000_000/clientele.TermBlockSize*clientele.TermBlockSize+clientele.TermBlockSize-1 || x.blocks > 10 {
		t.Errorf("a broad search: %d customers, %v, after %d blocks", len(hits.IDs), err, x.blocks)
	}
	x.reads = 0
	q.From = time.Unix(0, 0)
	hits, err = clientele.SearchCustomers(t.Context(), x, q)
	if err != nil || len(hits.IDs) != 0 || hits.Next == nil {
		t.Errorf("a search in vain: %d customers, next %v, %v", len(hits.IDs), hits.Next, err)
	}
	if x.reads > 500_000 || x.reads < 10_000 {
		t.Errorf("a search in vain read %d entries", x.reads)
	}
}

func TestSearchCustomers_FailsWithItsIndex(t *testing.T) {
	x := &plainIndex{err: errors.New("away")}
	for _, q := range []clientele.CustomerSearch{{Limit: 1}, {Limit: 1, ID: 1}, {Limit: 1, Terms: [][]string{{"na"}}}} {
		if hits, err := clientele.SearchCustomers(t.Context(), x, q); !errors.Is(err, x.err) || hits.IDs != nil {
			t.Errorf("hits %v, %v; want the index's error", hits, err)
		}
	}
}
