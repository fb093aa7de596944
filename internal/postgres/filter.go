package postgres

import (
	"context"
	"fmt"

	"clientele"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// FilterCustomers returns the ids that a filter selects, at most its limit, and how many it selects in all.
func (s *Store) FilterCustomers(ctx context.Context, f clientele.CustomerFilter) (ids []int64, total int, err error) {
	where, args := filterSQL(f)
	err = s.query(ctx, "filter customers", func(ctx context.Context, pool *pgxpool.Pool) error {
		ids = nil
		p := &pgx.Batch{}
		p.Queue("SELECT count(*)"+where, args...).QueryRow(func(row pgx.Row) error { return row.Scan(&total) })
		p.Queue(fmt.Sprintf("SELECT id%s ORDER BY id LIMIT $%d OFFSET $%d", where, len(args)+1, len(args)+2),
			append(args, f.Limit, f.Offset)...).Query(func(rows pgx.Rows) error {
			var id int64
			return eachRow(rows, []any{&id}, func() { ids = append(ids, id) })
		})
		return pool.SendBatch(ctx, p).Close()
	})
	if err != nil {
		return nil, 0, fmt.Errorf("filter customers of project %d: %w", f.ProjectID, err)
	}
	return ids, total, nil
}

func filterSQL(f clientele.CustomerFilter) (where string, args []any) {
	where, args = " FROM customer WHERE project_id = $1", []any{f.ProjectID}
	for _, by := range []struct {
		column string
		text   clientele.Text
	}{{"external_id", f.ExternalID}, {"external_number", f.ExternalNumber}, {"vat_normal", f.VATNormal}} {
		if by.text.Valid {
			args = append(args, by.text.V)
			where += fmt.Sprintf(" AND %s = $%d", by.column, len(args))
		}
	}
	return where, args
}
