package storetest

import (
	"testing"

	"clientele"
)

func customerKeyChecks() []check {
	return []check{
		{"SameKeysInTwoProjectsAreTwoCustomers", testKeysPerProject},
		{"KeysAreComparedByteForByte", testKeysAreExact},
		{"Create_TakenKeyWritesNothing", testCreateTaken},
		{"Create_TakenKeyShowsTheOneInTheWay", testExistingIsWhole},
		{"Create_TakenByANeighbourInTheBatch", testTakenInBatch},
		{"Upsert_TakenNumberWritesNothing", testUpsertTaken},
		{"Update_TakenKeyWritesNothing", testUpdateTaken},
		{"Update_OwnKeyIsNotTaken", testOwnKey},
		{"Update_MovesAKey", testMoveKey},
		{"Update_SwapsKeysInOneBatch", testSwapKeys},
		{"Update_FreedKeyIsTakenInTheSameBatch", testFreedKeyInBatch},
		{"Update_KeysInACircle", testKeyCircle},
		{"Update_KeyThereAndBackAgain", testKeyThereAndBack},
	}
}

const (
	fieldID     = clientele.FieldExternalID
	fieldNumber = clientele.FieldExternalNumber
)

// keys states both unique keys.
func keys(id, number string) values {
	return values{fieldID: clientele.Some(id), fieldNumber: clientele.Some(number)}
}

// wantKeys fails when the customers do not have exactly these keys, or cannot be found by them.
func (f *fixture) wantKeys(t *testing.T, want map[int64]values) {
	t.Helper()
	for id, v := range want {
		c := f.customer(t, f.project, id)
		if c.ExternalID != v[fieldID] || c.ExternalNumber != v[fieldNumber] {
			t.Errorf("customer %d has keys %v and %v, want %v and %v", id, c.ExternalID, c.ExternalNumber, v[fieldID], v[fieldNumber])
		}
		if !v[fieldID].Valid {
			continue
		}
		if found, err := f.FindCustomerByExternalID(t.Context(), f.project, v[fieldID].V); err != nil || found.ID != id {
			t.Errorf("external id %q finds customer %d, %v; want %d", v[fieldID].V, found.ID, err, id)
		}
	}
}

func testKeysPerProject(t *testing.T, f *fixture) {
	outcomes := f.commit(t, create(f.project, 1, keys("a", "1")), create(f.other, 1, keys("a", "1")),
		upsert(f.project, 2, "a", email("here@example.com")), upsert(f.other, 2, "a", email("there@example.com")))
	wantResults(t, outcomes, clientele.Created, clientele.Created, clientele.Updated, clientele.Updated)
	here, there := f.customer(t, f.project, outcomes[0].SubjectID), f.customer(t, f.other, outcomes[1].SubjectID)
	if here.ID == there.ID || here.Email.V != "here@example.com" || there.Email.V != "there@example.com" {
		t.Errorf("customers %d with %v and %d with %v", here.ID, here.Email, there.ID, there.Email)
	}
}

func testKeysAreExact(t *testing.T, f *fixture) {
	list := []string{"a", "A", "a ", " a", "a\t", "", "0", "00", "1", "1.0", "01", "Caf\u00e9", "Cafe\u0301", "\u00c4", "\u00e4", "ß", "ss"}
	var writes []clientele.Write
	for i, key := range list {
		writes = append(writes, create(f.project, i, keys(key, key)))
	}
	for i, o := range f.commit(t, writes...) {
		if o.Result != clientele.Created {
			t.Errorf("key %q: %s by customer %d, want created", list[i], o.Result, o.SubjectID)
		}
	}
	for i, o := range f.commit(t, writes...) {
		if o.Result != clientele.ExternalIDTaken || o.Existing == nil || o.Existing.ExternalID.V != list[i] {
			t.Errorf("key %q again: %s by %v", list[i], o.Result, o.Existing)
		}
	}
}

