package clientele

import (
	"context"
	"math"
	"slices"
	"strings"
)

// The bounds of a search.
const (
	// narrowScope is up to how many customers of a scope are looked up before their terms are. A scope that is larger is
	// dense enough that going through the terms and leaving out what is not in it fills a page.
	narrowScope = 5000
	// maxTermReads is after how many entries of the index a search pauses: some 100 ms.
	maxTermReads = 100_000
	// fewLeft is how many customers who have the first terms are looked at themselves, instead of reading who has the next one,
	// which may be nearly everybody. Each counts loadReads.
	fewLeft   = 256
	loadReads = 10
	// scopeReads is what looking up whether a customer is in the scope counts, in entries of the index.
	scopeReads = 4

	// A search reads some blocks at a time: few while they are full of what it looks for, more while they are not.
	firstBlocks = 4
	maxBlocks   = 64
	fewReads    = 2000
	manyReads   = 20_000
)

// SearchCustomers carries out a search over the indexes of a store. It never reads more than a bounded part of them.
func SearchCustomers(ctx context.Context, x CustomerIndex, q CustomerSearch) (CustomerHits, error) {
	if !q.hasText() {
		return selectCustomers(ctx, x, &q)
	}
	w := &searchWalk{ctx: ctx, index: x, q: &q, below: math.MaxInt64}
	if q.After != nil {
		w.below = q.After.ID
	}
	if err := w.narrow(); err != nil {
		return CustomerHits{}, err
	}
	if err := w.lookUpKeys(); err != nil {
		return CustomerHits{}, err
	}
	if err := w.walk(); err != nil {
		return CustomerHits{}, err
	}
	return w.page(), nil
}

func selectCustomers(ctx context.Context, x CustomerIndex, q *CustomerSearch) (CustomerHits, error) {
	list, err := x.PositionsInScope(ctx, q.CustomerScope, q.After, q.Limit+1)
	if err != nil {
		return CustomerHits{}, err
	}
	var hits CustomerHits
	if len(list) > q.Limit {
		list = list[:q.Limit]
		hits.Next = &list[q.Limit-1]
	}
	for _, p := range list {
		hits.IDs = append(hits.IDs, p.ID)
	}
	return hits, nil
}

// searchWalk goes through the blocks of a project, the newest first.
type searchWalk struct {
	ctx   context.Context
	index CustomerIndex
	q     *CustomerSearch
	below int64

	// inScope are the customers of a narrow scope; nil for a scope that is not narrow.
	inScope map[int64]bool
	found   []int64
	// complete is the id from which on everything is found: 0 when the search went through to the end.
	complete int64
	reads    int
}

// narrow finds out whether the scope is narrow.
func (w *searchWalk) narrow() error {
	if w.q.isAll() {
		return nil
	}
	list, err := w.index.PositionsInScope(w.ctx, w.q.CustomerScope, nil, narrowScope+1)
	if err != nil || len(list) > narrowScope {
		return err
	}
	w.inScope = make(map[int64]bool, len(list))
	for _, p := range list {
		w.inScope[p.ID] = true
	}
	return nil
}

func (w *searchWalk) lookUpKeys() error {
	limit := w.q.Limit + 1
	ids, err := w.index.IDsByKey(w.ctx, w.q, w.below, limit)
	if err != nil {
		return err
	}
	if len(ids) == limit {
		w.complete = ids[limit-1]
	}
	return w.take(ids)
}

// take adds those of the customers that are in the scope.
func (w *searchWalk) take(ids []int64) error {
	switch {
	case len(ids) == 0 || w.q.isAll():
	case w.inScope != nil:
		ids = slices.DeleteFunc(ids, func(id int64) bool { return !w.inScope[id] })
	default:
		w.reads += scopeReads * len(ids)
		var err error
		if ids, err = w.index.IDsInScope(w.ctx, w.q.CustomerScope, ids); err != nil {
			return err
		}
	}
	w.found = append(w.found, ids...)
	return nil
}

