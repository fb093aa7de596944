package postgres_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"clientele"
	"clientele/internal/postgres"
	"clientele/internal/postgres/pgtest"
	"clientele/internal/webhook"
	"clientele/internal/work"

	"github.com/jackc/pgx/v5"
)

// pair is a primary and its synchronous standby, and a store on whichever of them takes writes.
type pair struct {
	primary, standby *pgtest.Cluster
	store            *postgres.Store
	// onPrimary and onStandby are connections to the book on one of them.
	onPrimary *pgx.Conn
	database  string
}

func newPair(t *testing.T) *pair {
	t.Helper()
	p := &pair{primary: pgtest.NewCluster(t, nil)}
	url := p.primary.New(t)
	p.standby = p.primary.NewStandby(t, pgtest.Settings{"hot_standby = on", "synchronous_standby_names = ''"})
	p.onPrimary = dial(t, url)
	p.database = p.onPrimary.Config().Database
	exec(t, p.onPrimary, "ALTER SYSTEM SET synchronous_standby_names = '*'")
	exec(t, p.onPrimary, "SELECT pg_reload_conf()")
	await(t, p.onPrimary, "SELECT EXISTS (SELECT 1 FROM pg_stat_replication WHERE sync_state = 'sync')")
	p.store = open(t, postgres.Options{
		URL: eitherOf(t, url, p.primary, p.standby), AttemptTimeout: time.Second, Timeout: 2 * time.Second,
	})
	return p
}

// part has the standby lose its primary for good.
func (p *pair) part(t *testing.T) {
	t.Helper()
	admin := dial(t, p.standby.URL("postgres"))
	exec(t, admin, "ALTER SYSTEM SET primary_conninfo = ''")
	exec(t, admin, "SELECT pg_reload_conf()")
	await(t, p.onPrimary, "SELECT NOT EXISTS (SELECT 1 FROM pg_stat_replication)")
}

// failOver kills the primary and makes the standby take its place.
func (p *pair) failOver(t *testing.T) {
	t.Helper()
	p.primary.Crash(t)
	exec(t, dial(t, p.standby.URL("postgres")), "SELECT pg_promote()")
}

// lose commits what the primary has, as everybody sees, and the standby has not. Nobody is told that it was committed.
func (p *pair) lose(t *testing.T, writes ...clientele.Write) {
	t.Helper()
	before := len(historyOf(t, p.onPrimary, writes[0].ProjectID))
	if _, err := p.store.Commit(t.Context(), writes); clientele.KindOf(err) != clientele.KindUnavailable {
		t.Fatalf("Commit without a standby: %v; want kind unavailable", err)
	}
	if len(historyOf(t, p.onPrimary, writes[0].ProjectID)) == before {
		t.Fatal("the primary does not show what the standby has not")
	}
}

// TestFollow_WhatTheStandbyHas: what follows from the history, or of the records that it tells of, is not made of what a
// failover takes back.
func TestFollow_WhatTheStandbyHas(t *testing.T) {
	p := newPair(t)
	w := newWriter(t, p.store, "follow")
	customer := mustCommit(t, p.store, w.customer(1)).SubjectID
	lead := mustCommit(t, p.store, w.lead(1)).SubjectID
	p.part(t)
	p.lose(t, w.customer(2))
	for what, read := range map[string]func() error{
		"changes": func() error {
			c := clientele.EventCursor{ProjectID: w.project, EventType: clientele.CustomerChanged}
			_, err := p.store.ReadChanges(t.Context(), []clientele.EventCursor{c}, 100)
			return err
		},
		"customers": func() error {
			_, err := p.store.LoadSearched(t.Context(), w.project, []int64{customer})
			return err
		},
		"leads": func() error {
			_, err := p.store.ReadLeadChanges(t.Context(), w.project, 0, 100)
			return err
		},
		"histories of leads": func() error {
			_, err := p.store.ReadLeadHistories(t.Context(), w.project, []int64{lead}, 100)
			return err
		},
		"the place of a new subscription": func() error {
			_, err := p.store.CreateSubscription(t.Context(), subscription(w.project, clientele.LeadChanged))
			return err
		},
	} {
		if err := read(); clientele.KindOf(err) != clientele.KindUnavailable {
			t.Errorf("%s: %v; want kind unavailable", what, err)
		}
	}
}

// TestCommit_ARepeatOfWhatTheStandbyHasNot: a call whose caller was not told that it took effect is not acknowledged when it is sent
// again, as long as a failover can take it back. It names no record that would be locked.
func TestCommit_ARepeatOfWhatTheStandbyHasNot(t *testing.T) {
	p := newPair(t)
	w := newWriter(t, p.store, "repeat")
	mustCommit(t, p.store, w.lead(1))
	call := named(w.lead(2), "sent twice")
	p.part(t)
	p.lose(t, call)
	if outcomes, err := p.store.Commit(t.Context(), []clientele.Write{call}); clientele.KindOf(err) != clientele.KindUnavailable {
		t.Errorf("the call sent again: %+v, %v; want kind unavailable", outcomes, err)
	}
	p.failOver(t)
	eventuallyCommit(t, p.store, call)
	if n := count(t, dial(t, p.standby.URL(p.database)), "SELECT count(*) FROM lead"); n != 2 {
		t.Errorf("%d leads, want 2", n)
	}
}

