package sqlite

import (
	"context"
	"fmt"
	"time"
)

// HastenDeliveries makes due now what was planned by a clock that has been set back since: deliveries that nobody tried and that are
// not due yet, since those are due when they are made; and repeats that are due after latest, which is further ahead than any wait.
func (s *Store) HastenDeliveries(ctx context.Context, now, latest time.Time) error {
	err := s.transact(ctx, func(t *tx) error {
		if err := t.exec(hastenDeliveries, now.UnixMicro(), latest.UnixMicro()); err != nil {
			return err
		}
		return t.exec("UPDATE subscription SET due_at = "+nextDue+` WHERE due_at > ? AND lease = ''
			AND disabled_at IS NULL AND deleted_at IS NULL`, now.UnixMicro())
	})
	if err != nil {
		return fmt.Errorf("hasten deliveries: %w", err)
	}
	return nil
}

// hastenDeliveries looks behind now only, in the index of what is due of each subscription: CROSS JOIN keeps that order.
const hastenDeliveries = `UPDATE delivery SET due_at = ?1 WHERE seq IN (
	SELECT d.seq FROM subscription s CROSS JOIN delivery d
	WHERE s.deleted_at IS NULL AND d.project_id = s.project_id AND d.subscription_id = s.id
	AND d.status = 'due' AND d.due_at > ?1 AND (d.attempts = 0 OR d.due_at > ?2))`
