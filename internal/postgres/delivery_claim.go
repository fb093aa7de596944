package postgres

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"clientele"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// ClaimDeliveries takes subscriptions that have something due under a claim, those first that have waited longest, and
// returns them with what is due. A subscription under a claim is nobody else's until that ends.
// Those returned with an error are under the claim nevertheless and have to be finished.
func (s *Store) ClaimDeliveries(ctx context.Context, c clientele.Claim, o clientele.DeliveryOrder) ([]clientele.Parcel, error) {
	due, err := s.dueSubscriptions(ctx, c.At, o)
	var parcels []clientele.Parcel
	if err == nil && len(due) > 0 {
		parcels, err = s.claim(ctx, c, due)
	}
	if err == nil && len(parcels) > 0 {
		err = s.pack(ctx, parcels, c.At, o.PerSubscription)
	}
	if err != nil {
		return parcels, fmt.Errorf("claim deliveries: %w", err)
	}
	return parcels, nil
}

// dueSubscriptions, of those whose last attempt succeeded and of those whose last attempt failed.
const (
	dueHealthy = `SELECT project_id, id, host FROM subscription
		WHERE due_at <= $1 AND disabled_at IS NULL AND deleted_at IS NULL AND failing_since IS NULL
		AND host <> ALL($2::text[]) ORDER BY due_at LIMIT $3`

	dueFailing = `SELECT project_id, id, host FROM subscription
		WHERE due_at <= $1 AND disabled_at IS NULL AND deleted_at IS NULL AND failing_since IS NOT NULL
		AND host <> ALL($2::text[]) ORDER BY due_at LIMIT $3`
)

// dueSubscriptions returns the subscriptions that have something due and that the order admits.
func (s *Store) dueSubscriptions(ctx context.Context, at time.Time, o clientele.DeliveryOrder) ([]subscriptionKey, error) {
	type candidate struct {
		subscriptionKey
		host string
	}
	var found []candidate
	err := s.query(ctx, "look for deliveries", func(ctx context.Context, pool *pgxpool.Pool) error {
		found = nil
		p := &pgx.Batch{}
		var c candidate
		add := func(rows pgx.Rows) error {
			return eachRow(rows, []any{&c.project, &c.id, &c.host}, func() { found = append(found, c) })
		}
		if o.Healthy > 0 {
			p.Queue(dueHealthy, at, notNil(o.FullHosts), o.Healthy).Query(add)
		}
		if o.Failing > 0 {
			p.Queue(dueFailing, at, notNil(o.FullHosts), o.Failing).Query(add)
		}
		if p.Len() == 0 {
			return nil
		}
		return pool.SendBatch(ctx, p).Close()
	})
	var list []subscriptionKey
	for _, c := range found {
		if err == nil && o.Admit(clientele.ProjectKey{ProjectID: c.project, Key: c.id}, c.host) {
			list = append(list, c.subscriptionKey)
		}
	}
	return list, err
}

// claimSubscriptions passes over those that somebody is about to claim, or to gather for, and comes back for them.
const claimSubscriptions = `UPDATE subscription SET lease = $3, due_at = $4 WHERE project_id = $1 AND id = ANY(ARRAY(
		SELECT id FROM subscription WHERE project_id = $1 AND id = ANY($2::text[]) AND due_at <= $5
		AND disabled_at IS NULL AND deleted_at IS NULL ORDER BY id FOR NO KEY UPDATE SKIP LOCKED))
	RETURNING ` + subscriptionColumns

// claim puts subscriptions under a claim and returns those of which that was possible, in the same order.
func (s *Store) claim(ctx context.Context, c clientele.Claim, due []subscriptionKey) ([]clientele.Parcel, error) {
	byProject, place := map[int64][]string{}, map[subscriptionKey]int{}
	for i, key := range due {
		byProject[key.project] = append(byProject[key.project], key.id)
		place[key] = i
	}
	var parcels []clientele.Parcel
	// Not again when it is in doubt whether it took place: then the claim runs out.
	err := s.transact(ctx, "claim deliveries", func(ctx context.Context, tx pgx.Tx) error {
		parcels = nil
		p := &pgx.Batch{}
		for _, project := range slices.Sorted(maps.Keys(byProject)) {
			p.Queue(claimSubscriptions, project, byProject[project], c.Lease, c.Until, c.At).Query(func(rows pgx.Rows) error {
				list, err := pgx.CollectRows(rows, scanSubscription)
				for i := range list {
					parcels = append(parcels, clientele.Parcel{Subscription: list[i]})
				}
				return err
			})
		}
		return tx.SendBatch(ctx, p).Close()
	})
	if err != nil {
		return nil, err
	}
	slices.SortFunc(parcels, func(a, b clientele.Parcel) int {
		return place[subscriptionKey{a.Subscription.ProjectID, a.Subscription.ID}] - place[subscriptionKey{b.Subscription.ProjectID, b.Subscription.ID}]
	})
	return parcels, nil
}

// selectDue selects what is due of one subscription.
const selectDue = selectDelivery + `WHERE d.project_id = $1 AND d.subscription_id = $2 AND d.status = 'due' AND d.due_at <= $3
	ORDER BY d.due_at, d.seq LIMIT $4`

