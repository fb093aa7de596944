package storetest

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"clientele"
)

func listChecks() []check {
	return []check{
		{"Positions_OfEveryQuery", testPositions},
		{"Positions_PageByPageAreTheWhole", testPositionsByPage},
		{"Positions_FollowUpdates", testPositionsFollowUpdates},
		{"Positions_ForeignAreNeverListed", testPositionsForeign},
		{"Positions_WhoIsErasedHasNone", testPositionsErased},
		{"Sweep_LeavesThePlacesThatCount", testSweepPlaces},
		{"Sweep_PieceByPiece", testSweepPieces},
		{"Load_IsInTheOrderOfTheIDs", testLoadOrder},
		{"Load_IsWhole", testLoadWhole},
		{"Load_UnknownAndForeignAreLeftOut", testLoadUnknown},
		{"Load_AFullPage", testLoadFullPage},
		{"Load_WithinAddresses", testLoadWithin},
	}
}

func (f *fixture) positions(t *testing.T, q clientele.CustomerQuery) []clientele.Position {
	t.Helper()
	if q.ProjectID == 0 {
		q.ProjectID = f.project
	}
	list, err := f.ListPositions(t.Context(), q)
	if err != nil {
		t.Fatalf("ListPositions(%+v): %v", q, err)
	}
	return list
}

func (f *fixture) load(t *testing.T, ids ...int64) []clientele.Customer {
	t.Helper()
	list, err := f.LoadCustomers(t.Context(), f.project, ids)
	if err != nil {
		t.Fatalf("LoadCustomers(%v): %v", ids, err)
	}
	return list
}

// listed are customers whose dates collide: created at 1, 1, 2, 3, 3, 4, and updated in another order.
func (f *fixture) listed(t *testing.T) []clientele.Customer {
	t.Helper()
	var writes []clientele.Write
	for i, n := range []int{1, 1, 2, 3, 3, 4} {
		writes = append(writes, upsert(f.project, n, fmt.Sprint(i), email("ada@example.com")))
	}
	all := ids(f.commit(t, writes...))
	for _, u := range []struct{ customer, at int }{{0, 6}, {3, 5}, {2, 6}, {4, 3}} {
		f.commitOne(t, upsert(f.project, u.at, fmt.Sprint(u.customer), email("new@example.com")), clientele.Updated)
	}
	var list []clientele.Customer
	for _, id := range all {
		list = append(list, f.customer(t, f.project, id))
	}
	return list
}

// modelPositions is a second, plain opinion about what a query selects.
func modelPositions(customers []clientele.Customer, q clientele.CustomerQuery) []clientele.Position {
	compare := func(a, b clientele.Position) int {
		order := cmp.Or(a.At.Compare(b.At), cmp.Compare(a.ID, b.ID))
		if q.Newest {
			return -order
		}
		return order
	}
	var list []clientele.Position
	for _, c := range customers {
		p := clientele.Position{At: c.UpdatedAt, ID: c.ID}
		if q.ByCreated {
			p.At = c.CreatedAt
		}
		tooEarly := !q.From.IsZero() && p.At.Before(q.From)
		tooLate := !q.To.IsZero() && p.At.After(q.To)
		if tooEarly || tooLate || q.After != nil && compare(p, *q.After) <= 0 {
			continue
		}
		list = append(list, p)
	}
	slices.SortFunc(list, compare)
	list = list[min(q.Offset, len(list)):]
	return list[:min(q.Limit, len(list))]
}

func testPositions(t *testing.T, f *fixture) {
	customers := f.listed(t)
	froms := []time.Time{{}, at(3), at(3).Add(time.Microsecond), at(9)}
	tos := []time.Time{{}, at(3), at(3).Add(-time.Microsecond), at(6)}
	afters := []*clientele.Position{nil, {At: at(3), ID: customers[3].ID}, {At: at(6)}, {At: at(0), ID: 1 << 62}}
	for bits := range 4 {
		for _, from := range froms {
			for _, to := range tos {
				for _, after := range afters {
					for _, page := range []struct{ limit, offset int }{{100, 0}, {2, 1}, {100, 6}} {
						q := clientele.CustomerQuery{
							ProjectID: f.project, ByCreated: bits&1 != 0, Newest: bits&2 != 0, From: from, To: to,
							Limit: page.limit, Offset: page.offset, After: after,
						}
						wantSame(t, fmt.Sprintf("%+v", q), modelPositions(customers, q), f.positions(t, q))
					}
				}
			}
		}
	}
}

// testPositionsByPage follows each list from position to position, as a cursor does.
func testPositionsByPage(t *testing.T, f *fixture) {
	f.listed(t)
	for bits := range 4 {
		q := clientele.CustomerQuery{ByCreated: bits&1 != 0, Newest: bits&2 != 0, Limit: 100}
		whole := f.positions(t, q)
		var got []clientele.Position
		q.Limit = 1
		for list := f.positions(t, q); len(list) > 0; list = f.positions(t, q) {
			got = append(got, list...)
			q.After = &list[len(list)-1]
			if len(got) > len(whole) {
				break
			}
		}
		wantSame(t, fmt.Sprintf("%+v", q), whole, got)
	}
}

