package storetest

import (
	"testing"

	"clientele"
)

func testUpdateTaken(t *testing.T, f *fixture) {
	a := f.commitOne(t, create(f.project, 1, keys("a", "1")), clientele.Created)
	b := f.commitOne(t, create(f.project, 1, keys("b", "2")), clientele.Created)
	outcomes := f.commit(t,
		update(f.project, 2, b, keys("a", "9")), update(f.project, 2, b, keys("9", "1")), update(f.project, 2, b, keys("a", "1")))
	wantResults(t, outcomes, clientele.ExternalIDTaken, clientele.ExternalNumberTaken, clientele.ExternalIDTaken)
	for _, o := range outcomes {
		if o.Existing == nil || o.Existing.ID != a {
			t.Errorf("the one in the way is %v, want customer %d", o.Existing, a)
		}
	}
	f.wantKeys(t, map[int64]values{a: keys("a", "1"), b: keys("b", "2")})
	if len(f.changes(t, f.project, b)) != 1 {
		t.Error("a refused update left a change record")
	}
}

func testOwnKey(t *testing.T, f *fixture) {
	a := f.commitOne(t, create(f.project, 1, keys("a", "1")), clientele.Created)
	f.commitOne(t, update(f.project, 2, a, keys("a", "1")), clientele.Unchanged)
	f.commitOne(t, update(f.project, 3, a, keys("a", "2")), clientele.Updated)
	f.commitOne(t, upsert(f.project, 4, "a", keys("a", "2")), clientele.Unchanged)
	f.wantKeys(t, map[int64]values{a: keys("a", "2")})
}

func testMoveKey(t *testing.T, f *fixture) {
	a := f.commitOne(t, create(f.project, 1, keys("a", "1")), clientele.Created)
	b := f.commitOne(t, create(f.project, 1, keys("b", "2")), clientele.Created)
	f.commitOne(t, update(f.project, 2, a, keys("c", "3")), clientele.Updated)
	f.commitOne(t, update(f.project, 3, b, keys("a", "1")), clientele.Updated)
	f.wantKeys(t, map[int64]values{a: keys("c", "3"), b: keys("a", "1")})
	f.commitOne(t, update(f.project, 4, b, values{fieldID: {}, fieldNumber: {}}), clientele.Updated)
	f.wantKeys(t, map[int64]values{b: {}})
	c := f.commitOne(t, upsert(f.project, 5, "a", keys("a", "1")), clientele.Created)
	f.wantKeys(t, map[int64]values{a: keys("c", "3"), b: {}, c: keys("a", "1")})
}

func testSwapKeys(t *testing.T, f *fixture) {
	a := f.commitOne(t, create(f.project, 1, keys("a", "1")), clientele.Created)
	b := f.commitOne(t, create(f.project, 1, keys("b", "2")), clientele.Created)
	outcomes := f.commit(t, update(f.project, 2, a, values{fieldID: {}, fieldNumber: {}}),
		update(f.project, 3, b, keys("a", "1")), update(f.project, 4, a, keys("b", "2")))
	wantResults(t, outcomes, clientele.Updated, clientele.Updated, clientele.Updated)
	f.wantKeys(t, map[int64]values{a: keys("b", "2"), b: keys("a", "1")})
	for _, id := range []int64{a, b} {
		wantSame(t, "replayed history", f.customer(t, f.project, id), replay(t, f.changes(t, f.project, id)))
	}
}

func testFreedKeyInBatch(t *testing.T, f *fixture) {
	a := f.commitOne(t, create(f.project, 1, keys("a", "1")), clientele.Created)
	b := f.commitOne(t, create(f.project, 1, keys("b", "2")), clientele.Created)
	outcomes := f.commit(t,
		update(f.project, 2, a, values{fieldID: {}}), upsert(f.project, 3, "a", email("new@example.com")),
		update(f.project, 4, b, values{fieldNumber: clientele.Some("3")}), create(f.project, 5, values{fieldNumber: clientele.Some("2")}))
	wantResults(t, outcomes, clientele.Updated, clientele.Created, clientele.Updated, clientele.Created)
	f.wantKeys(t, map[int64]values{
		a: {fieldNumber: clientele.Some("1")}, outcomes[1].SubjectID: {fieldID: clientele.Some("a")},
		b: keys("b", "3"), outcomes[3].SubjectID: {fieldNumber: clientele.Some("2")},
	})
}

func testKeyCircle(t *testing.T, f *fixture) {
	var ids []int64
	names := []string{"a", "b", "c", "d", "e", "f", "g", "h", "i"} // more than a chunk of rows
	for i, n := range names {
		ids = append(ids, f.commitOne(t, create(f.project, i, keys(n, n)), clientele.Created))
	}
	writes := []clientele.Write{update(f.project, 20, ids[0], values{fieldID: {}, fieldNumber: {}})}
	want := map[int64]values{}
	for i := 1; i <= len(ids); i++ { // each takes the keys of the one before it
		writes = append(writes, update(f.project, 20+i, ids[i%len(ids)], keys(names[i-1], names[i-1])))
		want[ids[i%len(ids)]] = keys(names[i-1], names[i-1])
	}
	for i, o := range f.commit(t, writes...) {
		if o.Result != clientele.Updated {
			t.Errorf("write %d: %s by %v", i, o.Result, o.Existing)
		}
	}
	f.wantKeys(t, want)
}

func testKeyThereAndBack(t *testing.T, f *fixture) {
	a := f.commitOne(t, create(f.project, 1, keys("a", "1")), clientele.Created)
	outcomes := f.commit(t, update(f.project, 2, a, keys("b", "2")), create(f.project, 3, keys("b", "3")),
		update(f.project, 4, a, keys("a", "1")), create(f.project, 5, keys("a", "4")), create(f.project, 6, keys("b", "2")))
	wantResults(t, outcomes, clientele.Updated, clientele.ExternalIDTaken, clientele.Updated, clientele.ExternalIDTaken,
		clientele.Created)
	f.wantKeys(t, map[int64]values{a: keys("a", "1"), outcomes[4].SubjectID: keys("b", "2")})
	if c := f.customer(t, f.project, a); c.Version != 3 {
		t.Errorf("version %d, want 3: there and back again are two changes", c.Version)
	}
}