func testCreateTaken(t *testing.T, f *fixture) {
	a := f.commitOne(t, create(f.project, 1, keys("a", "1")), clientele.Created)
	b := f.commitOne(t, create(f.project, 1, keys("b", "2")), clientele.Created)
	for _, c := range []struct {
		v        values
		want     clientele.Result
		existing int64
	}{
		{keys("a", "9"), clientele.ExternalIDTaken, a},
		{keys("9", "2"), clientele.ExternalNumberTaken, b},
		{keys("a", "2"), clientele.ExternalIDTaken, a}, // the id is reported before the number
		{values{fieldNumber: clientele.Some("1")}, clientele.ExternalNumberTaken, a},
		{values{fieldID: clientele.Some("b")}, clientele.ExternalIDTaken, b},
	} {
		o := f.commit(t, create(f.project, 2, c.v))[0]
		if o.Result != c.want || o.SubjectID != c.existing || o.Existing == nil || o.Existing.ID != c.existing || o.Err != nil {
			t.Errorf("create %v: %s by %d (%v), want %s by %d", c.v, o.Result, o.SubjectID, o.Err, c.want, c.existing)
		}
	}
	f.wantKeys(t, map[int64]values{a: keys("a", "1"), b: keys("b", "2")})
	if f.customer(t, f.project, a).Version != 1 || len(f.changes(t, f.project, a)) != 1 {
		t.Error("a refused write left a trace")
	}
	_, err := f.FindCustomerByExternalID(t.Context(), f.project, "9")
	wantKind(t, "the refused customer", err, clientele.KindNotFound)
}

func testExistingIsWhole(t *testing.T, f *fixture) {
	w := create(f.project, 1, keys("a", "1"), address(1), address(2))
	w.Customer.Patch.Put(clientele.FieldEmail, clientele.Some("ada@example.com"))
	id := f.commitOne(t, w, clientele.Created)
	b := f.commitOne(t, create(f.project, 1, keys("b", "2")), clientele.Created)
	want := f.customer(t, f.project, id)
	for what, w := range map[string]clientele.Write{
		"create with both":   create(f.project, 2, keys("a", "1")),
		"create with id":     create(f.project, 2, values{fieldID: clientele.Some("a")}),
		"create with number": create(f.project, 2, values{fieldNumber: clientele.Some("1")}),
		"upsert with number": upsert(f.project, 2, "c", values{fieldNumber: clientele.Some("1")}),
		"update of id":       update(f.project, 2, b, values{fieldID: clientele.Some("a")}),
		"update of number":   update(f.project, 2, b, values{fieldNumber: clientele.Some("1")}),
	} {
		if o := f.commit(t, w)[0]; o.Existing == nil {
			t.Errorf("%s: %s, without the customer in the way", what, o.Result)
		} else {
			wantSame(t, what+": the customer in the way", want, *o.Existing)
		}
	}
}

func testTakenInBatch(t *testing.T, f *fixture) {
	first := create(f.project, 1, keys("a", "1"), address(1))
	outcomes := f.commit(t, first, first, create(f.project, 2, keys("b", "1")),
		upsert(f.project, 3, "a", email("new@example.com")), create(f.project, 4, keys("a", "2")))
	wantResults(t, outcomes, clientele.Created, clientele.ExternalIDTaken, clientele.ExternalNumberTaken, clientele.Updated,
		clientele.ExternalIDTaken)
	if e := outcomes[1].Existing; e.Email.Valid || e.Version != 1 || len(e.Addresses) != 1 {
		t.Errorf("the second write saw %v: want the customer as it was then", e)
	}
	if e := outcomes[4].Existing; e.Email.V != "new@example.com" || e.Version != 2 {
		t.Errorf("the last write saw %v: want the customer as it was then", e)
	}
}

func testUpsertTaken(t *testing.T, f *fixture) {
	a := f.commitOne(t, create(f.project, 1, keys("a", "1")), clientele.Created)
	b := f.commitOne(t, create(f.project, 1, keys("b", "2")), clientele.Created)
	v := values{fieldNumber: clientele.Some("1"), clientele.FieldEmail: clientele.Some("x@example.com")}
	outcomes := f.commit(t, upsert(f.project, 2, "b", v), upsert(f.project, 2, "new", v), upsert(f.project, 2, "a", v))
	wantResults(t, outcomes, clientele.ExternalNumberTaken, clientele.ExternalNumberTaken, clientele.Updated)
	f.wantKeys(t, map[int64]values{a: keys("a", "1"), b: keys("b", "2")})
	if c := f.customer(t, f.project, b); c.Email.Valid || c.Version != 1 {
		t.Error("a refused upsert changed its customer")
	}
}
