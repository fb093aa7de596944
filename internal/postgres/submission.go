package postgres

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"clientele"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

const submissionColumns = `project_id, id, credential_id, dialect, request_id, payload, target, status, customer_id, failure,
	lease, accepted_at, started_at, finished_at`

// insertSubmissions appends in the order of the arrays, like changeInsert.
const insertSubmissions = "INSERT INTO submission (" + submissionColumns + `)
	SELECT project_id, id, credential_id, dialect, request_id, payload::json, target, status, customer_id, failure, '',
		accepted_at, finished_at, finished_at
	FROM unnest($1::bigint[], $2::text[], $3::bigint[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::bigint[],
		$10::text[], $11::timestamptz[], $12::timestamptz[])
	WITH ORDINALITY AS v (project_id, id, credential_id, dialect, request_id, payload, target, status, customer_id, failure,
		accepted_at, finished_at, n)
	ORDER BY n`

func queueNewSubmissions(p *pgx.Batch, list []*clientele.Submission) {
	n := len(list)
	if n == 0 {
		return
	}
	projects, credentials, times := make([]int64, n), make([]int64, n), make([]time.Time, n)
	ids, dialects, requests := make([]string, n), make([]string, n), make([]string, n)
	payloads, targets := make([]string, n), make([]string, n)
	statuses, customers, failures, finished := make([]string, n), make([]int64, n), make([]string, n), make([]*time.Time, n)
	for i, s := range list {
		projects[i], ids[i], credentials[i] = s.ProjectID, s.ID, s.Origin.CredentialID
		dialects[i], requests[i] = string(s.Origin.Dialect), s.Origin.RequestID
		payloads[i], targets[i], times[i] = string(s.Write.AppendPayload(nil)), s.Target, s.AcceptedAt
		statuses[i], customers[i], failures[i], finished[i] = string(s.Status), s.CustomerID, string(s.Failure), at(s.FinishedAt)
	}
	p.Queue(insertSubmissions, projects, ids, credentials, dialects, requests, payloads, targets, statuses, customers, failures,
		times, finished)
}

// submissionWaits sees what was committed when it is asked: who was told that its submission is accepted, and then sends
// another one, finds the first there.
const submissionWaits = "SELECT EXISTS (SELECT 1 FROM submission WHERE project_id = $1 AND finished_at IS NULL)"

// queueLoadIdle asks whether one of the project's submissions waits, for the batch.
func (t *commit) queueLoadIdle(p *pgx.Batch, project int64) {
	p.Queue(submissionWaits, project).QueryRow(func(row pgx.Row) error {
		var waits bool
		err := row.Scan(&waits)
		if err == nil && !waits {
			t.batch.LoadIdle(project)
		}
		return err
	})
}

func scanSubmission(row pgx.CollectableRow) (clientele.Submission, error) {
	var s clientele.Submission
	var payload []byte
	err := row.Scan(&s.Seq, &s.ProjectID, &s.ID, &s.Origin.CredentialID, (*string)(&s.Origin.Dialect), &s.Origin.RequestID,
		&payload, &s.Target, (*string)(&s.Status), &s.CustomerID, (*string)(&s.Failure), &s.Lease,
		(*instant)(&s.AcceptedAt), (*instant)(&s.StartedAt), (*instant)(&s.FinishedAt))
	if err == nil {
		s.Write, s.Damage = clientele.ReadPayload(payload)
	}
	return s, err
}

// lockSubmissions makes one descent for each submission (see lockCustomers), in the order in which they are given. Whether
// one is finished is asked outside, where no index can answer: the one of the unfinished would be read from end to end.
const lockSubmissions = `SELECT s.id, s.seq, s.lease FROM unnest($2::text[]) AS k CROSS JOIN LATERAL
	(SELECT id, seq, lease, finished_at FROM submission WHERE project_id = $1 AND id = k LIMIT 1 FOR UPDATE) AS s
	WHERE s.finished_at IS NULL`

// queueLoadSubmissions asks for the leases of the submissions that are in work, for the batch.
func (t *commit) queueLoadSubmissions(p *pgx.Batch, project int64, ids []string) {
	if len(ids) == 0 {
		return
	}
	ids = slices.Compact(slices.Sorted(slices.Values(ids)))
	p.Queue(lockSubmissions, project, ids).Query(func(rows pgx.Rows) error {
		var id, lease string
		var seq int64
		return eachRow(rows, []any{&id, &seq, &lease}, func() {
			t.batch.LoadSubmission(id, lease)
			t.submissions[clientele.ProjectKey{ProjectID: project, Key: id}] = seq
		})
	})
}

// finishSubmissions reads the part of the project between the first and the last of them, which is little else: they
// are carried out in order.
const finishSubmissions = `UPDATE submission s
	SET status = v.status, customer_id = v.customer_id, failure = v.failure, lease = '', finished_at = v.at
	FROM unnest($4::bigint[], $5::text[], $6::bigint[], $7::text[], $8::timestamptz[]) AS v (seq, status, customer_id, failure, at)
	WHERE s.project_id = $1 AND s.seq BETWEEN $2 AND $3 AND s.finished_at IS NULL AND s.seq = v.seq`

// finishedSubmissions are the arguments of finishSubmissions of one project.
type finishedSubmissions struct {
	seqs, customers    []int64
	statuses, failures []string
	times              []time.Time
}

