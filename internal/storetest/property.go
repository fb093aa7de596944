package storetest

import (
	"fmt"
	"strconv"
	"testing"
	"time"

	"clientele"

	"pgregory.net/rapid"
)

func propertyChecks() []check {
	return []check{{"RandomBatchesEndWhereAPlainModelEnds", testModel}}
}

// testModel commits random batches of random writes about few keys, and compares each outcome and the book in the end
// with what the model says.
func testModel(t *testing.T, f *fixture) {
	f.haveErasureKey(t)
	runs := 0
	rapid.Check(t, func(rt *rapid.T) {
		runs++
		r := &modelRun{f: f}
		for i := range 2 {
			r.projects = append(r.projects, f.newProject(rt, fmt.Sprintf("Run %d, project %d", runs, i)))
		}
		for n := range rapid.IntRange(1, 6).Draw(rt, "batches") {
			r.batch(rt, n)
		}
		r.compare(rt)
	})
}

// modelRun is one book of the store and the model of it.
type modelRun struct {
	f        *fixture
	projects []int64
	model    model
	ids      []int64 // the customers that the store told of
	writes   int
}

// batch draws a batch, commits it to both, and compares the outcomes. Its moments lie close together; batches may lie a
// day apart, in either direction.
func (r *modelRun) batch(rt *rapid.T, n int) {
	start := at(0).Add(time.Duration(rapid.IntRange(0, 3).Draw(rt, "half days")) * 12 * time.Hour)
	writes := make([]clientele.Write, rapid.IntRange(0, 12).Draw(rt, "writes"))
	want := make([]modelOutcome, len(writes))
	for i := range writes {
		writes[i] = r.draw(rt, start)
		want[i] = r.model.write(&writes[i])
	}
	for i, o := range r.f.commit(rt, writes...) {
		r.compareOutcome(rt, fmt.Sprintf("batch %d, write %d", n, i), want[i], o)
	}
	if rapid.IntRange(0, 9).Draw(rt, "forget") == 0 {
		forgotten, err := r.f.ForgetCalls(rt.Context(), start, 1_000_000)
		if wantForgotten := r.model.forget(start); err != nil || forgotten < wantForgotten {
			// The store forgets the calls of earlier runs, too.
			rt.Fatalf("ForgetCalls = %d, %v; want at least %d", forgotten, err, wantForgotten)
		}
	}
}

// draw makes up a write.
func (r *modelRun) draw(rt *rapid.T, start time.Time) clientele.Write {
	r.writes++
	if rapid.IntRange(0, 11).Draw(rt, "erase") == 0 {
		return clientele.Write{
			ProjectID: rapid.SampledFrom(r.projects).Draw(rt, "project"), Origin: origin(strconv.Itoa(r.writes)),
			At:    start.Add(time.Duration(rapid.IntRange(0, 5).Draw(rt, "seconds")) * time.Second),
			Erase: &clientele.EraseWrite{AskedBy: clientele.AskedByCommand, CustomerID: rapid.SampledFrom(append([]int64{-1}, r.ids...)).Draw(rt, "customer")},
		}
	}
	cw := &clientele.CustomerWrite{Mode: rapid.SampledFrom([]clientele.CustomerMode{
		clientele.UpsertCustomer, clientele.UpsertCustomer, clientele.UpdateCustomer, clientele.CreateCustomer,
	}).Draw(rt, "mode")}
	for _, c := range []struct {
		field clientele.Field
		texts []string
	}{
		{fieldID, []string{"a", "b", "c", ""}},
		{fieldNumber, []string{"1", "2", ""}},
		{clientele.FieldEmail, []string{"ada@example.com", "bob@example.com", ""}},
	} {
		switch pick := rapid.IntRange(-2, len(c.texts)-1).Draw(rt, c.field.String()); {
		case pick >= 0:
			cw.Patch.Put(c.field, clientele.Some(c.texts[pick]))
		case pick == -1 && cw.Mode == clientele.UpdateCustomer:
			cw.Patch.Put(c.field, clientele.Text{})
		}
	}
	if cw.Mode == clientele.UpdateCustomer {
		cw.ID = rapid.SampledFrom(append([]int64{-1}, r.ids...)).Draw(rt, "customer")
	} else {
		cw.Addresses = make([]clientele.Address, rapid.IntRange(0, 2).Draw(rt, "addresses"))
	}
	w := clientele.Write{
		ProjectID: rapid.SampledFrom(r.projects).Draw(rt, "project"), Customer: cw, Origin: origin(strconv.Itoa(r.writes)),
		At: start.Add(time.Duration(rapid.IntRange(0, 5).Draw(rt, "seconds")) * time.Second),
	}
	if rapid.IntRange(0, 2).Draw(rt, "named") == 0 {
		w.Idempotency = &clientele.Idempotency{
			CredentialID: rapid.Int64Range(1, 2).Draw(rt, "credential"),
			Key:          rapid.SampledFrom([]string{"k", "l"}).Draw(rt, "key"),
			BodyHash:     secretOf(rapid.SampledFrom([]string{"one", "one", "two"}).Draw(rt, "body")),
		}
	}
	return w
}

