package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"clientele"

	"github.com/go-json-experiment/json"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

const subscriptionColumns = `project_id, id, event_type, url, host, secret, omit_secret, signing_secret, previous_secret,
	previous_until, retry, request_timeout, created_at, cursor, failing_since, disabled_at, disabled_reason`

func scanSubscription(row pgx.CollectableRow) (clientele.Subscription, error) {
	var s clientele.Subscription
	var retry []byte
	var timeout int64
	err := row.Scan(&s.ProjectID, &s.ID, (*string)(&s.EventType), &s.URL, &s.Host, &s.Secret, &s.OmitSecret, &s.SigningSecret,
		&s.PreviousSecret, (*instant)(&s.PreviousUntil), &retry, &timeout, (*instant)(&s.CreatedAt), &s.Cursor,
		(*instant)(&s.FailingSince), (*instant)(&s.DisabledAt), &s.DisabledReason)
	if err != nil {
		return s, err
	}
	s.RequestTimeout = time.Duration(timeout) * time.Microsecond
	s.Retry, err = readDurations(retry)
	return s, err
}

// writeDurations returns durations as they are stored: a JSON array of microseconds.
func writeDurations(list []time.Duration) (string, error) {
	micros := make([]int64, len(list))
	for i, d := range list {
		micros[i] = d.Microseconds()
	}
	b, err := json.Marshal(micros)
	return string(b), err
}

func readDurations(text []byte) ([]time.Duration, error) {
	var micros []int64
	if err := json.Unmarshal(text, &micros); err != nil {
		return nil, err
	}
	var list []time.Duration
	for _, n := range micros {
		list = append(list, time.Duration(n)*time.Microsecond)
	}
	return list, nil
}

const insertSubscription = "INSERT INTO subscription (" + subscriptionColumns + `, deleted_at, lease, due_at)
	VALUES ($1, $2, $3, $4, $5, $6, $7, $8, '', NULL, $9::text::json, $10, $11, $12, NULL, NULL, '', NULL, '', NULL)`

// CreateSubscription stores a new subscription and returns it with its Cursor: the present end of the history. Every
// change that is committed after it is told of.
func (s *Store) CreateSubscription(ctx context.Context, sub clientele.Subscription) (clientele.Subscription, error) {
	return s.createSubscription(ctx, sub, func(context.Context, pgx.Tx) (string, error) { return "", nil })
}

// createSubscription makes a subscription unless before, which is asked in its transaction, names the one that was made already.
func (s *Store) createSubscription(
	ctx context.Context, sub clientele.Subscription, before func(context.Context, pgx.Tx) (id string, err error),
) (clientele.Subscription, error) {
	var known string
	retry, err := writeDurations(sub.Retry)
	if err == nil {
		err = s.again(ctx, "create subscription", func(ctx context.Context) error {
			if sub.Cursor, err = s.completeTo(ctx, sub.ProjectID); err != nil {
				return err
			}
			return s.transactOnce(ctx, func(ctx context.Context, tx pgx.Tx) error {
				if known, err = before(ctx, tx); err != nil || known != "" {
					return err
				}
				_, err := tx.Exec(ctx, insertSubscription, sub.ProjectID, sub.ID, string(sub.EventType), sub.URL, sub.Host, sub.Secret,
					sub.OmitSecret, sub.SigningSecret, retry, sub.RequestTimeout.Microseconds(), sub.CreatedAt, sub.Cursor)
				return err
			})
		})
	}
	if err != nil {
		return sub, fmt.Errorf("create subscription in project %d: %w", sub.ProjectID, err)
	}
	if known != "" {
		return clientele.Subscription{ID: known, ProjectID: sub.ProjectID}, nil
	}
	return sub, nil
}

