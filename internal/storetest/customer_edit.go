package storetest

import (
	"fmt"
	"testing"

	"clientele"
)

func editChecks() []check {
	return []check{
		{"ExpectedVersion_IsHeld", testExpectedVersion},
		{"ExpectedVersion_OneOfTwoInABatch", testExpectedVersionInBatch},
		{"ExpectedVersion_OfAnUpsert", testExpectedVersionOfUpsert},
		{"History_IsNewestFirstAndPaged", testHistoryPages},
	}
}

func edit(project int64, n int, id, version int64, v values) clientele.Write {
	w := update(project, n, id, v)
	w.Customer.ExpectedVersion = version
	return w
}

func testExpectedVersion(t *testing.T, f *fixture) {
	id := f.commitOne(t, create(f.project, 1, email("ada@example.com"), clientele.Address{}), clientele.Created)
	f.commitOne(t, edit(f.project, 2, id, 1, email("bea@example.com")), clientele.Updated)
	before := f.customer(t, f.project, id)
	for _, version := range []int64{1, 3, -1} {
		o := f.commit(t, edit(f.project, 3, id, version, values{clientele.FieldFirstName: clientele.Some("Ada")}))[0]
		if o.Result != clientele.VersionChanged || o.SubjectID != id || o.Existing == nil {
			t.Fatalf("version %d: %s of customer %d", version, o.Result, o.SubjectID)
		}
		wantSame(t, "the customer as it is", before, *o.Existing)
	}
	wantSame(t, "nothing was written", before, f.customer(t, f.project, id))
	f.commitOne(t, edit(f.project, 4, id, 2, email("bea@example.com")), clientele.Unchanged)
	f.commitOne(t, edit(f.project, 5, id, 2, email("cy@example.com")), clientele.Updated)
	f.commitOne(t, edit(f.project, 6, id+1, 1, email("cy@example.com")), clientele.Missing)
	if n := len(f.changes(t, f.project, id)); n != 3 {
		t.Errorf("%d changes, want 3", n)
	}
}

func testExpectedVersionInBatch(t *testing.T, f *fixture) {
	id := f.commitOne(t, create(f.project, 1, keys("a", "1")), clientele.Created)
	f.commitOne(t, create(f.project, 1, keys("b", "2")), clientele.Created)
	outcomes := f.commit(t, edit(f.project, 2, id, 1, email("ada@example.com")), edit(f.project, 3, id, 1, email("bea@example.com")),
		edit(f.project, 4, id, 2, keys("b", "1")), edit(f.project, 5, id, 2, keys("c", "2")), edit(f.project, 6, id, 2, keys("c", "1")))
	wantResults(t, outcomes, clientele.Updated, clientele.VersionChanged, clientele.ExternalIDTaken,
		clientele.ExternalNumberTaken, clientele.Updated)
	if c := f.customer(t, f.project, id); c.Email.V != "ada@example.com" || c.ExternalID.V != "c" || c.Version != 3 {
		t.Errorf("customer %+v", c)
	}
}

func testExpectedVersionOfUpsert(t *testing.T, f *fixture) {
	send := func(n int, version int64, v values) clientele.Write {
		w := upsert(f.project, n, "a", v)
		w.Customer.ExpectedVersion = version
		return w
	}
	id := f.commitOne(t, send(1, 1, email("ada@example.com")), clientele.Created)
	outcomes := f.commit(t, send(2, 1, email("bea@example.com")), send(3, 1, email("cy@example.com")))
	wantResults(t, outcomes, clientele.Updated, clientele.VersionChanged)
	before := f.customer(t, f.project, id)
	o := f.commit(t, send(4, 1, email("cy@example.com")))[0]
	if o.Result != clientele.VersionChanged || o.SubjectID != id || o.Existing == nil {
		t.Fatalf("%s of customer %d", o.Result, o.SubjectID)
	}
	wantSame(t, "the customer as it is", before, *o.Existing)
	wantSame(t, "nothing was written", before, f.customer(t, f.project, id))
}

func testHistoryPages(t *testing.T, f *fixture) {
	const count = 7
	id := f.commitOne(t, upsert(f.project, 0, "a", email("0@example.com")), clientele.Created)
	for n := 1; n < count; n++ {
		f.commitOne(t, upsert(f.project, n, "a", email(fmt.Sprintf("%d@example.com", n))), clientele.Updated)
		f.commit(t, upsert(f.project, n, "b", email(fmt.Sprintf("%d@example.com", n))))
	}
	whole := f.changes(t, f.project, id)
	for limit := 1; limit <= count+1; limit++ {
		q := clientele.HistoryQuery{ProjectID: f.project, Subject: clientele.SubjectCustomer, SubjectID: id, Limit: limit}
		var paged []clientele.Change
		for {
			page, err := f.ListHistory(t.Context(), q)
			if err != nil {
				t.Fatal(err)
			}
			if len(page) > limit {
				t.Fatalf("a page of %d has %d changes", limit, len(page))
			}
			paged = append(paged, page...)
			if len(page) < limit {
				break
			}
			q.Before = page[len(page)-1].Seq
		}
		if len(paged) != count {
			t.Fatalf("%d a page: %d changes, want %d", limit, len(paged), count)
		}
		for i := range paged {
			wantSame(t, "change", whole[count-1-i], paged[i])
		}
	}
	foreign, err := f.ListHistory(t.Context(), clientele.HistoryQuery{ProjectID: f.other, Subject: clientele.SubjectCustomer, SubjectID: id, Limit: 9})
	if err != nil || len(foreign) != 0 {
		t.Errorf("another project's history: %d changes, %v", len(foreign), err)
	}
}
