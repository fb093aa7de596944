package postgres

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"clientele"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

const refusalColumns = `at, dialect, credential_id, project_id, method, route, target, status, kind, field, request_id, trace_id,
	media, body_state, body_bytes, answer_bytes, answer, body`

const (
	insertRefusal = "INSERT INTO refusal (" + refusalColumns + `)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)`

	trimCaller = `DELETE FROM refusal WHERE credential_id = $1 AND project_id = $2 AND id <=
		(SELECT id FROM refusal WHERE credential_id = $1 AND project_id = $2 ORDER BY id DESC LIMIT 1 OFFSET $3)`

	trimRefusals = "DELETE FROM refusal WHERE id <= (SELECT id FROM refusal ORDER BY id DESC LIMIT 1 OFFSET $1)"
)

// PutRefusals stores refused calls, in their order, and drops those that are beyond the bounds. Their IDs are ignored.
func (s *Store) PutRefusals(ctx context.Context, list []clientele.Refusal, b clientele.RefusalBounds) error {
	err := s.transact(ctx, "put refusals", func(ctx context.Context, tx pgx.Tx) error {
		p := &pgx.Batch{}
		for i := range list {
			r := &list[i]
			p.Queue(insertRefusal, r.At, string(r.Dialect), r.CredentialID, r.ProjectID, r.Method, r.Route, r.Target, r.Status,
				r.Kind, r.Field, r.RequestID, r.TraceID, r.Media, string(r.BodyState), r.BodyBytes, r.AnswerBytes, r.Answer, r.Body)
		}
		callers := b.Callers(list)
		for _, c := range slices.SortedFunc(maps.Keys(callers), inCallerOrder) {
			p.Queue(trimCaller, c.CredentialID, c.ProjectID, callers[c])
		}
		p.Queue(trimRefusals, b.Total)
		return tx.SendBatch(ctx, p).Close()
	})
	if err != nil {
		return fmt.Errorf("put %d refusals: %w", len(list), err)
	}
	return nil
}

// inCallerOrder orders callers, so that two servers that trim at once do not wait for each other in a circle.
func inCallerOrder(a, b clientele.RefusalCaller) int {
	return cmp.Or(cmp.Compare(a.CredentialID, b.CredentialID), cmp.Compare(a.ProjectID, b.ProjectID))
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

const findRefusal = "SELECT id, " + refusalColumns + " FROM refusal WHERE id = $1"

// FindRefusal returns a refusal; kind not_found when there is none.
func (s *Store) FindRefusal(ctx context.Context, id int64) (clientele.Refusal, error) {
	list, err := s.refusals(ctx, findRefusal, id)
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
	query = "SELECT id, " + refusalColumns + " FROM refusal WHERE id > $1"
	args = append(args, f.After)
	and := func(condition string, v any) {
		args = append(args, v)
		query += fmt.Sprintf(" AND %s $%d", condition, len(args))
	}
	switch {
	case f.Unknown:
		and("credential_id =", int64(0))
	case f.CredentialID != 0:
		and("credential_id =", f.CredentialID)
	}
	if f.ProjectID != 0 {
		and("project_id =", f.ProjectID)
	}
	if f.Dialect != "" {
		and("dialect =", string(f.Dialect))
	}
	if f.Route != "" {
		and("route =", f.Route)
	}
	if low, high := f.Statuses(); low != 0 {
		and("status >=", low)
		and("status <=", high)
	}
	if !f.From.IsZero() {
		and("at >=", f.From)
	}
	if !f.To.IsZero() {
		and("at <", f.To)
	}
	if f.Before != 0 {
		and("id <", f.Before)
	}
	args = append(args, f.Limit)
	return fmt.Sprintf("%s ORDER BY id DESC LIMIT $%d", query, len(args)), args
}

func (s *Store) refusals(ctx context.Context, query string, args ...any) ([]clientele.Refusal, error) {
	var list []clientele.Refusal
	err := s.query(ctx, "read refusals", func(ctx context.Context, pool *pgxpool.Pool) error {
		rows, err := pool.Query(ctx, query, args...)
		if err != nil {
			return err
		}
		list, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (r clientele.Refusal, err error) {
			err = row.Scan(&r.ID, (*instant)(&r.At), (*string)(&r.Dialect), &r.CredentialID, &r.ProjectID, &r.Method, &r.Route, &r.Target,
				&r.Status, &r.Kind, &r.Field, &r.RequestID, &r.TraceID, &r.Media, (*string)(&r.BodyState), &r.BodyBytes,
				&r.AnswerBytes, &r.Answer, &r.Body)
			return r, err
		})
		return err
	})
	return list, err
}

// NewestRefusal returns the ID of the newest refusal; 0 when there is none.
func (s *Store) NewestRefusal(ctx context.Context) (int64, error) {
	var id int64
	err := s.query(ctx, "find newest refusal", func(ctx context.Context, pool *pgxpool.Pool) error {
		err := pool.QueryRow(ctx, "SELECT id FROM refusal ORDER BY id DESC LIMIT 1").Scan(&id)
		if errors.Is(err, pgx.ErrNoRows) {
			return nil
		}
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("find newest refusal: %w", err)
	}
	return id, nil
}

const forgetRefusals = "DELETE FROM refusal WHERE id IN (SELECT id FROM refusal WHERE at < $1 ORDER BY at LIMIT $2)"

// ForgetRefusals deletes at most limit refusals from before the given time and returns how many it deleted.
func (s *Store) ForgetRefusals(ctx context.Context, before time.Time, limit int) (int64, error) {
	deleted, err := s.deleteRows(ctx, "forget refusals", forgetRefusals, before, limit)
	if err != nil {
		return 0, fmt.Errorf("forget refusals: %w", err)
	}
	return deleted, nil
}
