package storetest

import (
	"testing"
	"time"

	"clientele"
)

func gatheringChecks() []eventCheck {
	return []eventCheck{
		{"Changes_OfTheProjectAndSubjectInOrder", testReadChanges},
		{"Changes_InPieces", testReadChangesInPieces},
		{"Changes_NothingOfARefusedOrFailedWrite", testNoChanges},
		{"Gather_OneDeliveryForEachAtThePlace", testGather},
		{"Gather_TwiceIsOnce", testGatherTwice},
		{"Gather_WithoutIDsMovesOnly", testGatherNothing},
	}
}

// tail returns what lies behind a subscription's cursor.
func (f *eventFixture) tail(t *testing.T, s clientele.Subscription) clientele.ChangeTail {
	t.Helper()
	return f.tails(t, 1000, clientele.EventCursor{ProjectID: s.ProjectID, EventType: s.EventType, Seq: s.Cursor})[0]
}

func (f *eventFixture) tails(t *testing.T, limit int, cursors ...clientele.EventCursor) []clientele.ChangeTail {
	t.Helper()
	tails, err := f.ReadChanges(t.Context(), cursors, limit)
	mustDo(t, "read changes", err)
	if len(tails) != len(cursors) {
		t.Fatalf("%d tails of %d cursors", len(tails), len(cursors))
	}
	return tails
}

// gather makes one event of everything behind a subscription's cursor and returns how many deliveries came of it.
func (f *eventFixture) gather(t *testing.T, s clientele.Subscription, n int) int {
	t.Helper()
	made, err := f.GatherEvents(t.Context(), []clientele.Event{f.event(t, s, n)}, f.newID)
	mustDo(t, "gather", err)
	return made
}

func (f *eventFixture) event(t *testing.T, s clientele.Subscription, n int) clientele.Event {
	t.Helper()
	s = f.subscription(t, s)
	e := clientele.Event{ProjectID: s.ProjectID, EventType: s.EventType, From: s.Cursor, CreatedAt: at(n)}
	for _, m := range f.tail(t, s).Marks {
		e.SubjectIDs, e.To, e.At = append(e.SubjectIDs, m.SubjectID), m.Seq, m.At
		if e.FirstAt.IsZero() {
			e.FirstAt = m.At
		}
	}
	return e
}

func testReadChanges(t *testing.T, f *eventFixture) {
	a, b := f.subscribe(t, f.project), f.subscribe(t, f.other)
	leads := f.subscribeTo(t, f.project, clientele.LeadChanged)
	var want []int64
	for n, key := range []string{"x", "y", "x", "z"} {
		want = append(want, f.commit(t, upsert(f.project, n, key, email(at(n).String())),
			upsert(f.other, n, key, email(at(n).String())))[0].SubjectID)
	}
	cursor := func(s clientele.Subscription) clientele.EventCursor {
		return clientele.EventCursor{ProjectID: s.ProjectID, EventType: s.EventType, Seq: s.Cursor}
	}
	tails := f.tails(t, 1000, cursor(a), cursor(b), cursor(leads))
	var got []int64
	for i, m := range tails[0].Marks {
		got = append(got, m.SubjectID)
		if !m.At.Equal(at(i)) {
			t.Errorf("change %d at %s, want %s", i, m.At, at(i))
		}
		if i > 0 && m.Seq <= tails[0].Marks[i-1].Seq {
			t.Errorf("sequence %d after %d", m.Seq, tails[0].Marks[i-1].Seq)
		}
	}
	wantSame(t, "subjects", want, got)
	if len(tails[1].Marks) != 4 || len(tails[2].Marks) != 0 {
		t.Errorf("%d changes of the other project, %d of leads; want 4 and 0", len(tails[1].Marks), len(tails[2].Marks))
	}
	for i, tail := range tails {
		c := []clientele.EventCursor{cursor(a), cursor(b), cursor(leads)}[i]
		c.Seq = tail.ReadTo
		if rest := f.tails(t, 1000, c)[0]; len(rest.Marks) != 0 || rest.ReadTo < tail.ReadTo {
			t.Errorf("behind what was read of cursor %d: %+v", i, rest)
		}
	}
}

