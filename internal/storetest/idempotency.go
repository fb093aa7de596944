package storetest

import (
	"math"
	"strings"
	"testing"
	"time"

	"clientele"
)

func idempotencyChecks() []check {
	return []check{
		{"Repeat_InTheSameBatch", testRepeatInBatch},
		{"Repeat_InALaterBatch", testRepeatLater},
		{"Repeat_AfterTheRecordMovedOn", testRepeatAfterChange},
		{"OtherBody_IsConflict", testOtherBody},
		{"KeyIsPerCredentialAndProject", testKeyScope},
		{"OnlyEffectsAreRemembered", testOnlyEffectsRemembered},
		{"ForgottenAfterItsAge", testRememberedAge},
		{"ForgetCalls_OldestFirstWithinTheLimit", testForgetCalls},
		{"KeysAreExact", testIdempotencyKeysAreExact},
	}
}

// named gives a write the name by which its caller calls it.
func named(w clientele.Write, key, body string) clientele.Write {
	w.Idempotency = &clientele.Idempotency{CredentialID: 7, Key: key, BodyHash: secretOf(body)}
	return w
}

// namedCreate is a write that creates another customer each time that it takes effect.
func namedCreate(project int64, n int, key, body string) clientele.Write {
	return named(create(project, n, email("ada@example.com")), key, body)
}

func wantConflict(t *testing.T, what string, o clientele.Outcome) {
	t.Helper()
	wantKind(t, what, o.Err, clientele.KindConflict)
	if o.Result != 0 || o.SubjectID != 0 || o.Existing != nil {
		t.Errorf("%s tells of %s %d %v: want nothing but the error", what, o.Result, o.SubjectID, o.Existing)
	}
}

func testRepeatInBatch(t *testing.T, f *fixture) {
	w := namedCreate(f.project, 1, "k", "body")
	outcomes := f.commit(t, w, w, namedCreate(f.project, 2, "other", "body"), w)
	wantResults(t, outcomes, clientele.Created, clientele.Created, clientele.Created, clientele.Created)
	if id := outcomes[0].SubjectID; outcomes[1].SubjectID != id || outcomes[3].SubjectID != id || outcomes[2].SubjectID == id {
		t.Errorf("customers %d, %d, %d, %d; want a, a, b, a", id, outcomes[1].SubjectID, outcomes[2].SubjectID, outcomes[3].SubjectID)
	}
	if c := f.customer(t, f.project, outcomes[0].SubjectID); c.Version != 1 {
		t.Errorf("version %d, want 1", c.Version)
	}
}

func testRepeatLater(t *testing.T, f *fixture) {
	writes := []clientele.Write{
		namedCreate(f.project, 1, "created", "1"),
		named(upsert(f.project, 2, "a", email("1@example.com")), "first", "2"),
		named(upsert(f.project, 3, "a", email("2@example.com")), "second", "3"),
		named(upsert(f.project, 4, "a", email("2@example.com")), "third", "4"),
	}
	want := f.commit(t, writes...)
	wantResults(t, want, clientele.Created, clientele.Created, clientele.Updated, clientele.Unchanged)
	for i := range writes {
		writes[i].At = at(60) // later, and by another request
		writes[i].Origin = origin("again")
	}
	want[3].UpdatedAt = time.Time{} // which is not remembered
	wantSame(t, "outcomes of the repeat", want, f.commit(t, writes...))
	for i := range writes {
		wantSame(t, "outcome of one repeat", want[i], f.commit(t, writes[i])[0])
	}
	for _, o := range want[:2] {
		for _, h := range f.changes(t, f.project, o.SubjectID) {
			if h.Origin.RequestID == "again" {
				t.Error("a repeat had an effect")
			}
		}
	}
}

func testRepeatAfterChange(t *testing.T, f *fixture) {
	first := named(upsert(f.project, 1, "a", email("1@example.com")), "k", "1")
	id := f.commitOne(t, first, clientele.Created)
	f.commitOne(t, upsert(f.project, 2, "a", email("2@example.com")), clientele.Updated)
	if got := f.commitOne(t, first, clientele.Created); got != id {
		t.Errorf("repeat names customer %d, want %d", got, id)
	}
	if c := f.customer(t, f.project, id); c.Email.V != "2@example.com" {
		t.Errorf("a late repeat undid the newer write: %v", c.Email)
	}
}

func testOtherBody(t *testing.T, f *fixture) {
	outcomes := f.commit(t, namedCreate(f.project, 1, "k", "one"), namedCreate(f.project, 1, "k", "two"), namedCreate(f.project, 1, "k", "one"))
	wantConflict(t, "another body in the same batch", outcomes[1])
	if outcomes[2].Err != nil || outcomes[2].SubjectID != outcomes[0].SubjectID {
		t.Errorf("the first body again: customer %d, %v", outcomes[2].SubjectID, outcomes[2].Err)
	}
	later := f.commit(t, namedCreate(f.project, 2, "k", "two"), upsert(f.project, 2, "a", nil))
	wantConflict(t, "another body later", later[0])
	if later[1].Result != clientele.Created {
		t.Errorf("the neighbour of a conflict: %s, want created", later[1].Result)
	}
}

