package work

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"clientele"
)

// OldCustomerStore is what erasing old customers asks of a store.
type OldCustomerStore interface {
	ListProjects(ctx context.Context) ([]clientele.Project, error)
	ListPositions(ctx context.Context, q clientele.CustomerQuery) ([]clientele.Position, error)
	EnsureErasureKey(ctx context.Context, key []byte, at time.Time) error
}

// OldCustomers erases customers that have not changed for long, as if somebody had asked for it. What else tells of them has
// to be gone by then: it is kept for a shorter time.
type OldCustomers struct {
	Store OldCustomerStore
	// Commit makes writes durable together, in order, and returns the outcome or error of each.
	Commit interface {
		CommitAll(ctx context.Context, writes []clientele.Write) ([]clientele.Outcome, []error)
	}
	// Keep is how long a customer is kept behind its last change; 0 for as long as the book.
	Keep time.Duration
	Now  func() time.Time
	// Batch is how many are erased in one transaction; default 10, which hold the others up for some 50 ms.
	Batch int
}

const defaultOldBatch = 10

// Erase erases who has become too old since the last time; it is a Task.
func (o *OldCustomers) Erase(ctx context.Context) (time.Duration, error) {
	if o.Keep <= 0 {
		return 0, nil
	}
	projects, err := o.Store.ListProjects(ctx)
	if err != nil {
		return 0, err
	}
	var errs []error
	for i := range projects {
		if err := o.eraseIn(ctx, projects[i].ID); err != nil {
			errs = append(errs, fmt.Errorf("old customers of project %d: %w", projects[i].ID, err))
		}
	}
	return 0, errors.Join(errs...)
}

// eraseIn erases batch after batch until nobody of the project is too old.
func (o *OldCustomers) eraseIn(ctx context.Context, project int64) error {
	batch := orDefault(o.Batch, defaultOldBatch)
	for ctx.Err() == nil {
		now := o.Now().UTC().Truncate(time.Microsecond)
		old, err := o.Store.ListPositions(ctx, clientele.CustomerQuery{ProjectID: project, To: now.Add(-o.Keep), Limit: batch})
		if err != nil || len(old) == 0 {
			return err
		}
		key := make([]byte, clientele.ErasureKeyBytes)
		rand.Read(key)
		if err := o.Store.EnsureErasureKey(ctx, key, now); err != nil {
			return err
		}
		writes := make([]clientele.Write, len(old))
		for i := range old {
			writes[i] = clientele.Write{
				ProjectID: project, Origin: clientele.Origin{Dialect: clientele.ViaCommand, RequestID: "retention"}, At: now,
				Erase: &clientele.EraseWrite{CustomerID: old[i].ID, AskedBy: clientele.AskedByRetention, UnchangedSince: now.Add(-o.Keep)},
			}
		}
		if _, errs := o.Commit.CommitAll(ctx, writes); errors.Join(errs...) != nil {
			return errors.Join(errs...)
		}
	}
	return ctx.Err()
}
