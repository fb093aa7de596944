package sqlite

import (
	"context"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"clientele"
)

const (
	findErasureKey = "SELECT secret FROM erasure_key WHERE id = 1"
	findMarks      = `SELECT m.mark, m.customer_id, m.at FROM json_each(?2) AS k CROSS JOIN erasure_mark AS m
		ON m.project_id = ?1 AND m.mark = unhex(k.value)`
)

// EnsureErasureKey keeps the key that marks of erased people are made with, unless the book has one already.
func (s *Store) EnsureErasureKey(ctx context.Context, key []byte, at time.Time) error {
	err := s.transact(ctx, func(t *tx) error {
		return t.exec("INSERT INTO erasure_key (id, secret, created_at) VALUES (1, ?, ?) ON CONFLICT DO NOTHING", key, at.UnixMicro())
	})
	if err != nil {
		return fmt.Errorf("keep the key of erasures: %w", err)
	}
	return nil
}

// loadErased hands the batch what the book knows of erased people that the writes may concern. A book in which nobody was
// erased has no key, and that is all that is asked for.
func (t *tx) loadErased(b *clientele.Batch) error {
	if !b.AsksForErased() {
		return nil
	}
	var key []byte
	if err := t.one(findErasureKey, nil, &key); err != nil {
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		return fmt.Errorf("find the key of erasures: %w", err)
	}
	b.UseErasureKey(key)
	for project, marks := range b.Marks() {
		rows, err := t.query(findMarks, project, marksJSON(marks))
		if err == nil {
			err = eachMarked(rows, func(m clientele.Mark, e clientele.MarkedErasure) { b.LoadMarked(project, m, e) })
		}
		if err != nil {
			return fmt.Errorf("load marks: %w", err)
		}
	}
	return nil
}

// marksJSON returns marks as the argument of findMarks.
func marksJSON(marks []clientele.Mark) string {
	list := []byte{'['}
	for i := range marks {
		if i > 0 {
			list = append(list, ',')
		}
		list = append(hex.AppendEncode(append(list, '"'), marks[i][:]), '"')
	}
	return string(append(list, ']'))
}

func eachMarked(rows *sql.Rows, each func(clientele.Mark, clientele.MarkedErasure)) error {
	return collect(rows, func(rows *sql.Rows) error {
		var m clientele.Mark
		var e clientele.MarkedErasure
		var mark []byte
		err := rows.Scan(&mark, &e.CustomerID, instant{&e.At})
		copy(m[:], mark)
		each(m, e)
		return err
	})
}

// FindErased returns the erasures of customers of the project who were known by one of the identifiers.
func (s *Store) FindErased(ctx context.Context, project int64, ids []clientele.Identifier) ([]clientele.MarkedErasure, error) {
	var key []byte
	err := s.read.QueryRowContext(ctx, findErasureKey).Scan(&key)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	var list []clientele.MarkedErasure
	var rows *sql.Rows
	if err == nil {
		rows, err = s.read.QueryContext(ctx, findMarks, project, marksJSON(clientele.MarksOf(key, project, ids)))
	}
	if err == nil {
		err = eachMarked(rows, func(_ clientele.Mark, e clientele.MarkedErasure) { list = append(list, e) })
	}
	if err != nil {
		return nil, fmt.Errorf("find erasures in project %d: %w", project, classify(err))
	}
	return list, nil
}

// eraseIn is transact for what erases. To delete a customer is not to read all addresses, in search of those that a foreign
// key has to take along, which no index tells: they are deleted before it, by their own. SQLite overwrites what is deleted,
// always (see connect): a copy of a row may have been left behind long before it is erased.
func (s *Store) eraseIn(ctx context.Context, do func(*tx) error) (err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.write == nil {
		return sql.ErrConnDone
	}
	if _, err := s.write.ExecContext(ctx, "PRAGMA foreign_keys = OFF"); err != nil {
		return classify(err)
	}
	defer func() {
		_, failed := s.write.ExecContext(context.WithoutCancel(ctx), "PRAGMA foreign_keys = ON")
		err = errors.Join(err, classify(failed))
	}()
	return s.transactAlone(ctx, do)
}

// purgePatience is how long one Purge waits for readers and writers, in milliseconds.
const purgePatience = 1000

