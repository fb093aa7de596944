package access_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"clientele"
	"clientele/internal/access"
	"clientele/internal/sqlite"
)

// clock stands still unless a test moves it. Its methods may be called from any goroutine.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) Move(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// fixture is a book with one project and one client.
type fixture struct {
	*sqlite.Store
	clock  *clock
	client clientele.Credential
	secret string
}

var allScopes = []string{"customers", "customers:create", "customers:update"}

const clientID = "5b3f0f8e-2a4c-4a36-9a37-6e1f5c7d9b10"

func newFixture(t testing.TB) *fixture {
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
	f := &fixture{Store: s, clock: &clock{now: time.Date(2026, time.November, 22, 10, 0, 0, 0, time.UTC)}}
	p, err := s.CreateProject(t.Context(), clientele.Project{Name: "shop", TimeZone: "UTC", CreatedAt: f.clock.Now()})
	if err != nil {
		t.Fatal(err)
	}
	f.client, f.secret = f.newClient(t, p.ID, clientID)
	return f
}

// newClient stores a client of a project and returns it with its secret.
func (f *fixture) newClient(t testing.TB, project int64, id string) (clientele.Credential, string) {
	t.Helper()
	secret := access.NewSecret(clientele.DKHardware)
	c, err := f.CreateCredential(t.Context(), clientele.Credential{
		Dialect: clientele.DKHardware, Name: "partner", ClientID: clientele.Some(id), Scopes: allScopes,
		Grants: []clientele.Grant{{ProjectID: project}}, CreatedAt: f.clock.Now(),
	}, clientele.HashSecret(clientele.DKHardware, secret))
	if err != nil {
		t.Fatal(err)
	}
	return c, secret
}

// revoke ends the client.
func (f *fixture) revoke(t testing.TB) {
	t.Helper()
	if err := f.RevokeCredential(t.Context(), f.client.ID, f.clock.Now()); err != nil {
		t.Fatal(err)
	}
}

// server is one server of the book.
type server struct {
	access *access.Access
	tokens *access.Tokens
}

// serve returns a server of the book, which asks d and k.
func (f *fixture) serve(t testing.TB, d access.Directory, k access.SigningKeys) *server {
	t.Helper()
	a := access.New(d, f.clock.Now)
	t.Cleanup(func() {
		if err := a.Close(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	})
	return &server{a, access.NewTokens(a, k, clientele.DKHardware)}
}

// token issues a token to the client.
func (f *fixture) token(t testing.TB, s *server, scopes ...string) string {
	t.Helper()
	token, err := s.tokens.Issue(t.Context(), &f.client, scopes)
	if err != nil {
		t.Fatal(err)
	}
	return token.Text
}

// wantIn holds that a token lets the client in, with the scopes.
func (f *fixture) wantIn(t testing.TB, what string, s *server, token string, scopes []string) {
	t.Helper()
	c, err := s.tokens.Verify(t.Context(), token)
	if err != nil {
		t.Errorf("%s: %v", what, err)
		return
	}
	if c.ID != f.client.ID || len(c.Scopes) != len(scopes) {
		t.Errorf("%s: lets in credential %d with scopes %v; want %d with %v", what, c.ID, c.Scopes, f.client.ID, scopes)
	}
}

// wantOut holds that a token lets nobody in.
func wantOut(t testing.TB, what string, s *server, token string) {
	t.Helper()
	c, err := s.tokens.Verify(t.Context(), token)
	wantKind(t, what, err, clientele.KindUnauthorized)
	if c != nil {
		t.Errorf("%s: lets in credential %d", what, c.ID)
	}
}

func wantKind(t testing.TB, what string, err error, k clientele.Kind) {
	t.Helper()
	if err == nil || clientele.KindOf(err) != k {
		t.Errorf("%s: error %v; want kind %s", what, err, k)
	}
}

// flakyStore counts questions, and fails when it is told to.
type flakyStore struct {
	*sqlite.Store
	mu      sync.Mutex
	failing bool
	lists   int // of signing keys
	finds   int // of credentials
}

func (s *flakyStore) ask(counter *int) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	*counter++
	if s.failing {
		return clientele.Unavailable("The disk is gone", nil)
	}
	return nil
}

func (s *flakyStore) fail(failing bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.failing = failing
}

// asked returns how often it was asked for signing keys and for credentials since the last time.
func (s *flakyStore) asked() (lists, finds int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	lists, finds, s.lists, s.finds = s.lists, s.finds, 0, 0
	return lists, finds
}

// ListSigningKeys implements access.SigningKeys.
func (s *flakyStore) ListSigningKeys(ctx context.Context) ([]clientele.SigningKey, error) {
	if err := s.ask(&s.lists); err != nil {
		return nil, err
	}
	return s.Store.ListSigningKeys(ctx)
}

// FindCredential implements access.Directory.
func (s *flakyStore) FindCredential(ctx context.Context, id int64) (clientele.Credential, error) {
	if err := s.ask(&s.finds); err != nil {
		return clientele.Credential{}, err
	}
	return s.Store.FindCredential(ctx, id)
}

// FindCredentialBySecret implements access.Directory.
func (s *flakyStore) FindCredentialBySecret(ctx context.Context, h clientele.SecretHash) (clientele.Credential, time.Time, error) {
	if err := s.ask(&s.finds); err != nil {
		return clientele.Credential{}, time.Time{}, err
	}
	return s.Store.FindCredentialBySecret(ctx, h)
}
