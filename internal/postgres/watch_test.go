package postgres_test

import (
	"context"
	"testing"
	"time"

	"clientele"
	"clientele/internal/postgres"
	"clientele/internal/postgres/pgtest"
)

// watched is a store that watches; each call of its functions is a token in heard and in changed.
type watched struct {
	store   *postgres.Store
	heard   chan struct{}
	changed chan struct{}
	ended   chan struct{}
}

func watch(t *testing.T, o postgres.Options, every time.Duration) *watched {
	t.Helper()
	w := &watched{store: open(t, o), heard: make(chan struct{}, 100), changed: make(chan struct{}, 100), ended: make(chan struct{})}
	if every > 0 {
		w.store.SetWatchEvery(every)
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	go func() {
		defer close(w.ended)
		w.store.Watch(ctx, func() { w.heard <- struct{}{} }, func() { w.changed <- struct{}{} })
	}()
	t.Cleanup(func() { cancel(); <-w.ended })
	return w
}

// want waits for one call.
func (w *watched) want(t *testing.T, when string) {
	t.Helper()
	select {
	case <-w.heard:
	case <-time.After(10 * time.Second):
		t.Fatalf("nothing was heard %s", when)
	}
}

func issue(t *testing.T, s *postgres.Store, project int64, secret string) clientele.Credential {
	t.Helper()
	c, err := s.CreateCredential(t.Context(), clientele.Credential{
		Dialect: clientele.OPM, Name: secret, CreatedAt: time.Now(), Grants: []clientele.Grant{{ProjectID: project}},
	}, clientele.HashSecret(clientele.OPM, secret))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// TestWatch_HearsOtherServers: what one server does to credentials, another hears of at once, once the change is there.
func TestWatch_HearsOtherServers(t *testing.T) {
	url := pgtest.New(t)
	s := open(t, postgres.Options{URL: url})
	project := newProject(t, s, "watched")
	w := watch(t, postgres.Options{URL: url}, 0)
	w.want(t, "in the beginning")
	c := issue(t, s, project, "one")
	w.want(t, "after a new credential")
	if err := s.RevokeCredential(t.Context(), c.ID, time.Now()); err != nil {
		t.Fatal(err)
	}
	w.want(t, "after a revocation")
	if found, err := w.store.FindCredential(t.Context(), c.ID); err != nil || found.RevokedAt.IsZero() {
		t.Errorf("heard before it was there: %v, %v", found.RevokedAt, err)
	}
	secret := clientele.Secret{CredentialID: c.ID, Hash: clientele.HashSecret(clientele.OPM, "two"), CreatedAt: time.Now()}
	if err := s.RotateCredential(t.Context(), secret, "two", time.Now()); err != nil {
		t.Fatal(err)
	}
	w.want(t, "after a rotation")
	if err := s.RotateCredential(t.Context(), secret, "two", time.Now()); clientele.KindOf(err) != clientele.KindConflict {
		t.Errorf("rotation to a secret in use: %v", err)
	}
	select {
	case <-w.heard:
		t.Error("heard of a change that did not take place")
	default:
	}
}

// TestWatch_HearsOfChanges: what one server appends to the history, another hears of, now and then while there is much.
func TestWatch_HearsOfChanges(t *testing.T) {
	url := pgtest.New(t)
	s := open(t, postgres.Options{URL: url})
	project := newProject(t, s, "watched")
	w := watch(t, postgres.Options{URL: url}, 0)
	w.want(t, "in the beginning")
	<-w.changed
	began, commits := time.Now(), 0
	for time.Since(began) < 2*postgres.TellEvery {
		mustCommit(t, s, upsert(project, "a", time.Now().String()))
		commits++
	}
	issue(t, s, project, "behind the commits")
	w.want(t, "after a new credential")
	if n, most := len(w.changed), int(time.Since(began)/postgres.TellEvery)+1; n == 0 || n > most || n >= commits {
		t.Errorf("heard of %d commits %d times, want one to %d times", commits, n, most)
	}
}

// TestWatch_Reconnects: after its connection was lost, Watch calls again, for what it may have missed.
func TestWatch_Reconnects(t *testing.T) {
	url := pgtest.New(t)
	conn := dial(t, url)
	w := watch(t, postgres.Options{URL: url}, 0)
	w.want(t, "in the beginning")
	for range 2 {
		await(t, conn, "SELECT EXISTS (SELECT 1 FROM pg_stat_activity WHERE query LIKE 'LISTEN%' AND state = 'idle' AND datname = current_database())")
		exec(t, conn, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN%' AND datname = current_database()")
		w.want(t, "after the connection was lost")
	}
	s := open(t, postgres.Options{URL: url})
	issue(t, s, newProject(t, s, "later"), "three")
	w.want(t, "over the new connection")
}

// TestWatch_NoticesSilence: a connection that is dead without saying so is given up.
func TestWatch_NoticesSilence(t *testing.T) {
	p, url := newProxy(t, pgtest.New(t))
	w := watch(t, postgres.Options{URL: url, AttemptTimeout: 200 * time.Millisecond}, 20*time.Millisecond)
	w.want(t, "in the beginning")
	dead := make(chan struct{})
	p.arm(breakage{at: "ping", forward: func() bool { <-dead; return false }, silent: true})
	w.want(t, "after the connection had died")
	close(dead)
}

// TestWatch_BehindPgBouncer hears nothing, and ends when it is told.
func TestWatch_BehindPgBouncer(t *testing.T) {
	url := pgtest.NewBouncer(t).Before(pgtest.New(t))
	w := watch(t, postgres.Options{URL: url, PgBouncer: true}, 0)
	issue(t, w.store, newProject(t, w.store, "bounced"), "four")
	select {
	case <-w.heard:
		t.Error("heard something")
	case <-w.ended:
		t.Error("ended before it was told")
	default:
	}
}
