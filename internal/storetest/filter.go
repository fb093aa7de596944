package storetest

import (
	"fmt"
	"testing"

	"clientele"
)

func filterChecks() []check {
	return []check{
		{"SelectsByEachKey", testFilterByKey},
		{"SelectsByAllThatIsStated", testFilterByAll},
		{"KeysAreComparedByteForByte", testFilterIsExact},
		{"MissingIsNoFilterAndEmptyIsOne", testFilterEmpty},
		{"PagesAreInOrderOfID", testFilterPages},
		{"ForeignAreNeverSelected", testFilterForeign},
		{"FollowsUpdates", testFilterFollowsUpdates},
	}
}

// filter returns the ids and the total of a filter of the fixture's project, whose limit is the largest unless stated.
func (f *fixture) filter(t *testing.T, by clientele.CustomerFilter) ([]int64, int) {
	t.Helper()
	if by.ProjectID == 0 {
		by.ProjectID = f.project
	}
	if by.Limit == 0 {
		by.Limit = clientele.MaxPage
	}
	ids, total, err := f.FilterCustomers(t.Context(), by)
	if err != nil {
		t.Fatalf("FilterCustomers(%+v): %v", by, err)
	}
	return ids, total
}

// wantFiltered fails when the filter does not select exactly these customers, in this order.
func (f *fixture) wantFiltered(t *testing.T, by clientele.CustomerFilter, want ...int64) {
	t.Helper()
	ids, total := f.filter(t, by)
	wantSame(t, fmt.Sprintf("ids of %+v", by), want, ids)
	if total != len(want) {
		t.Errorf("total of %+v = %d, want %d", by, total, len(want))
	}
}

// registered returns a write of a new customer with both keys and a VAT number, whose normal form is stated as it is.
func registered(project int64, n int, id, number, vat string) clientele.Write {
	w := create(project, n, values{
		fieldID: clientele.Some(id), fieldNumber: clientele.Some(number), clientele.FieldVATNumber: clientele.Some("raw " + vat),
	})
	w.Customer.Patch.VATNormal = clientele.Some(vat)
	return w
}

// ids returns our ids of the subjects of outcomes.
func ids(outcomes []clientele.Outcome) []int64 {
	list := make([]int64, len(outcomes))
	for i, o := range outcomes {
		list[i] = o.SubjectID
	}
	return list
}

func testFilterByKey(t *testing.T, f *fixture) {
	c := ids(f.commit(t, registered(f.project, 1, "1", "N1", "BE1"), registered(f.project, 1, "2", "N2", "BE2"),
		registered(f.project, 1, "3", "N3", "BE1"), create(f.project, 1, email("ada@example.com"))))
	some := clientele.Some
	f.wantFiltered(t, clientele.CustomerFilter{ExternalID: some("2")}, c[1])
	f.wantFiltered(t, clientele.CustomerFilter{ExternalNumber: some("N3")}, c[2])
	f.wantFiltered(t, clientele.CustomerFilter{VATNormal: some("BE1")}, c[0], c[2]) // branches share a VAT number
	f.wantFiltered(t, clientele.CustomerFilter{ExternalID: some("N2")})
	f.wantFiltered(t, clientele.CustomerFilter{ExternalNumber: some("2")})
	f.wantFiltered(t, clientele.CustomerFilter{VATNormal: some("raw BE1")})
	f.wantFiltered(t, clientele.CustomerFilter{}, c...)
}

func testFilterByAll(t *testing.T, f *fixture) {
	c := ids(f.commit(t, registered(f.project, 1, "1", "N1", "BE1"), registered(f.project, 1, "2", "N2", "BE1")))
	some := clientele.Some
	f.wantFiltered(t, clientele.CustomerFilter{ExternalID: some("1"), ExternalNumber: some("N1")}, c[0])
	f.wantFiltered(t, clientele.CustomerFilter{ExternalID: some("2"), VATNormal: some("BE1")}, c[1])
	f.wantFiltered(t, clientele.CustomerFilter{ExternalNumber: some("N2"), VATNormal: some("BE1")}, c[1])
	f.wantFiltered(t, clientele.CustomerFilter{ExternalID: some("1"), ExternalNumber: some("N1"), VATNormal: some("BE1")}, c[0])
	f.wantFiltered(t, clientele.CustomerFilter{ExternalID: some("1"), ExternalNumber: some("N2")})
	f.wantFiltered(t, clientele.CustomerFilter{ExternalID: some("1"), VATNormal: some("BE2")})
}

