package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"clientele"
	"clientele/internal/postgres"
	"clientele/internal/postgres/pgtest"
)

// TestStoppedDatabase: a database that neither answers nor hangs up is unavailable within the bound, for every verb, and
// all recovers by itself.
func TestStoppedDatabase(t *testing.T) {
	cluster := pgtest.NewCluster(t, nil)
	const timeout = 400 * time.Millisecond
	s := open(t, postgres.Options{URL: cluster.New(t), AttemptTimeout: timeout, Timeout: 2 * timeout})
	project := newProject(t, s, "stopped")
	mustCommit(t, s, upsert(project, "a", "1@example.com"))

	cluster.Pause(t)
	resumed := sync.OnceFunc(func() { cluster.Resume(t) })
	defer resumed()
	for what, do := range map[string]func() error{
		"commit": func() error {
			_, err := s.Commit(t.Context(), []clientele.Write{upsert(project, "a", "2@example.com")})
			return err
		},
		"create": func() error {
			_, err := s.CreateProject(t.Context(), clientele.Project{Name: "b", TimeZone: "UTC", CreatedAt: time.Now()})
			return err
		},
		"read": func() error { _, err := s.FindProject(t.Context(), "stopped"); return err },
		"ping": func() error { return s.Ping(t.Context()) },
	} {
		start := time.Now()
		if err := do(); clientele.KindOf(err) != clientele.KindUnavailable {
			t.Errorf("%s: %v; want kind unavailable", what, err)
		}
		if took := time.Since(start); took > 10*timeout {
			t.Errorf("%s took %v, want at most %v and a little", what, took, 2*timeout)
		}
	}

	resumed()
	if err := s.Ping(t.Context()); err != nil { // a dead connection is not used twice
		t.Errorf("ping after the outage: %v", err)
	}
	mustCommit(t, s, upsert(project, "a", "3@example.com"))
	c, err := s.FindCustomerByExternalID(t.Context(), project, "a")
	if err != nil || c.Email.V != "3@example.com" {
		t.Errorf("after the outage: %v, %v", c.Email, err)
	}
}

// TestKilledConnections commits while somebody ends all connections again and again: nobody hears of it, and every write
// takes effect once.
func TestKilledConnections(t *testing.T) {
	url := pgtest.New(t)
	s := open(t, postgres.Options{URL: url, Lanes: 2})
	project := newProject(t, s, "killed")
	mustCommit(t, s, upsert(project, "0", "first@example.com"))
	killer := dial(t, url)
	done := make(chan struct{})
	var killing sync.WaitGroup
	var killed int
	killing.Go(func() {
		for {
			select {
			case <-done:
				return
			default:
			}
			var n int
			err := killer.QueryRow(context.WithoutCancel(t.Context()), `SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
				WHERE datname = current_database() AND pid <> pg_backend_pid() AND random() < 0.02`).Scan(&n)
			if err != nil {
				t.Errorf("kill: %v", err)
				return
			}
			killed += n
		}
	})
	const rounds, keys = 10, 3
	var running sync.WaitGroup
	for worker := range 2 {
		running.Go(func() {
			for round := range rounds {
				var writes []clientele.Write
				for key := range keys {
					writes = append(writes, upsert(project, fmt.Sprint(key), fmt.Sprintf("%d-%d@example.com", worker, round)))
				}
				if _, err := s.Commit(context.WithoutCancel(t.Context()), writes); err != nil {
					t.Errorf("worker %d, round %d: %v", worker, round, err)
				}
				if _, err := s.FindCustomerByExternalID(t.Context(), project, "0"); err != nil {
					t.Errorf("worker %d, round %d: %v", worker, round, err)
				}
			}
		})
	}
	running.Wait()
	close(done)
	killing.Wait()
	if killed == 0 {
		t.Error("no connection was killed")
	}
	for key := range keys {
		c, err := s.FindCustomerByExternalID(t.Context(), project, fmt.Sprint(key))
		if err != nil {
			t.Fatal(err)
		}
		want := int64(2 * rounds)
		if key == 0 {
			want++
		}
		if c.Version != want {
			t.Errorf("customer %d has version %d after %d writes, each with another value", key, c.Version, want)
		}
		list, err := s.ListChanges(t.Context(), project, clientele.SubjectCustomer, c.ID)
		if err != nil || int64(len(list)) != want {
			t.Errorf("customer %d has %d changes, %v; want %d", key, len(list), err, want)
		}
	}
}

