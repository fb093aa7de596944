package postgres_test

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"clientele"
	"clientele/internal/postgres"
	"clientele/internal/postgres/pgtest"

	"github.com/jackc/pgx/v5"
)

// slowLock is the advisory lock that a change by the request "slow" waits for, after it was given its sequence.
const slowLock = 4242

// newSlow returns a store, and a connection that holds up every transaction with a change by the request "slow" until it
// ends the hold.
func newSlow(t *testing.T) (s *postgres.Store, project int64, holder *pgx.Conn, url string) {
	t.Helper()
	url = pgtest.New(t)
	s, holder = open(t, postgres.Options{URL: url}), dial(t, url)
	exec(t, holder, `CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$
		BEGIN PERFORM pg_advisory_xact_lock(4242); RETURN NULL; END $$`)
	exec(t, holder, "CREATE TRIGGER slow AFTER INSERT ON change FOR EACH ROW WHEN (NEW.request_id = 'slow') EXECUTE FUNCTION slow()")
	exec(t, holder, "SELECT pg_advisory_lock($1)", slowLock)
	return s, newProject(t, s, "history"), holder, url
}

// slowly starts a commit that is held up after it took its sequence, and returns what came of it in the end.
func slowly(t *testing.T, s *postgres.Store, observer *pgx.Conn, project int64, key string) (id func() int64) {
	t.Helper()
	w := upsert(project, key, key+"@example.com")
	w.Origin.RequestID = "slow"
	committed := make(chan int64, 1)
	var once sync.Once
	go func() {
		outcomes, err := s.Commit(context.WithoutCancel(t.Context()), []clientele.Write{w})
		if err != nil || len(outcomes) != 1 {
			t.Errorf("slow commit: %v", err)
			outcomes = make([]clientele.Outcome, 1)
		}
		committed <- outcomes[0].SubjectID
	}()
	await(t, observer, "SELECT EXISTS (SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND objid = 4242 AND NOT granted)")
	var got int64
	return func() int64 { once.Do(func() { got = <-committed }); return got }
}

// TestReadChanges_CommittedInAnotherOrder has one writer take a sequence and commit after another who took a later one, and
// somebody gather in between: no change is passed over.
func TestReadChanges_CommittedInAnotherOrder(t *testing.T) {
	s, project, holder, url := newSlow(t)
	other := open(t, postgres.Options{URL: url})
	c := clientele.EventCursor{ProjectID: project, EventType: clientele.CustomerChanged}
	var got []int64
	gather := func() {
		t.Helper()
		tails, err := s.ReadChanges(t.Context(), []clientele.EventCursor{c}, 100)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range tails[0].Marks {
			got = append(got, m.SubjectID)
		}
		c.Seq = tails[0].ReadTo
	}
	slow := slowly(t, s, dial(t, url), project, "first")
	second := mustCommit(t, other, upsert(project, "second", "second@example.com")).SubjectID
	gather()
	if len(got) != 0 {
		t.Errorf("%v were gathered while a change before them was not there yet", got)
	}
	exec(t, holder, "SELECT pg_advisory_unlock($1)", slowLock)
	first := slow()
	gather()
	if want := []int64{first, second}; !slices.Equal(got, want) {
		t.Errorf("changes of %v were gathered, want those of %v", got, want)
	}
}

// TestCreateSubscription_BesideACommit: a change that took its sequence before the subscription was made, and was committed
// after, is told of.
func TestCreateSubscription_BesideACommit(t *testing.T) {
	s, project, holder, url := newSlow(t)
	slow := slowly(t, s, dial(t, url), project, "first")
	mustCommit(t, s, upsert(project, "second", "second@example.com"))
	made := make(chan clientele.Subscription, 1)
	go func() {
		sub, err := s.CreateSubscription(context.WithoutCancel(t.Context()), clientele.Subscription{
			ID: "a", ProjectID: project, EventType: clientele.CustomerChanged, CreatedAt: time.Now(), RequestTimeout: time.Second,
		})
		if err != nil {
			t.Errorf("create: %v", err)
		}
		made <- sub
	}()
	observer := dial(t, url)
	await(t, observer, "SELECT EXISTS (SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND mode = 'ExclusiveLock' AND NOT granted AND objid <> 4242)")
	exec(t, holder, "SELECT pg_advisory_unlock($1)", slowLock)
	slow()
	if sub := <-made; sub.Cursor == 1 {
		t.Error("the subscription begins between two changes of which the first came later")
	} else if n := len(historyOf(t, observer, project)); sub.Cursor != 2 || n != 2 {
		t.Errorf("the subscription begins at %d of %d changes", sub.Cursor, n)
	}
}

func historyOf(t *testing.T, conn *pgx.Conn, project int64) []int64 {
	t.Helper()
	rows, err := conn.Query(t.Context(), "SELECT seq FROM change WHERE project_id = $1 ORDER BY seq", project)
	if err != nil {
		t.Fatal(err)
	}
	seqs, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	if err != nil {
		t.Fatal(err)
	}
	return seqs
}

// TestReadChanges_SomebodyIsStuck has a transaction stand still with a sequence: others commit, other projects are gathered,
// and who gathers leaves no lock behind.
func TestReadChanges_SomebodyIsStuck(t *testing.T) {
	s, project, holder, url := newSlow(t)
	free := newProject(t, s, "free")
	slow := slowly(t, s, dial(t, url), project, "stuck")
	mustCommit(t, s, upsert(project, "there", "0@example.com"))
	want := mustCommit(t, s, upsert(free, "free", "0@example.com")).SubjectID
	var committing sync.WaitGroup
	for _, key := range []string{"a", "b"} {
		committing.Go(func() {
			for n := range 50 {
				mustCommit(t, s, upsert(project, key, time.Duration(n).String()+"@example.com"))
			}
		})
	}
	cursors := []clientele.EventCursor{
		{ProjectID: project, EventType: clientele.CustomerChanged}, {ProjectID: free, EventType: clientele.CustomerChanged},
	}
	for range 3 { // with more patience each time
		tails, err := s.ReadChanges(t.Context(), cursors, 100)
		if err != nil {
			t.Fatal(err)
		}
		if len(tails[0].Marks) != 0 || tails[0].ReadTo != 0 {
			t.Errorf("%d changes up to %d of the project in which a transaction is stuck", len(tails[0].Marks), tails[0].ReadTo)
		}
		if m := tails[1].Marks; len(m) != 1 || m[0].SubjectID != want {
			t.Errorf("changes of the other project: %+v", m)
		}
	}
	committing.Wait()
	observer := dial(t, url)
	var left int
	err := observer.QueryRow(t.Context(), "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND mode = 'ExclusiveLock' AND objid <> 4242").Scan(&left)
	if err != nil || left != 0 {
		t.Errorf("%d locks on histories are left, %v", left, err)
	}
	exec(t, holder, "SELECT pg_advisory_unlock($1)", slowLock)
	slow()
	tails, err := s.ReadChanges(t.Context(), cursors, 1000)
	if err != nil || len(tails[0].Marks) != 102 {
		t.Errorf("%d changes in the end, %v; want 102", len(tails[0].Marks), err)
	}
}
