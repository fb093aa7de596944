package opm_test

import (
	"testing"
	"time"

	"clientele"
	"clientele/internal/dialect/dialecttest"
	"clientele/internal/dialect/opm"

	"github.com/go-chi/chi/v5"
)

// TestContract runs every example of the document and every row of the rulings, on every store.
func TestContract(t *testing.T) {
	dialecttest.Run(t, dialect(t))
}

func dialect(t testing.TB) *dialecttest.Dialect {
	t.Helper()
	description, err := dialecttest.LoadDescription(opm.Description, map[int]string{404: "NotFound"})
	if err != nil {
		t.Fatal(err)
	}
	return &dialecttest.Dialect{
		Name:        clientele.OPM,
		Routes:      func(r chi.Router, s *dialecttest.Server) { opm.New(s.Access, s.Book).Routes(r) },
		Prepare:     issueKeys,
		Description: description,
		Always:      map[string]string{"Content-Type": "application/json; charset=utf-8"},
	}
}

func issueKeys(t testing.TB, s *dialecttest.Server) {
	t.Helper()
	now := s.Clock.Now()
	otherProject := []clientele.Grant{{ProjectID: s.OtherProject}}
	for name, c := range map[string]clientele.Credential{
		"KEY":         {},
		"SECOND_KEY":  {}, // of the same project
		"OTHER_KEY":   {Grants: otherProject},
		"HOUR_KEY":    {ExpiresAt: now.Add(time.Hour)},
		"EXPIRED_KEY": {ExpiresAt: now},
		"LIMITED_KEY": {ReadsPerMinute: 2, WritesPerMinute: 1},
		"TIGHT_KEY":   {ReadsPerMinute: 1, WritesPerMinute: 1},
		"REVOKED_KEY": {RevokedAt: now},
		"FOREIGN_KEY": {Dialect: clientele.DKHardware},
	} {
		s.Vars[name] = s.Issue(t, c)
	}
}
