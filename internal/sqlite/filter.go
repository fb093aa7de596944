package sqlite

import (
	"context"
	"database/sql"
	"fmt"

	"clientele"
)

// FilterCustomers returns the ids that a filter selects, at most its limit, and how many it selects in all.
func (s *Store) FilterCustomers(ctx context.Context, f clientele.CustomerFilter) (ids []int64, total int, err error) {
	where, args := " FROM customer WHERE project_id = ?", []any{f.ProjectID}
	for _, by := range []struct {
		column string
		text   clientele.Text
	}{{"external_id", f.ExternalID}, {"external_number", f.ExternalNumber}, {"vat_normal", f.VATNormal}} {
		if by.text.Valid {
			where, args = where+" AND "+by.column+" = ?", append(args, by.text.V)
		}
	}
	if err := s.read.QueryRowContext(ctx, "SELECT count(*)"+where, args...).Scan(&total); err != nil {
		return nil, 0, fmt.Errorf("count customers of project %d: %w", f.ProjectID, classify(err))
	}
	rows, err := s.read.QueryContext(ctx, "SELECT id"+where+" ORDER BY id LIMIT ? OFFSET ?", append(args, f.Limit, f.Offset)...)
	if err != nil {
		return nil, 0, fmt.Errorf("filter customers of project %d: %w", f.ProjectID, classify(err))
	}
	err = collect(rows, func(rows *sql.Rows) error {
		var id int64
		err := rows.Scan(&id)
		ids = append(ids, id)
		return err
	})
	if err != nil {
		return nil, 0, fmt.Errorf("filter customers of project %d: %w", f.ProjectID, classify(err))
	}
	return ids, total, nil
}
