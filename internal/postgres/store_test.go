package postgres_test

import (
	"context"
	"testing"
	"time"

	"clientele"

	"clientele/internal/postgres"
	"clientele/internal/postgres/pgtest"
	"clientele/internal/storetest"
)

func TestStore(t *testing.T) {
	storetest.Run(t, func(t testing.TB) storetest.Store { return open(t, postgres.Options{URL: pgtest.New(t)}) })
}

// TestStore_BehindPgBouncer holds the store to the same suite where connections change hands after each transaction.
func TestStore_BehindPgBouncer(t *testing.T) {
	lessRapid(t)
	bouncer := pgtest.NewBouncer(t)
	storetest.Run(t, func(t testing.TB) storetest.Store {
		return open(t, postgres.Options{URL: bouncer.Before(pgtest.New(t)), PgBouncer: true})
	})
}

// open opens a book. It is closed when the test ends.
func open(t testing.TB, o postgres.Options) *postgres.Store {
	t.Helper()
	s, err := postgres.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func newProject(t testing.TB, s *postgres.Store, name string) int64 {
	t.Helper()
	p, err := s.CreateProject(context.WithoutCancel(t.Context()), clientele.Project{Name: name, TimeZone: "UTC", CreatedAt: time.Now()})
	if err != nil {
		t.Fatal(err)
	}
	return p.ID
}
