package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"

	"clientele"
)

// ListPositions returns the places of the customers that a query selects, in its order, at most its limit. It reads an
// index only.
func (s *Store) ListPositions(ctx context.Context, q clientele.CustomerQuery) ([]clientele.Position, error) {
	query, args := positionsSQL(q)
	rows, err := s.read.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("list customers of project %d: %w", q.ProjectID, classify(err))
	}
	list := make([]clientele.Position, 0, min(q.Limit, clientele.MaxPage+1))
	err = collect(rows, func(rows *sql.Rows) error {
		var p clientele.Position
		err := rows.Scan(instant{&p.At}, &p.ID)
		list = append(list, p)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list customers of project %d: %w", q.ProjectID, classify(err))
	}
	return list, nil
}

func positionsSQL(q clientele.CustomerQuery) (query string, args []any) {
	date, order, behind := "updated_at", " ASC", ">"
	if q.ByCreated {
		date = "created_at"
	}
	if q.Newest {
		order, behind = " DESC", "<"
	}
	query = "SELECT " + date + ", id FROM customer WHERE project_id = ?"
	args = append(args, q.ProjectID)
	if !q.From.IsZero() {
		query, args = query+" AND "+date+" >= ?", append(args, q.From.UnixMicro())
	}
	if !q.To.IsZero() {
		query, args = query+" AND "+date+" <= ?", append(args, q.To.UnixMicro())
	}
	if q.After != nil {
		query, args = query+" AND ("+date+", id) "+behind+" (?, ?)", append(args, q.After.At.UnixMicro(), q.After.ID)
	}
	query += " ORDER BY " + date + order + ", id" + order + " LIMIT ? OFFSET ?"
	return query, append(args, q.Limit, q.Offset)
}

// LoadCustomers returns the project's customers with the given ids, with their addresses, in the order of ids. One that
// is gone, or that belongs to another project, is left out.
func (s *Store) LoadCustomers(ctx context.Context, project int64, ids []int64) ([]clientele.Customer, error) {
	list, err := s.loadCustomers(ctx, project, ids)
	if err != nil {
		return nil, fmt.Errorf("load %d customers of project %d: %w", len(ids), project, classify(err))
	}
	return list, nil
}

func (s *Store) loadCustomers(ctx context.Context, project int64, ids []int64) ([]clientele.Customer, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	keys, err := json.Marshal(ids)
	if err != nil {
		return nil, err
	}
	rows, err := s.read.QueryContext(ctx, "SELECT "+customerColumns+` FROM customer
		WHERE project_id = ? AND id IN (SELECT value FROM json_each(?))`, project, string(keys))
	if err != nil {
		return nil, err
	}
	byID := make(map[int64]*clientele.Customer, len(ids))
	err = collect(rows, func(rows *sql.Rows) error {
		c, err := scanCustomer(rows)
		if err == nil {
			byID[c.ID] = &c
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	if rows, err = s.read.QueryContext(ctx, addressesOf, project, string(keys)); err != nil {
		return nil, err
	}
	err = collect(rows, func(rows *sql.Rows) error {
		id, a, err := scanAddress(rows)
		if c := byID[id]; err == nil && c != nil {
			c.Addresses = append(c.Addresses, a)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return inOrder(ids, byID), nil
}

func inOrder(ids []int64, byID map[int64]*clientele.Customer) []clientele.Customer {
	list := make([]clientele.Customer, 0, len(ids))
	for _, id := range ids {
		if c := byID[id]; c != nil {
			list = append(list, *c)
		}
	}
	return list
}
