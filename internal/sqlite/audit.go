package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"clientele"
)

// AppendAudit adds an entry to the audit log and numbers it; its Seq does not matter.
func (s *Store) AppendAudit(ctx context.Context, e clientele.AuditEntry) error {
	err := s.transact(ctx, func(t *tx) error {
		return t.exec(`INSERT INTO audit (at, operator_id, email, action, project_id, subject, request_id)
			VALUES (?, ?, ?, ?, ?, ?, ?)`,
			e.At.UnixMicro(), e.OperatorID, e.Operator, e.Action, e.ProjectID, e.Subject, e.RequestID)
	})
	if err != nil {
		return fmt.Errorf("append to audit log: %w", err)
	}
	return nil
}

// ListAudit returns the entries of the audit log that the filter selects, the newest first.
func (s *Store) ListAudit(ctx context.Context, f clientele.AuditFilter) ([]clientele.AuditEntry, error) {
	where, args := "WHERE true", []any{}
	if f.OperatorID != 0 {
		where, args = where+" AND operator_id = ?", append(args, f.OperatorID)
	}
	if f.ProjectID != 0 {
		where, args = where+" AND project_id = ?", append(args, f.ProjectID)
	}
	if f.Before != 0 {
		where, args = where+" AND seq < ?", append(args, f.Before)
	}
	rows, err := s.read.QueryContext(ctx, `SELECT seq, at, operator_id, email, action, project_id, subject, request_id
		FROM audit `+where+" ORDER BY seq DESC LIMIT ?", append(args, f.Limit)...)
	if err != nil {
		return nil, fmt.Errorf("list audit log: %w", classify(err))
	}
	var list []clientele.AuditEntry
	err = collect(rows, func(rows *sql.Rows) error {
		var e clientele.AuditEntry
		err := rows.Scan(&e.Seq, instant{&e.At}, &e.OperatorID, &e.Operator, &e.Action, &e.ProjectID, &e.Subject, &e.RequestID)
		list = append(list, e)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list audit log: %w", classify(err))
	}
	return list, nil
}

// ForgetAudit deletes at most limit entries of the audit log from before the given time and returns how many.
func (s *Store) ForgetAudit(ctx context.Context, before time.Time, limit int) (int64, error) {
	return s.forget(ctx, "forget audit log", "DELETE FROM audit WHERE seq IN (SELECT seq FROM audit WHERE at < ? ORDER BY at LIMIT ?)",
		before, limit)
}
