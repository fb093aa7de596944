package postgres

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"clientele"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

const (
	keepErasureKey = "INSERT INTO erasure_key (id, secret, created_at) VALUES (1, $1, $2) ON CONFLICT (id) DO NOTHING"
	findErasureKey = "SELECT secret FROM erasure_key WHERE id = 1"

	// findMarks makes one descent for each mark (see lockCustomers).
	findMarks = `SELECT m.* FROM unnest($2::bytea[]) AS k CROSS JOIN LATERAL (SELECT mark, customer_id, at FROM erasure_mark
		WHERE project_id = $1 AND mark = k ORDER BY customer_id DESC LIMIT 16) AS m`
)

// EnsureErasureKey keeps the key that marks of erased people are made with, unless the book has one already.
func (s *Store) EnsureErasureKey(ctx context.Context, key []byte, at time.Time) error {
	err := s.transactSafely(ctx, "keep the key of erasures", func(ctx context.Context, tx pgx.Tx) error {
		_, err := tx.Exec(ctx, keepErasureKey, key, at)
		return err
	})
	if err != nil {
		return fmt.Errorf("keep the key of erasures: %w", err)
	}
	return nil
}

// queueLoadErased asks for what the book knows of erased people that the writes may concern. It comes behind the customers: one
// that is found to be gone has left its marks. As long as this server knows of no key, it asks whether there is one, and
// loadMarks asks for the rest.
func (t *commit) queueLoadErased(p *pgx.Batch) {
	if !t.batch.AsksForErased() {
		return
	}
	if key := t.store.erasureKey.Load(); key != nil {
		t.batch.UseErasureKey(*key)
		t.queueLoadMarks(p)
		return
	}
	p.Queue(findErasureKey).Query(func(rows pgx.Rows) error {
		return eachRow(rows, []any{&t.firstKey}, func() {})
	})
}

// loadMarks is the second part of queueLoadErased, until this server knows the key.
func (t *commit) loadMarks(ctx context.Context) error {
	if t.firstKey == nil {
		return nil
	}
	t.batch.UseErasureKey(t.firstKey)
	p := &pgx.Batch{}
	t.queueLoadMarks(p)
	return t.conn.SendBatch(ctx, p).Close()
}

// keepErasureKey gives the store the key that the batch found. The transaction must be known to have been committed, and only with
// its mark is the key on the standby: a failover may take back one that was merely read, and the book is given another.
func (t *commit) keepErasureKey() {
	if t.marked && t.firstKey != nil {
		key := t.firstKey
		t.store.erasureKey.Store(&key)
	}
}

func (t *commit) queueLoadMarks(p *pgx.Batch) {
	for project, marks := range t.batch.Marks() {
		p.Queue(findMarks, project, markArray(marks)).Query(func(rows pgx.Rows) error {
			return eachMarked(rows, func(m clientele.Mark, e clientele.MarkedErasure) { t.batch.LoadMarked(project, m, e) })
		})
	}
}

// markArray returns marks as the argument of findMarks.
func markArray(marks []clientele.Mark) [][]byte {
	list := make([][]byte, len(marks))
	for i := range marks {
		list[i] = marks[i][:]
	}
	return list
}

func eachMarked(rows pgx.Rows, each func(clientele.Mark, clientele.MarkedErasure)) error {
	var mark []byte
	var e clientele.MarkedErasure
	return eachRow(rows, []any{&mark, &e.CustomerID, (*instant)(&e.At)}, func() { each(clientele.Mark(mark), e) })
}

// FindErased returns the erasures of customers of the project who were known by one of the identifiers.
func (s *Store) FindErased(ctx context.Context, project int64, ids []clientele.Identifier) ([]clientele.MarkedErasure, error) {
	var list []clientele.MarkedErasure
	err := s.query(ctx, "find erasures", func(ctx context.Context, pool *pgxpool.Pool) error {
		list = nil
		var key []byte
		if err := pool.QueryRow(ctx, findErasureKey).Scan(&key); err != nil {
			if errors.Is(err, pgx.ErrNoRows) {
				return nil
			}
			return err
		}
		rows, err := pool.Query(ctx, findMarks, project, markArray(clientele.MarksOf(key, project, ids)))
		if err != nil {
			return err
		}
		return eachMarked(rows, func(_ clientele.Mark, e clientele.MarkedErasure) { list = append(list, e) })
	})
	if err != nil {
		return nil, fmt.Errorf("find erasures in project %d: %w", project, err)
	}
	return list, nil
}

