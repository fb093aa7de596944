package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

const (
	subscribedProjects = "SELECT DISTINCT project_id FROM subscription WHERE deleted_at IS NULL ORDER BY project_id"

	lockSubscribed = "SELECT id FROM subscription WHERE project_id = $1 AND deleted_at IS NULL ORDER BY id FOR NO KEY UPDATE"

	// hastenDeliveries looks behind now only, in the index of what is due of each subscription.
	hastenDeliveries = `UPDATE delivery SET due_at = $2 WHERE project_id = $1
		AND subscription_id = ANY(ARRAY(SELECT id FROM subscription WHERE project_id = $1 AND deleted_at IS NULL))
		AND status = 'due' AND due_at > $2 AND (attempts = 0 OR due_at > $3)`

	hastenSubscriptions = "UPDATE subscription SET due_at = " + nextDue + ` WHERE project_id = $1 AND due_at > $2 AND lease = ''
		AND disabled_at IS NULL AND deleted_at IS NULL`
)

// HastenDeliveries makes due now what was planned by a clock that has been set back since: deliveries that nobody tried and that are
// not due yet, since those are due when they are made; and repeats that are due after latest, which is further ahead than any wait.
// Each project has a transaction of its own.
func (s *Store) HastenDeliveries(ctx context.Context, now, latest time.Time) error {
	var projects []int64
	err := s.transactSafely(ctx, "projects with subscriptions", func(ctx context.Context, tx pgx.Tx) error {
		rows, err := tx.Query(ctx, subscribedProjects)
		if err == nil {
			projects, err = pgx.CollectRows(rows, pgx.RowTo[int64])
		}
		return err
	})
	for _, project := range projects {
		if err == nil {
			err = s.transactSafely(ctx, "hasten deliveries", func(ctx context.Context, tx pgx.Tx) error {
				p := &pgx.Batch{}
				p.Queue(lockSubscribed, project)
				p.Queue(hastenDeliveries, project, now, latest)
				p.Queue(hastenSubscriptions, project, now)
				return tx.SendBatch(ctx, p).Close()
			})
		}
	}
	if err != nil {
		return fmt.Errorf("hasten deliveries: %w", err)
	}
	return nil
}
