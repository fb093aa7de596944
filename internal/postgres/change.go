package postgres

import (
	"context"
	"fmt"
	"math"
	"time"

	"clientele"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

const changeColumns = `project_id, subject, subject_id, action, new_values, dialect, credential_id, request_id, at`

// insertChanges appends in the order of the arrays: seq is given row by row, after the sort.
const insertChanges = "INSERT INTO change (" + changeColumns + `)
	SELECT project_id, subject, subject_id, action, new_values::json, dialect, credential_id, request_id, at
	FROM unnest($1::bigint[], $2::text[], $3::bigint[], $4::text[], $5::text[], $6::text[], $7::bigint[], $8::text[],
		$9::timestamptz[])
	WITH ORDINALITY AS v (project_id, subject, subject_id, action, new_values, dialect, credential_id, request_id, at, n)
	ORDER BY n`

// queueChanges appends the changes.
func queueChanges(p *pgx.Batch, changes []clientele.Change) {
	n := len(changes)
	if n == 0 {
		return
	}
	projects, subjectIDs, credentials := make([]int64, n), make([]int64, n), make([]int64, n)
	subjects, actions, values := make([]string, n), make([]string, n), make([]string, n)
	dialects, requests, times := make([]string, n), make([]string, n), make([]time.Time, n)
	for i := range changes {
		c := &changes[i]
		projects[i], subjects[i], subjectIDs[i] = c.ProjectID, string(c.Subject), c.SubjectID
		actions[i], values[i] = string(c.Action), string(c.Values)
		dialects[i], credentials[i], requests[i] = string(c.Origin.Dialect), c.Origin.CredentialID, c.Origin.RequestID
		times[i] = c.At
	}
	p.Queue(insertChanges, projects, subjects, subjectIDs, actions, values, dialects, credentials, requests, times)
}

const changesOf = "SELECT seq, " + changeColumns + ` FROM change
	WHERE project_id = $1 AND subject = $2 AND subject_id = $3 ORDER BY seq`

// ListChanges returns the history of one record, oldest first.
func (s *Store) ListChanges(ctx context.Context, project int64, subject clientele.Subject, id int64) ([]clientele.Change, error) {
	var list []clientele.Change
	err := s.query(ctx, "list changes", func(ctx context.Context, pool *pgxpool.Pool) error {
		rows, err := pool.Query(ctx, changesOf, project, string(subject), id)
		if err != nil {
			return err
		}
		list, err = pgx.CollectRows(rows, scanChange)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list changes of %s %d: %w", subject, id, err)
	}
	return list, nil
}

const historyOf = "SELECT seq, " + changeColumns + ` FROM change
	WHERE project_id = $1 AND subject = $2 AND subject_id = $3 AND seq < $4 ORDER BY seq DESC LIMIT $5`

// ListHistory returns a page of the history of one record, the newest first.
func (s *Store) ListHistory(ctx context.Context, q clientele.HistoryQuery) ([]clientele.Change, error) {
	if q.Before == 0 {
		q.Before = math.MaxInt64
	}
	var list []clientele.Change
	err := s.query(ctx, "list history", func(ctx context.Context, pool *pgxpool.Pool) error {
		rows, err := pool.Query(ctx, historyOf, q.ProjectID, string(q.Subject), q.SubjectID, q.Before, q.Limit)
		if err != nil {
			return err
		}
		list, err = pgx.CollectRows(rows, scanChange)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list history of %s %d: %w", q.Subject, q.SubjectID, err)
	}
	return list, nil
}

func scanChange(row pgx.CollectableRow) (clientele.Change, error) {
	var c clientele.Change
	err := row.Scan(&c.Seq, &c.ProjectID, (*string)(&c.Subject), &c.SubjectID, (*string)(&c.Action), &c.Values,
		(*string)(&c.Origin.Dialect), &c.Origin.CredentialID, &c.Origin.RequestID, (*instant)(&c.At))
	return c, err
}