const (
	deleteCustomer  = "DELETE FROM customer WHERE project_id = $1 AND id = $2"
	deleteAddresses = "DELETE FROM address WHERE project_id = $1 AND customer_id = $2"
	emptyHistory    = "UPDATE change SET new_values = '{}' WHERE project_id = $1 AND subject = 'customer' AND subject_id = $2"
	forgetVisits    = "UPDATE lead SET ip = NULL, user_agent = NULL WHERE project_id = $1 AND ip = $2"
	emptySubmission = `UPDATE submission SET payload = '{}', target = CASE WHEN target = $3 THEN target ELSE '' END, lease = '',
		status = CASE WHEN finished_at IS NULL THEN $4 ELSE status END,
		failure = CASE WHEN finished_at IS NULL THEN $5 ELSE failure END, finished_at = coalesce(finished_at, $6)
		WHERE project_id = $1 AND id = $2`
	emptyFinished  = "UPDATE submission SET payload = '{}' WHERE project_id = $1 AND id = $2"
	forgetErased   = "DELETE FROM remembered_call WHERE project_id = $1 AND key = $2 AND credential_id = $3"
	emptyAnswers   = "UPDATE attempt SET answer = '' WHERE project_id = $1 AND delivery_id = $2"
	deleteRefusals = "DELETE FROM refusal WHERE id = ANY($1) AND project_id IN (0, $2)"

	erasureColumns = `project_id, customer_id, at, asked_by, addresses, changes, submissions, calls, answers, refusals, held_back,
		returned_as, returned_at`
	insertErasure     = "INSERT INTO erasure (" + erasureColumns + ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 0, 0, NULL)"
	insertErasureMark = "INSERT INTO erasure_mark (project_id, mark, customer_id, at) VALUES ($1, $2, $3, $4)"
	noticeErasure     = `UPDATE erasure SET held_back = held_back + $3, returned_at = CASE WHEN returned_as = 0 THEN $5 ELSE returned_at END,
		returned_as = CASE WHEN returned_as = 0 THEN $4 ELSE returned_as END WHERE project_id = $1 AND customer_id = $2`
)

// queueErased deletes the customers that the batch erases, before anybody takes their keys.
func queueErased(p *pgx.Batch, list []*clientele.ErasedCustomer) {
	for _, e := range list {
		p.Queue(deleteAddresses, e.Record.ProjectID, e.Record.CustomerID)
		p.Queue(deleteCurrentPlace, e.Record.ProjectID, e.Record.CustomerID)
		p.Queue(deleteCustomer, e.Record.ProjectID, e.Record.CustomerID)
	}
}

// queueErasures empties what is left of the erased, records the erasures, and tells earlier ones of what came later.
func queueErasures(p *pgx.Batch, effects *clientele.ErasureEffects) {
	for _, e := range effects.Erased {
		queueEmptyRows(p, &e.Record, &e.Rows)
		if e.Record.AskedBy != "" {
			queueErasure(p, e)
		}
	}
	for _, n := range effects.Notices {
		p.Queue(noticeErasure, n.ProjectID, n.CustomerID, n.HeldBack, n.Returned.ReturnedAs, at(n.Returned.ReturnedAt))
	}
	for _, key := range effects.EmptiedSubmissions {
		p.Queue(emptyFinished, key.ProjectID, key.Key)
	}
}

func queueErasure(p *pgx.Batch, e *clientele.ErasedCustomer) {
	r := &e.Record
	p.Queue(emptyHistory, r.ProjectID, r.CustomerID)
	p.Queue(forgetTerms, r.ProjectID, clientele.TermBlock(r.CustomerID), r.CustomerID)
	p.Queue(forgetTermList, r.ProjectID, r.CustomerID)
	for _, ip := range e.IPs {
		p.Queue(forgetVisits, r.ProjectID, ip)
	}
	p.Queue(insertErasure, r.ProjectID, r.CustomerID, r.At, r.AskedBy, r.Addresses, r.Changes, r.Submissions, r.Calls, r.Answers, r.Refusals)
	for i := range e.Marks {
		p.Queue(insertErasureMark, r.ProjectID, e.Marks[i][:], r.CustomerID, r.At)
	}
}

