package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"clientele"
)

const subscriptionColumns = `project_id, id, event_type, url, host, secret, omit_secret, signing_secret, previous_secret,
	previous_until, retry, request_timeout, created_at, cursor, failing_since, disabled_at, disabled_reason`

func scanSubscription(row interface{ Scan(...any) error }) (clientele.Subscription, error) {
	var s clientele.Subscription
	var retry string
	var timeout int64
	err := row.Scan(&s.ProjectID, &s.ID, &s.EventType, &s.URL, &s.Host, &s.Secret, &s.OmitSecret, &s.SigningSecret,
		&s.PreviousSecret, instant{&s.PreviousUntil}, &retry, &timeout, instant{&s.CreatedAt}, &s.Cursor,
		instant{&s.FailingSince}, instant{&s.DisabledAt}, &s.DisabledReason)
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

func readDurations(text string) ([]time.Duration, error) {
	var micros []int64
	if err := json.Unmarshal([]byte(text), &micros); err != nil {
		return nil, err
	}
	var list []time.Duration
	for _, n := range micros {
		list = append(list, time.Duration(n)*time.Microsecond)
	}
	return list, nil
}

// CreateSubscription stores a new subscription and returns it with its Cursor: the present end of the history. Every
// change that is committed after it is told of.
func (s *Store) CreateSubscription(ctx context.Context, sub clientele.Subscription) (clientele.Subscription, error) {
	retry, err := writeDurations(sub.Retry)
	if err != nil {
		return sub, fmt.Errorf("create subscription in project %d: %w", sub.ProjectID, err)
	}
	err = s.transact(ctx, func(t *tx) error { return t.insertSubscription(&sub, retry) })
	if err != nil {
		return sub, fmt.Errorf("create subscription in project %d: %w", sub.ProjectID, err)
	}
	return sub, nil
}

// CreateSubscriptionOnce is CreateSubscription for a call that may be sent again: then it makes none, and returns ID and
// ProjectID of the one that the call made. The error is of kind conflict when the call's key was sent with another request.
func (s *Store) CreateSubscriptionOnce(
	ctx context.Context, sub clientele.Subscription, call clientele.Idempotency,
) (clientele.Subscription, error) {
	retry, err := writeDurations(sub.Retry)
	if err != nil {
		return sub, fmt.Errorf("create subscription in project %d: %w", sub.ProjectID, err)
	}
	made := sub
	err = s.transact(ctx, func(t *tx) error {
		var before *clientele.IdempotencyRecord
		err := t.findRemembered(sub.ProjectID, &call, func(r clientele.IdempotencyRecord) { before = &r })
		if err != nil {
			return err
		}
		if before != nil {
			if again, err := call.IsRepeatOf(before, sub.CreatedAt); err != nil || again {
				made = clientele.Subscription{ID: before.Reference, ProjectID: sub.ProjectID}
				return err
			}
		}
		if err := t.insertSubscription(&made, retry); err != nil {
			return err
		}
		return t.insertRemembered([]*clientele.IdempotencyRecord{made.Remembered(call)})
	})
	if err != nil {
		return sub, fmt.Errorf("create subscription in project %d: %w", sub.ProjectID, err)
	}
	return made, nil
}

func (t *tx) insertSubscription(sub *clientele.Subscription, retry string) error {
	if err := t.one("SELECT coalesce(max(seq), 0) FROM change", nil, &sub.Cursor); err != nil {
		return err
	}
	return t.exec("INSERT INTO subscription ("+subscriptionColumns+`, deleted_at, lease, due_at)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, '', NULL, ?, ?, ?, ?, NULL, NULL, '', NULL, '', NULL)`,
		sub.ProjectID, sub.ID, string(sub.EventType), sub.URL, sub.Host, sub.Secret, sub.OmitSecret, sub.SigningSecret,
		retry, sub.RequestTimeout.Microseconds(), sub.CreatedAt.UnixMicro(), sub.Cursor)
}

// FindSubscription returns a subscription of the project; kind not_found when there is none.
func (s *Store) FindSubscription(ctx context.Context, project int64, id string) (clientele.Subscription, error) {
	sub, err := scanSubscription(s.read.QueryRowContext(ctx, "SELECT "+subscriptionColumns+
		" FROM subscription WHERE project_id = ? AND id = ? AND deleted_at IS NULL", project, id))
	if errors.Is(err, sql.ErrNoRows) {
		return sub, errNoSubscription
	}
	if err != nil {
		return sub, fmt.Errorf("find subscription %s in project %d: %w", id, project, classify(err))
	}
	return sub, nil
}

var errNoSubscription = clientele.Errorf(clientele.KindNotFound, "there is no such subscription")

// ListSubscriptions returns the subscriptions that the filter selects, oldest first in each project.
func (s *Store) ListSubscriptions(ctx context.Context, f clientele.SubscriptionFilter) ([]clientele.Subscription, error) {
	query, args := "SELECT "+subscriptionColumns+" FROM subscription WHERE deleted_at IS NULL", []any(nil)
	if f.ProjectID != 0 {
		query, args = query+" AND project_id = ?", append(args, f.ProjectID)
	}
	if f.EventType != "" {
		query, args = query+" AND event_type = ?", append(args, string(f.EventType))
	}
	rows, err := s.read.QueryContext(ctx, query+" ORDER BY project_id, created_at, id", args...)
	if err != nil {
		return nil, fmt.Errorf("list subscriptions: %w", classify(err))
	}
	var list []clientele.Subscription
	err = collect(rows, func(rows *sql.Rows) error {
		sub, err := scanSubscription(rows)
		list = append(list, sub)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list subscriptions: %w", classify(err))
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
	return s.changeSubscription(ctx, "set policies of", project, id, "retry = ?, request_timeout = ?", text, timeout.Microseconds())
}

// RotateSubscription gives a subscription a new signing secret; Subscription.Rotate tells what becomes of the others. Kind
// not_found when there is no such subscription, conflict when its secret is not the one to replace.
func (s *Store) RotateSubscription(ctx context.Context, project int64, id string, r clientele.SecretRotation) error {
	err := s.transact(ctx, func(t *tx) error {
		sub, err := scanSubscription(t.row("SELECT "+subscriptionColumns+
			" FROM subscription WHERE project_id = ? AND id = ? AND deleted_at IS NULL", project, id))
		if errors.Is(err, sql.ErrNoRows) {
			return errNoSubscription
		}
		if err != nil {
			return err
		}
		if err := sub.Rotate(r); err != nil {
			return err
		}
		return t.exec(`UPDATE subscription SET signing_secret = ?, previous_secret = ?, previous_until = ?
			WHERE project_id = ? AND id = ?`, sub.SigningSecret, sub.PreviousSecret, sub.PreviousUntil.UnixMicro(), project, id)
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
		"deleted_at = ?, due_at = NULL, lease = '', secret = '', signing_secret = '', previous_secret = ''", at.UnixMicro())
}

// DisableSubscription stops serving a subscription, for a reason; what happens meanwhile is kept for it. Kind not_found
// when there is no such subscription.
func (s *Store) DisableSubscription(ctx context.Context, project int64, id, reason string, at time.Time) error {
	return s.changeSubscription(ctx, "disable", project, id, "disabled_at = coalesce(disabled_at, ?), disabled_reason = ?",
		at.UnixMicro(), reason)
}

// EnableSubscription serves a subscription again. Changes made since keptFrom are told of now; older ones are
// passed over, of those that were not gathered before. Kind not_found when there is no such subscription.
func (s *Store) EnableSubscription(ctx context.Context, project int64, id string, keptFrom time.Time) error {
	place, err := s.placeBefore(ctx, keptFrom)
	if err != nil {
		return fmt.Errorf("enable subscription %s in project %d: %w", id, project, classify(err))
	}
	err = s.transact(ctx, func(t *tx) error {
		r, err := t.execResult(`UPDATE subscription SET disabled_at = NULL, disabled_reason = '', failing_since = NULL,
			cursor = max(cursor, ?1), due_at = CASE WHEN lease <> '' THEN due_at ELSE `+nextDue+` END
			WHERE project_id = ?2 AND id = ?3 AND deleted_at IS NULL`, place, project, id)
		return foundSubscription(r, err)
	})
	if err != nil {
		return fmt.Errorf("enable subscription %s in project %d: %w", id, project, err)
	}
	return nil
}

// nextDue is when the next delivery of a row of subscription is due.
const nextDue = `(SELECT min(d.due_at) FROM delivery d WHERE d.project_id = subscription.project_id
	AND d.subscription_id = subscription.id AND d.status = 'due')`

// RewindSubscription has every change told of again that was made since a time. Kind not_found when there is no such
// subscription.
func (s *Store) RewindSubscription(ctx context.Context, project int64, id string, since time.Time) error {
	place, err := s.placeBefore(ctx, since)
	if err != nil {
		return fmt.Errorf("rewind subscription %s in project %d: %w", id, project, classify(err))
	}
	err = s.transact(ctx, func(t *tx) error {
		r, err := t.execResult(`UPDATE subscription SET cursor = min(cursor, ?)
			WHERE project_id = ? AND id = ? AND deleted_at IS NULL`, place, project, id)
		return foundSubscription(r, err)
	})
	if err != nil {
		return fmt.Errorf("rewind subscription %s in project %d: %w", id, project, err)
	}
	return nil
}

// disorder is how much the times of changes may be out of order: a change has the time at which its request was read, and
// the sequence of its commit.
const disorder = time.Minute

// placeBefore returns the sequence of a change behind which all changes since a time lie. It reads the history backwards.
func (s *Store) placeBefore(ctx context.Context, since time.Time) (int64, error) {
	var seq int64
	err := s.read.QueryRowContext(ctx, "SELECT seq FROM change WHERE at < ? ORDER BY seq DESC LIMIT 1",
		since.Add(-disorder).UnixMicro()).Scan(&seq)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil
	}
	return seq, err
}

func (s *Store) changeSubscription(ctx context.Context, what string, project int64, id, set string, args ...any) error {
	err := s.transact(ctx, func(t *tx) error {
		r, err := t.execResult("UPDATE subscription SET "+set+" WHERE project_id = ? AND id = ? AND deleted_at IS NULL",
			append(args, project, id)...)
		return foundSubscription(r, err)
	})
	if err != nil {
		return fmt.Errorf("%s subscription %s in project %d: %w", what, id, project, err)
	}
	return nil
}

func foundSubscription(r sql.Result, err error) error {
	if err != nil {
		return err
	}
	if n, err := r.RowsAffected(); err != nil || n == 0 {
		return errors.Join(err, errNoSubscription)
	}
	return nil
}

// ListSubscriptionHealth returns how each subscription stands.
func (s *Store) ListSubscriptionHealth(ctx context.Context) ([]clientele.SubscriptionHealth, error) {
	return s.subscriptionHealth(ctx, "")
}

// ListProjectSubscriptionHealth returns how each subscription of a project stands.
func (s *Store) ListProjectSubscriptionHealth(ctx context.Context, project int64) ([]clientele.SubscriptionHealth, error) {
	return s.subscriptionHealth(ctx, " AND s.project_id = ?", project)
}

func (s *Store) subscriptionHealth(ctx context.Context, which string, args ...any) ([]clientele.SubscriptionHealth, error) {
	rows, err := s.read.QueryContext(ctx, `SELECT h.project_id, h.id, h.disabled, h.due,
			(SELECT e.first_at FROM delivery o JOIN event e ON e.seq = o.event_seq WHERE o.seq = h.oldest)
		FROM (SELECT s.project_id, s.id, s.disabled_at IS NOT NULL AS disabled, count(d.seq) AS due, min(d.seq) AS oldest
			FROM subscription s LEFT JOIN delivery d
				ON d.project_id = s.project_id AND d.subscription_id = s.id AND d.status = 'due'
			WHERE s.deleted_at IS NULL`+which+` GROUP BY s.project_id, s.id) h
		ORDER BY h.project_id, h.id`, args...)
	if err != nil {
		return nil, fmt.Errorf("list health of subscriptions: %w", classify(err))
	}
	var list []clientele.SubscriptionHealth
	err = collect(rows, func(rows *sql.Rows) error {
		var h clientele.SubscriptionHealth
		err := rows.Scan(&h.ProjectID, &h.ID, &h.Disabled, &h.Due, instant{&h.OldestChange})
		list = append(list, h)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list health of subscriptions: %w", classify(err))
	}
	return list, nil
}
