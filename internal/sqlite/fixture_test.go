package sqlite

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"clientele"
	"clientele/internal/work"
)

// moment is when everything happens in these tests.
func moment() time.Time { return time.Date(2026, time.November, 22, 10, 0, 0, 123_000, time.UTC) }

// newStore opens a new book with one project, and closes it when the test ends.
func newStore(t testing.TB) (*Store, int64) {
	t.Helper()
	s := openMigrated(t, t.TempDir())
	closeAfter(t, s)
	return s, newProject(t, s)
}

func closeAfter(t testing.TB, s *Store) {
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
}

func newProject(t testing.TB, s *Store) int64 {
	t.Helper()
	p, err := s.CreateProject(t.Context(), clientele.Project{Name: "Harbour Outfitters", TimeZone: "UTC", CreatedAt: moment()})
	if err != nil {
		t.Fatal(err)
	}
	return p.ID
}

// upsert returns a write of a customer that the partner calls key.
func upsert(project int64, key, email string) clientele.Write {
	var p clientele.Patch
	p.Put(clientele.FieldExternalID, clientele.Some(key))
	p.Put(clientele.FieldEmail, clientele.Some(email))
	return clientele.Write{
		ProjectID: project, At: moment(), Origin: clientele.Origin{Dialect: clientele.OPM, RequestID: "r-" + key},
		Customer: &clientele.CustomerWrite{Mode: clientele.UpsertCustomer, Patch: p},
	}
}

// mustCommit commits writes of which each must be taken, and returns the outcomes.
func mustCommit(t testing.TB, s *Store, writes ...clientele.Write) []clientele.Outcome {
	t.Helper()
	outcomes, err := s.Commit(t.Context(), writes)
	if err != nil {
		t.Fatalf("commit: %v", err)
	}
	for i, o := range outcomes {
		if o.Err != nil {
			t.Fatalf("write %d: %v", i, o.Err)
		}
	}
	return outcomes
}

// has reports whether the book has the customer that the partner calls key.
func has(t testing.TB, s *Store, project int64, key string) bool {
	t.Helper()
	_, err := s.FindCustomerByExternalID(t.Context(), project, key)
	if err != nil && clientele.KindOf(err) != clientele.KindNotFound {
		t.Fatal(err)
	}
	return err == nil
}

func wantKind(t testing.TB, what string, err error, k clientele.Kind) {
	t.Helper()
	if e, ok := errors.AsType[*clientele.Error](err); !ok || e.Kind != k {
		t.Errorf("%s: error %v; want kind %s", what, err, k)
	}
}

// keyOf numbers the customers of a test.
func keyOf(n int) string { return fmt.Sprintf("customer-%06d", n) }

// followAll makes all customers be found as they are.
func followAll(t testing.TB, s *Store) {
	t.Helper()
	if _, err := (&work.CustomerTerms{Store: s}).Follow(t.Context()); err != nil {
		t.Fatalf("follow: %v", err)
	}
}