func testKeyScope(t *testing.T, f *fixture) {
	other := namedCreate(f.project, 1, "k", "two")
	other.Idempotency.CredentialID = math.MaxInt64
	writes := []clientele.Write{namedCreate(f.project, 1, "k", "one"), other, namedCreate(f.other, 1, "k", "three")}
	together := f.commit(t, writes...) // and again, in batches of their own
	var apart []clientele.Outcome
	for _, w := range writes {
		apart = append(apart, f.commit(t, w)...)
	}
	for i := range writes {
		if together[i].Err != nil || together[i].Result != clientele.Created {
			t.Errorf("key of credential %d in project %d: %s, %v", writes[i].Idempotency.CredentialID, writes[i].ProjectID,
				together[i].Result, together[i].Err)
		}
	}
	wantSame(t, "outcomes of the repeats", together, apart)
	if _, err := f.FindCustomer(t.Context(), f.other, together[2].SubjectID); err != nil {
		t.Errorf("the call of the other project: %v", err)
	}
}

func testOnlyEffectsRemembered(t *testing.T, f *fixture) {
	a := f.commitOne(t, create(f.project, 1, keys("a", "1")), clientele.Created)
	taken := named(create(f.project, 2, keys("a", "2")), "taken", "body")
	missing := named(update(f.project, 2, math.MaxInt32, nil), "missing", "body")
	wantResults(t, f.commit(t, taken, missing), clientele.ExternalIDTaken, clientele.Missing)
	f.commitOne(t, update(f.project, 3, a, values{fieldID: {}}), clientele.Updated)
	f.commitOne(t, taken, clientele.Created) // it had no effect before, so it may have one now
	// Nor does a call that failed hold its key.
	wantResults(t, f.commit(t, named(update(f.project, 4, a, email("x@example.com")), "missing", "another")), clientele.Updated)
}

func testRememberedAge(t *testing.T, f *fixture) {
	first := namedCreate(f.project, 1, "k", "one")
	id := f.commitOne(t, first, clientele.Created)
	second := namedCreate(f.project, 1, "k", "one")
	second.At = first.At.Add(clientele.MaxIdempotencyAge - 1000)
	if got := f.commitOne(t, second, clientele.Created); got != id {
		t.Errorf("a microsecond before its age the call had an effect again: customer %d", got)
	}
	third := namedCreate(f.project, 1, "k", "two")
	third.At = first.At.Add(clientele.MaxIdempotencyAge)
	next := f.commitOne(t, third, clientele.Created)
	if next == id {
		t.Fatal("a call of that age is still remembered")
	}
	if got := f.commitOne(t, third, clientele.Created); got != next {
		t.Errorf("the new call is not remembered in the place of the old: customer %d, want %d", got, next)
	}
}

func testForgetCalls(t *testing.T, f *fixture) {
	var writes []clientele.Write
	for n := range 5 {
		writes = append(writes, namedCreate(f.project, n, string(rune('a'+n)), "body"))
	}
	first := f.commit(t, writes...)
	for _, step := range []struct {
		before, limit int
		want          int64
	}{{0, 100, 0}, {4, 2, 2}, {4, 0, 0}, {4, 100, 2}, {4, 100, 0}} { // the call at 4 stays
		if n, err := f.ForgetCalls(t.Context(), at(step.before), step.limit); err != nil || n != step.want {
			t.Errorf("ForgetCalls(before %d, %d) = %d, %v; want %d", step.before, step.limit, n, err, step.want)
		}
		if step.want == 2 && step.limit == 2 { // the two oldest are gone, the third is not
			if o := f.commit(t, writes[2])[0]; o.SubjectID != first[2].SubjectID {
				t.Error("a newer call was forgotten before an older one")
			}
		}
	}
	for n, o := range f.commit(t, writes...) {
		if remembered := o.SubjectID == first[n].SubjectID; remembered != (n == 4) {
			t.Errorf("call %d is remembered: %t", n, remembered)
		}
	}
}

func testIdempotencyKeysAreExact(t *testing.T, f *fixture) {
	var writes []clientele.Write
	for i, key := range []string{"k", "K", "k ", "'k'", "%", strings.Repeat("k", 255), strings.Repeat("k", 254), "\U0010ffff"} {
		writes = append(writes, namedCreate(f.project, i, key, key))
	}
	want := f.commit(t, writes...)
	seen := map[int64]bool{}
	for i, o := range want {
		if o.Err != nil || seen[o.SubjectID] {
			t.Errorf("key %.40q: customer %d, %v", writes[i].Idempotency.Key, o.SubjectID, o.Err)
		}
		seen[o.SubjectID] = true
	}
	wantSame(t, "outcomes of the repeats", want, f.commit(t, writes...))
}