// CreateSubscriptionOnce is CreateSubscription for a call that may be sent again: then it makes none, and returns ID and
// ProjectID of the one that the call made. The error is of kind conflict when the call's key was sent with another request.
func (s *Store) CreateSubscriptionOnce(
	ctx context.Context, sub clientele.Subscription, call clientele.Idempotency,
) (clientele.Subscription, error) {
	return s.createSubscription(ctx, sub, func(ctx context.Context, tx pgx.Tx) (string, error) {
		return rememberOnce(ctx, tx, sub.Remembered(call))
	})
}

const findSubscription = "SELECT " + subscriptionColumns + " FROM subscription WHERE project_id = $1 AND id = $2 AND deleted_at IS NULL"

// FindSubscription returns a subscription of the project; kind not_found when there is none.
func (s *Store) FindSubscription(ctx context.Context, project int64, id string) (clientele.Subscription, error) {
	list, err := s.subscriptions(ctx, findSubscription, project, id)
	if err != nil {
		return clientele.Subscription{}, fmt.Errorf("find subscription %s in project %d: %w", id, project, err)
	}
	if len(list) == 0 {
		return clientele.Subscription{}, errNoSubscription
	}
	return list[0], nil
}

func (s *Store) subscriptions(ctx context.Context, query string, args ...any) ([]clientele.Subscription, error) {
	var list []clientele.Subscription
	err := s.query(ctx, "read subscriptions", func(ctx context.Context, pool *pgxpool.Pool) error {
		rows, err := pool.Query(ctx, query, args...)
		if err != nil {
			return err
		}
		list, err = pgx.CollectRows(rows, scanSubscription)
		return err
	})
	return list, err
}

var errNoSubscription = clientele.Errorf(clientele.KindNotFound, "there is no such subscription")

// ListSubscriptions returns the subscriptions that the filter selects, oldest first in each project.
func (s *Store) ListSubscriptions(ctx context.Context, f clientele.SubscriptionFilter) ([]clientele.Subscription, error) {
	query, args := "SELECT "+subscriptionColumns+" FROM subscription WHERE deleted_at IS NULL", []any(nil)
	if f.ProjectID != 0 {
		args = append(args, f.ProjectID)
		query += fmt.Sprintf(" AND project_id = $%d", len(args))
	}
	if f.EventType != "" {
		args = append(args, string(f.EventType))
		query += fmt.Sprintf(" AND event_type = $%d", len(args))
	}
	list, err := s.subscriptions(ctx, query+" ORDER BY project_id, created_at, id", args...)
	if err != nil {
		return nil, fmt.Errorf("list subscriptions: %w", err)
	}
	return list, nil
}

// SetSubscriptionPolicies replaces the waits before retries and the bound of an attempt; kind not_found when there is no
// such subscription.
func (s *Store) SetSubscriptionPolicies(ctx context.Context, project int64, id string, retry []time.Duration, timeout time.Duration) error {
	text, err := writeDurations(retry)
	if err != nil {
		return fmt.Errorf("set policies of subscription %s: %w", id, err)
	}
	return s.changeSubscription(ctx, "set policies of", project, id, "retry = $3::text::json, request_timeout = $4", text, timeout.Microseconds())
}

// RotateSubscription gives a subscription a new signing secret; Subscription.Rotate tells what becomes of the others. Kind
// not_found when there is no such subscription, conflict when its secret is not the one to replace.
func (s *Store) RotateSubscription(ctx context.Context, project int64, id string, r clientele.SecretRotation) error {
	err := s.transactSafely(ctx, "rotate secret of subscription", func(ctx context.Context, tx pgx.Tx) error {
		if err := haveSubscription(ctx, tx, project, id); err != nil {
			return err
		}
		rows, err := tx.Query(ctx, findSubscription, project, id)
		if err != nil {
			return err
		}
		sub, err := pgx.CollectExactlyOneRow(rows, scanSubscription)
		if err != nil {
			return err
		}
		if err := sub.Rotate(r); err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `UPDATE subscription SET signing_secret = $3, previous_secret = $4, previous_until = $5
			WHERE project_id = $1 AND id = $2`, project, id, sub.SigningSecret, sub.PreviousSecret, sub.PreviousUntil)
		return err
	})
	if err != nil {
		return fmt.Errorf("rotate secret of subscription %s in project %d: %w", id, project, err)
	}
	return nil
}