func (t *commit) queueFinishedSubmissions(p *pgx.Batch) {
	byProject := map[int64]*finishedSubmissions{}
	for _, s := range t.batch.FinishedSubmissions {
		f := byProject[s.ProjectID]
		if f == nil {
			f = &finishedSubmissions{}
			byProject[s.ProjectID] = f
		}
		f.seqs = append(f.seqs, t.submissions[clientele.ProjectKey{ProjectID: s.ProjectID, Key: s.ID}])
		f.statuses, f.failures = append(f.statuses, string(s.Status)), append(f.failures, string(s.Failure))
		f.customers, f.times = append(f.customers, s.CustomerID), append(f.times, s.At)
	}
	for project, f := range byProject { // all are locked already, so their order does not matter
		p.Queue(finishSubmissions, project, slices.Min(f.seqs), slices.Max(f.seqs),
			f.seqs, f.statuses, f.customers, f.failures, f.times)
	}
}

const (
	claimProject = `INSERT INTO submission_claim (project_id, lease, lease_until) VALUES ($1, $2, $3)
		ON CONFLICT (project_id) DO UPDATE SET lease = excluded.lease, lease_until = excluded.lease_until
		WHERE submission_claim.lease = excluded.lease OR submission_claim.lease_until <= $4`

	claimSubmissions = `UPDATE submission SET status = $2, lease = $3, started_at = coalesce(started_at, $4)
		WHERE project_id = $1 AND finished_at IS NULL AND seq <= (SELECT max(seq) FROM
			(SELECT seq FROM submission WHERE project_id = $1 AND finished_at IS NULL ORDER BY seq LIMIT $5) AS oldest)
		RETURNING seq, ` + submissionColumns
)

// ClaimSubmissions takes the project's oldest unfinished submissions, at most limit, to be carried out under the lease
// until it ends; it renews a claim that the lease holds already. None are returned while another lease holds the project.
func (s *Store) ClaimSubmissions(ctx context.Context, project int64, claim clientele.Claim, limit int) ([]clientele.Submission, error) {
	var list []clientele.Submission
	err := s.transactSafely(ctx, "claim submissions", func(ctx context.Context, tx pgx.Tx) error {
		list = nil
		tag, err := tx.Exec(ctx, claimProject, project, claim.Lease, claim.Until, claim.At)
		if err != nil || tag.RowsAffected() == 0 {
			return err
		}
		rows, err := tx.Query(ctx, claimSubmissions, project, string(clientele.Processing), claim.Lease, claim.At, limit)
		if err != nil {
			return err
		}
		list, err = pgx.CollectRows(rows, scanSubmission)
		return err
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
	err := s.transactSafely(ctx, "release submissions", func(ctx context.Context, tx pgx.Tx) error {
		_, err := tx.Exec(ctx, "DELETE FROM submission_claim WHERE project_id = $1 AND (lease = $2 OR $2 = '')", project, lease)
		return err
	})
	if err != nil {
		return fmt.Errorf("release submissions of project %d: %w", project, err)
	}
	return nil
}

// projectsWithSubmissions is the one statement about a distributed table without a project: it reads one small index on
// each node, and groups by what the table is distributed by.
const projectsWithSubmissions = "SELECT project_id FROM submission WHERE finished_at IS NULL GROUP BY project_id ORDER BY project_id"

// ProjectsWithSubmissions returns the projects that have unfinished submissions.
func (s *Store) ProjectsWithSubmissions(ctx context.Context) ([]int64, error) {
	var list []int64
	err := s.query(ctx, "projects with submissions", func(ctx context.Context, pool *pgxpool.Pool) error {
		rows, err := pool.Query(ctx, projectsWithSubmissions)
		if err != nil {
			return err
		}
		list, err = pgx.CollectRows(rows, pgx.RowTo[int64])
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("projects with submissions: %w", err)
	}
	return list, nil
}

const findSubmission = "SELECT seq, " + submissionColumns + " FROM submission WHERE project_id = $1 AND id = $2"

// FindSubmission returns a submission of the project; kind not_found when there is none.
func (s *Store) FindSubmission(ctx context.Context, project int64, id string) (clientele.Submission, error) {
	var found clientele.Submission
	err := s.query(ctx, "find submission", func(ctx context.Context, pool *pgxpool.Pool) error {
		rows, err := pool.Query(ctx, findSubmission, project, id)
		if err != nil {
			return err
		}
		found, err = pgx.CollectExactlyOneRow(rows, scanSubmission)
		return err
	})
	if errors.Is(err, pgx.ErrNoRows) {
		return found, clientele.Errorf(clientele.KindNotFound, "there is no such submission")
	}
	if err != nil {
		return found, fmt.Errorf("find submission in project %d: %w", project, err)
	}
	return found, nil
}

const forgetSubmissions = `DELETE FROM submission WHERE project_id = $1 AND seq = ANY(ARRAY(
	SELECT seq FROM submission WHERE project_id = $1 AND accepted_at < $2 AND finished_at < $2 ORDER BY accepted_at, seq LIMIT $3))`

// ForgetSubmissions deletes at most limit submissions that were finished before the given time, the oldest of each project
// first, and returns how many.
func (s *Store) ForgetSubmissions(ctx context.Context, before time.Time, limit int) (int64, error) {
	deleted, err := s.forget(ctx, "forget submissions", limit, func(ctx context.Context, tx pgx.Tx, project int64, limit int) (int64, error) {
		tag, err := tx.Exec(ctx, forgetSubmissions, project, before, limit)
		return tag.RowsAffected(), err
	})
	if err != nil {
		return 0, fmt.Errorf("forget submissions: %w", err)
	}
	return deleted, nil
}
