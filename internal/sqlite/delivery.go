package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"
	"time"

	"clientele"
)

const selectDelivery = `SELECT d.project_id, d.seq, d.id, d.subscription_id, e.event_type, e.subject_ids, e.first_at, e.at,
	d.status, d.attempts, d.retries, d.due_at, d.created_at, d.finished_at
	FROM delivery d JOIN event e ON e.seq = d.event_seq `

func scanDelivery(row interface{ Scan(...any) error }) (clientele.Delivery, error) {
	var d clientele.Delivery
	var subjects []byte
	err := row.Scan(&d.ProjectID, &d.Seq, &d.ID, &d.SubscriptionID, &d.EventType, &subjects, instant{&d.FirstAt},
		instant{&d.EventAt}, &d.Status, &d.Attempts, &d.Retries, instant{&d.DueAt}, instant{&d.CreatedAt},
		instant{&d.FinishedAt})
	if err == nil {
		d.SubjectIDs, err = clientele.ParseIDs(subjects)
	}
	return d, err
}

func (s *Store) listDeliveries(ctx context.Context, where string, args ...any) ([]clientele.Delivery, error) {
	rows, err := s.read.QueryContext(ctx, selectDelivery+where, args...)
	if err != nil {
		return nil, classify(err)
	}
	var list []clientele.Delivery
	err = collect(rows, func(rows *sql.Rows) error {
		d, err := scanDelivery(rows)
		list = append(list, d)
		return err
	})
	return list, classify(err)
}

// FindDelivery returns a delivery of the project; kind not_found when there is none.
func (s *Store) FindDelivery(ctx context.Context, project int64, id string) (clientele.Delivery, error) {
	d, err := scanDelivery(s.read.QueryRowContext(ctx, selectDelivery+"WHERE d.project_id = ? AND d.id = ?", project, id))
	if errors.Is(err, sql.ErrNoRows) {
		return d, errNoDelivery
	}
	if err != nil {
		return d, fmt.Errorf("find delivery %s in project %d: %w", id, project, classify(err))
	}
	return d, nil
}

var errNoDelivery = clientele.Errorf(clientele.KindNotFound, "there is no such delivery")

// ListDeliveries returns the deliveries that the filter selects, newest first. Those that were delivered are looked for
// among all; those that are due are all looked at, in an index.
func (s *Store) ListDeliveries(ctx context.Context, f clientele.DeliveryFilter) ([]clientele.Delivery, error) {
	where, args := deliveriesSQL(f)
	list, err := s.listDeliveries(ctx, "WHERE d.seq IN ("+where+") ORDER BY d.seq DESC", args...)
	if err != nil {
		return nil, fmt.Errorf("list deliveries of project %d: %w", f.ProjectID, err)
	}
	return list, nil
}

// newestOfProject selects the newest deliveries of a project. There is no index of the project's, which every delivery would
// pay for: they are among those of the subscriptions that have the newest one.
func newestOfProject(status string) string {
	of := func(subscription string) string {
		return "SELECT seq FROM delivery INDEXED BY delivery_subscription WHERE project_id = ?1 AND subscription_id = " + subscription +
			" AND seq < ?2" + status + " ORDER BY seq DESC LIMIT "
	}
	return "SELECT n.seq FROM (SELECT s.id, (" + of("s.id") + `1) AS newest FROM subscription s WHERE s.project_id = ?1
			ORDER BY newest DESC LIMIT ?3) AS o
		CROSS JOIN delivery n ON n.seq IN (` + of("o.id") + "?3) ORDER BY n.seq DESC LIMIT ?3"
}

