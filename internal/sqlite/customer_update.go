package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"clientele"
)

// A customer's place in the list by last update is the row of customer_update with the customer's own updated_at; the others are
// left from before.
const (
	placeIsCurrent = `EXISTS (SELECT 1 FROM customer AS c WHERE c.id = u.customer_id AND c.updated_at = u.at)`

	// currentPlaces costs half of placeIsCurrent, which counts for a page deep in a list by number.
	currentPlaces = "customer_update AS u CROSS JOIN customer AS c ON c.id = u.customer_id AND c.updated_at = u.at"

	insertPlaces = "INSERT INTO customer_update (project_id, at, customer_id)"

	// keepPlace is for who changes twice at one moment.
	keepPlace = " ON CONFLICT DO NOTHING"

	deleteCurrentPlace = `DELETE FROM customer_update WHERE project_id = ?1 AND customer_id = ?2
		AND at = (SELECT updated_at FROM customer WHERE project_id = ?1 AND id = ?2)`

	listPlaces = "SELECT u.at, u.customer_id, " + placeIsCurrent + ` FROM customer_update AS u
		WHERE u.project_id = ? AND (u.at, u.customer_id) > (?, ?) ORDER BY u.at, u.customer_id LIMIT ?`

	unlisted = `SELECT c.id FROM customer AS c WHERE c.project_id = ? AND c.id BETWEEN ? AND ? AND NOT EXISTS
		(SELECT 1 FROM customer_update AS u WHERE u.project_id = c.project_id AND u.at = c.updated_at AND u.customer_id = c.id)
		ORDER BY c.id LIMIT ?`

	deletePlace = "DELETE FROM customer_update WHERE project_id = ? AND at = ? AND customer_id = ?"

	restorePlaces = `INSERT INTO customer_update (project_id, at, customer_id)
		SELECT project_id, updated_at, id FROM customer WHERE true ON CONFLICT DO NOTHING`
)

func appendPlace(places []any, c *clientele.Customer) []any {
	return append(places, c.ProjectID, c.UpdatedAt.UnixMicro(), c.ID)
}

// insertPlaces gives customers that are new or were updated their places.
func (t *tx) insertPlaces(places []any) error {
	if err := t.insertRows(insertPlaces, keepPlace, 3, places); err != nil {
		return fmt.Errorf("insert places: %w", err)
	}
	return nil
}

// UpdatedCustomers returns how many updates of customers this store has committed since it was opened. Each left a place behind.
func (s *Store) UpdatedCustomers() int64 { return s.updated.Load() }

// SweepPlaces deletes what updates left behind among the places of a project in the list by last update: it looks at those
// behind a place, at most limit. It returns the last that it looked at and how many those were.
func (s *Store) SweepPlaces(ctx context.Context, project int64, after clientele.Position, limit int) (last clientele.Position, seen int, err error) {
	left, last, seen, err := s.readPlaces(ctx, project, after, limit)
	if err == nil && len(left) > 0 {
		err = s.transact(ctx, func(t *tx) error {
			for i := range left { // they are left for good: an updated_at never runs backwards
				if err := t.exec(deletePlace, project, left[i].At.UnixMicro(), left[i].ID); err != nil {
					return err
				}
			}
			return nil
		})
	}
	if err != nil {
		return after, 0, fmt.Errorf("sweep places of project %d: %w", project, classify(err))
	}
	return last, seen, nil
}

// readPlaces looks at places and returns those that count no more.
func (s *Store) readPlaces(ctx context.Context, project int64, after clientele.Position, limit int) (
	left []clientele.Position, last clientele.Position, seen int, err error,
) {
	from := int64(0)
	if !after.At.IsZero() {
		from = after.At.UnixMicro()
	}
	rows, err := s.read.QueryContext(ctx, listPlaces, project, from, after.ID, limit)
	if err != nil {
		return nil, after, 0, err
	}
	last = after
	err = collect(rows, func(rows *sql.Rows) error {
		var at, id int64
		var isCurrent bool
		err := rows.Scan(&at, &id, &isCurrent)
		last = clientele.Position{At: time.UnixMicro(at).UTC(), ID: id}
		if seen++; !isCurrent {
			left = append(left, last)
		}
		return err
	})
	return left, last, seen, err
}

// Unlisted returns the project's customers with ids between two numbers who have no place in the list by last update, at most
// limit.
func (s snapshot) Unlisted(ctx context.Context, project, from, to int64, limit int) (ids []int64, err error) {
	rows, err := s.tx.QueryContext(ctx, unlisted, project, from, to, limit)
	if err == nil {
		err = collect(rows, func(rows *sql.Rows) error {
			var id int64
			err := rows.Scan(&id)
			ids = append(ids, id)
			return err
		})
	}
	if err != nil {
		return nil, fmt.Errorf("customers without a place in project %d: %w", project, classify(err))
	}
	return ids, nil
}
