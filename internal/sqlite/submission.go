package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"clientele"
)

const submissionColumns = `project_id, id, credential_id, dialect, request_id, payload, target, status, customer_id, failure,
	lease, accepted_at, started_at, finished_at`

const numSubmissionColumns = 14

func (t *tx) insertSubmissions(list []*clientele.Submission) error {
	values := make([]any, 0, len(list)*numSubmissionColumns)
	for _, s := range list {
		values = append(values, s.ProjectID, s.ID, s.Origin.CredentialID, string(s.Origin.Dialect), s.Origin.RequestID,
			string(s.Write.AppendPayload(nil)), s.Target, string(s.Status), s.CustomerID, string(s.Failure), "",
			s.AcceptedAt.UnixMicro(), micros(s.StartedAt), micros(s.FinishedAt))
	}
	if err := t.insertRows("INSERT INTO submission ("+submissionColumns+")", "", numSubmissionColumns, values); err != nil {
		return fmt.Errorf("insert submissions: %w", err)
	}
	return nil
}

func scanSubmission(row interface{ Scan(...any) error }) (clientele.Submission, error) {
	var s clientele.Submission
	var payload []byte
	err := row.Scan(&s.Seq, &s.ProjectID, &s.ID, &s.Origin.CredentialID, &s.Origin.Dialect, &s.Origin.RequestID, &payload,
		&s.Target, &s.Status, &s.CustomerID, &s.Failure, &s.Lease, instant{&s.AcceptedAt}, instant{&s.StartedAt},
		instant{&s.FinishedAt})
	if err == nil {
		s.Write, s.Damage = clientele.ReadPayload(payload)
	}
	return s, err
}

// loadIdle tells the batch if none of the project's submissions waits.
func (t *tx) loadIdle(b *clientele.Batch, project int64) error {
	var waits bool
	if err := t.one(submissionWaits, []any{project}, &waits); err != nil {
		return fmt.Errorf("look for submissions that wait: %w", err)
	}
	if !waits {
		b.LoadIdle(project)
	}
	return nil
}

// submissionWaits and its fellows name their index: others begin with the project as well, and SQLite, which knows nothing of how
// many rows there are, took one with which it read all of the project's submissions.
const (
	unfinished = " FROM submission INDEXED BY submission_unfinished WHERE finished_at IS NULL AND project_id = "

	submissionWaits        = "SELECT EXISTS (SELECT 1" + unfinished + "?)"
	projectsWithUnfinished = "SELECT id FROM project WHERE EXISTS (SELECT 1" + unfinished + "project.id)"
)

// loadSubmissions hands the batch the leases of the submissions that are in work.
func (t *tx) loadSubmissions(b *clientele.Batch, project int64, ids []string) error {
	if len(ids) == 0 {
		return nil
	}
	list, err := json.Marshal(ids)
	if err != nil {
		return err
	}
	rows, err := t.query(`SELECT id, lease FROM submission INDEXED BY submission_id_unique
		WHERE project_id = ? AND finished_at IS NULL AND id IN (SELECT value FROM json_each(?))`, project, string(list))
	if err != nil {
		return fmt.Errorf("load submissions: %w", err)
	}
	err = collect(rows, func(rows *sql.Rows) error {
		var id, lease string
		err := rows.Scan(&id, &lease)
		b.LoadSubmission(id, lease)
		return err
	})
	if err != nil {
		return fmt.Errorf("load submissions: %w", err)
	}
	return nil
}

// finishSubmissions marks submissions as finished, as many of one project at a time as a statement takes.
func (t *tx) finishSubmissions(list []clientele.FinishedSubmission) error {
	for len(list) > 0 {
		project, n := list[0].ProjectID, 1
		for n < min(len(list), chunkRows[0]) && list[n].ProjectID == project {
			n++
		}
		n = chunkOf(n)
		args := make([]any, 0, 5*n+1)
		for _, f := range list[:n] {
			args = append(args, f.ID, string(f.Status), f.CustomerID, string(f.Failure), f.At.UnixMicro())
		}
		if err := t.exec(finishSubmissionsSQL(n), append(args, project)...); err != nil {
			return fmt.Errorf("finish submissions: %w", err)
		}
		list = list[n:]
	}
	return nil
}

func finishSubmissionsSQL(rows int) string {
	return "WITH bound (id, status, customer_id, failure, finished_at) AS (VALUES " +
		strings.Join(slices.Repeat([]string{"(?,?,?,?,?)"}, rows), ",") + `)
		UPDATE submission SET status = bound.status, customer_id = bound.customer_id, failure = bound.failure, lease = '',
		finished_at = bound.finished_at FROM bound WHERE submission.project_id = ? AND submission.id = bound.id`
}

// ClaimSubmissions takes the project's oldest unfinished submissions, at most limit, to be carried out under the lease
// until it ends; it renews a claim that the lease holds already. None are returned while another lease holds the project.
func (s *Store) ClaimSubmissions(ctx context.Context, project int64, claim clientele.Claim, limit int) ([]clientele.Submission, error) {
	var list []clientele.Submission
	err := s.transact(ctx, func(t *tx) error {
		r, err := t.execResult(`INSERT INTO submission_claim (project_id, lease, lease_until) VALUES (?, ?, ?)
			ON CONFLICT (project_id) DO UPDATE SET lease = excluded.lease, lease_until = excluded.lease_until
			WHERE lease = excluded.lease OR lease_until <= ?`,
			project, claim.Lease, claim.Until.UnixMicro(), claim.At.UnixMicro())
		if err != nil {
			return err
		}
		if n, err := r.RowsAffected(); err != nil || n == 0 {
			return err
		}
		rows, err := t.query(`UPDATE submission SET status = ?, lease = ?, started_at = coalesce(started_at, ?)
			WHERE +project_id = ? AND seq IN (SELECT seq`+unfinished+`? ORDER BY seq LIMIT ?)
			RETURNING seq, `+submissionColumns,
			string(clientele.Processing), claim.Lease, claim.At.UnixMicro(), project, project, limit)
		if err != nil {
			return err
		}
		return collect(rows, func(rows *sql.Rows) error {
			sub, err := scanSubmission(rows)
			list = append(list, sub)
			return err
		})
	})
	if err != nil {
		return nil, fmt.Errorf("claim submissions of project %d: %w", project, err)
	}
	clientele.SortSubmissions(list)
	return list, nil
}

