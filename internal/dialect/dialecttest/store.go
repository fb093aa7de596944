package dialecttest

import (
	"context"
	"testing"
	"time"

	"clientele"
	"clientele/internal/access"
	"clientele/internal/intake"
	"clientele/internal/postgres"
	"clientele/internal/postgres/pgtest"
	"clientele/internal/sqlite"
)

// Store is what the cases need of a store. Both stores are one.
type Store interface {
	intake.Store
	access.Directory
	Shelf
	CreateProject(context.Context, clientele.Project) (clientele.Project, error)
	CreateCredential(context.Context, clientele.Credential, clientele.SecretHash) (clientele.Credential, error)
	RevokeCredential(ctx context.Context, id int64, at time.Time) error
	FindCustomerByExternalID(ctx context.Context, project int64, externalID string) (clientele.Customer, error)
}

// StoreMaker makes new stores of one kind, empty and migrated. The test closes what it made.
type StoreMaker struct {
	Name string
	New  func(testing.TB) Store
}

// Stores are the stores that every case runs on.
func Stores() []StoreMaker {
	return []StoreMaker{{Name: "sqlite", New: newSQLite}, {Name: "postgres", New: newPostgres}}
}

func newPostgres(t testing.TB) Store {
	t.Helper()
	s, err := postgres.Open(t.Context(), postgres.Options{URL: pgtest.New(t)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func newSQLite(t testing.TB) Store {
	t.Helper()
	s, err := sqlite.Open(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	if _, _, err := s.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	return s
}
