package postgres

import (
	"context"
	"fmt"
	"math"

	"clientele"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// ListPositions returns the places of the customers that a query selects, in its order. It goes along an index.
func (s *Store) ListPositions(ctx context.Context, q clientele.CustomerQuery) ([]clientele.Position, error) {
	query, args := positionsSQL(q)
	var list []clientele.Position
	err := s.query(ctx, "list customers", func(ctx context.Context, pool *pgxpool.Pool) error {
		rows, err := pool.Query(ctx, query, args...)
		if err != nil {
			return err
		}
		list = make([]clientele.Position, 0, min(q.Limit, clientele.MaxPage+1))
		var p clientele.Position
		return eachRow(rows, []any{(*instant)(&p.At), &p.ID}, func() { list = append(list, p) })
	})
	if err != nil {
		return nil, fmt.Errorf("list customers of project %d: %w", q.ProjectID, err)
	}
	return list, nil
}

func positionsSQL(q clientele.CustomerQuery) (query string, args []any) {
	query, date, id := "SELECT u.at, u.customer_id FROM customer_update AS u WHERE u.project_id = $1", "u.at", "u.customer_id"
	if q.ByCreated {
		query, date, id = "SELECT created_at, id FROM customer WHERE project_id = $1", "created_at", "id"
	}
	order, behind := " ASC", ">"
	if q.Newest {
		order, behind = " DESC", "<"
	}
	args = append(args, q.ProjectID)
	arg := func(v any) string {
		args = append(args, v)
		return fmt.Sprintf("$%d", len(args))
	}
	if !q.From.IsZero() {
		query += " AND " + date + " >= " + arg(q.From)
	}
	if !q.To.IsZero() {
		query += " AND " + date + " <= " + arg(q.To)
	}
	if q.After != nil {
		query += " AND (" + date + ", " + id + ") " + behind + " (" + arg(q.After.At) + ", " + arg(q.After.ID) + ")"
	}
	if !q.ByCreated {
		query += " AND " + placeIsCurrent
	}
	query += " ORDER BY " + date + order + ", " + id + order
	return query + " LIMIT " + arg(q.Limit) + " OFFSET " + arg(q.Offset), args
}

// LoadCustomers returns the project's customers with the given ids, with their addresses, in the order of ids. One that
// is gone is left out.
func (s *Store) LoadCustomers(ctx context.Context, project int64, ids []int64) ([]clientele.Customer, error) {
	return s.LoadCustomersWithin(ctx, project, ids, anyNumber)
}

// anyNumber of addresses are loaded: no more than a number of that size can be there.
const anyNumber = math.MaxInt32

// LoadCustomersWithin is LoadCustomers, or clientele.ErrManyAddresses when the customers have more addresses than that among
// them; one customer alone is always loaded whole.
func (s *Store) LoadCustomersWithin(ctx context.Context, project int64, ids []int64, most int) ([]clientele.Customer, error) {
	if len(ids) == 1 {
		most = anyNumber
	}
	var found []clientele.Customer
	var addresses int
	err := s.query(ctx, "load customers", func(ctx context.Context, pool *pgxpool.Pool) error {
		found = make([]clientele.Customer, 0, len(ids))
		p := &pgx.Batch{}
		p.Queue(customersByID, project, notNil(ids)).Query(func(rows pgx.Rows) error {
			return scanCustomers(rows, func(c clientele.Customer) { found = append(found, c) })
		})
		p.Queue(addressesByID, project, notNil(ids), int64(most)+1).Query(func(rows pgx.Rows) (err error) {
			addresses, err = countAddresses(rows, found)
			return err
		})
		return pool.SendBatch(ctx, p).Close()
	})
	if err == nil && addresses > most {
		err = clientele.ErrManyAddresses
	}
	if err != nil {
		return nil, fmt.Errorf("load %d customers of project %d: %w", len(ids), project, err)
	}
	return inOrder(ids, found), nil
}

// customersByID makes one descent for each id (see lockCustomers).
const customersByID = `SELECT c.* FROM unnest($2::bigint[]) AS k CROSS JOIN LATERAL
	(SELECT ` + customerColumns + ` FROM customer WHERE project_id = $1 AND id = k LIMIT 1) AS c`

func inOrder(ids []int64, found []clientele.Customer) []clientele.Customer {
	byID := make(map[int64]*clientele.Customer, len(found))
	for i := range found {
		byID[found[i].ID] = &found[i]
	}
	list := make([]clientele.Customer, 0, len(ids))
	for _, id := range ids {
		if c := byID[id]; c != nil {
			list = append(list, *c)
		}
	}
	return list
}
