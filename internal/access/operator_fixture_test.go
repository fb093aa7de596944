package access

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"clientele"
	"clientele/internal/sqlite"
)

// plainHasher stands for argon2: a hash is the password behind a mark. It counts what it computes, and waits when a test
// says so.
type plainHasher struct {
	mu      sync.Mutex
	matches []string // the hashes that passwords were compared with
	creates int
	inside  int
	most    int           // that were inside at once
	hold    chan struct{} // when set, a comparison waits for it to close
}

func (h *plainHasher) create(password string) (string, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.creates++
	return "hashed:" + password, nil
}

func (h *plainHasher) match(password, hash string) (bool, error) {
	h.mu.Lock()
	h.matches = append(h.matches, hash)
	h.inside++
	h.most = max(h.most, h.inside)
	hold := h.hold
	h.mu.Unlock()
	if hold != nil {
		<-hold
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.inside--
	return hash == "hashed:"+password, nil
}

// compared returns how many comparisons there were since it was asked before.
func (h *plainHasher) compared() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	n := len(h.matches)
	h.matches = nil
	return n
}

// office is a book with operators in it, and those who let them in.
type office struct {
	*clock
	*plainHasher
	*Operators
	book *sqlite.Store
}

const ada, adasPassword = "ada@example.com", "correct horse battery"

func newOffice(t *testing.T) *office {
	t.Helper()
	book, err := sqlite.Open(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := book.Close(); err != nil {
			t.Error(err)
		}
	})
	if _, _, err := book.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	o := &office{clock: newClock(), plainHasher: &plainHasher{}, book: book}
	o.Operators = o.server(book)
	return o
}

// server returns the operators of another server on the same book.
func (o *office) server(book OperatorStore) *Operators {
	s := NewOperators(book, o.Now)
	s.hashes = newHashes(o.plainHasher)
	return s
}

// hire makes an operator with a password of their own.
func (o *office) hire(t *testing.T, email, password string, role clientele.Role) clientele.Operator {
	t.Helper()
	who, first, err := o.Create(t.Context(), email, role)
	if err != nil {
		t.Fatalf("create: %v", err)
	}
	if err := o.ChangePassword(t.Context(), who.ID, first, password); err != nil {
		t.Fatalf("change password: %v", err)
	}
	o.compared()
	return who
}

// wantRefused fails unless err is the answer to a wrong login, to the letter.
func wantRefused(t *testing.T, what string, err error) {
	t.Helper()
	e, ok := errors.AsType[*clientele.Error](err)
	if !ok || e.Kind != clientele.KindUnauthorized || e.Message != errLogin.Message || err.Error() != errLogin.Error() || e.RetryAfter != 0 {
		t.Errorf("%s: %v; want the refusal that all get", what, err)
	}
}

// wantOfKind fails unless err is of the kind and names the field.
func wantOfKind(t *testing.T, what string, err error, k clientele.Kind, field string) {
	t.Helper()
	e, ok := errors.AsType[*clientele.Error](err)
	if !ok || e.Kind != k || e.Field != field {
		t.Errorf("%s: %v; want kind %s, field %q", what, err, k, field)
	}
}

// faultyStore is a store whose failures a test sets.
type faultyStore struct {
	OperatorStore
	find, record error
}

func (s *faultyStore) FindOperatorByEmail(ctx context.Context, email string) (clientele.Operator, error) {
	if s.find != nil {
		return clientele.Operator{}, s.find
	}
	return s.OperatorStore.FindOperatorByEmail(ctx, email)
}

func (s *faultyStore) RecordFailedLogin(ctx context.Context, id int64, at time.Time, lockFor func(int) time.Duration) error {
	if s.record != nil {
		return s.record
	}
	return s.OperatorStore.RecordFailedLogin(ctx, id, at, lockFor)
}

// wantSilent fails when a text holds one of the secrets.
func wantSilent(t *testing.T, err error, secrets ...string) {
	t.Helper()
	for _, secret := range secrets {
		if err != nil && strings.Contains(err.Error(), secret) {
			t.Errorf("the error %q holds a password", err)
		}
	}
}
