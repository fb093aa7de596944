package postgres

import (
	"context"
	"fmt"
	"strings"

	"clientele"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// ListSubmissions returns the submissions that the filter selects, newest first. Those that succeeded are looked for among
// all.
func (s *Store) ListSubmissions(ctx context.Context, f clientele.SubmissionFilter) ([]clientele.Submission, error) {
	query, args := submissionsSQL(f)
	var list []clientele.Submission
	err := s.query(ctx, "list submissions", func(ctx context.Context, pool *pgxpool.Pool) error {
		rows, err := pool.Query(ctx, query, args...)
		if err != nil {
			return err
		}
		list, err = pgx.CollectRows(rows, scanSubmission)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list submissions of project %d: %w", f.ProjectID, err)
	}
	return list, nil
}

// submissionsSQL has an index for each kind of list. Those that wait are in order of seq, which their index has; it differs
// from the order of acceptance by moments.
func submissionsSQL(f clientele.SubmissionFilter) (query string, args []any) {
	b := &submissionList{order: "accepted_at, seq"}
	b.sql = "SELECT seq, " + submissionColumns + " FROM submission WHERE project_id = " + b.arg(f.ProjectID)
	switch f.Status {
	case "", clientele.Succeeded:
		b.byCredential(&f)
		if f.Status != "" {
			b.sql += " AND status = " + b.arg(string(f.Status))
		}
	case clientele.Failed:
		b.sql += " AND failure <> ''"
		b.filterCredential(&f)
	default:
		b.order = "seq"
		b.sql += " AND finished_at IS NULL AND status = " + b.arg(string(f.Status))
		b.filterCredential(&f)
	}
	if f.Before != nil {
		if b.order != "seq" {
			b.place += b.arg(f.Before.At) + ", "
		}
		b.sql += " AND (" + b.order + ") < (" + b.place + b.arg(f.Before.ID) + ")"
	}
	return b.sql + " ORDER BY " + strings.ReplaceAll(b.order, ",", " DESC,") + " DESC LIMIT " + b.arg(f.Limit), b.args
}

// submissionList builds a list of submissions.
type submissionList struct {
	sql  string
	args []any
	// order are the columns that the list is in order of; place is what all but the last two are bound to.
	order, place string
}

func (b *submissionList) arg(v any) string {
	b.args = append(b.args, v)
	return fmt.Sprintf("$%d", len(b.args))
}

// filterCredential is for lists that are short without it.
func (b *submissionList) filterCredential(f *clientele.SubmissionFilter) {
	if f.CredentialID != 0 {
		b.sql += " AND credential_id = " + b.arg(f.CredentialID)
	}
	if !f.From.IsZero() {
		b.sql += " AND accepted_at >= " + b.arg(f.From)
	}
	if !f.To.IsZero() {
		b.sql += " AND accepted_at <= " + b.arg(f.To)
	}
}

// byCredential makes the credential a part of the order: no other index has it, however many submissions the planner
// believes that a credential has.
func (b *submissionList) byCredential(f *clientele.SubmissionFilter) {
	if f.CredentialID == 0 {
		b.filterCredential(f)
		return
	}
	credential, from, to := b.arg(f.CredentialID), "'-infinity'", "'infinity'"
	if !f.From.IsZero() {
		from = b.arg(f.From)
	}
	if !f.To.IsZero() {
		to = b.arg(f.To)
	}
	b.order, b.place = "credential_id, "+b.order, credential+", "
	b.sql += " AND (credential_id, accepted_at) >= (" + credential + ", " + from + ") AND (credential_id, accepted_at) <= (" + credential + ", " + to + ")"
}