// pack puts what is due into the parcels.
func (s *Store) pack(ctx context.Context, parcels []clientele.Parcel, at time.Time, perSubscription int) error {
	return s.query(ctx, "read deliveries", func(ctx context.Context, pool *pgxpool.Pool) error {
		p := &pgx.Batch{}
		for i := range parcels {
			parcel, limit := &parcels[i], perSubscription
			if !parcel.Subscription.FailingSince.IsZero() {
				limit = 1
			}
			p.Queue(selectDue, parcel.Subscription.ProjectID, parcel.Subscription.ID, at, limit).Query(func(rows pgx.Rows) error {
				return fillParcel(parcel, rows)
			})
		}
		return pool.SendBatch(ctx, p).Close()
	})
}

// fillParcel takes deliveries until the parcel is full.
func fillParcel(parcel *clientele.Parcel, rows pgx.Rows) error {
	defer rows.Close()
	parcel.Deliveries = nil
	for ids := 0; ids < clientele.MaxParcelIDs && rows.Next(); {
		d, err := scanDelivery(rows)
		if err != nil {
			return err
		}
		parcel.Deliveries = append(parcel.Deliveries, d)
		ids += len(d.SubjectIDs)
	}
	rows.Close()
	return rows.Err()
}

const (
	leasedProjects = "SELECT DISTINCT project_id FROM subscription WHERE lease <> '' AND (lease = $1 OR $1 = '') ORDER BY project_id"

	renewLease = `UPDATE subscription SET due_at = $3 WHERE project_id = $1 AND id = ANY(ARRAY(
		SELECT id FROM subscription WHERE project_id = $1 AND id = ANY($4::text[]) AND lease = $2 AND lease <> ''
		ORDER BY id FOR NO KEY UPDATE))`

	lockLease = `SELECT id FROM subscription WHERE project_id = $1 AND lease <> '' AND (lease = $2 OR $2 = '')
		ORDER BY id FOR NO KEY UPDATE`

	releaseLease = "UPDATE subscription SET lease = '', due_at = " + nextDue + `
		WHERE project_id = $1 AND lease <> '' AND (lease = $2 OR $2 = '')`
)

// RenewDeliveries makes the lease's claims on the subscriptions hold until c.Until.
func (s *Store) RenewDeliveries(ctx context.Context, c clientele.Claim, subscriptions []clientele.ProjectKey) error {
	if len(subscriptions) == 0 {
		return nil
	}
	byProject := map[int64][]string{}
	for _, key := range subscriptions {
		byProject[key.ProjectID] = append(byProject[key.ProjectID], key.Key)
	}
	err := s.transactSafely(ctx, "renew deliveries", func(ctx context.Context, tx pgx.Tx) error {
		p := &pgx.Batch{}
		for _, project := range slices.Sorted(maps.Keys(byProject)) {
			p.Queue(renewLease, project, c.Lease, c.Until, byProject[project])
		}
		return tx.SendBatch(ctx, p).Close()
	})
	if err != nil {
		return fmt.Errorf("renew deliveries: %w", err)
	}
	return nil
}

// ReleaseDeliveries ends the lease's claims; with an empty lease everybody's, which is for a server that starts on a book
// that it has for itself.
func (s *Store) ReleaseDeliveries(ctx context.Context, lease string) error {
	err := s.eachLeased(ctx, lease, func(p *pgx.Batch, project int64) {
		p.Queue(lockLease, project, lease)
		p.Queue(releaseLease, project, lease)
	})
	if err != nil {
		return fmt.Errorf("release deliveries: %w", err)
	}
	return nil
}

// eachLeased does something in each project in which the lease has claims, in one transaction, one project after the other.
func (s *Store) eachLeased(ctx context.Context, lease string, queue func(p *pgx.Batch, project int64)) error {
	return s.transactSafely(ctx, "claims of deliveries", func(ctx context.Context, tx pgx.Tx) error {
		rows, err := tx.Query(ctx, leasedProjects, lease)
		if err != nil {
			return err
		}
		projects, err := pgx.CollectRows(rows, pgx.RowTo[int64])
		if err != nil || len(projects) == 0 {
			return err
		}
		p := &pgx.Batch{}
		for _, project := range projects {
			queue(p, project)
		}
		return tx.SendBatch(ctx, p).Close()
	})
}

const nextDelivery = `SELECT least(
	(SELECT min(due_at) FROM subscription WHERE due_at IS NOT NULL AND disabled_at IS NULL AND deleted_at IS NULL AND failing_since IS NULL),
	(SELECT min(due_at) FROM subscription WHERE due_at IS NOT NULL AND disabled_at IS NULL AND deleted_at IS NULL AND failing_since IS NOT NULL))`

// NextDelivery returns when the next subscription has something due, or a claim ends; zero for never.
func (s *Store) NextDelivery(ctx context.Context) (time.Time, error) {
	var next time.Time
	err := s.query(ctx, "next delivery", func(ctx context.Context, pool *pgxpool.Pool) error {
		return pool.QueryRow(ctx, nextDelivery).Scan((*instant)(&next))
	})
	if err != nil {
		return next, fmt.Errorf("next delivery: %w", err)
	}
	return next, nil
}