// Purge moves the log of the file into it and empties the log, so that neither has what was erased. done is false when
// somebody kept it from that by reading for too long; trying again helps.
func (s *Store) Purge(ctx context.Context) (done bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.write == nil {
		return false, sql.ErrConnDone
	}
	if _, err := s.write.ExecContext(ctx, fmt.Sprintf("PRAGMA busy_timeout = %d", purgePatience)); err != nil {
		return false, fmt.Errorf("purge: %w", classify(err))
	}
	var isBusy, frames, moved int
	err = s.write.QueryRowContext(ctx, "PRAGMA wal_checkpoint(TRUNCATE)").Scan(&isBusy, &frames, &moved)
	_, failed := s.write.ExecContext(context.WithoutCancel(ctx), "PRAGMA busy_timeout = 5000")
	if err := errors.Join(err, failed); err != nil {
		return false, fmt.Errorf("purge: %w", classify(err))
	}
	return isBusy == 0, nil
}

const (
	deleteCustomer  = "DELETE FROM customer WHERE project_id = ? AND id = ?"
	deleteAddresses = "DELETE FROM address WHERE project_id = ? AND customer_id = ?"
	forgetVisits    = "UPDATE lead SET ip = NULL, user_agent = NULL WHERE project_id = ? AND ip = ?"
	emptySubmission = `UPDATE submission SET payload = '{}', target = CASE WHEN target = ?3 THEN target ELSE '' END, lease = '',
		status = CASE WHEN finished_at IS NULL THEN ?4 ELSE status END,
		failure = CASE WHEN finished_at IS NULL THEN ?5 ELSE failure END, finished_at = coalesce(finished_at, ?6)
		WHERE project_id = ?1 AND id = ?2`
	emptyFinished = "UPDATE submission SET payload = '{}' WHERE project_id = ? AND id = ?"
	forgetCall    = "DELETE FROM remembered_call WHERE project_id = ? AND credential_id = ? AND key = ?"
	emptyAnswers  = "UPDATE attempt SET answer = x'' WHERE project_id = ? AND delivery_id = ?"
	deleteRefusal = "DELETE FROM refusal WHERE id = ? AND project_id IN (0, ?)"

	erasureColumns = `project_id, customer_id, at, asked_by, addresses, changes, submissions, calls, answers, refusals, held_back,
		returned_as, returned_at`
	insertErasure = "INSERT INTO erasure (" + erasureColumns + ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, 0, NULL)"
	insertMark    = "INSERT INTO erasure_mark (project_id, mark, customer_id, at) VALUES (?, ?, ?, ?)"
	noticeErasure = `UPDATE erasure SET held_back = held_back + ?3, returned_at = CASE WHEN returned_as = 0 THEN ?5 ELSE returned_at END,
		returned_as = CASE WHEN returned_as = 0 THEN ?4 ELSE returned_as END WHERE project_id = ?1 AND customer_id = ?2`
)

// deleteErased deletes the customers that the batch erases, before anybody takes their keys.
func (t *tx) deleteErased(list []*clientele.ErasedCustomer) error {
	for _, e := range list {
		for _, query := range [...]string{deleteAddresses, deleteCurrentPlace, deleteCustomer} {
			if err := t.exec(query, e.Record.ProjectID, e.Record.CustomerID); err != nil {
				return fmt.Errorf("delete customer %d: %w", e.Record.CustomerID, err)
			}
		}
	}
	return nil
}

// keepErasures empties what is left of the erased, records the erasures, and tells earlier ones of what came later.
func (t *tx) keepErasures(effects *clientele.ErasureEffects) error {
	for _, e := range effects.Erased {
		if err := t.emptyErased(e); err != nil {
			return fmt.Errorf("erase customer %d: %w", e.Record.CustomerID, err)
		}
	}
	for _, n := range effects.Notices {
		err := t.exec(noticeErasure, n.ProjectID, n.CustomerID, n.HeldBack, n.Returned.ReturnedAs, micros(n.Returned.ReturnedAt))
		if err != nil {
			return fmt.Errorf("notice what came after an erasure: %w", err)
		}
	}
	for _, key := range effects.EmptiedSubmissions {
		if err := t.exec(emptyFinished, key.ProjectID, key.Key); err != nil {
			return fmt.Errorf("empty submission: %w", err)
		}
	}
	return nil
}

