package sqlite

import (
	"context"
	"errors"
	"fmt"

	"clientele"
)

// Commit carries out the writes in one durable transaction and returns the outcome of each, in order. On an error
// nothing of the batch was written. An error of kind unavailable concerns the whole book; any other may be the fault of
// a single write, which the caller finds by committing the parts.
func (s *Store) Commit(ctx context.Context, writes []clientele.Write) ([]clientele.Outcome, error) {
	var outcomes []clientele.Outcome
	b := clientele.NewBatch(writes)
	transact := s.transact
	if b.Erases() {
		transact = s.eraseIn
	}
	err := transact(ctx, func(t *tx) error {
		if !b.Erases() {
			// A statement that can be interrupted costs a goroutine. None here takes long: it is asked between the steps.
			t.ctx = context.WithoutCancel(ctx)
		}
		for project, keys := range b.Keys() {
			if err := t.load(b, project, keys); err != nil {
				return err
			}
		}
		if err := t.loadErased(b); err != nil {
			return err
		}
		ids := &newIDs{tx: t}
		outcomes = b.Decide(ids)
		if err := errors.Join(ids.err, ctx.Err()); err != nil {
			return err
		}
		if err := t.keep(b, ids); err != nil {
			return err
		}
		return ctx.Err()
	})
	if err != nil {
		return nil, fmt.Errorf("commit %d writes: %w", len(writes), err)
	}
	for range b.ChangedCustomers {
		s.updated.Add(1)
	}
	return outcomes, nil
}

// load hands the batch what the book has under the keys.
func (t *tx) load(b *clientele.Batch, project int64, keys *clientele.Keys) error {
	if err := t.loadRemembered(b, project, keys.Idempotency); err != nil {
		return err
	}
	if err := t.loadSubmissions(b, project, keys.Submissions); err != nil {
		return err
	}
	if keys.AtOnce {
		if err := t.loadIdle(b, project); err != nil {
			return err
		}
	}
	if err := t.loadLeads(b, project, keys.LeadUUIDs); err != nil {
		return err
	}
	return t.loadCustomers(b, project, keys)
}

// keep stores what the batch decided.
func (t *tx) keep(b *clientele.Batch, ids *newIDs) error {
	links := t.link(b.Changes, ids)
	if ids.err != nil {
		return ids.err
	}
	if err := t.deleteErased(b.Erasures.Erased); err != nil {
		return err
	}
	if err := t.freeKeys(b.RekeyedCustomers()); err != nil {
		return err
	}
	if err := t.insertCustomers(b); err != nil {
		return err
	}
	if err := t.updateCustomers(b); err != nil {
		return err
	}
	if err := t.keepLeads(b); err != nil {
		return err
	}
	if err := t.insertSubmissions(b.NewSubmissions); err != nil {
		return err
	}
	if err := t.finishSubmissions(b.FinishedSubmissions); err != nil {
		return err
	}
	if err := t.insertRemembered(b.NewRemembered); err != nil {
		return err
	}
	if err := t.appendChanges(b.Changes, links); err != nil {
		return err
	}
	return t.keepErasures(&b.Erasures)
}

// newIDs gives out ids above every id that was ever given out. It asks the book when the first one is needed and keeps
// an error for afterwards.
type newIDs struct {
	tx   *tx
	last map[string]int64
	err  error
}

func (n *newIDs) NextCustomerID() int64 { return n.next("customer") }
func (n *newIDs) NextAddressID() int64  { return n.next("address") }
func (n *newIDs) NextLeadID() int64     { return n.next("lead") }

func (n *newIDs) next(table string) int64 {
	if n.last == nil {
		n.last = map[string]int64{}
		n.err = n.load()
	}
	n.last[table]++
	return n.last[table]
}

func (n *newIDs) load() error {
	rows, err := n.tx.query("SELECT name, seq FROM sqlite_sequence")
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var name string
		var seq int64
		if err := rows.Scan(&name, &seq); err != nil {
			return err
		}
		n.last[name] = seq
	}
	return rows.Err()
}
