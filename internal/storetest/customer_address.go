package storetest

import (
	"fmt"
	"slices"
	"testing"

	"clientele"
)

// address returns an address with a text in each place; n makes it one of a kind.
func address(n int) clientele.Address {
	var a clientele.Address
	for _, text := range a.Texts() {
		*text.Text = clientele.Some(fmt.Sprintf("%s %d", text.Name, n))
	}
	return a
}

func testAddresses(t *testing.T, f *fixture) {
	given := []clientele.Address{address(3), {IsDefaultShipping: true}, address(1), address(2)}
	given[0].IsDefaultBilling = true
	given[2].IsDefaultBilling, given[2].IsDefaultShipping = true, true
	w := create(f.project, 5, email("ada@example.com"), given...)
	c := f.customer(t, f.project, f.commitOne(t, w, clientele.Created))
	got := c.Addresses
	if len(got) != len(given) {
		t.Fatalf("%d addresses, want %d", len(got), len(given))
	}
	want := slices.Clone(given)
	for i := range want {
		want[i].ID, want[i].CreatedAt, want[i].UpdatedAt = got[i].ID, at(5), at(5)
		if got[i].ID <= 0 || i > 0 && got[i].ID <= got[i-1].ID {
			t.Errorf("address %d has id %d after %d: ids are above 0 and rise", i, got[i].ID, got[max(0, i-1)].ID)
		}
	}
	wantSame(t, "addresses", want, got)
	for i, a := range given {
		if a.ID != 0 {
			t.Errorf("Commit wrote id %d into the caller's address %d", a.ID, i)
		}
	}
	wantSame(t, "replayed history", c, replay(t, f.changes(t, f.project, c.ID)))
}

func testAddressIDs(t *testing.T, f *fixture) {
	one, two, none := []clientele.Address{address(1)}, []clientele.Address{address(2), address(3)}, []clientele.Address(nil)
	var outcomes []clientele.Outcome
	for range 2 { // ids go on in the next batch
		outcomes = append(outcomes, f.commit(t,
			create(f.project, 1, nil, one...), create(f.other, 1, nil, two...), create(f.project, 1, nil, none...),
			create(f.project, 1, nil, two...))...)
	}
	seen := map[int64]bool{0: true}
	for i, o := range outcomes {
		project, want := f.project, [][]clientele.Address{one, two, none, two}[i%4]
		if i%4 == 1 {
			project = f.other
		}
		got := f.customer(t, project, o.SubjectID).Addresses
		if len(got) != len(want) {
			t.Fatalf("customer %d has %d addresses, want %d", i, len(got), len(want))
		}
		for j, a := range got {
			wantSame(t, "address", want[j].AddressDetails, a.AddressDetails)
			if seen[a.ID] {
				t.Errorf("address id %d was given twice or is 0", a.ID)
			}
			seen[a.ID] = true
		}
	}
}

func testUpdateLeavesAddresses(t *testing.T, f *fixture) {
	w := upsert(f.project, 1, "a", email("ada@example.com"))
	w.Customer.Addresses = []clientele.Address{address(1)}
	id := f.commitOne(t, w, clientele.Created)
	want := f.customer(t, f.project, id).Addresses
	w = upsert(f.project, 2, "a", email("ada@example.org"))
	w.Customer.Addresses = []clientele.Address{address(2), address(3)}
	f.commitOne(t, w, clientele.Updated)
	wantSame(t, "addresses", want, f.customer(t, f.project, id).Addresses)
}

func testEveryAddressText(t *testing.T, f *fixture) {
	var writes []clientele.Write
	var want []clientele.AddressDetails
	for place := range (&clientele.AddressDetails{}).Texts() {
		for _, text := range []clientele.Text{{}, clientele.Some(""), clientele.Some("x")} {
			a := address(place)
			*a.Texts()[place].Text = text
			var alone clientele.Address
			*alone.Texts()[place].Text = text
			writes = append(writes, create(f.project, 1, nil, a, alone))
			want = append(want, a.AddressDetails, alone.AddressDetails)
		}
	}
	var got []clientele.AddressDetails
	for _, o := range f.commit(t, writes...) {
		for _, a := range f.customer(t, f.project, o.SubjectID).Addresses {
			got = append(got, a.AddressDetails)
		}
	}
	wantSame(t, "addresses", want, got)
}