// ReleaseSubmissions gives up the lease's claim on a project; another one's is left alone. The lease "" is whoever's: for a
// server that is the only one, about claims of those before it that died.
func (s *Store) ReleaseSubmissions(ctx context.Context, project int64, lease string) error {
	err := s.transact(ctx, func(t *tx) error {
		return t.exec("DELETE FROM submission_claim WHERE project_id = ?1 AND (lease = ?2 OR ?2 = '')", project, lease)
	})
	if err != nil {
		return fmt.Errorf("release submissions of project %d: %w", project, err)
	}
	return nil
}

// ProjectsWithSubmissions returns the projects that have unfinished submissions.
func (s *Store) ProjectsWithSubmissions(ctx context.Context) ([]int64, error) {
	rows, err := s.read.QueryContext(ctx, projectsWithUnfinished)
	if err != nil {
		return nil, fmt.Errorf("projects with submissions: %w", classify(err))
	}
	var list []int64
	err = collect(rows, func(rows *sql.Rows) error {
		var id int64
		err := rows.Scan(&id)
		list = append(list, id)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("projects with submissions: %w", classify(err))
	}
	return list, nil
}

const findSubmission = "SELECT seq, " + submissionColumns + " FROM submission WHERE project_id = ? AND id = ?"

// FindSubmission returns a submission of the project; kind not_found when there is none.
func (s *Store) FindSubmission(ctx context.Context, project int64, id string) (clientele.Submission, error) {
	var sub clientele.Submission
	stmt, err := s.findSubmission.on(ctx, s.read, findSubmission)
	if err == nil {
		sub, err = scanSubmission(stmt.QueryRowContext(ctx, project, id))
	}
	if errors.Is(err, sql.ErrNoRows) {
		return sub, clientele.Errorf(clientele.KindNotFound, "there is no such submission")
	}
	if err != nil {
		return sub, fmt.Errorf("find submission in project %d: %w", project, classify(err))
	}
	return sub, nil
}

// ListSubmissions returns the submissions that the filter selects, newest first. Those that succeeded are looked for among
// all.
func (s *Store) ListSubmissions(ctx context.Context, f clientele.SubmissionFilter) ([]clientele.Submission, error) {
	query, args := submissionsSQL(f)
	rows, err := s.read.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("list submissions of project %d: %w", f.ProjectID, classify(err))
	}
	var list []clientele.Submission
	err = collect(rows, func(rows *sql.Rows) error {
		sub, err := scanSubmission(rows)
		list = append(list, sub)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list submissions of project %d: %w", f.ProjectID, classify(err))
	}
	return list, nil
}

// submissionsSQL has an index for each kind of list. Those that wait are in order of seq, which their index has; it differs
// from the order of acceptance by moments.
func submissionsSQL(f clientele.SubmissionFilter) (query string, args []any) {
	index, order := "submission_accepted_at", "accepted_at DESC, seq DESC"
	query, args = " WHERE project_id = ?", []any{f.ProjectID}
	if f.CredentialID != 0 {
		index, query, args = "submission_of_credential", query+" AND credential_id = ?", append(args, f.CredentialID)
	}
	switch f.Status {
	case "":
	case clientele.Failed:
		index, query = "submission_failed", query+" AND failure <> ''"
	case clientele.Succeeded:
		query, args = query+" AND status = ?", append(args, string(f.Status))
	default:
		index, order = "submission_unfinished", "seq DESC"
		query, args = query+" AND finished_at IS NULL AND status = ?", append(args, string(f.Status))
	}
	if !f.From.IsZero() {
		query, args = query+" AND accepted_at >= ?", append(args, f.From.UnixMicro())
	}
	if !f.To.IsZero() {
		query, args = query+" AND accepted_at <= ?", append(args, f.To.UnixMicro())
	}
	switch {
	case f.Before == nil:
	case order == "seq DESC":
		query, args = query+" AND seq < ?", append(args, f.Before.ID)
	default:
		query, args = query+" AND (accepted_at, seq) < (?, ?)", append(args, f.Before.At.UnixMicro(), f.Before.ID)
	}
	return "SELECT seq, " + submissionColumns + " FROM submission INDEXED BY " + index + query + " ORDER BY " + order + " LIMIT ?",
		append(args, f.Limit)
}

// forgetSubmissions finds what finished long ago among what was accepted long ago, project by project.
const forgetSubmissions = `DELETE FROM submission WHERE seq IN (SELECT s.seq FROM project p CROSS JOIN submission s
	ON s.project_id = p.id AND s.accepted_at < ?1 WHERE s.finished_at < ?1 LIMIT ?2)`

// ForgetSubmissions deletes at most limit submissions that were finished before the given time and returns how many.
func (s *Store) ForgetSubmissions(ctx context.Context, before time.Time, limit int) (int64, error) {
	var deleted int64
	err := s.transact(ctx, func(t *tx) error {
		r, err := t.execResult(forgetSubmissions, before.UnixMicro(), limit)
		if err == nil {
			deleted, err = r.RowsAffected()
		}
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("forget submissions: %w", err)
	}
	return deleted, nil
}