// deliveriesSQL returns what selects the sequences. There is an index for each kind of list.
func deliveriesSQL(f clientele.DeliveryFilter) (query string, args []any) {
	before := f.Before
	if before == 0 {
		before = math.MaxInt64
	}
	args = []any{f.ProjectID, before, f.Limit}
	status, index := "", "delivery_subscription"
	switch f.Status { // spelled out, so that the partial indexes are known to have them
	case "":
	case clientele.DeliveryDue:
		status, index = " AND status = 'due'", "delivery_due"
	case clientele.DeliveryFailed:
		status, index = " AND status = 'failed'", "delivery_failed"
	case clientele.DeliveryDelivered:
		status = " AND status = 'delivered'"
	default:
		status = " AND false"
	}
	subscription := ""
	if f.SubscriptionID != "" {
		subscription, args = " AND subscription_id = ?4", append(args, f.SubscriptionID)
		if index == "delivery_failed" {
			index = "delivery_failed_of_subscription"
		}
	} else if index == "delivery_subscription" {
		return newestOfProject(status), args
	}
	return "SELECT seq FROM delivery INDEXED BY " + index + " WHERE project_id = ?1" + subscription + status +
		" AND seq < ?2 ORDER BY seq DESC LIMIT ?3", args
}

// ListAttempts returns the attempts at a delivery, in order.
func (s *Store) ListAttempts(ctx context.Context, project int64, delivery string) ([]clientele.Attempt, error) {
	rows, err := s.read.QueryContext(ctx, `SELECT delivery_id, number, at, duration, status_code, error_class, answer
		FROM attempt WHERE project_id = ? AND delivery_id = ? ORDER BY number`, project, delivery)
	if err != nil {
		return nil, fmt.Errorf("list attempts at delivery %s: %w", delivery, classify(err))
	}
	var list []clientele.Attempt
	err = collect(rows, func(rows *sql.Rows) error {
		var a clientele.Attempt
		var took int64
		err := rows.Scan(&a.DeliveryID, &a.Number, instant{&a.At}, &took, &a.StatusCode, &a.ErrorClass, &a.Answer)
		a.Duration = time.Duration(took) * time.Microsecond
		list = append(list, a)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list attempts at delivery %s: %w", delivery, classify(err))
	}
	return list, nil
}

// ResendDelivery makes a delivery due at once, whatever became of it before; kind not_found when there is none, or its
// subscription is gone.
func (s *Store) ResendDelivery(ctx context.Context, project int64, id string, at time.Time) error {
	err := s.transact(ctx, func(t *tx) error {
		var subscription string
		err := t.one(`UPDATE delivery SET status = 'due', retries = 0, due_at = ?, finished_at = NULL
			WHERE project_id = ? AND id = ? RETURNING subscription_id`,
			[]any{at.UnixMicro(), project, id}, &subscription)
		if errors.Is(err, sql.ErrNoRows) {
			return errNoDelivery
		}
		if err != nil {
			return err
		}
		return t.wake(project, subscription)
	})
	if err != nil {
		return fmt.Errorf("resend delivery %s of project %d: %w", id, project, err)
	}
	return nil
}

// ResendFailed makes the deliveries that r selects due at once and returns how many there are; kind not_found when there
// is no such subscription.
func (s *Store) ResendFailed(ctx context.Context, r clientele.Resend) (int64, error) {
	var n int64
	err := s.transact(ctx, func(t *tx) error {
		result, err := t.execResult(`UPDATE delivery SET status = 'due', retries = 0, due_at = ?, finished_at = NULL
			WHERE project_id = ? AND subscription_id = ? AND status = 'failed' AND created_at BETWEEN ? AND ?`,
			r.At.UnixMicro(), r.ProjectID, r.SubscriptionID, r.From.UnixMicro(), r.To.UnixMicro())
		if err != nil {
			return err
		}
		if n, err = result.RowsAffected(); err != nil {
			return err
		}
		return t.wake(r.ProjectID, r.SubscriptionID)
	})
	if err != nil {
		return 0, fmt.Errorf("resend failed deliveries of subscription %s: %w", r.SubscriptionID, err)
	}
	return n, nil
}

// wake makes a subscription due when its next delivery is; one under a claim will be when that ends.
func (t *tx) wake(project int64, subscription string) error {
	r, err := t.execResult("UPDATE subscription SET due_at = CASE WHEN lease <> '' THEN due_at ELSE "+nextDue+` END
		WHERE project_id = ? AND id = ? AND deleted_at IS NULL`, project, subscription)
	return foundSubscription(r, err)
}
