package postgres

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"clientele"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

const selectDelivery = `SELECT d.project_id, d.seq, d.id, d.subscription_id, e.event_type, e.subject_ids, e.first_at, e.at,
	d.status, d.attempts, d.retries, d.due_at, d.created_at, d.finished_at
	FROM delivery d JOIN event e ON e.project_id = d.project_id AND e.seq = d.event_seq `

func scanDelivery(row pgx.CollectableRow) (clientele.Delivery, error) {
	var d clientele.Delivery
	var subjects []byte
	err := row.Scan(&d.ProjectID, &d.Seq, &d.ID, &d.SubscriptionID, (*string)(&d.EventType), &subjects, (*instant)(&d.FirstAt),
		(*instant)(&d.EventAt), (*string)(&d.Status), &d.Attempts, &d.Retries, (*instant)(&d.DueAt), (*instant)(&d.CreatedAt),
		(*instant)(&d.FinishedAt))
	if err == nil {
		d.SubjectIDs, err = clientele.ParseIDs(subjects)
	}
	return d, err
}

func (s *Store) deliveries(ctx context.Context, query string, args ...any) ([]clientele.Delivery, error) {
	var list []clientele.Delivery
	err := s.query(ctx, "read deliveries", func(ctx context.Context, pool *pgxpool.Pool) error {
		rows, err := pool.Query(ctx, query, args...)
		if err != nil {
			return err
		}
		list, err = pgx.CollectRows(rows, scanDelivery)
		return err
	})
	return list, err
}

const findDelivery = selectDelivery + "WHERE d.project_id = $1 AND d.id = $2"

// FindDelivery returns a delivery of the project; kind not_found when there is none.
func (s *Store) FindDelivery(ctx context.Context, project int64, id string) (clientele.Delivery, error) {
	list, err := s.deliveries(ctx, findDelivery, project, id)
	if err != nil {
		return clientele.Delivery{}, fmt.Errorf("find delivery %s in project %d: %w", id, project, err)
	}
	if len(list) == 0 {
		return clientele.Delivery{}, errNoDelivery
	}
	return list[0], nil
}

var errNoDelivery = clientele.Errorf(clientele.KindNotFound, "there is no such delivery")

// ListDeliveries returns the deliveries that the filter selects, newest first. Those that were delivered are looked for
// among all; those that are due are all looked at, in an index.
func (s *Store) ListDeliveries(ctx context.Context, f clientele.DeliveryFilter) ([]clientele.Delivery, error) {
	query, args := deliveriesSQL(f)
	list, err := s.deliveries(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("list deliveries of project %d: %w", f.ProjectID, err)
	}
	return list, nil
}

func deliveriesSQL(f clientele.DeliveryFilter) (query string, args []any) {
	arg := func(v any) string {
		args = append(args, v)
		return fmt.Sprintf("$%d", len(args))
	}
	if f.Status == clientele.DeliveryDue {
		return dueDeliveriesSQL(f)
	}
	query = selectDelivery + "WHERE d.project_id = " + arg(f.ProjectID)
	if f.SubscriptionID != "" {
		query += " AND d.subscription_id = " + arg(f.SubscriptionID)
	}
	switch f.Status {
	case "":
	case clientele.DeliveryFailed: // spelled out, so that the partial indexes are known to have them
		query += " AND d.status = 'failed'"
	default:
		query += " AND d.status = " + arg(string(f.Status))
	}
	if f.Before != 0 {
		query += " AND d.seq < " + arg(f.Before)
	}
	return query + " ORDER BY d.seq DESC LIMIT " + arg(f.Limit), args
}

// dueDeliveriesSQL selects what is due. The planner does not know whether that is little or nearly everything, so the
// sequences are taken from the index of what is due, which is not in their order, and nothing else of the others is read.
func dueDeliveriesSQL(f clientele.DeliveryFilter) (query string, args []any) {
	before := f.Before
	if before == 0 {
		before = math.MaxInt64
	}
	args = []any{f.ProjectID, before, f.Limit}
	of := ""
	if f.SubscriptionID != "" {
		of, args = " AND subscription_id = $4", append(args, f.SubscriptionID)
	}
	return selectDelivery + `WHERE d.project_id = $1 AND d.seq = ANY(ARRAY(
		SELECT seq FROM (SELECT seq FROM delivery WHERE project_id = $1` + of + ` AND status = 'due' OFFSET 0) AS due
		WHERE seq < $2 ORDER BY seq DESC LIMIT $3)) ORDER BY d.seq DESC`, args
}

const attemptsAt = `SELECT delivery_id, number, at, duration, status_code, error_class, answer FROM attempt
	WHERE project_id = $1 AND delivery_id = $2 ORDER BY number`

// ListAttempts returns the attempts at a delivery, in order.
func (s *Store) ListAttempts(ctx context.Context, project int64, delivery string) ([]clientele.Attempt, error) {
	var list []clientele.Attempt
	err := s.query(ctx, "list attempts", func(ctx context.Context, pool *pgxpool.Pool) error {
		rows, err := pool.Query(ctx, attemptsAt, project, delivery)
		if err != nil {
			return err
		}
		list, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (a clientele.Attempt, err error) {
			var took int64
			err = row.Scan(&a.DeliveryID, &a.Number, (*instant)(&a.At), &took, &a.StatusCode, &a.ErrorClass, &a.Answer)
			a.Duration = time.Duration(took) * time.Microsecond
			return a, err
		})
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list attempts at delivery %s: %w", delivery, err)
	}
	return list, nil
}