func testFilterIsExact(t *testing.T, f *fixture) {
	list := []string{"a", "A", "a ", " a", "%", "a%", "_", "1", "01", "1.0", "Caf\u00e9", "Cafe\u0301", "' OR 1=1 --", "\u20ac\U0001f33b"}
	var writes []clientele.Write
	for i, key := range list {
		writes = append(writes, registered(f.project, i, key, key, key))
	}
	for i, id := range ids(f.commit(t, writes...)) {
		key := clientele.Some(list[i])
		f.wantFiltered(t, clientele.CustomerFilter{ExternalID: key}, id)
		f.wantFiltered(t, clientele.CustomerFilter{ExternalNumber: key}, id)
		f.wantFiltered(t, clientele.CustomerFilter{VATNormal: key}, id)
	}
}

func testFilterEmpty(t *testing.T, f *fixture) {
	without := f.commitOne(t, create(f.project, 1, email("ada@example.com")), clientele.Created)
	empty := clientele.Some("")
	for _, by := range []clientele.CustomerFilter{{ExternalID: empty}, {ExternalNumber: empty}, {VATNormal: empty}} {
		f.wantFiltered(t, by)
	}
	with := f.commitOne(t, registered(f.project, 2, "", "", ""), clientele.Created)
	for _, by := range []clientele.CustomerFilter{{ExternalID: empty}, {ExternalNumber: empty}, {VATNormal: empty}} {
		f.wantFiltered(t, by, with)
	}
	f.wantFiltered(t, clientele.CustomerFilter{}, without, with)
}

// testFilterPages holds every page of every size, and those behind the last, to the whole list.
func testFilterPages(t *testing.T, f *fixture) {
	const count = 7
	var writes []clientele.Write
	for i := range count {
		writes = append(writes, registered(f.project, count-i, fmt.Sprint(count-i), fmt.Sprint(i), "BE1"))
	}
	all := ids(f.commit(t, writes...))
	for i, by := range []clientele.CustomerFilter{{}, {VATNormal: clientele.Some("BE1")}} {
		for limit := 1; limit <= count+1; limit++ {
			for offset := range count + 3 {
				by.Limit, by.Offset = limit, offset
				got, total := f.filter(t, by)
				want := all[min(offset, count):min(offset+limit, count)]
				wantSame(t, fmt.Sprintf("filter %d, limit %d, offset %d", i, limit, offset), want, got)
				if total != count {
					t.Errorf("filter %d, limit %d, offset %d: total %d, want %d", i, limit, offset, total, count)
				}
			}
		}
	}
	by := clientele.CustomerFilter{Limit: clientele.MaxPage, Offset: 1_000_000_000_000}
	if got, total := f.filter(t, by); len(got) != 0 || total != count {
		t.Errorf("far behind the last page: %v of %d", got, total)
	}
}

func testFilterForeign(t *testing.T, f *fixture) {
	c := ids(f.commit(t, registered(f.project, 1, "1", "N1", "BE1"), registered(f.other, 1, "1", "N1", "BE1"),
		registered(f.other, 1, "2", "N2", "BE2")))
	some := clientele.Some
	for _, by := range []clientele.CustomerFilter{{}, {ExternalID: some("1")}, {ExternalNumber: some("N1")}, {VATNormal: some("BE1")}} {
		f.wantFiltered(t, by, c[0])
	}
	f.wantFiltered(t, clientele.CustomerFilter{ExternalID: some("2")})
	f.wantFiltered(t, clientele.CustomerFilter{ProjectID: f.other}, c[1], c[2])
	f.wantFiltered(t, clientele.CustomerFilter{ProjectID: f.project + f.other + 1000})
}

func testFilterFollowsUpdates(t *testing.T, f *fixture) {
	id := f.commitOne(t, registered(f.project, 1, "1", "N1", "BE1"), clientele.Created)
	w := update(f.project, 2, id, values{fieldID: clientele.Some("2"), fieldNumber: {}, clientele.FieldVATNumber: clientele.Some("x")})
	w.Customer.Patch.VATNormal = clientele.Some("X")
	f.commitOne(t, w, clientele.Updated)
	some := clientele.Some
	for _, by := range []clientele.CustomerFilter{{ExternalID: some("1")}, {ExternalNumber: some("N1")}, {VATNormal: some("BE1")}} {
		f.wantFiltered(t, by)
	}
	f.wantFiltered(t, clientele.CustomerFilter{ExternalID: some("2"), VATNormal: some("X")}, id)
}
