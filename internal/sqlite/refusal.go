package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"clientele"
)

const (
	refusalColumns = `at, dialect, credential_id, project_id, method, route, target, status, kind, field, request_id, trace_id,
	media, body_state, body_bytes, answer_bytes, answer, body`
	numRefusalColumns = 18
)

// PutRefusals stores refused calls, in their order, and drops those that are beyond the bounds. Their IDs are ignored.
func (s *Store) PutRefusals(ctx context.Context, list []clientele.Refusal, b clientele.RefusalBounds) error {
	values := make([]any, 0, len(list)*numRefusalColumns)
	for i := range list {
		r := &list[i]
		values = append(values, r.At.UnixMicro(), string(r.Dialect), r.CredentialID, r.ProjectID, r.Method, r.Route, r.Target, r.Status,
			r.Kind, r.Field, r.RequestID, r.TraceID, r.Media, string(r.BodyState), r.BodyBytes, r.AnswerBytes, r.Answer, r.Body)
	}
	err := s.transact(ctx, func(t *tx) error {
		if err := t.insertRows("INSERT INTO refusal ("+refusalColumns+")", "", numRefusalColumns, values); err != nil {
			return err
		}
		for caller, keep := range b.Callers(list) {
			err := t.exec(`DELETE FROM refusal WHERE credential_id = ?1 AND project_id = ?2 AND id <=
				(SELECT id FROM refusal WHERE credential_id = ?1 AND project_id = ?2 ORDER BY id DESC LIMIT 1 OFFSET ?3)`,
				caller.CredentialID, caller.ProjectID, keep)
			if err != nil {
				return err
			}
		}
		return t.exec("DELETE FROM refusal WHERE id <= (SELECT id FROM refusal WHERE id > 0 ORDER BY id DESC LIMIT 1 OFFSET ?)", b.Total)
	})
	if err != nil {
		return fmt.Errorf("put %d refusals: %w", len(list), err)
	}
	return nil
}

// ListRefusals returns the refusals that the filter selects, the newest first.
func (s *Store) ListRefusals(ctx context.Context, f clientele.RefusalFilter) ([]clientele.Refusal, error) {
	query, args := refusalsSQL(f)
	list, err := s.refusals(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("list refusals: %w", err)
	}
	return list, nil
}

// FindRefusal returns a refusal; kind not_found when there is none.
func (s *Store) FindRefusal(ctx context.Context, id int64) (clientele.Refusal, error) {
	list, err := s.refusals(ctx, "SELECT id, "+refusalColumns+" FROM refusal WHERE id = ?", id)
	if err == nil && len(list) == 0 {
		err = errNoRefusal
	}
	if err != nil {
		return clientele.Refusal{}, fmt.Errorf("find refusal %d: %w", id, err)
	}
	return list[0], nil
}

var errNoRefusal = clientele.Errorf(clientele.KindNotFound, "there is no such refused call")

// refusalsSQL selects by the index of a project or a credential where the filter names one, else along the ids. What is left
// is compared row by row: there are never more than RefusalBounds.Total.
func refusalsSQL(f clientele.RefusalFilter) (query string, args []any) {
	query = "SELECT id, " + refusalColumns + " FROM refusal WHERE id > ?"
	args = append(args, f.After)
	and := func(condition string, v ...any) {
		query += " AND " + condition
		args = append(args, v...)
	}
	switch {
	case f.Unknown:
		and("credential_id = 0")
	case f.CredentialID != 0:
		and("credential_id = ?", f.CredentialID)
	}
	if f.ProjectID != 0 {
		and("project_id = ?", f.ProjectID)
	}
	if f.Dialect != "" {
		and("dialect = ?", string(f.Dialect))
	}
	if f.Route != "" {
		and("route = ?", f.Route)
	}
	if low, high := f.Statuses(); low != 0 {
		and("status BETWEEN ? AND ?", low, high)
	}
	if !f.From.IsZero() {
		and("+at >= ?", f.From.UnixMicro())
	}
	if !f.To.IsZero() {
		and("+at < ?", f.To.UnixMicro())
	}
	if f.Before != 0 {
		and("id < ?", f.Before)
	}
	return query + " ORDER BY id DESC LIMIT ?", append(args, f.Limit)
}

func (s *Store) refusals(ctx context.Context, query string, args ...any) ([]clientele.Refusal, error) {
	rows, err := s.read.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, classify(err)
	}
	var list []clientele.Refusal
	err = collect(rows, func(rows *sql.Rows) error {
		var r clientele.Refusal
		err := rows.Scan(&r.ID, instant{&r.At}, &r.Dialect, &r.CredentialID, &r.ProjectID, &r.Method, &r.Route, &r.Target, &r.Status,
			&r.Kind, &r.Field, &r.RequestID, &r.TraceID, &r.Media, &r.BodyState, &r.BodyBytes, &r.AnswerBytes, &r.Answer, &r.Body)
		list = append(list, r)
		return err
	})
	return list, classify(err)
}

// NewestRefusal returns the ID of the newest refusal; 0 when there is none.
func (s *Store) NewestRefusal(ctx context.Context) (int64, error) {
	var id int64
	err := s.read.QueryRowContext(ctx, "SELECT id FROM refusal WHERE id > 0 ORDER BY id DESC LIMIT 1").Scan(&id)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return 0, fmt.Errorf("find newest refusal: %w", classify(err))
	}
	return id, nil
}

// ForgetRefusals deletes at most limit refusals from before the given time and returns how many it deleted.
func (s *Store) ForgetRefusals(ctx context.Context, before time.Time, limit int) (int64, error) {
	deleted, err := s.deleteRows(ctx, "DELETE FROM refusal WHERE id IN (SELECT id FROM refusal WHERE at < ? ORDER BY at LIMIT ?)",
		before.UnixMicro(), limit)
	if err != nil {
		return 0, fmt.Errorf("forget refusals: %w", err)
	}
	return deleted, nil
}
