// Package intake turns many small writes into few large transactions (group commit).
//
// A lane hands the store everything that is waiting as soon as the store is free. There is no timer: an idle server adds
// no delay, and a busy one forms large batches by itself. What one transaction is about, no other is about at the same time,
// so writes about one customer or lead stay in order. Every caller gets the truth about its own write, after the commit and
// never before.
package intake

import (
	"context"
	"fmt"
	"hash/maphash"
	"sync/atomic"
	"time"

	"clientele"
)

// Store carries out a batch of writes in one durable transaction. On an error nothing of the batch was written.
type Store interface {
	Commit(ctx context.Context, writes []clientele.Write) ([]clientele.Outcome, error)
}

// Options bound the intake. The zero value of each field means its default.
type Options struct {
	// Lanes is how many transactions run at once; default 1, which is all that SQLite can use.
	Lanes int
	// MaxWaiting is how many writes may wait for a commit, over all lanes; default 4,096. One more is refused at once.
	MaxWaiting int
	// MaxBatch is how many writes one transaction takes; default 512.
	MaxBatch int
	// LongestLine is how long a write should wait for those that came before it; default 100 ms. As many are let into the
	// line as the store was seen to carry out in that time, but MaxBatch at least and MaxWaiting at most; one more is refused
	// at once.
	LongestLine time.Duration
	// Strain, when set, tells when the processors are short: few writes are let into the line then.
	Strain *Strain
	// OneProject makes each transaction one of a single project's writes: on a database that is distributed by project it
	// then concerns one node.
	OneProject bool
	// MaxWait bounds how long a caller waits for its answer; default 10 s.
	MaxWait time.Duration
	// OnCommit, when set, hears of every transaction: its writes, how long it took, and its error.
	OnCommit func(writes int, took time.Duration, err error)
}

const (
	defaultMaxWaiting = 4096
	defaultMaxBatch   = 512
	defaultMaxWait    = 10 * time.Second

	defaultLongestLine = 100 * time.Millisecond
)

// Intake is a bounded line of writes in front of a store. Its methods may be called from any goroutine.
type Intake struct {
	store   Store
	options Options
	line    *line
	seed    maphash.Seed
	waiting atomic.Int64

	admission admission
}

// New starts an intake in front of store. Close ends it.
func New(store Store, o Options) *Intake {
	if o.Lanes <= 0 {
		o.Lanes = 1
	}
	if o.MaxWaiting <= 0 {
		o.MaxWaiting = defaultMaxWaiting
	}
	if o.MaxBatch <= 0 {
		o.MaxBatch = defaultMaxBatch
	}
	if o.MaxWait <= 0 {
		o.MaxWait = defaultMaxWait
	}
	if o.OnCommit == nil {
		o.OnCommit = func(int, time.Duration, error) {}
	}
	if o.LongestLine <= 0 {
		o.LongestLine = defaultLongestLine
	}
	in := &Intake{store: store, options: o, seed: maphash.MakeSeed(), admission: admission{shares: map[int64]*share{}, strain: o.Strain}}
	in.admission.bound.Store(maxBound)
	in.line = newLine(in)
	return in
}

// left counts a call that is not in line or in a transaction any more.
func (in *Intake) left(c *call) {
	in.waiting.Add(-1)
	in.admission.leave(c.share)
}

// Waiting returns how many writes wait for a commit or are in one.
func (in *Intake) Waiting() int { return int(in.waiting.Load()) }

// Commit waits until w is durable and returns its outcome.
//
// The error is of kind unavailable when the line is full, when the intake is closed, when the store cannot be reached or
// when the answer takes longer than MaxWait; it is ctx's error when the caller gives up. In the last two cases the write
// may have been committed all the same: repeating it is safe wherever it has a key. Otherwise it was not written.
func (in *Intake) Commit(ctx context.Context, w clientele.Write) (clientele.Outcome, error) {
	share := in.shareOf(caller(w.ProjectID, w.Origin.CredentialID))
	if !in.admission.enter(share) {
		return clientele.Outcome{}, share.busy
	}
	c := &call{write: w, record: in.recordOf(&w), done: make(chan struct{}), share: share}
	if in.waiting.Add(1) > int64(in.options.MaxWaiting) {
		in.left(c)
		return clientele.Outcome{}, share.busy
	}
	if !in.line.put(c) {
		in.left(c)
		return clientele.Outcome{}, clientele.Unavailable("The server is shutting down", nil)
	}
	timeout := time.NewTimer(in.options.MaxWait)
	defer timeout.Stop()
	select {
	case <-c.done:
		return c.outcome, c.err
	case <-timeout.C:
		c.abandon()
		return clientele.Outcome{}, clientele.Unavailable("The book is slow to answer", nil)
	case <-ctx.Done():
		c.abandon()
		return clientele.Outcome{}, fmt.Errorf("wait for commit: %w", ctx.Err())
	}
}

// CommitAll waits until all writes are durable and returns the outcome or the error of each. Writes about one record take
// effect in their order: when one fails with kind unavailable, those behind it do too, and can be sent again together. They
// take places in the line like any other, but are never refused because it is full: whoever calls this bounds its batches.
func (in *Intake) CommitAll(ctx context.Context, writes []clientele.Write) ([]clientele.Outcome, []error) {
	calls := make([]*call, len(writes))
	errs := make([]error, len(writes))
	last := make(map[uint64]*call, len(writes))
	for i := range writes {
		in.waiting.Add(1)
		record := in.recordOf(&writes[i])
		calls[i] = &call{write: writes[i], record: record, done: make(chan struct{}), after: last[record]}
		last[record] = calls[i]
		if !in.line.put(calls[i]) {
			in.left(calls[i])
			calls[i].err = clientele.Unavailable("The server is shutting down", nil)
			close(calls[i].done)
		}
	}
	outcomes := make([]clientele.Outcome, len(writes))
	for i, c := range calls {
		select {
		case <-c.done:
			outcomes[i], errs[i] = c.outcome, c.err
		case <-ctx.Done():
			c.abandon()
			errs[i] = fmt.Errorf("wait for commit: %w", ctx.Err())
		}
	}
	return outcomes, errs
}

// Close refuses new writes, commits those that wait, and returns when all have their answer or ctx is done.
func (in *Intake) Close(ctx context.Context) error {
	in.line.close()
	select {
	case <-in.line.ended:
	case <-ctx.Done():
		in.line.cancel()
		<-in.line.ended
	}
	return ctx.Err()
}
