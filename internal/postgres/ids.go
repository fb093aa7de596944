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

// drop forgets the kept ids.
func (s *idSource) drop() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.kept = nil
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

// reserved are ids of one sequence that one batch may use.
type reserved struct {
	kept spans // from the store
	// fresh are those that the batch's own transaction took from the sequence. Until it has ended well they are nobody's: what
	// a crash or a failover takes back of a sequence, another server is given.
	fresh spans
}

// newIDs are the ids that one batch may need, at hand before it is decided. It implements clientele.IDs.
type newIDs struct {
	customers reserved
	addresses reserved
	leads     reserved
}

func (r *reserved) pop() int64 {
	if r.kept.count() == 0 {
		return r.fresh.pop()
	}
	return r.kept.pop()
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
	t.ids.customers.queue(p, &t.store.customers, customers)
	t.ids.addresses.queue(p, &t.store.addresses, addresses)
	t.ids.leads.queue(p, &t.store.leads, leads)
}

// queue reserves up to n ids that the source has and asks for the rest.
func (r *reserved) queue(p *pgx.Batch, s *idSource, n int) {
	r.kept = s.take(n)
	missing := n - r.kept.count()
	if missing > 0 {
		blocks := (missing + idBlock - 1) / idBlock
		p.Queue("SELECT nextval($1::text::regclass) FROM generate_series(1, $2)", s.sequence, blocks).Query(func(rows pgx.Rows) error {
			var first int64
			return eachRow(rows, []any{&first}, func() { r.fresh = append(r.fresh, span{first, first + idBlock}) })
		})
	}
}

// returnIDs puts back what the batch did not use of the store's ids.
func (t *commit) returnIDs() {
	t.store.customers.give(t.ids.customers.kept)
	t.store.addresses.give(t.ids.addresses.kept)
	t.store.leads.give(t.ids.leads.kept)
}

// keepFresh gives the store what is left of the ids that the transaction took from the sequences. It must be known to have
// been committed, and it has written at least its mark: so the log is on the disk, and on the standby, up to behind the
// sequences.
func (t *commit) keepFresh() {
	t.store.customers.give(t.ids.customers.fresh)
	t.store.addresses.give(t.ids.addresses.fresh)
	t.store.leads.give(t.ids.leads.fresh)
}

// anyFresh reports whether the transaction took ids from a sequence.
func (n *newIDs) anyFresh() bool {
	return len(n.customers.fresh)+len(n.addresses.fresh)+len(n.leads.fresh) > 0
}

// dropIDs drops all ids that the store and the batch have: one of them is somebody else's.
func (t *commit) dropIDs() {
	t.ids = newIDs{}
	for _, s := range []*idSource{&t.store.customers, &t.store.addresses, &t.store.leads} {
		s.drop()
	}
}
