package intake

import (
	"context"
	"fmt"
	"hash/maphash"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"clientele"
)

// call is one caller's write on its way.
type call struct {
	write   clientele.Write
	outcome clientele.Outcome
	err     error
	done    chan struct{} // closed when outcome and err are set

	// after is the call of the same CommitAll before this one in its lane; nil for none. Only the lane looks at it.
	after *call

	// gone is set when the caller gave up. A call that is gone before a batch takes it is dropped.
	gone atomic.Bool
}

func (c *call) abandon() { c.gone.Store(true) }

// lane is one line of calls with one transaction at a time.
type lane struct {
	in     *Intake
	ctx    context.Context
	cancel context.CancelFunc
	ended  chan struct{}
	wake   chan struct{} // holds a token while there is something to do

	mu     sync.Mutex
	line   []*call
	closed bool
}

func newLane(in *Intake) *lane {
	ctx, cancel := context.WithCancel(context.Background())
	return &lane{in: in, ctx: ctx, cancel: cancel, ended: make(chan struct{}), wake: make(chan struct{}, 1)}
}

// laneOf returns the lane of everything about the record that w is about.
func (in *Intake) laneOf(w *clientele.Write) *lane {
	if len(in.lanes) == 1 {
		return in.lanes[0]
	}
	return in.lanes[maphash.Comparable(laneSeed, laneKey(w))%uint64(len(in.lanes))]
}

var laneSeed = maphash.MakeSeed()

func laneKey(w *clientele.Write) clientele.ProjectKey {
	key := clientele.ProjectKey{ProjectID: w.ProjectID}
	switch {
	case w.Customer != nil && w.Customer.Mode == clientele.UpdateCustomer:
		key.Key = fmt.Sprintf("#%d", w.Customer.ID)
	case w.Customer != nil:
		key.Key = w.Customer.Patch.ExternalID.V
	case w.Lead != nil && w.Lead.Register != nil:
		key.Key = w.Lead.Register.UUID
	case w.Lead != nil:
		key.Key = w.Lead.UUID
	case w.Submission != nil:
		key.Key = w.Submission.ID
	}
	return key
}

// put adds a call to the line; false when the lane is closed.
func (l *lane) put(c *call) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return false
	}
	l.line = append(l.line, c)
	l.signal()
	return true
}

func (l *lane) close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closed = true
	l.signal()
}

func (l *lane) signal() {
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

// run commits whatever waits until the lane is closed and empty.
func (l *lane) run() {
	defer close(l.ended)
	defer l.cancel()
	var batch []*call
	for {
		batch = l.take(batch[:0])
		if len(batch) > 0 {
			l.commit(batch)
			clear(batch)
			continue
		}
		if l.isClosed() {
			return
		}
		<-l.wake
	}
}

// take moves calls from the line into batch, from its head on, dropping those that are gone. With OneProject it takes
// those of the first one's project and leaves the others where they are.
func (l *lane) take(batch []*call) []*call {
	l.mu.Lock()
	defer l.mu.Unlock()
	left := l.line[:0]
	for _, c := range l.line {
		switch {
		case len(batch) == l.in.options.MaxBatch, l.in.options.OneProject && len(batch) > 0 && !sameProject(c, batch[0]):
			left = append(left, c)
		case c.gone.Load():
			c.err = errGone
			l.in.waiting.Add(-1)
		default:
			batch = append(batch, c)
		}
	}
	clear(l.line[len(left):])
	l.line = left
	return batch
}

func sameProject(a, b *call) bool { return a.write.ProjectID == b.write.ProjectID }

func (l *lane) isClosed() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.closed && len(l.line) == 0
}

// errGone is what became of a call that was dropped because its caller gave up.
var errGone = clientele.Unavailable("The caller gave up", nil)

// inOrder answers the calls that have to come after one which was not carried out, because the store could not be reached
// or the caller gave up, and returns the others: what comes later must not take effect first.
func (l *lane) inOrder(calls []*call) []*call {
	left := calls[:0]
	for _, c := range calls {
		before := c.after
		if before == nil || before.err == nil || clientele.KindOf(before.err) != clientele.KindUnavailable {
			left = append(left, c)
			continue
		}
		c.err, c.after = before.err, nil
		l.in.waiting.Add(-1)
		close(c.done)
	}
	return left
}

// commit hands the calls to the store and answers each. When the batch fails for a reason that may belong to one of its
// writes, its halves are tried one after the other, until the write at fault stands alone and fails alone.
func (l *lane) commit(calls []*call) {
	if calls = l.inOrder(calls); len(calls) == 0 {
		return
	}
	outcomes, err := l.transact(calls)
	if err != nil && len(calls) > 1 && clientele.KindOf(err) != clientele.KindUnavailable {
		half := len(calls) / 2
		l.commit(calls[:half])
		l.commit(calls[half:])
		return
	}
	for i, c := range calls {
		if err != nil {
			c.err = err
		} else {
			c.outcome, c.err = outcomes[i], outcomes[i].Err
		}
		c.after = nil
		l.in.waiting.Add(-1)
		close(c.done)
	}
}

// transact runs one transaction. A panic in the store is an error of the batch, not the end of the lane.
func (l *lane) transact(calls []*call) (outcomes []clientele.Outcome, err error) {
	writes := make([]clientele.Write, len(calls))
	for i, c := range calls {
		writes[i] = c.write
	}
	start := time.Now()
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("panic in commit: %v\n%s", r, debug.Stack())
		}
		l.in.options.OnCommit(len(writes), time.Since(start), err)
	}()
	outcomes, err = l.in.store.Commit(l.ctx, writes)
	if err != nil && l.ctx.Err() != nil {
		return nil, clientele.Unavailable("The server is shutting down", err)
	}
	if err == nil && len(outcomes) != len(writes) {
		err = fmt.Errorf("store answered %d of %d writes", len(outcomes), len(writes))
	}
	return outcomes, err
}