const (
	subscriptionOf = "SELECT subscription_id FROM delivery WHERE project_id = $1 AND id = $2"

	resendDelivery = `UPDATE delivery SET status = 'due', retries = 0, due_at = $3, finished_at = NULL WHERE project_id = $1 AND id = $2`

	// resendFailed takes so many behind a place. While the subscription is locked nobody else changes what they are.
	resendFailed = `UPDATE delivery SET status = 'due', retries = 0, due_at = $3, finished_at = NULL
		WHERE project_id = $1 AND seq = ANY(ARRAY(SELECT seq FROM delivery WHERE project_id = $1 AND subscription_id = $2
			AND status = 'failed' AND created_at BETWEEN $4 AND $5 AND seq > $6 ORDER BY seq LIMIT $7)) RETURNING seq`

	// wakeSubscription makes a subscription due when its next delivery is; one under a claim will be when that ends.
	wakeSubscription = "UPDATE subscription SET due_at = CASE WHEN lease <> '' THEN due_at ELSE " + nextDue + ` END
		WHERE project_id = $1 AND id = $2`
)

// ResendDelivery makes a delivery due at once, whatever became of it before; kind not_found when there is none, or its
// subscription is gone.
func (s *Store) ResendDelivery(ctx context.Context, project int64, id string, at time.Time) error {
	err := s.transactSafely(ctx, "resend delivery", func(ctx context.Context, tx pgx.Tx) error {
		var subscription string
		err := tx.QueryRow(ctx, subscriptionOf, project, id).Scan(&subscription)
		if errors.Is(err, pgx.ErrNoRows) {
			return errNoDelivery
		}
		if err == nil {
			err = haveSubscription(ctx, tx, project, subscription)
		}
		if err == nil {
			_, err = tx.Exec(ctx, resendDelivery, project, id, at)
		}
		if err == nil {
			_, err = tx.Exec(ctx, wakeSubscription, project, subscription)
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("resend delivery %s of project %d: %w", id, project, err)
	}
	return nil
}

// resendAtOnce is how many deliveries that failed one transaction makes due again: some tenths of a second.
const resendAtOnce = 2000

// ResendFailed makes the deliveries that r selects due at once and returns how many there are; kind not_found when there
// is no such subscription. On another error some of them may be due already; calling it again makes the rest so.
func (s *Store) ResendFailed(ctx context.Context, r clientele.Resend) (int64, error) {
	var n int64
	for after := int64(0); ; {
		var made []int64
		err := s.transact(ctx, "resend failed deliveries", func(ctx context.Context, tx pgx.Tx) (err error) {
			made, err = resendPiece(ctx, tx, &r, after)
			return err
		})
		if err != nil {
			return 0, fmt.Errorf("resend failed deliveries of subscription %s: %w", r.SubscriptionID, err)
		}
		if n += int64(len(made)); len(made) < resendAtOnce {
			return n, nil
		}
		after = slices.Max(made) // what fails again meanwhile is not taken again
	}
}

// resendPiece makes the first of the deliveries behind a place due, and returns their places.
func resendPiece(ctx context.Context, tx pgx.Tx, r *clientele.Resend, after int64) (made []int64, err error) {
	if err := haveSubscription(ctx, tx, r.ProjectID, r.SubscriptionID); err != nil {
		return nil, err
	}
	rows, err := tx.Query(ctx, resendFailed, r.ProjectID, r.SubscriptionID, r.At, r.From, r.To, after, resendAtOnce)
	if err == nil {
		made, err = pgx.CollectRows(rows, pgx.RowTo[int64])
	}
	if err == nil {
		_, err = tx.Exec(ctx, wakeSubscription, r.ProjectID, r.SubscriptionID)
	}
	return made, err
}

// listHealth is, of all projects, for a metric: it reads what is due on every node.
const (
	listHealth   = healthOf + healthInOrder
	listHealthIn = healthOf + " AND s.project_id = $1" + healthInOrder
	healthOf     = `SELECT h.project_id, h.id, h.disabled, h.due, e.first_at
	FROM (SELECT s.project_id, s.id, s.disabled_at IS NOT NULL AS disabled, count(d.seq) AS due, min(d.event_seq) AS oldest
		FROM subscription s LEFT JOIN delivery d
			ON d.project_id = s.project_id AND d.subscription_id = s.id AND d.status = 'due'
		WHERE s.deleted_at IS NULL`
	healthInOrder = ` GROUP BY s.project_id, s.id, s.disabled_at) h
	LEFT JOIN event e ON e.project_id = h.project_id AND e.seq = h.oldest
	ORDER BY h.project_id, h.id`
)

// ListSubscriptionHealth returns how each subscription stands.
func (s *Store) ListSubscriptionHealth(ctx context.Context) ([]clientele.SubscriptionHealth, error) {
	return s.subscriptionHealth(ctx, listHealth)
}

// ListProjectSubscriptionHealth returns how each subscription of a project stands.
func (s *Store) ListProjectSubscriptionHealth(ctx context.Context, project int64) ([]clientele.SubscriptionHealth, error) {
	return s.subscriptionHealth(ctx, listHealthIn, project)
}

func (s *Store) subscriptionHealth(ctx context.Context, query string, args ...any) ([]clientele.SubscriptionHealth, error) {
	var list []clientele.SubscriptionHealth
	err := s.query(ctx, "list health of subscriptions", func(ctx context.Context, pool *pgxpool.Pool) error {
		rows, err := pool.Query(ctx, query, args...)
		if err != nil {
			return err
		}
		list = nil
		var h clientele.SubscriptionHealth
		return eachRow(rows, []any{&h.ProjectID, &h.ID, &h.Disabled, &h.Due, (*instant)(&h.OldestChange)}, func() { list = append(list, h) })
	})
	if err != nil {
		return nil, fmt.Errorf("list health of subscriptions: %w", err)
	}
	return list, nil
}
