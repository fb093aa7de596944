package sqlite

import (
	"context"
	"database/sql"
	"fmt"

	"clientele"
)

// FilterCustomers returns the ids that a filter selects, in order, at most its limit, and how many it selects in all. The
// two are read one after the other: while customers are added, the total may be ahead of the page, and never behind it.
func (s *Store) FilterCustomers(ctx context.Context, f clientele.CustomerFilter) (ids []int64, total int, err error) {
	ids, err = s.filterIDs(ctx, f)
	if err == nil {
		total, err = s.filterTotal(ctx, f, len(ids))
	}
	if err != nil {
		return nil, 0, fmt.Errorf("filter customers of project %d: %w", f.ProjectID, classify(err))
	}
	return ids, total, nil
}

func (s *Store) filterIDs(ctx context.Context, f clientele.CustomerFilter) ([]int64, error) {
	from, args := filterSQL(f)
	rows, err := s.read.QueryContext(ctx, "SELECT id"+from+" ORDER BY id LIMIT ? OFFSET ?", append(args, f.Limit, f.Offset)...)
	if err != nil {
		return nil, err
	}
	var ids []int64
	err = collect(rows, func(rows *sql.Rows) error {
		var id int64
		err := rows.Scan(&id)
		ids = append(ids, id)
		return err
	})
	return ids, err
}

// filterTotal returns how many customers the filter selects, of which the page has so many. A page that is not full is
// the last one and tells by itself: nearly every look-up by a key is one.
func (s *Store) filterTotal(ctx context.Context, f clientele.CustomerFilter, onPage int) (int, error) {
	total := f.Offset + onPage
	if onPage < f.Limit && (onPage > 0 || f.Offset == 0) {
		return total, nil
	}
	from, args := filterSQL(f)
	var count int
	if err := s.read.QueryRowContext(ctx, "SELECT count(*)"+from, args...).Scan(&count); err != nil {
		return 0, err
	}
	if onPage == 0 {
		return count, nil
	}
	return max(count, total), nil
}

func filterSQL(f clientele.CustomerFilter) (from string, args []any) {
	from, args = " FROM customer WHERE project_id = ?", []any{f.ProjectID}
	for _, by := range []struct {
		column string
		text   clientele.Text
	}{{"external_id", f.ExternalID}, {"external_number", f.ExternalNumber}, {"vat_normal", f.VATNormal}} {
		if by.text.Valid {
			from, args = from+" AND "+by.column+" = ?", append(args, by.text.V)
		}
	}
	return from, args
}
