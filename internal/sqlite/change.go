package sqlite

import (
	"context"
	"database/sql"
	"fmt"

	"clientele"
)

const changeColumns = `project_id, subject, subject_id, action, new_values, dialect, credential_id, request_id, at`

const numChangeColumns = 9

func (t *tx) appendChanges(changes []clientele.Change) error {
	values := t.store.values[:0]
	for i := range changes {
		c := &changes[i]
		values = append(values, c.ProjectID, string(c.Subject), c.SubjectID, string(c.Action), string(c.Values),
			string(c.Origin.Dialect), c.Origin.CredentialID, c.Origin.RequestID, c.At.UnixMicro())
	}
	err := t.insertRows("INSERT INTO change ("+changeColumns+")", "", numChangeColumns, values)
	if t.store.values.keep(values); err != nil {
		return fmt.Errorf("append changes: %w", err)
	}
	return nil
}

// ListChanges returns the history of one record, oldest first.
func (s *Store) ListChanges(ctx context.Context, project int64, subject clientele.Subject, id int64) ([]clientele.Change, error) {
	list, err := s.changes(ctx, "SELECT seq, "+changeColumns+` FROM change
		WHERE project_id = ? AND subject = ? AND subject_id = ? ORDER BY seq`, project, string(subject), id)
	if err != nil {
		return nil, fmt.Errorf("list changes of %s %d: %w", subject, id, err)
	}
	return list, nil
}

func (s *Store) changes(ctx context.Context, query string, args ...any) ([]clientele.Change, error) {
	rows, err := s.read.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, classify(err)
	}
	var list []clientele.Change
	err = collect(rows, func(rows *sql.Rows) error {
		var c clientele.Change
		err := rows.Scan(&c.Seq, &c.ProjectID, &c.Subject, &c.SubjectID, &c.Action, &c.Values, &c.Origin.Dialect,
			&c.Origin.CredentialID, &c.Origin.RequestID, instant{&c.At})
		list = append(list, c)
		return err
	})
	return list, classify(err)
}