func (r *modelRun) compareOutcome(rt *rapid.T, what string, want modelOutcome, got clientele.Outcome) {
	got.ReturnOf = 0 // the checks of erasures look at it
	if want.conflict {
		wantKind(rt, what, got.Err, clientele.KindConflict)
		return
	}
	if got.Err != nil || got.Result != want.result {
		rt.Fatalf("%s: %s, %v; want %s", what, got.Result, got.Err, want.result)
	}
	if want.subject == nil {
		wantSame(rt, what, clientele.Outcome{Result: want.result}, got)
		return
	}
	if want.subject.id == 0 {
		want.subject.id = got.SubjectID
		r.ids = append(r.ids, got.SubjectID)
	}
	if got.SubjectID != want.subject.id {
		rt.Fatalf("%s: %s of customer %d, want %d", what, got.Result, got.SubjectID, want.subject.id)
	}
	if w := want.inTheWay; w != nil {
		if got.Existing == nil {
			rt.Fatalf("%s: without the customer in the way", what)
		}
		w.id = want.subject.id
		r.compareCustomer(rt, what, w, got.Existing)
	} else if got.Existing != nil {
		rt.Fatalf("%s: customer %d is in no way", what, got.Existing.ID)
	}
}

func (r *modelRun) compareCustomer(rt *rapid.T, what string, want *modelCustomer, got *clientele.Customer) {
	wantSame(rt, what+": details", want.details(), got.Details)
	if got.ID != want.id || got.ProjectID != want.project || got.Version != want.version || len(got.Addresses) != want.addresses ||
		!got.CreatedAt.Equal(want.created) || !got.UpdatedAt.Equal(want.updated) {
		rt.Fatalf("%s: customer %d, project %d, version %d, %d addresses, created %v, updated %v; want %+v", what,
			got.ID, got.ProjectID, got.Version, len(got.Addresses), got.CreatedAt, got.UpdatedAt, *want)
	}
}

// compare holds the whole book to the model: each customer, its history, and what its keys find.
func (r *modelRun) compare(rt *rapid.T) {
	seen := map[int64]bool{}
	for _, want := range r.model.customers {
		if seen[want.id] {
			rt.Fatalf("two customers have id %d", want.id)
		}
		seen[want.id] = true
		got := r.f.customer(rt, want.project, want.id)
		r.compareCustomer(rt, "in the end", want, &got)
		wantSame(rt, "replayed history", got, replay(rt, r.f.changes(rt, want.project, want.id)))
	}
	for _, project := range r.projects {
		for _, key := range []string{"a", "b", "c", ""} {
			got, err := r.f.FindCustomerByExternalID(rt.Context(), project, key)
			want := r.model.find(project, fieldID, key)
			if (err == nil) != (want != nil) || want != nil && got.ID != want.id {
				rt.Fatalf("external id %q finds customer %d, %v; want %+v", key, got.ID, err, want)
			}
		}
	}
}