// TestStuckConnection: one connection that says nothing more is given up, and the write takes effect over another, while
// its caller still waits.
func TestStuckConnection(t *testing.T) {
	p, url := newProxy(t, pgtest.New(t))
	s := open(t, postgres.Options{URL: url, AttemptTimeout: 300 * time.Millisecond, Timeout: 20 * time.Second})
	project := newProject(t, s, "stuck")
	stuck := make(chan struct{})
	defer close(stuck)
	for _, at := range []string{"nextval", "INSERT INTO customer"} {
		p.arm(breakage{at: at, silent: true, forward: func() bool { <-stuck; return false }})
		start := time.Now()
		if o := mustCommit(t, s, upsert(project, at, "ada@example.com")); o.Result != clientele.Created {
			t.Errorf("stuck at %s: %s, want created", at, o.Result)
		}
		if took := time.Since(start); took > 10*time.Second {
			t.Errorf("stuck at %s: it took %v", at, took)
		}
		p.mu.Lock()
		if p.breaks != nil {
			t.Errorf("the connection was never stuck at %s", at)
		}
		p.mu.Unlock()
	}
}

// TestReadOnlyDatabase: a server that was demoted takes no writes; the store looks for another until the time is up.
func TestReadOnlyDatabase(t *testing.T) {
	url := pgtest.New(t)
	s := open(t, postgres.Options{URL: url, Timeout: 300 * time.Millisecond})
	project := newProject(t, s, "demoted")
	conn := dial(t, url)
	database := conn.Config().Database
	exec(t, conn, `ALTER DATABASE "`+database+`" SET default_transaction_read_only = on`)
	s2 := open(t, postgres.Options{URL: url, Timeout: 300 * time.Millisecond})
	_, err := s2.Commit(t.Context(), []clientele.Write{upsert(project, "a", "1@example.com")})
	if clientele.KindOf(err) != clientele.KindUnavailable {
		t.Errorf("Commit: %v; want kind unavailable", err)
	}
	exec(t, conn, "SET default_transaction_read_only = off")
	exec(t, conn, `ALTER DATABASE "`+database+`" RESET default_transaction_read_only`)
	mustCommit(t, s2, upsert(project, "a", "1@example.com")) // over a new connection: the old ones stay read only
}

// TestUnreachableDatabase: nobody listens, or not as we believe.
func TestUnreachableDatabase(t *testing.T) {
	url := pgtest.New(t)
	for what, u := range map[string]string{
		"no server":      "postgres://somebody:geheim@127.0.0.1:1/book?sslmode=disable",
		"wrong password": strings.Replace(url, "pgtdbpass", "geheim", 1),
		"no database":    strings.Replace(url, "/testdb_", "/no_testdb_", 1),
	} {
		s := open(t, postgres.Options{URL: u, Timeout: 200 * time.Millisecond})
		err := s.Ping(t.Context())
		if clientele.KindOf(err) != clientele.KindUnavailable {
			t.Errorf("%s: %v; want kind unavailable", what, err)
		}
		if _, err := s.Commit(t.Context(), []clientele.Write{upsert(1, "a", "b")}); clientele.KindOf(err) != clientele.KindUnavailable {
			t.Errorf("%s: %v; want kind unavailable", what, err)
		}
		if strings.Contains(err.Error(), "geheim") {
			t.Errorf("%s: the error shows the password: %v", what, err)
		}
		var e *clientele.Error
		if !errors.As(err, &e) || strings.Contains(e.Message, "127.0.0.1") {
			t.Errorf("%s: the message for the caller tells of the inside: %v", what, err)
		}
	}
}

// mustCommit commits one write.
func mustCommit(t testing.TB, s *postgres.Store, w clientele.Write) clientele.Outcome {
	t.Helper()
	outcomes, err := s.Commit(t.Context(), []clientele.Write{w})
	if err != nil {
		t.Fatalf("Commit: %v", err)
	}
	return outcomes[0]
}
