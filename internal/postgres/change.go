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

// changeInsert returns the statement that appends the changes, and its arguments. It appends in the order of the arrays: seq
// is given row by row, after the sort. What most batches have alike is no array (see customerTraits).
func changeInsert(list []clientele.Change) (sql string, args []any) {
	changes := make([]*clientele.Change, len(list))
	for i := range list {
		changes[i] = &list[i]
	}
	l := &columnList{}
	if first := changes[0]; sameOrigin(changes) {
		l.same("project_id", "bigint", first.ProjectID)
		l.same("subject", "text", string(first.Subject))
		l.same("dialect", "text", string(first.Origin.Dialect))
		l.same("credential_id", "bigint", first.Origin.CredentialID)
	} else {
		l.each("project_id", "bigint", valuesOf(changes, func(c *clientele.Change) int64 { return c.ProjectID }))
		l.each("subject", "text", valuesOf(changes, func(c *clientele.Change) string { return string(c.Subject) }))
		l.each("dialect", "text", valuesOf(changes, func(c *clientele.Change) string { return string(c.Origin.Dialect) }))
		l.each("credential_id", "bigint", valuesOf(changes, func(c *clientele.Change) int64 { return c.Origin.CredentialID }))
	}
	l.each("subject_id", "bigint", valuesOf(changes, func(c *clientele.Change) int64 { return c.SubjectID }))
	l.each("action", "text", valuesOf(changes, func(c *clientele.Change) string { return string(c.Action) }))
	l.each("new_values", "json", valuesOf(changes, func(c *clientele.Change) string { return string(c.Values) }))
	l.each("request_id", "text", valuesOf(changes, func(c *clientele.Change) string { return c.Origin.RequestID }))
	l.each("at", "timestamptz", valuesOf(changes, func(c *clientele.Change) time.Time { return c.At }))
	return l.insertInOrder("change"), l.args
}

func sameOrigin(changes []*clientele.Change) bool {
	first := changes[0]
	for _, c := range changes {
		if c.ProjectID != first.ProjectID || c.Subject != first.Subject || c.Origin.Dialect != first.Origin.Dialect ||
			c.Origin.CredentialID != first.Origin.CredentialID {
			return false
		}
	}
	return true
}

// queueChanges appends the changes.
func queueChanges(p *pgx.Batch, changes []clientele.Change) {
	if len(changes) > 0 {
		sql, args := changeInsert(changes)
		p.Queue(sql, args...)
	}
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
