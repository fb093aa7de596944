package dkhardware_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"clientele"
	"clientele/internal/access"
	"clientele/internal/dialect/dialecttest"
	"clientele/internal/dialect/dkhardware"
	"clientele/internal/webhook"

	"github.com/go-chi/chi/v5"
)

// TestContract runs every example of the document and every row of the rulings, on every store.
func TestContract(t *testing.T) {
	dialecttest.Run(t, dialect(t))
}

func dialect(t testing.TB) *dialecttest.Dialect {
	t.Helper()
	description, err := dialecttest.LoadDescription(
		dkhardware.Description, map[int]string{404: "NoRoute", 405: "MethodNotAllowed"},
	)
	if err != nil {
		t.Fatal(err)
	}
	return &dialecttest.Dialect{
		Name: clientele.DKHardware,
		Routes: func(r chi.Router, s *dialecttest.Server) {
			tokens := access.NewTokens(s.Access, s.Store, clientele.DKHardware)
			api := dkhardware.New(s.Access, tokens, s.Book, faultyShelf{s.Store, s})
			api.Routes(r)
			hooks := webhook.New(s.Store.(webhook.Store), webhook.Options{Now: s.Clock.Now})
			t.Cleanup(func() { _ = hooks.Stop(context.Background()) })
			api.Subscriptions(faultyHooks{hooks, s}).Routes(r)
		},
		Prepare:     issueClients,
		Description: description,
		Always:      map[string]string{"Content-Type": "application/json; charset=utf-8"},
		Renew:       newSubscription,
		Steps: map[string]dialecttest.Step{
			"claim":                claim,
			"at once":              carryOutAtOnce,
			"token":                renewToken,
			"entry":                entry,
			"revoke":               revoke,
			"register":             register,
			"five customers from":  fiveCustomers,
			"basic":                setBasic,
			"encoded basic":        setEncodedBasic,
			"fail 30 times":        fail30Times,
			"rotate signing key":   rotateSigningKey,
			"replace signing keys": replaceSigningKeys,
		},
	}
}

// allScopes are the scopes of the document.
var allScopes = []string{
	"customers", "customers:create", "customers:update", "customers:status", "subscriptions", "subscriptions:edit",
}

// issueClients makes the clients of the cases: of each NAME the variables $NAME_ID, $NAME_SECRET and $NAME, a token with
// all its scopes.
func issueClients(t testing.TB, s *dialecttest.Server) {
	t.Helper()
	now := s.Clock.Now()
	otherProject := []clientele.Grant{{ProjectID: s.OtherProject}}
	tokens := access.NewTokens(s.Access, s.Store, clientele.DKHardware)
	for name, c := range map[string]clientele.Credential{
		"CLIENT":  {Scopes: allScopes},
		"SECOND":  {Scopes: allScopes}, // of the same project
		"OTHER":   {Scopes: allScopes, Grants: otherProject},
		"READER":  {Scopes: []string{"customers"}},
		"CREATOR": {Scopes: []string{"customers:create", "customers:status"}},
		"ASKER":   {Scopes: []string{"customers:status"}},
		"HOUR":    {Scopes: allScopes, ExpiresAt: now.Add(time.Hour)},
		"ENDED":   {Scopes: allScopes, RevokedAt: now.Add(time.Second)},
		"LIMITED": {Scopes: allScopes, ReadsPerMinute: 2, WritesPerMinute: 1},
		"TIGHT":   {Scopes: allScopes, ReadsPerMinute: 1, WritesPerMinute: 1},
		"CLOSED":  {Scopes: allScopes, ReadsPerMinute: 1, WritesPerMinute: 1},
	} {
		c.ClientID = clientele.Some(clientID(name))
		secret := s.Issue(t, c)
		s.Vars[name+"_ID"], s.Vars[name+"_SECRET"] = clientID(name), secret
		if err := setToken(t.Context(), s, tokens, name); err != nil {
			t.Fatal(err)
		}
	}
	s.Vars["FOREIGN_SECRET"] = s.Issue(t, clientele.Credential{Dialect: clientele.OPM})
}

// clientID returns the public id of a client of the cases, in the form of a UUID.
func clientID(name string) string { return fmt.Sprintf("%08x-0000-4000-8000-000000000000", name[:3]) }

func setToken(ctx context.Context, s *dialecttest.Server, tokens *access.Tokens, name string) error {
	c, err := tokens.Authenticate(ctx, access.Client{ID: s.Vars[name+"_ID"], Secret: s.Vars[name+"_SECRET"]})
	if err != nil {
		return fmt.Errorf("token of %s: %w", name, err)
	}
	token, err := tokens.Issue(ctx, c, nil)
	if err != nil {
		return fmt.Errorf("token of %s: %w", name, err)
	}
	s.Hide(token.Text)
	s.Vars[name] = token.Text
	return nil
}

// faultyShelf stands between the dialect and the store.
type faultyShelf struct {
	dialecttest.Shelf
	server *dialecttest.Server
}

// ListPositions implements dkhardware.Shelf.
func (s faultyShelf) ListPositions(ctx context.Context, q clientele.CustomerQuery) ([]clientele.Position, error) {
	if err := s.server.Fault(); err != nil {
		return nil, err
	}
	return s.Shelf.ListPositions(ctx, q)
}

// FindCustomer implements dkhardware.Shelf.
func (s faultyShelf) FindCustomer(ctx context.Context, project, id int64) (clientele.Customer, error) {
	if err := s.server.Fault(); err != nil {
		return clientele.Customer{}, err
	}
	return s.Shelf.FindCustomer(ctx, project, id)
}

// FindSubmission implements dkhardware.Shelf.
func (s faultyShelf) FindSubmission(ctx context.Context, project int64, id string) (clientele.Submission, error) {
	if err := s.server.Fault(); err != nil {
		return clientele.Submission{}, err
	}
	return s.Shelf.FindSubmission(ctx, project, id)
}