func subscription(project int64, of clientele.EventType) clientele.Subscription {
	return clientele.Subscription{
		ID: "s", ProjectID: project, EventType: of, RequestTimeout: time.Second, CreatedAt: time.Now(),
	}
}

// TestFailover_NothingIsPassedOver loses changes that were seen and gives their numbers out again: everything that follows
// the history follows the changes that have them now.
func TestFailover_NothingIsPassedOver(t *testing.T) {
	p := newPair(t)
	// Who follows leads sees the lost changes of customers pass by, and the other way round.
	leads, customers := newWriter(t, p.store, "leads"), newWriter(t, p.store, "customers")
	if _, err := p.store.CreateSubscription(t.Context(), subscription(leads.project, clientele.LeadChanged)); err != nil {
		t.Fatal(err)
	}
	mustCommit(t, p.store, leads.customer(0))
	mustCommit(t, p.store, customers.customer(0))
	hooks := webhook.New(p.store, webhook.Options{Window: time.Nanosecond})
	defer func() { _ = hooks.Stop(context.Background()) }()
	counts, terms := work.LeadCounts{Store: p.store}, work.CustomerTerms{Store: p.store}
	follow := func() (err error) {
		for _, follow := range []work.Task{hooks.Gather, counts.Count, terms.Follow} {
			if _, failed := follow(t.Context()); failed != nil {
				err = failed
			}
		}
		return err
	}
	if err := follow(); err != nil {
		t.Fatal(err)
	}
	p.part(t)
	p.lose(t, many(leads.customer)...)
	p.lose(t, many(customers.lead)...)
	_ = follow() // it may say that there is no telling, or wait
	p.failOver(t)
	const n = 3
	for i := range n {
		eventuallyCommit(t, p.store, leads.lead(i))
		eventuallyCommit(t, p.store, customers.customer(1+i))
	}
	if err := follow(); err != nil {
		t.Fatal(err)
	}
	book := dial(t, p.standby.URL(p.database))
	for question, want := range map[string]int64{
		"SELECT coalesce(sum(json_array_length(subject_ids)), 0) FROM event":                                        n,
		"SELECT coalesce(sum(clicks), 0)::bigint FROM lead_count WHERE span = 1":                                    n,
		fmt.Sprintf("SELECT count(*) FROM customer_term_list WHERE project_id = %d AND terms <> ''", leads.project): 1,
		fmt.Sprintf("SELECT count(*) FROM customer_term_list WHERE project_id = %d", customers.project):             n + 1,
	} {
		var got int64
		if err := book.QueryRow(t.Context(), question).Scan(&got); err != nil || got != want {
			t.Errorf("%s: %d, %v; want %d", question, got, err, want)
		}
	}
}

// TestErasureKey_OfWhatTheStandbyHas: who has read a key of erasures that a failover takes back makes marks with the one that the book is
// given then, like everybody else.
func TestErasureKey_OfWhatTheStandbyHas(t *testing.T) {
	p := newPair(t)
	w := newWriter(t, p.store, "erasure")
	customer := mustCommit(t, p.store, w.customer(1)).SubjectID
	p.part(t)
	_ = p.store.EnsureErasureKey(t.Context(), []byte("the key that is lost"), time.Now())
	await(t, p.onPrimary, "SELECT EXISTS (SELECT 1 FROM erasure_key)")
	p.lose(t, w.customer(2))
	p.failOver(t)
	eventually(t, func() error { return p.store.EnsureErasureKey(t.Context(), []byte("the key that stays"), time.Now()) })
	eventuallyCommit(t, p.store, clientele.Write{
		ProjectID: w.project, At: time.Now(), Erase: &clientele.EraseWrite{CustomerID: customer, AskedBy: clientele.AskedByCommand},
	})
	known := clientele.Identifiers(&clientele.Details{ExternalID: clientele.Some("customer 1")}, &clientele.Normal{})
	if found, err := p.store.FindErased(t.Context(), w.project, known); err != nil || len(found) != 1 {
		t.Errorf("%d erasures are found by what the customer was known by, %v; want 1", len(found), err)
	}
}

// many returns so many new records that their changes get numbers that the standby does not know to be given out: PostgreSQL
// notes that of 32 at once.
func many(write func(n int) clientele.Write) (list []clientele.Write) {
	for n := range 100 {
		list = append(list, write(1000+n))
	}
	return list
}

// eventuallyCommit commits a write as soon as there is a database that takes it.
func eventuallyCommit(t *testing.T, s *postgres.Store, w clientele.Write) {
	t.Helper()
	eventually(t, func() error {
		_, err := s.Commit(t.Context(), []clientele.Write{w})
		return err
	})
}

// eventually does something as soon as there is a database that lets it.
func eventually(t *testing.T, do func() error) {
	t.Helper()
	var err error
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); {
		if err = do(); err == nil {
			return
		}
	}
	t.Fatal(err)
}