func testPositionsFollowUpdates(t *testing.T, f *fixture) {
	all := ids(f.commit(t, upsert(f.project, 1, "a", nil), upsert(f.project, 2, "b", nil)))
	f.commitOne(t, upsert(f.project, 3, "a", email("ada@example.com")), clientele.Updated)
	wantSame(t, "by updated", []clientele.Position{{At: at(2), ID: all[1]}, {At: at(3), ID: all[0]}},
		f.positions(t, clientele.CustomerQuery{Limit: 10}))
	wantSame(t, "by created", []clientele.Position{{At: at(1), ID: all[0]}, {At: at(2), ID: all[1]}},
		f.positions(t, clientele.CustomerQuery{Limit: 10, ByCreated: true}))
	for _, p := range f.positions(t, clientele.CustomerQuery{Limit: 10}) {
		if p.At.Location() != time.UTC {
			t.Errorf("position in %v, want UTC", p.At.Location())
		}
	}
}

func testPositionsErased(t *testing.T, f *fixture) {
	all := ids(f.commit(t, upsert(f.project, 1, "a", email("ada@example.com")), upsert(f.project, 2, "b", nil)))
	f.commitOne(t, upsert(f.project, 3, "a", email("eve@example.com")), clientele.Updated)
	f.erase(t, 4, all[0], clientele.ErasedRows{})
	for bits := range 4 {
		q := clientele.CustomerQuery{ByCreated: bits&1 != 0, Newest: bits&2 != 0, Limit: 10}
		wantSame(t, "positions", []clientele.Position{{At: at(2), ID: all[1]}}, f.positions(t, q))
	}
	wantSame(t, "places left", []int{2}, f.sweep(t, 10)) // the erased customer's first, and b's
	wantSame(t, "places left", []int{1}, f.sweep(t, 10))
}

// sweep goes through the places of the project, and returns how many it saw in each piece.
func (f *fixture) sweep(t *testing.T, limit int) (seen []int) {
	t.Helper()
	for after := (clientele.Position{}); ; {
		last, n, err := f.SweepPlaces(t.Context(), f.project, after, limit)
		if err != nil {
			t.Fatalf("sweep behind %+v: %v", after, err)
		}
		seen = append(seen, n)
		if n < limit {
			return seen
		}
		after = last
	}
}

// testSweepPlaces: what updates left behind goes, and nobody leaves a list for it.
func testSweepPlaces(t *testing.T, f *fixture) {
	customers := f.listed(t)
	f.commitOne(t, upsert(f.other, 1, "z", email("zoe@example.com")), clientele.Created)
	f.commitOne(t, upsert(f.other, 2, "z", email("zoe2@example.com")), clientele.Updated)
	if n := f.UpdatedCustomers(); n < 5 {
		t.Errorf("%d updates are counted, want 5 at least", n)
	}
	for round, want := range []int{9, 6, 6} { // 6 customers and 4 updates, one of them at the moment of the creation; then the customers
		wantSame(t, fmt.Sprintf("round %d", round), []int{want}, f.sweep(t, 100))
		q := clientele.CustomerQuery{ProjectID: f.project, Limit: 100}
		wantSame(t, "positions", modelPositions(customers, q), f.positions(t, q))
	}
	if n := len(f.positions(t, clientele.CustomerQuery{ProjectID: f.other, Limit: 100})); n != 1 {
		t.Errorf("%d customers are listed in the other project, want 1", n)
	}
	_, n, err := f.SweepPlaces(t.Context(), f.other, clientele.Position{}, 100)
	if err != nil || n != 2 {
		t.Errorf("%d places in the other project, %v; want 2: the sweep of one is not that of another", n, err)
	}
}

func testSweepPieces(t *testing.T, f *fixture) {
	customers := f.listed(t)
	wantSame(t, "first round", []int{4, 4, 1}, f.sweep(t, 4))
	wantSame(t, "second round", []int{4, 2}, f.sweep(t, 4))
	for bits := range 2 {
		q := clientele.CustomerQuery{ProjectID: f.project, Newest: bits != 0, Limit: 100}
		wantSame(t, "positions", modelPositions(customers, q), f.positions(t, q))
	}
}

func testPositionsForeign(t *testing.T, f *fixture) {
	c := ids(f.commit(t, upsert(f.project, 1, "a", nil), upsert(f.other, 1, "a", nil)))
	for bits := range 4 {
		q := clientele.CustomerQuery{ByCreated: bits&1 != 0, Newest: bits&2 != 0, Limit: 10}
		wantSame(t, "here", []clientele.Position{{At: at(1), ID: c[0]}}, f.positions(t, q))
		q.ProjectID = f.other
		wantSame(t, "there", []clientele.Position{{At: at(1), ID: c[1]}}, f.positions(t, q))
		q.ProjectID = f.project + f.other + 1000
		wantSame(t, "nowhere", nil, f.positions(t, q))
	}
}

