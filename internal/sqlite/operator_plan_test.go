package sqlite

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"clientele"
)

// useOfTheConsole runs what each page, login and clean-up of the console runs.
func useOfTheConsole(t *testing.T, s *Store, o clientele.Operator) {
	t.Helper()
	ctx := t.Context()
	for _, do := range []func() error{
		func() error { _, err := s.FindOperator(ctx, o.ID); return err },
		func() error { _, err := s.FindOperatorByEmail(ctx, o.Email); return err },
		func() error { return s.RecordLogin(ctx, o.ID, moment()) },
		func() error {
			return s.RecordFailedLogin(ctx, o.ID, moment(), func(int) time.Duration { return time.Hour })
		},
		func() error { return s.SetOperatorPassword(ctx, o, "") },
		func() error { _, _, err := s.FindSession(ctx, "x", moment()); return err },
		func() error { return s.PutSession(ctx, "x", nil, moment()) },
		func() error { return s.UpdateSession(ctx, "x", nil, moment()) },
		func() error { return s.DeleteSession(ctx, "x") },
		func() error { _, err := s.ForgetSessions(ctx, moment(), 10); return err },
		func() error { return s.AppendAudit(ctx, clientele.AuditEntry{At: moment()}) },
		func() error { _, err := s.ForgetAudit(ctx, moment(), 10); return err },
	} {
		if err := do(); err != nil {
			t.Fatal(err)
		}
	}
	for bits := range 8 {
		_, err := s.ListAudit(ctx, clientele.AuditFilter{
			OperatorID: int64(bits & 1), ProjectID: int64(bits & 2), Before: int64(bits & 4), Limit: 10,
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// TestQueries_OfTheConsoleUseAnIndex looks at the plan of each statement about operators, sessions and the audit log that
// runs with a page or by itself: none reads a table from end to end, and none sorts.
func TestQueries_OfTheConsoleUseAnIndex(t *testing.T) {
	s, _ := newStore(t)
	o, err := s.CreateOperator(t.Context(), clientele.Operator{Email: "ada@example.com", Role: clientele.RoleOwner, CreatedAt: moment()})
	if err != nil {
		t.Fatal(err)
	}
	before := maps.Clone(s.stmts)
	r := recordReads(t, s)
	useOfTheConsole(t, s, o)
	queries := slices.Sorted(maps.Keys(r.queries))
	for query := range s.stmts {
		if before[query] == nil {
			queries = append(queries, query)
		}
	}
	searched := 0
	for _, query := range queries {
		newestOfAll := strings.Contains(query, "FROM audit WHERE true ORDER BY") // the log from its end, as far as LIMIT goes
		for _, step := range explain(t, s, query) {
			if strings.HasPrefix(step, "SEARCH ") {
				searched++
			}
			if scansTable(step) && !newestOfAll || strings.Contains(step, "TEMP B-TREE") {
				t.Errorf("%s\n  in %s", step, query)
			}
		}
	}
	if searched < 18 {
		t.Errorf("%d searches were looked at: too few to be all", searched)
	}
}
