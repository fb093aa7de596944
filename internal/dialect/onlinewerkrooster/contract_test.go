package onlinewerkrooster_test

import (
	"testing"
	"time"

	"clientele"
	"clientele/internal/access"
	"clientele/internal/dialect/dialecttest"
	"clientele/internal/dialect/onlinewerkrooster"

	"github.com/go-chi/chi/v5"
)

// TestContract runs every example of the document and every row of the rulings, on every store.
func TestContract(t *testing.T) {
	dialecttest.Run(t, newDialect(t))
}

// newDialect returns the dialect over stores whose reads fail when a case says so.
func newDialect(t testing.TB) *dialecttest.Dialect {
	t.Helper()
	description, err := dialecttest.LoadDescription(onlinewerkrooster.Description, map[int]string{
		404: "NotFound", 405: "MethodNotAllowed",
	})
	if err != nil {
		t.Fatal(err)
	}
	shelves := &shelves{}
	return &dialecttest.Dialect{
		Name: clientele.Onlinewerkrooster,
		Routes: func(r chi.Router, s *dialecttest.Server) {
			onlinewerkrooster.New(s.Access, s.Book, shelves.of(s)).Routes(r)
		},
		Prepare:     prepare,
		Description: description,
		Always:      map[string]string{"Content-Type": "application/json; charset=utf-8"},
		Steps: map[string]dialecttest.Step{
			"shelf": shelves.step, "sent elsewhere": stepSentElsewhere, "customers": stepCustomers, "changes": stepChanges,
		},
	}
}

// The keys of companies. Those of the document stand in the cases themselves.
const (
	companyKey      = "5b0e6f1a-0c1d-4e2f-9a3b-7c8d9e0f1a2b"
	secondKey       = "6c1f7a2b-1d2e-4f3a-8b4c-8d9e0f1a2b3c"
	otherKey        = "7d2a8b3c-2e3f-4a4b-9c5d-9e0f1a2b3c4d"
	bothFirstKey    = "8e3b9c4d-3f4a-4b5c-ad6e-0f1a2b3c4d5e"
	bothOtherKey    = "9f4cad5e-4a5b-4c6d-be7f-1a2b3c4d5e6f"
	documentKey     = "81ad2f9b-6362-4388-9617-96a18524850c"
	documentAPIKey  = "3fdae2c8b32348a3855af9f0377191d4"
	documentCurlKey = "4C6086B2-4201-4CD6-A94A-BB89684FD0BD"
)

func prepare(t testing.TB, s *dialecttest.Server) {
	t.Helper()
	now := s.Clock.Now()
	first, other := grant(s.Project, companyKey), grant(s.OtherProject, otherKey)
	both := []clientele.Grant{grant(s.Project, bothFirstKey), grant(s.OtherProject, bothOtherKey)}
	for name, c := range map[string]clientele.Credential{
		"KEY":         {Grants: []clientele.Grant{first}},
		"SECOND_KEY":  {Grants: []clientele.Grant{grant(s.Project, secondKey)}}, // of the same company
		"OTHER_KEY":   {Grants: []clientele.Grant{other}},
		"BOTH_KEY":    {Grants: both},
		"HOUR_KEY":    {Grants: []clientele.Grant{first}, ExpiresAt: now.Add(time.Hour)},
		"EXPIRED_KEY": {Grants: []clientele.Grant{first}, ExpiresAt: now},
		"REVOKED_KEY": {Grants: []clientele.Grant{first}, RevokedAt: now},
		"LIMITED_KEY": {Grants: []clientele.Grant{first}, ReadsPerMinute: 2, WritesPerMinute: 1},
		"TIGHT_KEY":   {Grants: []clientele.Grant{first}, ReadsPerMinute: 1, WritesPerMinute: 1},
		"UNSURE_KEY":  {Grants: both, ReadsPerMinute: 1, WritesPerMinute: 1},
		"OPM_KEY":     {Dialect: clientele.OPM},
	} {
		s.Vars[name] = s.Issue(t, c)
	}
	for name, key := range map[string]string{
		"COMPANY": companyKey, "SECOND_COMPANY": secondKey, "OTHER_COMPANY": otherKey, "BOTH_FIRST": bothFirstKey, "BOTH_OTHER": bothOtherKey,
	} {
		s.Vars[name] = key
	}
	bring(t, s, access.Order{Secret: documentAPIKey, ProjectKeys: []string{documentKey}})
	bring(t, s, access.Order{Secret: documentCurlKey})
}

// grant opens a project under a CustomerKey.
func grant(project int64, key string) clientele.Grant {
	return clientele.Grant{ProjectID: project, KeyHash: clientele.HashSecret(clientele.Onlinewerkrooster, key)}
}

// bring issues a credential that the document prints, for the second project: in the document companyId is 2.
func bring(t testing.TB, s *dialecttest.Server, o access.Order) {
	t.Helper()
	o.Dialect, o.Name, o.Projects = clientele.Onlinewerkrooster, "document", []clientele.Project{{ID: s.OtherProject}}
	if _, err := access.Issue(t.Context(), s.Store.(access.Issuer), o, s.Clock.Now()); err != nil {
		t.Fatal(err)
	}
}
