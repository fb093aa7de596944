package postgres

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"clientele"

	"github.com/jackc/pgx/v5"
)

// FinishDeliveries records the attempts that were made under a claim and ends the claim on each subscription. A delivery
// that was delivered stays so. What a claim says about its subscription counts only while the claim holds.
// It may be called again with the same parcels when it is in doubt whether it took place: an attempt of the same delivery at
// the same time is the same, and is kept once; its parcel has had its effect.
func (s *Store) FinishDeliveries(ctx context.Context, lease string, parcels []clientele.SentParcel) error {
	if len(parcels) == 0 {
		return nil
	}
	byProject := make([]*finishing, 0, 1)
	for i := range parcels {
		p := &parcels[i]
		at, found := slices.BinarySearchFunc(byProject, p.ProjectID, func(f *finishing, id int64) int { return cmp.Compare(f.project, id) })
		if !found {
			byProject = slices.Insert(byProject, at, &finishing{project: p.ProjectID, lease: lease})
		}
		byProject[at].parcels = append(byProject[at].parcels, p)
	}
	err := s.transactSafely(ctx, "finish deliveries", func(ctx context.Context, tx pgx.Tx) error {
		load, keep := &pgx.Batch{}, &pgx.Batch{}
		for _, f := range byProject {
			f.queueLoad(load)
		}
		if err := tx.SendBatch(ctx, load).Close(); err != nil {
			return err
		}
		for _, f := range byProject {
			f.queueKeep(keep)
		}
		return tx.SendBatch(ctx, keep).Close()
	})
	if err != nil {
		return fmt.Errorf("finish deliveries of %d subscriptions: %w", len(parcels), err)
	}
	return nil
}

// finishing is what a transaction records in one project.
type finishing struct {
	project int64
	lease   string
	parcels []*clientele.SentParcel

	left       []*clientele.SentParcel // those that were not recorded before
	held       map[string]bool         // the subscriptions on which the claim still holds
	deliveries map[string]*finishedDelivery
}

// finishedDelivery is a row of delivery.
type finishedDelivery struct {
	seq      int64
	status   string
	attempts int64
	retries  int64
	due      time.Time
	finished time.Time
}

const (
	lockHeld = `SELECT id FROM subscription WHERE project_id = $1 AND id = ANY($2::text[]) AND lease = $3
		ORDER BY id FOR NO KEY UPDATE`

	// lockDeliveries makes one descent for each delivery (see lockCustomers), in the order in which they are given.
	lockDeliveries = `SELECT d.* FROM unnest($2::text[]) AS k CROSS JOIN LATERAL
		(SELECT id, seq, status, attempts, retries, due_at, finished_at FROM delivery
		WHERE project_id = $1 AND id = k LIMIT 1 FOR NO KEY UPDATE) AS d`
)

func (f *finishing) queueLoad(p *pgx.Batch) {
	f.left, f.held, f.deliveries = f.parcels, map[string]bool{}, map[string]*finishedDelivery{}
	var subscriptions, sent []string
	for _, parcel := range f.parcels {
		subscriptions = append(subscriptions, parcel.SubscriptionID)
		for i := range parcel.Sent {
			sent = append(sent, parcel.Sent[i].DeliveryID)
		}
	}
	p.Queue(lockHeld, f.project, subscriptions, f.lease).Query(func(rows pgx.Rows) error {
		var id string
		return eachRow(rows, []any{&id}, func() { f.held[id] = true })
	})
	if len(sent) == 0 {
		return
	}
	defer f.queueFinishedBefore(p)
	p.Queue(toldOfErased, f.project, sent, clientele.CustomerChanged).Query(func(rows pgx.Rows) error {
		var id string
		return eachRow(rows, []any{&id}, func() { f.emptyAnswers(id) })
	})
	slices.Sort(sent)
	p.Queue(lockDeliveries, f.project, slices.Compact(sent)).Query(func(rows pgx.Rows) error {
		var id string
		var d finishedDelivery
		dest := []any{&id, &d.seq, &d.status, &d.attempts, &d.retries, (*instant)(&d.due), (*instant)(&d.finished)}
		return eachRow(rows, dest, func() { found := d; f.deliveries[id] = &found })
	})
}

// toldOfErased selects, of some deliveries, those of events that told of people who were erased. Where nobody was, it looks at nothing.
const toldOfErased = `SELECT d.id FROM delivery d JOIN event e ON e.project_id = d.project_id AND e.seq = d.event_seq
	WHERE d.project_id = $1 AND d.id = ANY($2::text[]) AND e.event_type = $3
	AND (SELECT max(at) FROM erasure WHERE project_id = $1) IS NOT NULL AND EXISTS (SELECT 1 FROM erasure
		WHERE project_id = $1 AND customer_id = ANY(ARRAY(SELECT json_array_elements_text(e.subject_ids)::bigint)))`

// emptyAnswers drops what receivers said to an event of people who were erased: it may be about them, and comes when their erasure
// has looked through the answers already.
func (f *finishing) emptyAnswers(delivery string) {
	for _, parcel := range f.parcels {
		parcel.EmptyAnswers(delivery)
	}
}

// finishedBefore is asked under the locks of the deliveries: a transaction that is lost has ended by then.
const finishedBefore = `SELECT k.id FROM unnest($2::text[], $3::bigint[], $4::timestamptz[]) AS k (id, number, at)
	CROSS JOIN LATERAL (SELECT number FROM attempt
		WHERE project_id = $1 AND delivery_id = k.id AND attempt.number >= k.number AND attempt.at = k.at LIMIT 1) AS a`

