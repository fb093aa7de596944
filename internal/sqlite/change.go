package sqlite

import (
	"context"
	"database/sql"
	"fmt"

	"clientele"
)

const changeColumns = `project_id, subject, subject_id, action, new_values, dialect, credential_id, request_id, at`

// numChangeColumns are changeColumns, the number and the previous change.
const numChangeColumns = 11

func (t *tx) appendChanges(changes []clientele.Change, l links) error {
	values := t.store.values[:0]
	for i := range changes {
		c := &changes[i]
		values = append(values, c.ProjectID, string(c.Subject), c.SubjectID, string(c.Action), string(c.Values),
			string(c.Origin.Dialect), c.Origin.CredentialID, c.Origin.RequestID, c.At.UnixMicro(), l.seq[i], l.previous[i])
	}
	err := t.insertRows("INSERT INTO change ("+changeColumns+", seq, previous)", "", numChangeColumns, values)
	if t.store.values.keep(values); err != nil {
		return fmt.Errorf("append changes: %w", err)
	}
	return nil
}

// changes returns the changes that a query selects: their number and changeColumns.
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
