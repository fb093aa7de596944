package postgres

import (
	"context"
	"fmt"
	"slices"
	"time"

	"clientele"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// A customer's place in the list by last update is the row of customer_update with the customer's own updated_at; the others are
// left from before. The OFFSET keeps the planner from making a join of it, which might read all customers.
const (
	placeIsCurrent = `EXISTS (SELECT FROM customer AS c WHERE c.project_id = $1 AND c.id = u.customer_id AND c.updated_at = u.at OFFSET 0)`

	// keepPlace is for who changes twice at one moment.
	keepPlace = " ON CONFLICT DO NOTHING"

	deleteCurrentPlace = `DELETE FROM customer_update WHERE project_id = $1 AND customer_id = $2
		AND at = (SELECT updated_at FROM customer WHERE project_id = $1 AND id = $2)`

	listPlaces = "SELECT u.at, u.customer_id, " + placeIsCurrent + ` FROM customer_update AS u
		WHERE u.project_id = $1 AND (u.at, u.customer_id) > ($2, $3) ORDER BY u.at, u.customer_id LIMIT $4`

	unlisted = `SELECT c.id FROM customer AS c WHERE c.project_id = $1 AND c.id BETWEEN $2 AND $3 AND NOT EXISTS
		(SELECT FROM customer_update AS u WHERE u.project_id = $1 AND u.at = c.updated_at AND u.customer_id = c.id OFFSET 0)
		ORDER BY c.id LIMIT $4`

	// deletePlaces looks again: an updated_at never runs backwards, but the update that was seen may be one that no standby had,
	// and a failover since has taken it back.
	deletePlaces = `DELETE FROM customer_update AS u WHERE u.project_id = $1 AND (u.at, u.customer_id) IN
		(SELECT * FROM unnest($2::timestamptz[], $3::bigint[])) AND NOT ` + placeIsCurrent

	// pieceOfCustomers finds the last of so many customers behind an id; 0 for none.
	pieceOfCustomers = `SELECT coalesce(max(id), 0) FROM
		(SELECT id FROM customer WHERE project_id = $1 AND id > $2 ORDER BY id LIMIT $3) AS c`

	restorePlaces = `INSERT INTO customer_update (project_id, at, customer_id)
		SELECT project_id, updated_at, id FROM customer WHERE project_id = $1 AND id > $2 AND id <= $3 ON CONFLICT DO NOTHING`
)

// placesInsert returns the statement that gives customers that are new or were updated their places, and its arguments.
func placesInsert(list []*clientele.Customer) (sql string, args []any) {
	l := &columnList{}
	project := list[0].ProjectID
	if !slices.ContainsFunc(list, func(c *clientele.Customer) bool { return c.ProjectID != project }) {
		l.same("project_id", "bigint", project)
	} else {
		l.each("project_id", "bigint", valuesOf(list, func(c *clientele.Customer) int64 { return c.ProjectID }))
	}
	l.each("at", "timestamptz", valuesOf(list, func(c *clientele.Customer) time.Time { return c.UpdatedAt }))
	l.each("customer_id", "bigint", valuesOf(list, func(c *clientele.Customer) int64 { return c.ID }))
	return l.insert("customer_update") + keepPlace, l.args
}

// placesAtOnce is how many customers of a book that arrived one transaction gives their places: some tenths of a second.
const placesAtOnce = 5000

// placeCustomers gives all customers of a project their places, piece by piece. Who has one keeps it.
func (s *Store) placeCustomers(ctx context.Context, project int64) error {
	for after := int64(0); ; {
		var last int64
		err := s.transactSafely(ctx, "restore places", func(ctx context.Context, tx pgx.Tx) error {
			if err := tx.QueryRow(ctx, pieceOfCustomers, project, after, placesAtOnce).Scan(&last); err != nil || last == 0 {
				return err
			}
			_, err := tx.Exec(ctx, restorePlaces, project, after, last)
			return err
		})
		if err != nil {
			return fmt.Errorf("restore places of project %d: %w", project, err)
		}
		if last == 0 {
			return nil
		}
		after = last
	}
}

// UpdatedCustomers returns how many updates of customers this store has committed since it was opened. Each left a place behind.
func (s *Store) UpdatedCustomers() int64 { return s.updated.Load() }

// SweepPlaces deletes what updates left behind among the places of a project in the list by last update: it looks at those
// behind a place, at most limit. It returns the last that it looked at and how many those were.
func (s *Store) SweepPlaces(ctx context.Context, project int64, after clientele.Position, limit int) (last clientele.Position, seen int, err error) {
	var times []time.Time
	var ids []int64
	err = s.query(ctx, "list places", func(ctx context.Context, pool *pgxpool.Pool) error {
		times, ids, last, seen = nil, nil, after, 0
		rows, err := pool.Query(ctx, listPlaces, project, after.At, after.ID, limit)
		if err != nil {
			return err
		}
		var isCurrent bool
		return eachRow(rows, []any{(*instant)(&last.At), &last.ID, &isCurrent}, func() {
			if seen++; !isCurrent {
				times, ids = append(times, last.At), append(ids, last.ID)
			}
		})
	})
	if err == nil && len(ids) > 0 {
		err = s.transactSafely(ctx, "sweep places", func(ctx context.Context, tx pgx.Tx) error {
			_, err := tx.Exec(ctx, deletePlaces, project, times, ids)
			return err
		})
	}
	if err != nil {
		return after, 0, fmt.Errorf("sweep places of project %d: %w", project, err)
	}
	return last, seen, nil
}

// Unlisted returns the project's customers with ids between two numbers who have no place in the list by last update, at most
// limit.
func (s snapshot) Unlisted(ctx context.Context, project, from, to int64, limit int) ([]int64, error) {
	rows, err := s.tx.Query(ctx, unlisted, project, from, to, limit)
	if err == nil {
		var ids []int64
		if ids, err = pgx.CollectRows(rows, pgx.RowTo[int64]); err == nil {
			return ids, nil
		}
	}
	return nil, fmt.Errorf("customers without a place in project %d: %w", project, classify(err))
}