// DeleteSubscription ends a subscription and forgets its secrets; its deliveries stay until they are forgotten. Kind
// not_found when there is no such subscription.
func (s *Store) DeleteSubscription(ctx context.Context, project int64, id string, at time.Time) error {
	return s.changeSubscription(ctx, "delete", project, id,
		"deleted_at = $3, due_at = NULL, lease = '', secret = '', signing_secret = '', previous_secret = ''", at)
}

// DisableSubscription stops serving a subscription, for a reason; what happens meanwhile is kept for it. Kind not_found
// when there is no such subscription.
func (s *Store) DisableSubscription(ctx context.Context, project int64, id, reason string, at time.Time) error {
	return s.changeSubscription(ctx, "disable", project, id, "disabled_at = coalesce(disabled_at, $3), disabled_reason = $4", at, reason)
}

// EnableSubscription serves a subscription again. Changes made since keptFrom are told of now; older ones are
// passed over, of those that were not gathered before. Kind not_found when there is no such subscription.
func (s *Store) EnableSubscription(ctx context.Context, project int64, id string, keptFrom time.Time) error {
	place, err := s.placeBefore(ctx, project, keptFrom)
	if err != nil {
		return fmt.Errorf("enable subscription %s in project %d: %w", id, project, err)
	}
	return s.changeSubscription(ctx, "enable", project, id, `disabled_at = NULL, disabled_reason = '', failing_since = NULL,
		cursor = greatest(cursor, $3), due_at = CASE WHEN lease <> '' THEN due_at ELSE `+nextDue+" END", place)
}

// nextDue is when the next delivery of a row of subscription is due. The row is locked before the statement begins, so that
// what was gathered meanwhile is seen.
const nextDue = `(SELECT min(d.due_at) FROM delivery d WHERE d.project_id = subscription.project_id
	AND d.subscription_id = subscription.id AND d.status = 'due')`

// RewindSubscription has every change told of again that was made since a time. Kind not_found when there is no such
// subscription.
func (s *Store) RewindSubscription(ctx context.Context, project int64, id string, since time.Time) error {
	place, err := s.placeBefore(ctx, project, since)
	if err != nil {
		return fmt.Errorf("rewind subscription %s in project %d: %w", id, project, err)
	}
	return s.changeSubscription(ctx, "rewind", project, id, "cursor = least(cursor, $3)", place)
}

const lockSubscription = "SELECT id FROM subscription WHERE project_id = $1 AND id = $2 AND deleted_at IS NULL FOR NO KEY UPDATE"

// haveSubscription locks a subscription. Whoever locks its deliveries, too, locks it first.
func haveSubscription(ctx context.Context, tx pgx.Tx, project int64, id string) error {
	err := tx.QueryRow(ctx, lockSubscription, project, id).Scan(&id)
	if errors.Is(err, pgx.ErrNoRows) {
		return errNoSubscription
	}
	return err
}

// changeSubscription sets columns of a subscription; args are $3 and so on.
func (s *Store) changeSubscription(ctx context.Context, what string, project int64, id, set string, args ...any) error {
	done := false
	err := s.transactSafely(ctx, what+" subscription", func(ctx context.Context, tx pgx.Tx) error {
		if err := haveSubscription(ctx, tx, project, id); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, "UPDATE subscription SET "+set+" WHERE project_id = $1 AND id = $2", append([]any{project, id}, args...)...)
		done = done || err == nil
		return err
	})
	if done && errors.Is(err, errNoSubscription) {
		err = nil // a delete that took place, though its answer was lost
	}
	if err != nil {
		return fmt.Errorf("%s subscription %s in project %d: %w", what, id, project, err)
	}
	return nil
}
