package postgres

import (
	"cmp"
	"slices"
	"sync"

	"clientele"

	"github.com/jackc/pgx/v5"
)

// idBlock is how many ids one value of a sequence stands for; the migrations say the same.
const idBlock = 1000

// span is a run of ids that nobody has yet: from next to before end.
type span struct{ next, end int64 }

// idSource gives out the ids of one sequence. What it takes from the sequence it keeps, so that most batches need no
// look at it; what a server has kept when it ends is never used.
type idSource struct {
	sequence string

	mu   sync.Mutex
	kept []span // in order, no two adjacent
}

// take moves at most n of the kept ids to the caller.
func (s *idSource) take(n int) (ids spans) {
	s.mu.Lock()
	defer s.mu.Unlock()
	missing := int64(n)
	for missing > 0 && len(s.kept) > 0 {
		first := &s.kept[0]
		end := min(first.end, first.next+missing)
		ids = append(ids, span{first.next, end})
		missing -= end - first.next
		if first.next = end; first.next == first.end {
			s.kept = s.kept[1:]
		}
	}
	return ids
}

// give puts back ids that were not used.
func (s *idSource) give(ids spans) {
	s.mu.Lock()
	defer s.mu.Unlock()
	kept := slices.Concat(s.kept, ids)
	slices.SortFunc(kept, func(a, b span) int { return cmp.Compare(a.next, b.next) })
	s.kept = kept[:0]
	for _, b := range kept {
		if last := len(s.kept) - 1; last >= 0 && s.kept[last].end == b.next {
			s.kept[last].end = b.end
		} else if b.next < b.end {
			s.kept = append(s.kept, b)
		}
	}
}

// spans are ids that one batch may use.
type spans []span

func (ids spans) count() int {
	var n int64
	for _, b := range ids {
		n += b.end - b.next
	}
	return int(n)
}

func (ids *spans) pop() int64 {
	for (*ids)[0].next == (*ids)[0].end {
		*ids = (*ids)[1:]
	}
	(*ids)[0].next++
	return (*ids)[0].next - 1
}

// newIDs are the ids that one batch may need, at hand before it is decided. It implements clientele.IDs.
type newIDs struct {
	customers spans
	addresses spans
	leads     spans
}

// NextCustomerID implements clientele.IDs.
func (n *newIDs) NextCustomerID() int64 { return n.customers.pop() }

// NextAddressID implements clientele.IDs.
func (n *newIDs) NextAddressID() int64 { return n.addresses.pop() }

// NextLeadID implements clientele.IDs.
func (n *newIDs) NextLeadID() int64 { return n.leads.pop() }

// queueIDs reserves as many ids as the writes can need, from the store as far as it has them, and asks for the rest.
func (t *commit) queueIDs(p *pgx.Batch, writes []clientele.Write) {
	var customers, addresses, leads int
	for i := range writes {
		if l := writes[i].Lead; l != nil && l.Register != nil {
			leads++
		}
		if c := writes[i].Customer; c != nil && c.Mode != clientele.UpdateCustomer {
			customers++
			addresses += len(c.Addresses)
		}
	}
	t.ids.customers = queueSpans(p, &t.store.customers, customers, &t.ids.customers)
	t.ids.addresses = queueSpans(p, &t.store.addresses, addresses, &t.ids.addresses)
	t.ids.leads = queueSpans(p, &t.store.leads, leads, &t.ids.leads)
}

// queueSpans returns up to n ids and asks for the rest, which go to dest.
func queueSpans(p *pgx.Batch, s *idSource, n int, dest *spans) spans {
	ids := s.take(n)
	missing := n - ids.count()
	if missing > 0 {
		blocks := (missing + idBlock - 1) / idBlock
		p.Queue("SELECT nextval($1::text::regclass) FROM generate_series(1, $2)", s.sequence, blocks).Query(func(rows pgx.Rows) error {
			var first int64
			return eachRow(rows, []any{&first}, func() { *dest = append(*dest, span{first, first + idBlock}) })
		})
	}
	return ids
}

// returnIDs puts back what the batch did not use.
func (t *commit) returnIDs() {
	t.store.customers.give(t.ids.customers)
	t.store.addresses.give(t.ids.addresses)
	t.store.leads.give(t.ids.leads)
}
