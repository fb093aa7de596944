package postgres

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"clientele"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

const appendAudit = `INSERT INTO audit (at, operator_id, email, action, project_id, subject, request_id)
	VALUES ($1, $2, $3, $4, $5, $6, $7)`

// AppendAudit adds an entry to the audit log and numbers it; its Seq does not matter. When the connection is lost meanwhile
// it may be there twice, rather than not at all.
func (s *Store) AppendAudit(ctx context.Context, e clientele.AuditEntry) error {
	err := s.transactSafely(ctx, "append to audit log", func(ctx context.Context, tx pgx.Tx) error {
		_, err := tx.Exec(ctx, appendAudit, e.At, e.OperatorID, e.Operator, e.Action, e.ProjectID, e.Subject, e.RequestID)
		return err
	})
	if err != nil {
		return fmt.Errorf("append to audit log: %w", err)
	}
	return nil
}

// ListAudit returns the entries of the audit log that the filter selects, the newest first.
func (s *Store) ListAudit(ctx context.Context, f clientele.AuditFilter) ([]clientele.AuditEntry, error) {
	var list []clientele.AuditEntry
	query, args := listAudit(f)
	err := s.query(ctx, "list audit log", func(ctx context.Context, pool *pgxpool.Pool) error {
		rows, err := pool.Query(ctx, query, args...)
		if err != nil {
			return err
		}
		list, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (clientele.AuditEntry, error) {
			var e clientele.AuditEntry
			err := row.Scan(&e.Seq, (*instant)(&e.At), &e.OperatorID, &e.Operator, &e.Action, &e.ProjectID, &e.Subject, &e.RequestID)
			return e, err
		})
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list audit log: %w", err)
	}
	return list, nil
}

func listAudit(f clientele.AuditFilter) (query string, args []any) {
	query = "SELECT seq, at, operator_id, email, action, project_id, subject, request_id FROM audit WHERE true"
	and := func(condition string, value int64) {
		if value != 0 {
			args = append(args, value)
			query += " AND " + condition + " $" + strconv.Itoa(len(args))
		}
	}
	and("operator_id =", f.OperatorID)
	and("project_id =", f.ProjectID)
	and("seq <", f.Before)
	args = append(args, f.Limit)
	return query + " ORDER BY seq DESC LIMIT $" + strconv.Itoa(len(args)), args
}

const oldAudit = "SELECT seq FROM audit WHERE at < $1 ORDER BY at, seq LIMIT $2"

// ForgetAudit deletes at most limit entries of the audit log from before the given time and returns how many.
func (s *Store) ForgetAudit(ctx context.Context, before time.Time, limit int) (int64, error) {
	return forgetShared[int64](ctx, s, oldRows{
		"forget audit log", oldAudit, "DELETE FROM audit WHERE seq = ANY($1) AND at < $2",
	}, before, limit)
}
