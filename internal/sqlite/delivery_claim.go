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

// ClaimDeliveries takes subscriptions that have something due under a claim, those first that have waited longest, and
// returns them with what is due. A subscription under a claim is nobody else's until that ends.
// Those returned with an error are under the claim nevertheless and have to be finished.
func (s *Store) ClaimDeliveries(ctx context.Context, c clientele.Claim, o clientele.DeliveryOrder) ([]clientele.Parcel, error) {
	parcels, err := s.claimDeliveries(ctx, c, o)
	if err != nil {
		return parcels, fmt.Errorf("claim deliveries: %w", classify(err))
	}
	return parcels, nil
}

func (s *Store) claimDeliveries(ctx context.Context, c clientele.Claim, o clientele.DeliveryOrder) ([]clientele.Parcel, error) {
	due, err := s.dueSubscriptions(ctx, c.At, o)
	if err != nil || len(due) == 0 {
		return nil, err
	}
	var parcels []clientele.Parcel
	err = s.transact(ctx, func(t *tx) error {
		for _, d := range due {
			sub, err := scanSubscription(t.row(`UPDATE subscription SET lease = ?, due_at = ?
				WHERE project_id = ? AND id = ? AND due_at <= ? AND disabled_at IS NULL AND deleted_at IS NULL
				RETURNING `+subscriptionColumns, c.Lease, c.Until.UnixMicro(), d.project, d.id, c.At.UnixMicro()))
			if errors.Is(err, sql.ErrNoRows) {
				continue // somebody else has it
			}
			if err != nil {
				return err
			}
			parcels = append(parcels, clientele.Parcel{Subscription: sub})
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	// Under the claim nobody else sends them: there is no need to keep the writer waiting for the rest.
	return parcels, s.pack(ctx, parcels, c.At, o.PerSubscription)
}

const (
	// selectDue selects what is due of one subscription, without the events.
	selectDue = `SELECT d.project_id, d.seq, d.id, d.subscription_id, d.event_seq, d.status, d.attempts, d.retries, d.due_at, d.created_at
		FROM delivery d WHERE d.project_id = ? AND d.subscription_id = ? AND d.status = 'due' AND d.due_at <= ?
		ORDER BY d.due_at, d.seq LIMIT ?`

	selectEvent = "SELECT event_type, subject_ids, first_at, at FROM event WHERE seq = ?"
)

// pack puts what is due into the parcels.
func (s *Store) pack(ctx context.Context, parcels []clientele.Parcel, at time.Time, perSubscription int) (err error) {
	conn, err := s.read.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	p := packer{events: map[int64]clientele.Event{}}
	if p.due, err = conn.PrepareContext(ctx, selectDue); err != nil {
		return err
	}
	defer p.due.Close()
	if p.event, err = conn.PrepareContext(ctx, selectEvent); err != nil {
		return err
	}
	defer p.event.Close()
	for i := range parcels {
		limit := perSubscription
		if !parcels[i].Subscription.FailingSince.IsZero() {
			limit = 1
		}
		if err := p.pack(ctx, &parcels[i], at, limit); err != nil {
			return err
		}
	}
	return nil
}

// packer fills parcels. Many subscriptions are sent the same events: each is read once, and makes only the parcel full that it was
// read for.
type packer struct {
	due, event *sql.Stmt
	events     map[int64]clientele.Event
}

func (p *packer) pack(ctx context.Context, parcel *clientele.Parcel, at time.Time, limit int) error {
	rows, err := p.due.QueryContext(ctx, parcel.Subscription.ProjectID, parcel.Subscription.ID, at.UnixMicro(), limit)
	if err != nil {
		return err
	}
	ids := 0
	err = collect(rows, func(rows *sql.Rows) error {
		var d clientele.Delivery
		var seq int64
		err := rows.Scan(&d.ProjectID, &d.Seq, &d.ID, &d.SubscriptionID, &seq, &d.Status, &d.Attempts, &d.Retries,
			instant{&d.DueAt}, instant{&d.CreatedAt})
		if err != nil {
			return err
		}
		e, shared := p.events[seq]
		if !shared {
			if e, err = p.readEvent(ctx, seq); err != nil {
				return err
			}
			p.events[seq] = e
			ids += len(e.SubjectIDs)
		}
		d.EventType, d.SubjectIDs, d.FirstAt, d.EventAt = e.EventType, e.SubjectIDs, e.FirstAt, e.At
		parcel.Deliveries = append(parcel.Deliveries, d)
		if ids >= clientele.MaxParcelIDs {
			return errFull
		}
		return nil
	})
	if errors.Is(err, errFull) {
		return nil
	}
	return err
}

func (p *packer) readEvent(ctx context.Context, seq int64) (e clientele.Event, err error) {
	var subjects []byte
	err = p.event.QueryRowContext(ctx, seq).Scan(&e.EventType, &subjects, instant{&e.FirstAt}, instant{&e.At})
	if err == nil {
		e.SubjectIDs, err = clientele.ParseIDs(subjects)
	}
	return e, err
}

// errFull ends the packing of one parcel.
var errFull = errors.New("parcel is full")

// dueSubscription names a subscription that has something due.
type dueSubscription struct {
	project int64
	id      string
}

func (s *Store) dueSubscriptions(ctx context.Context, at time.Time, o clientele.DeliveryOrder) ([]dueSubscription, error) {
	full, err := json.Marshal(append([]string{}, o.FullHosts...))
	if err != nil {
		return nil, err
	}
	var list []dueSubscription
	for _, class := range []struct {
		failing string
		limit   int
	}{{"IS NULL", o.Healthy}, {"IS NOT NULL", o.Failing}} {
		if class.limit <= 0 {
			continue
		}
		rows, err := s.read.QueryContext(ctx, `SELECT project_id, id, host FROM subscription
			WHERE due_at <= ? AND disabled_at IS NULL AND deleted_at IS NULL AND failing_since `+class.failing+`
			AND host NOT IN (SELECT value FROM json_each(?)) ORDER BY due_at LIMIT ?`, at.UnixMicro(), string(full), class.limit)
		if err != nil {
			return nil, err
		}
		err = collect(rows, func(rows *sql.Rows) error {
			var d dueSubscription
			var host string
			err := rows.Scan(&d.project, &d.id, &host)
			if err == nil && o.Admit(clientele.ProjectKey{ProjectID: d.project, Key: d.id}, host) {
				list = append(list, d)
			}
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return list, nil
}

// RenewDeliveries makes the lease's claims on the subscriptions hold until c.Until.
func (s *Store) RenewDeliveries(ctx context.Context, c clientele.Claim, subscriptions []clientele.ProjectKey) error {
	err := s.transact(ctx, func(t *tx) error {
		for _, key := range subscriptions {
			err := t.exec("UPDATE subscription SET due_at = ? WHERE project_id = ? AND id = ? AND lease = ? AND lease <> ''",
				c.Until.UnixMicro(), key.ProjectID, key.Key, c.Lease)
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("renew deliveries: %w", err)
	}
	return nil
}

// ReleaseDeliveries ends the lease's claims; with an empty lease everybody's, which is for a server that starts on a book
// that it has for itself.
func (s *Store) ReleaseDeliveries(ctx context.Context, lease string) error {
	err := s.transact(ctx, func(t *tx) error {
		return t.exec("UPDATE subscription SET lease = '', due_at = "+nextDue+" WHERE lease <> '' AND (lease = ?1 OR ?1 = '')", lease)
	})
	if err != nil {
		return fmt.Errorf("release deliveries: %w", err)
	}
	return nil
}

// NextDelivery returns when the next subscription has something due, or a claim ends; zero for never.
func (s *Store) NextDelivery(ctx context.Context) (time.Time, error) {
	var next time.Time
	err := s.read.QueryRowContext(ctx, `SELECT min(due_at) FROM (
		SELECT (SELECT min(due_at) FROM subscription WHERE due_at IS NOT NULL AND disabled_at IS NULL AND deleted_at IS NULL
			AND failing_since IS NULL) AS due_at
		UNION ALL
		SELECT (SELECT min(due_at) FROM subscription WHERE due_at IS NOT NULL AND disabled_at IS NULL AND deleted_at IS NULL
			AND failing_since IS NOT NULL))`).Scan(instant{&next})
	if err != nil {
		return next, fmt.Errorf("next delivery: %w", classify(err))
	}
	return next, nil
}

// FinishDeliveries records the attempts that were made under a claim and ends the claim on each subscription. A delivery
// that was delivered stays so. What a claim says about its subscription counts only while the claim holds.
// It may be called again with the same parcels when it is in doubt whether it took place: an attempt of the same delivery at
// the same time is the same, and is kept once; its parcel has had its effect.
func (s *Store) FinishDeliveries(ctx context.Context, lease string, parcels []clientele.SentParcel) error {
	err := s.transact(ctx, func(t *tx) error {
		for i := range parcels {
			if err := t.finishParcel(lease, &parcels[i]); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("finish deliveries of %d subscriptions: %w", len(parcels), err)
	}
	return nil
}

func (t *tx) finishParcel(lease string, p *clientele.SentParcel) error {
	if before, err := t.finishedBefore(p); before || err != nil {
		return err
	}
	if err := t.emptyAnswers(p); err != nil {
		return err
	}
	if err := t.recordAttempts(p.ProjectID, p.Sent); err != nil {
		return err
	}
	if p.Disable != "" {
		err := t.exec(`UPDATE subscription SET disabled_at = ?, disabled_reason = ?
			WHERE project_id = ? AND id = ? AND lease = ? AND disabled_at IS NULL`,
			p.At.UnixMicro(), p.Disable, p.ProjectID, p.SubscriptionID, lease)
		if err != nil {
			return err
		}
	}
	return t.exec("UPDATE subscription SET lease = '', failing_since = ?, due_at = "+nextDue+`
		WHERE project_id = ? AND id = ? AND lease = ?`, micros(p.FailingSince), p.ProjectID, p.SubscriptionID, lease)
}

// finishedBefore reports whether the parcel was recorded in an earlier transaction: then its first attempt is there.
func (t *tx) finishedBefore(p *clientele.SentParcel) (found bool, err error) {
	if len(p.Sent) == 0 {
		return false, nil
	}
	first := &p.Sent[0]
	err = t.one(`SELECT EXISTS (SELECT 1 FROM attempt WHERE project_id = ? AND delivery_id = ? AND number >= ? AND at = ?)`,
		[]any{p.ProjectID, first.DeliveryID, first.Attempt.Number, first.Attempt.At.UnixMicro()}, &found)
	return found, err
}

// row returns the only row of a query, as scanned later.
func (t *tx) row(query string, args ...any) rowScanner { return rowScanner{t, query, args} }

// rowScanner is a query whose only row is yet to be scanned.
type rowScanner struct {
	tx    *tx
	query string
	args  []any
}

// Scan implements what the scan functions take; sql.ErrNoRows when there is no row.
func (r rowScanner) Scan(dest ...any) error { return r.tx.one(r.query, r.args, dest...) }
