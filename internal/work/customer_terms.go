package work

import (
	"context"
	"slices"
	"time"

	"clientele"
)

// CustomerTermStore is what keeping the search of customers asks of a store.
type CustomerTermStore interface {
	ListTermPlaces(ctx context.Context) ([]clientele.TermPlace, error)
	ReadChanges(ctx context.Context, cursors []clientele.EventCursor, limit int) ([]clientele.ChangeTail, error)
	LoadSearched(ctx context.Context, project int64, ids []int64) ([]clientele.SearchedCustomer, error)
	KeepTerms(ctx context.Context, step clientele.TermStep) (done bool, err error)
}

// CustomerTerms keeps what customers are found by, by following the history of each project. A step reads a piece of the
// history, makes the terms of the customers in it as they are now, and writes what is another than before in the
// transaction that moves the project's place. A customer that changes meanwhile stands in a later piece.
type CustomerTerms struct {
	Store CustomerTermStore
	// ReadAtOnce is how many changes are read together; 0 for the default.
	ReadAtOnce int
	// Waiting tells how many writes wait for a commit: when they are many, the search gives way to them; nil for never.
	Waiting func() int
	// Now is the clock; nil is fine without Waiting.
	Now func() time.Time

	// It is used by one goroutine at a time.
	scanned map[int64]int64 // up to where the history of a project was read without finding a customer
	// heldSince is when the line was found long, or when a step was made all the same; zero when it is short.
	heldSince time.Time
}

const (
	// defaultTermsAtOnce is so few because SQLite's only writer is held while their terms are written, for about 20 ms.
	defaultTermsAtOnce = 500
	// idleTermChanges is how far the place of a project lags behind its history, without anything about customers in
	// between, before it is moved on.
	idleTermChanges = clientele.MaxTermsBehind
)

// FewWaiting is how many writes wait at most for the search not to give way to them. Busy partners have more calls under way.
const FewWaiting = 16

// While the line is long, one looks again after lookAtLine, and after holdAtMost one step is made all the same: the search of
// a book that is written to without end comes forward, too.
const (
	lookAtLine = 100 * time.Millisecond
	holdAtMost = 2 * time.Second
)

// Follow follows what has happened since the last time; it is a Task.
func (c *CustomerTerms) Follow(ctx context.Context) (again time.Duration, err error) {
	if c.scanned == nil {
		c.scanned = map[int64]int64{}
		if c.ReadAtOnce == 0 {
			c.ReadAtOnce = defaultTermsAtOnce
		}
	}
	for ctx.Err() == nil {
		if c.givesWay() {
			return lookAtLine, nil
		}
		more, err := c.followOnce(ctx)
		if err != nil || !more {
			return 0, err
		}
	}
	return 0, ctx.Err()
}

// givesWay reports whether a step has to wait.
func (c *CustomerTerms) givesWay() bool {
	if c.Waiting == nil || c.Waiting() <= FewWaiting {
		c.heldSince = time.Time{}
		return false
	}
	now := c.Now()
	if c.heldSince.IsZero() {
		c.heldSince = now
	}
	if now.Sub(c.heldSince) < holdAtMost {
		return true
	}
	c.heldSince = now
	return false
}

// followOnce takes a piece of the history for every project.
func (c *CustomerTerms) followOnce(ctx context.Context) (more bool, err error) {
	places, err := c.Store.ListTermPlaces(ctx)
	if err != nil {
		return false, err
	}
	for _, group := range nearAndFar(places, c.readFrom, c.ReadAtOnce) {
		moved, err := c.followGroup(ctx, group)
		if err != nil {
			return false, err
		}
		more = more || moved
	}
	return more, nil
}

// readFrom returns behind which change there may be a customer.
func (c *CustomerTerms) readFrom(p *clientele.TermPlace) int64 {
	return max(p.Seq, c.scanned[p.ProjectID])
}

func (c *CustomerTerms) followGroup(ctx context.Context, group []clientele.TermPlace) (more bool, err error) {
	if len(group) == 0 {
		return false, nil
	}
	cursors := make([]clientele.EventCursor, len(group))
	for i := range group {
		p := &group[i]
		cursors[i] = clientele.EventCursor{ProjectID: p.ProjectID, EventType: clientele.CustomerChanged, Seq: c.readFrom(p)}
	}
	tails, err := c.Store.ReadChanges(ctx, cursors, c.ReadAtOnce)
	if err != nil {
		return false, err
	}
	for i := range group {
		from, tail := &group[i], &tails[i]
		if tail.ReadTo == cursors[i].Seq {
			continue
		}
		more = true
		if len(tail.Marks) == 0 && tail.ReadTo-from.Seq < idleTermChanges {
			c.scanned[from.ProjectID] = tail.ReadTo
			continue
		}
		if err := c.step(ctx, from, tail); err != nil {
			return false, err
		}
	}
	return more, nil
}

// step makes the customers that a tail tells of be found as they are.
func (c *CustomerTerms) step(ctx context.Context, from *clientele.TermPlace, tail *clientele.ChangeTail) error {
	step := clientele.TermStep{ProjectID: from.ProjectID, From: from.Seq, To: tail.ReadTo}
	ids := make([]int64, len(tail.Marks))
	for i := range tail.Marks {
		ids[i] = tail.Marks[i].SubjectID
	}
	slices.Sort(ids)
	if ids = slices.Compact(ids); len(ids) > 0 {
		customers, err := c.Store.LoadSearched(ctx, from.ProjectID, ids)
		if err != nil {
			return err
		}
		step.Follow(customers)
	}
	_, err := c.Store.KeepTerms(ctx, step)
	return err
}
