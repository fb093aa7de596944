package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"clientele"
)

const rememberedColumns = `project_id, credential_id, key, body_hash, result, subject_id, reference, at`

const numRememberedColumns = 8

// loadRemembered hands the batch the calls that were sent before under the same Idempotency-Key.
func (t *tx) loadRemembered(b *clientele.Batch, project int64, calls []clientele.Idempotency) error {
	for _, call := range calls {
		if err := t.findRemembered(project, &call, b.LoadRemembered); err != nil {
			return err
		}
	}
	return nil
}

// findRemembered calls found with the call that was sent before under the Idempotency-Key, if there is one.
func (t *tx) findRemembered(project int64, call *clientele.Idempotency, found func(clientele.IdempotencyRecord)) error {
	rows, err := t.query("SELECT "+rememberedColumns+` FROM remembered_call
		WHERE project_id = ? AND credential_id = ? AND key = ?`, project, call.CredentialID, call.Key)
	if err != nil {
		return fmt.Errorf("load remembered calls: %w", err)
	}
	err = collect(rows, func(rows *sql.Rows) error {
		var r clientele.IdempotencyRecord
		hash := r.BodyHash[:0]
		err := rows.Scan(&r.ProjectID, &r.CredentialID, &r.Key, &hash, &r.Result, &r.SubjectID, &r.Reference,
			instant{&r.At})
		copy(r.BodyHash[:], hash)
		found(r)
		return err
	})
	if err != nil {
		return fmt.Errorf("load remembered calls: %w", err)
	}
	return nil
}

func (t *tx) insertRemembered(calls []*clientele.IdempotencyRecord) error {
	values := make([]any, 0, len(calls)*numRememberedColumns)
	for _, r := range calls {
		values = append(values, r.ProjectID, r.CredentialID, r.Key, r.BodyHash[:], int64(r.Result), r.SubjectID,
			r.Reference, r.At.UnixMicro())
	}
	err := t.insertRows("INSERT OR REPLACE INTO remembered_call ("+rememberedColumns+")", "", numRememberedColumns, values)
	if err != nil {
		return fmt.Errorf("remember calls: %w", err)
	}
	return nil
}

// ForgetCalls deletes at most limit calls remembered before the given time and returns how many it deleted.
func (s *Store) ForgetCalls(ctx context.Context, before time.Time, limit int) (int64, error) {
	var deleted int64
	err := s.transact(ctx, func(t *tx) error {
		r, err := t.execResult(`DELETE FROM remembered_call WHERE (project_id, credential_id, key) IN
			(SELECT project_id, credential_id, key FROM remembered_call WHERE at < ? ORDER BY at LIMIT ?)`,
			before.UnixMicro(), limit)
		if err == nil {
			deleted, err = r.RowsAffected()
		}
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("forget calls: %w", err)
	}
	return deleted, nil
}