func testReadChangesInPieces(t *testing.T, f *eventFixture) {
	s := f.subscribe(t, f.project)
	for n := range 7 {
		f.commitOne(t, upsert(f.project, n, "x", email(at(n).String())), map[bool]clientele.Result{true: clientele.Created, false: clientele.Updated}[n == 0])
		f.commit(t, upsert(f.other, n, "x", email(at(n).String())))
	}
	seen := 0
	c := clientele.EventCursor{ProjectID: f.project, EventType: s.EventType, Seq: s.Cursor}
	for range 20 {
		tail := f.tails(t, 3, c)[0]
		seen += len(tail.Marks)
		if tail.ReadTo == c.Seq {
			break
		}
		c.Seq = tail.ReadTo
	}
	if seen != 7 {
		t.Errorf("%d changes in pieces, want 7", seen)
	}
}

func testNoChanges(t *testing.T, f *eventFixture) {
	s := f.subscribe(t, f.project)
	id := f.commitOne(t, upsert(f.project, 1, "a", email("a@example.com")), clientele.Created)
	f.commit(t, upsert(f.project, 2, "a", email("a@example.com")), update(f.project, 3, id+1, email("b@example.com")))
	bad := upsert(1<<40, 4, "b", nil) // there is no such project: the batch fails as a whole
	if _, err := f.Commit(t.Context(), []clientele.Write{upsert(f.project, 4, "b", nil), bad}); err == nil {
		t.Fatal("a batch with a write of no project was committed")
	}
	if tail := f.tail(t, s); len(tail.Marks) != 1 || tail.Marks[0].SubjectID != id {
		t.Errorf("changes %+v, want the one that was committed", tail.Marks)
	}
}

func testGather(t *testing.T, f *eventFixture) {
	a, b := f.subscribe(t, f.project), f.subscribe(t, f.project)
	id := f.commitOne(t, upsert(f.project, 1, "a", nil), clientele.Created)
	e := f.event(t, a, 2)
	later := f.subscribe(t, f.project) // stands behind the change
	other := f.subscribe(t, f.other)
	made, err := f.GatherEvents(t.Context(), []clientele.Event{e}, f.newID)
	mustDo(t, "gather", err)
	if made != 2 {
		t.Errorf("%d deliveries, want 2", made)
	}
	for _, s := range []clientele.Subscription{a, b} {
		if got := f.subscription(t, s).Cursor; got != e.To {
			t.Errorf("cursor %d, want %d", got, e.To)
		}
		list := f.deliveries(t, clientele.DeliveryFilter{SubscriptionID: s.ID})
		if len(list) != 1 {
			t.Fatalf("%d deliveries, want 1", len(list))
		}
		want := clientele.Delivery{
			ID: list[0].ID, Seq: list[0].Seq, ProjectID: f.project, SubscriptionID: s.ID, EventType: clientele.CustomerChanged,
			SubjectIDs: []int64{id}, FirstAt: at(1), EventAt: at(1), Status: clientele.DeliveryDue, DueAt: at(2), CreatedAt: at(2),
		}
		wantSame(t, "delivery", want, list[0])
	}
	for _, s := range []clientele.Subscription{later, other} {
		wantSame(t, "cursor of another place", s.Cursor, f.subscription(t, s).Cursor)
	}
}

func testGatherTwice(t *testing.T, f *eventFixture) {
	s := f.subscribe(t, f.project)
	f.commitOne(t, upsert(f.project, 1, "a", nil), clientele.Created)
	e := f.event(t, s, 2)
	total := 0
	for range 2 { // as two servers would
		made, err := f.GatherEvents(t.Context(), []clientele.Event{e}, f.newID)
		mustDo(t, "gather", err)
		total += made
	}
	if total != 1 || len(f.deliveries(t, clientele.DeliveryFilter{})) != 1 {
		t.Errorf("%d deliveries of one event gathered twice", total)
	}
}

func testGatherNothing(t *testing.T, f *eventFixture) {
	s := f.subscribe(t, f.project)
	f.commitOne(t, upsert(f.other, 1, "a", nil), clientele.Created)
	e := clientele.Event{ProjectID: f.project, EventType: s.EventType, From: s.Cursor, To: s.Cursor + 1, CreatedAt: at(2)}
	made, err := f.GatherEvents(t.Context(), []clientele.Event{e}, f.newID)
	mustDo(t, "gather", err)
	if got := f.subscription(t, s).Cursor; made != 0 || got != e.To {
		t.Errorf("%d deliveries, cursor %d; want 0 and %d", made, got, e.To)
	}
	next, err := f.NextDelivery(t.Context())
	mustDo(t, "next", err)
	wantSame(t, "next delivery", time.Time{}, next)
}