// queueFinishedBefore leaves out the parcels that were recorded in an earlier transaction: their first attempt is there.
func (f *finishing) queueFinishedBefore(p *pgx.Batch) {
	var ids []string
	var numbers []int64
	var times []time.Time
	for _, parcel := range f.parcels {
		if len(parcel.Sent) > 0 {
			first := &parcel.Sent[0]
			ids, numbers = append(ids, first.DeliveryID), append(numbers, int64(first.Attempt.Number))
			times = append(times, first.Attempt.At)
		}
	}
	p.Queue(finishedBefore, f.project, ids, numbers, times).Query(func(rows pgx.Rows) error {
		var id string
		before := map[string]bool{}
		err := eachRow(rows, []any{&id}, func() { before[id] = true })
		f.left = slices.DeleteFunc(slices.Clone(f.parcels), func(p *clientele.SentParcel) bool {
			return len(p.Sent) > 0 && before[p.Sent[0].DeliveryID]
		})
		return err
	})
}

func (f *finishing) queueKeep(p *pgx.Batch) {
	f.queueAttempts(p)
	f.queueDeliveries(p)
	f.queueSubscriptions(p)
}

const insertAttempts = `INSERT INTO attempt (project_id, delivery_id, number, at, duration, status_code, error_class, answer)
	SELECT $1, * FROM unnest($2::text[], $3::bigint[], $4::timestamptz[], $5::bigint[], $6::bigint[], $7::text[], $8::bytea[])`

// queueAttempts stores the attempts and counts them. A delivery that was forgotten meanwhile has none.
func (f *finishing) queueAttempts(p *pgx.Batch) {
	var ids, classes []string
	var numbers, durations, codes []int64
	var times []time.Time
	var answers [][]byte
	for _, parcel := range f.left {
		for i := range parcel.Sent {
			sent := &parcel.Sent[i]
			d := f.deliveries[sent.DeliveryID]
			if d == nil {
				continue
			}
			d.add(sent)
			a := &sent.Attempt
			ids, numbers, times = append(ids, sent.DeliveryID), append(numbers, d.attempts), append(times, a.At)
			durations, codes = append(durations, a.Duration.Microseconds()), append(codes, int64(a.StatusCode))
			classes, answers = append(classes, a.ErrorClass), append(answers, append([]byte{}, a.Answer...))
		}
	}
	if len(ids) > 0 {
		p.Queue(insertAttempts, f.project, ids, numbers, times, durations, codes, classes, answers)
	}
}

// add makes of a delivery what it is after another attempt.
func (d *finishedDelivery) add(sent *clientele.SentDelivery) {
	d.attempts++
	if sent.Status != clientele.DeliveryDelivered {
		d.retries++
	}
	var finished time.Time
	d.due = sent.DueAt
	if sent.Status != clientele.DeliveryDue {
		d.due, finished = sent.Attempt.At, sent.Attempt.At.Add(sent.Attempt.Duration)
	}
	if d.status != string(clientele.DeliveryDelivered) {
		d.status, d.finished = string(sent.Status), finished
	}
}

const updateDeliveries = `UPDATE delivery d SET status = v.status, attempts = v.attempts, retries = v.retries,
		due_at = v.due_at, finished_at = v.finished_at
	FROM unnest($2::bigint[], $3::text[], $4::bigint[], $5::bigint[], $6::timestamptz[], $7::timestamptz[])
		AS v (seq, status, attempts, retries, due_at, finished_at)
	WHERE d.project_id = $1 AND d.seq = ANY($2::bigint[]) AND d.seq = v.seq`

func (f *finishing) queueDeliveries(p *pgx.Batch) {
	var seqs, attempts, retries []int64
	var statuses []string
	var due []time.Time
	var finished []*time.Time
	for _, d := range f.deliveries {
		seqs, statuses = append(seqs, d.seq), append(statuses, d.status)
		attempts, retries = append(attempts, d.attempts), append(retries, d.retries)
		due, finished = append(due, d.due), append(finished, at(d.finished))
	}
	if len(seqs) > 0 {
		p.Queue(updateDeliveries, f.project, seqs, statuses, attempts, retries, due, finished)
	}
}

const finishSubscriptions = `UPDATE subscription SET lease = '', failing_since = v.failing_since, due_at = ` + nextDue + `,
		disabled_reason = CASE WHEN disabled_at IS NULL AND disable <> '' THEN disable ELSE disabled_reason END,
		disabled_at = CASE WHEN disable <> '' THEN coalesce(disabled_at, v.at) ELSE disabled_at END
	FROM unnest($2::text[], $3::timestamptz[], $4::text[], $5::timestamptz[]) AS v (id, failing_since, disable, at)
	WHERE subscription.project_id = $1 AND subscription.id = ANY($2::text[]) AND subscription.id = v.id`

// queueSubscriptions ends the claims that still hold.
func (f *finishing) queueSubscriptions(p *pgx.Batch) {
	var ids, disable []string
	var failing []*time.Time
	var times []time.Time
	for _, parcel := range f.left {
		if !f.held[parcel.SubscriptionID] {
			continue
		}
		delete(f.held, parcel.SubscriptionID) // of two parcels, the second has no claim any more
		ids, disable = append(ids, parcel.SubscriptionID), append(disable, parcel.Disable)
		failing, times = append(failing, at(parcel.FailingSince)), append(times, parcel.At)
	}
	if len(ids) > 0 {
		p.Queue(finishSubscriptions, f.project, ids, failing, disable, times)
	}
}