func (t *tx) emptyErased(e *clientele.ErasedCustomer) error {
	r := &e.Record
	if err := t.emptyRows(r, &e.Rows); err != nil || r.AskedBy == "" {
		return err
	}
	for _, s := range []struct {
		query string
		args  []any
	}{
		{emptyHistory, []any{r.ProjectID, string(clientele.SubjectCustomer), r.CustomerID, t.last[record{clientele.SubjectCustomer, r.CustomerID}]}},
		{forgetTerms, []any{r.ProjectID, clientele.TermBlock(r.CustomerID), r.CustomerID}},
		{forgetTermList, []any{r.ProjectID, r.CustomerID}},
		{insertErasure, []any{
			r.ProjectID, r.CustomerID, r.At.UnixMicro(), r.AskedBy, r.Addresses, r.Changes, r.Submissions, r.Calls, r.Answers, r.Refusals,
		}},
	} {
		if err := t.exec(s.query, s.args...); err != nil {
			return err
		}
	}
	for _, ip := range e.IPs {
		if err := t.exec(forgetVisits, r.ProjectID, ip); err != nil {
			return err
		}
	}
	for i := range e.Marks {
		if err := t.exec(insertMark, r.ProjectID, e.Marks[i][:], r.CustomerID, r.At.UnixMicro()); err != nil {
			return err
		}
	}
	return nil
}

// emptyRows empties or deletes what else tells of the person.
func (t *tx) emptyRows(r *clientele.Erasure, rows *clientele.ErasedRows) error {
	for _, id := range rows.Submissions {
		err := t.exec(emptySubmission, r.ProjectID, id, fmt.Sprint(r.CustomerID), string(clientele.Failed), string(clientele.PersonErased),
			r.At.UnixMicro())
		if err != nil {
			return err
		}
	}
	for i := range rows.Calls {
		if err := t.exec(forgetCall, r.ProjectID, rows.Calls[i].CredentialID, rows.Calls[i].Key); err != nil {
			return err
		}
	}
	for _, id := range rows.Deliveries {
		if err := t.exec(emptyAnswers, r.ProjectID, id); err != nil {
			return err
		}
	}
	for _, id := range rows.Refusals {
		if err := t.exec(deleteRefusal, id, r.ProjectID); err != nil {
			return err
		}
	}
	return nil
}

// ListErasures returns the erasures that the query selects, the newest first.
func (s *Store) ListErasures(ctx context.Context, q clientele.ErasureQuery) ([]clientele.Erasure, error) {
	query, args := "SELECT "+erasureColumns+" FROM erasure WHERE project_id = ?", []any{q.ProjectID}
	if q.CustomerID != 0 {
		query, args = query+" AND customer_id = ?", append(args, q.CustomerID)
	}
	if q.Before != nil {
		query, args = query+" AND (at, customer_id) < (?, ?)", append(args, q.Before.At.UnixMicro(), q.Before.ID)
	}
	rows, err := s.read.QueryContext(ctx, query+" ORDER BY at DESC, customer_id DESC LIMIT ?", append(args, q.Limit)...)
	if err != nil {
		return nil, fmt.Errorf("list erasures of project %d: %w", q.ProjectID, classify(err))
	}
	var list []clientele.Erasure
	err = collect(rows, func(rows *sql.Rows) error {
		var e clientele.Erasure
		err := rows.Scan(&e.ProjectID, &e.CustomerID, instant{&e.At}, &e.AskedBy, &e.Addresses, &e.Changes, &e.Submissions, &e.Calls,
			&e.Answers, &e.Refusals, &e.HeldBack, &e.ReturnedAs, instant{&e.ReturnedAt})
		list = append(list, e)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list erasures of project %d: %w", q.ProjectID, classify(err))
	}
	return list, nil
}

const forgetMarks = `DELETE FROM erasure_mark WHERE (project_id, mark, customer_id) IN
	(SELECT project_id, mark, customer_id FROM erasure_mark WHERE at < ? ORDER BY at LIMIT ?)`

// ForgetErasureMarks deletes at most limit marks of erasures from before the given time and returns how many: what comes of
// those people from then on is not noticed any more.
func (s *Store) ForgetErasureMarks(ctx context.Context, before time.Time, limit int) (int64, error) {
	deleted, err := s.deleteRows(ctx, forgetMarks, before.UnixMicro(), limit)
	if err != nil {
		return 0, fmt.Errorf("forget marks of erasures: %w", err)
	}
	return deleted, nil
}