// walk looks for the terms in block after block, until the page is full, all blocks are done, or it was too much.
func (w *searchWalk) walk() error {
	if len(w.q.Terms) == 0 {
		return nil
	}
	blocks, err := w.blocks()
	if err != nil {
		return err
	}
	count := firstBlocks
	for hits := 0; len(blocks) > 0; {
		n := min(count, len(blocks))
		before := w.reads
		ids, err := w.search(blocks[:n])
		if err != nil {
			return err
		}
		was := len(w.found)
		if err := w.take(ids); err != nil {
			return err
		}
		hits += len(w.found) - was
		last := blocks[n-1]
		if blocks = blocks[n:]; len(blocks) > 0 && (hits > w.q.Limit || w.reads > maxTermReads) {
			w.complete = max(w.complete, last*TermBlockSize)
			return nil
		}
		switch reads := w.reads - before; {
		case reads < fewReads:
			count = min(2*count, maxBlocks)
		case reads > manyReads:
			count = max(1, count/4)
		}
	}
	return nil
}

// blocks returns the blocks to look into, the newest first.
func (w *searchWalk) blocks() ([]int64, error) {
	var list []int64
	if w.inScope != nil {
		for id := range w.inScope {
			if id < w.below {
				list = append(list, TermBlock(id))
			}
		}
		slices.Sort(list)
		list = slices.Compact(list)
		slices.Reverse(list)
		return list, nil
	}
	oldest, newest, err := w.index.IDSpan(w.ctx, w.q.ProjectID)
	if err != nil || newest == 0 {
		return nil, err
	}
	for b := TermBlock(min(newest, w.below-1)); b >= TermBlock(oldest); b-- {
		list = append(list, b)
	}
	return list, nil
}

// search returns the customers of the blocks that have all terms of one of the lists, each once.
func (w *searchWalk) search(blocks []int64) ([]int64, error) {
	var found []int64
	known := map[string][]int64{}
	for _, terms := range w.q.Terms {
		ids, err := w.haveAll(blocks, terms, known)
		if err != nil {
			return nil, err
		}
		found = append(found, ids...)
	}
	slices.Sort(found)
	found = slices.Compact(found)
	return slices.DeleteFunc(found, func(id int64) bool { return id >= w.below }), nil
}

// haveAll returns the customers of the blocks that have all terms, in order. known are the answers so far.
func (w *searchWalk) haveAll(blocks []int64, terms []string, known map[string][]int64) ([]int64, error) {
	var all []int64
	for i, term := range terms {
		ids, asked := known[term]
		if i > 0 && !asked && len(all) <= fewLeft {
			return w.lookAt(all, terms[i:])
		}
		if !asked {
			var err error
			if ids, err = w.index.IDsByTerm(w.ctx, w.q.ProjectID, blocks, term); err != nil {
				return nil, err
			}
			w.reads += len(ids)
			slices.Sort(ids)
			ids = slices.Compact(ids)
			known[term] = ids
		}
		if i == 0 {
			all = slices.Clone(ids)
		} else {
			all = slices.DeleteFunc(all, func(id int64) bool { _, has := slices.BinarySearch(ids, id); return !has })
		}
		if len(all) == 0 {
			return nil, nil
		}
	}
	return all, nil
}

// lookAt returns those of a few customers that have all terms, in order.
func (w *searchWalk) lookAt(ids []int64, terms []string) ([]int64, error) {
	w.reads += loadReads * len(ids)
	customers, err := w.index.LoadCustomers(w.ctx, w.q.ProjectID, ids)
	if err != nil {
		return nil, err
	}
	var all []int64
	for i := range customers {
		if hasTerms(&customers[i], terms) {
			all = append(all, customers[i].ID)
		}
	}
	return all, nil
}

// hasTerms reports whether a customer has a term with each of the beginnings.
func hasTerms(c *Customer, beginnings []string) bool {
	terms := c.Terms()
	for _, beginning := range beginnings {
		if !slices.ContainsFunc(terms, func(t string) bool { return strings.HasPrefix(t, beginning) }) {
			return false
		}
	}
	return true
}

// page returns what was found, as far as it is complete.
func (w *searchWalk) page() CustomerHits {
	slices.Sort(w.found)
	ids := slices.Compact(w.found)
	slices.Reverse(ids)
	ids = slices.DeleteFunc(ids, func(id int64) bool { return id < w.complete })
	if len(ids) > w.q.Limit {
		ids = ids[:w.q.Limit]
		return CustomerHits{IDs: ids, Next: &Position{ID: ids[w.q.Limit-1]}}
	}
	hits := CustomerHits{IDs: ids}
	if w.complete > 0 {
		hits.Next = &Position{ID: w.complete}
	}
	return hits
}