func testLoadOrder(t *testing.T, f *fixture) {
	c := ids(f.commit(t, upsert(f.project, 1, "a", nil), upsert(f.project, 1, "b", nil), upsert(f.project, 1, "c", nil)))
	for _, order := range [][]int64{{c[0], c[1], c[2]}, {c[2], c[0], c[1]}, {c[1]}, {c[2], c[1]}} {
		var got []int64
		for _, customer := range f.load(t, order...) {
			got = append(got, customer.ID)
		}
		wantSame(t, "ids", order, got)
	}
	if got := f.load(t); len(got) != 0 {
		t.Errorf("no ids gave %d customers", len(got))
	}
}

// testLoadWhole holds a list to what is found one by one: every text, normal form, flag and address.
func testLoadWhole(t *testing.T, f *fixture) {
	full := create(f.project, 1, nil, address(2), clientele.Address{IsDefaultShipping: true}, address(1))
	for field := range clientele.AllFields.All {
		full.Customer.Patch.Put(field, clientele.Some(field.String()))
	}
	full.Customer.Patch.Normal = clientele.Normal{
		EmailNormal: clientele.Some("e"), PhoneE164: clientele.Some("p"), AltPhoneE164: clientele.Some("a"),
		VATNormal: clientele.Some("v"), Flags: clientele.VATInvalid | clientele.IPPrivate,
	}
	outcomes := f.commit(t, full, create(f.project, 2, nil), create(f.project, 3, email(""), address(3)))
	var want []clientele.Customer
	for _, id := range ids(outcomes) {
		want = append(want, f.customer(t, f.project, id))
	}
	wantSame(t, "customers", want, f.load(t, ids(outcomes)...))
}

func testLoadUnknown(t *testing.T, f *fixture) {
	c := ids(f.commit(t, upsert(f.project, 1, "a", nil), upsert(f.other, 1, "a", nil), upsert(f.project, 1, "b", nil)))
	list := f.load(t, c[2], c[1], 0, -1, 1<<62, c[0])
	if len(list) != 2 || list[0].ID != c[2] || list[1].ID != c[0] {
		t.Errorf("%d customers, want %d and %d", len(list), c[2], c[0])
	}
	if list, err := f.LoadCustomers(t.Context(), f.project+f.other+1000, c); err != nil || len(list) != 0 {
		t.Errorf("a project that is not there has %d customers, %v", len(list), err)
	}
}

func testLoadFullPage(t *testing.T, f *fixture) {
	writes := make([]clientele.Write, clientele.MaxPage)
	for i := range writes {
		writes[i] = create(f.project, 1, keys(fmt.Sprint(i), fmt.Sprint(-i)), clientele.Address{})
	}
	all := ids(f.commit(t, writes...))
	slices.Reverse(all)
	list := f.load(t, all...)
	if len(list) != len(all) {
		t.Fatalf("%d customers, want %d", len(list), len(all))
	}
	for i, c := range list {
		if c.ID != all[i] || len(c.Addresses) != 1 || c.ExternalID.V != fmt.Sprint(len(all)-1-i) {
			t.Fatalf("place %d has customer %d, %v, with %d addresses", i, c.ID, c.ExternalID, len(c.Addresses))
		}
	}
}

// testLoadWithin: customers with more addresses among them than were asked for are not loaded together, one alone always is,
// and part by part each comes once, in order, with its addresses.
func testLoadWithin(t *testing.T, f *fixture) {
	var writes []clientele.Write
	for i := range 40 {
		addresses := 1
		if i%8 == 3 {
			addresses = 300
		}
		writes = append(writes, create(f.project, 1, nil, make([]clientele.Address, addresses)...))
	}
	all := ids(f.commit(t, writes...))
	slices.Reverse(all)
	for _, k := range []struct {
		ids  []int64
		most int
		want error
	}{
		{all[:4], 4, nil},
		{all[:4], 3, clientele.ErrManyAddresses},
		{all[3:5], 300, clientele.ErrManyAddresses},
		{all[4:5], 1, nil},
		{all, 5*300 + 35, nil},
		{nil, 0, nil},
	} {
		list, err := f.LoadCustomersWithin(t.Context(), f.project, k.ids, k.most)
		if !errors.Is(err, k.want) || err == nil && len(list) != len(k.ids) {
			t.Errorf("%d of %d customers within %d addresses: %v, want %v", len(list), len(k.ids), k.most, err, k.want)
		}
	}
	loader := clientele.CustomerLoader{Shelf: f}
	var list []clientele.Customer
	for left := all; len(left) > 0; {
		part, n, err := loader.Load(t.Context(), f.project, left)
		if err != nil || n == 0 {
			t.Fatalf("part of %d: %v", n, err)
		}
		list, left = append(list, part...), left[n:]
	}
	wantSame(t, "customers", f.load(t, all...), list)
}