// queueEmptyRows empties or deletes what else tells of the person.
func queueEmptyRows(p *pgx.Batch, r *clientele.Erasure, rows *clientele.ErasedRows) {
	for _, id := range rows.Submissions {
		p.Queue(emptySubmission, r.ProjectID, id, strconv.FormatInt(r.CustomerID, 10), string(clientele.Failed),
			string(clientele.PersonErased), r.At)
	}
	for i := range rows.Calls {
		p.Queue(forgetErased, r.ProjectID, rows.Calls[i].Key, rows.Calls[i].CredentialID)
	}
	for _, id := range rows.Deliveries {
		p.Queue(emptyAnswers, r.ProjectID, id)
	}
	if len(rows.Refusals) > 0 {
		p.Queue(deleteRefusals, rows.Refusals, r.ProjectID)
	}
}

const (
	listErasures = "SELECT " + erasureColumns + ` FROM erasure WHERE project_id = $1 AND (at, customer_id) < ($2, $3)
		ORDER BY at DESC, customer_id DESC LIMIT $4`
	newestErasures = "SELECT " + erasureColumns + " FROM erasure WHERE project_id = $1 ORDER BY at DESC, customer_id DESC LIMIT $2"
	erasureOf      = "SELECT " + erasureColumns + " FROM erasure WHERE project_id = $1 AND customer_id = $2 LIMIT $3"
)

// ListErasures returns the erasures that the query selects, the newest first.
func (s *Store) ListErasures(ctx context.Context, q clientele.ErasureQuery) ([]clientele.Erasure, error) {
	query, args := newestErasures, []any{q.ProjectID, q.Limit}
	switch {
	case q.CustomerID != 0:
		query, args = erasureOf, []any{q.ProjectID, q.CustomerID, q.Limit}
	case q.Before != nil:
		query, args = listErasures, []any{q.ProjectID, q.Before.At, q.Before.ID, q.Limit}
	}
	var list []clientele.Erasure
	err := s.query(ctx, "list erasures", func(ctx context.Context, pool *pgxpool.Pool) error {
		list = nil
		rows, err := pool.Query(ctx, query, args...)
		if err != nil {
			return err
		}
		var e clientele.Erasure
		dest := []any{
			&e.ProjectID, &e.CustomerID, (*instant)(&e.At), &e.AskedBy, &e.Addresses, &e.Changes, &e.Submissions, &e.Calls, &e.Answers,
			&e.Refusals, &e.HeldBack, &e.ReturnedAs, (*instant)(&e.ReturnedAt),
		}
		return eachRow(rows, dest, func() { list = append(list, e) })
	})
	if err != nil {
		return nil, fmt.Errorf("list erasures of project %d: %w", q.ProjectID, err)
	}
	return list, nil
}

const forgetErasureMarks = `DELETE FROM erasure_mark WHERE project_id = $1 AND (mark, customer_id) IN
	(SELECT mark, customer_id FROM erasure_mark WHERE project_id = $1 AND at < $2 ORDER BY at LIMIT $3)`

// ForgetErasureMarks deletes at most limit marks of erasures from before the given time and returns how many: what comes of
// those people from then on is not noticed any more.
func (s *Store) ForgetErasureMarks(ctx context.Context, before time.Time, limit int) (int64, error) {
	deleted, err := s.forget(ctx, "forget marks of erasures", limit, func(ctx context.Context, tx pgx.Tx, project int64, limit int) (int64, error) {
		tag, err := tx.Exec(ctx, forgetErasureMarks, project, before, limit)
		return tag.RowsAffected(), err
	})
	if err != nil {
		return 0, fmt.Errorf("forget marks of erasures: %w", err)
	}
	return deleted, nil
}
