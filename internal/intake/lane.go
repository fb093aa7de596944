package intake

import (
	"fmt"
	"runtime/debug"
	"sync/atomic"
	"time"

	"clientele"
)

// call is one caller's write on its way.
type call struct {
	write   clientele.Write
	record  uint64 // names the record that the write is about, see recordOf
	outcome clientele.Outcome
	err     error
	done    chan struct{} // closed when outcome and err are set

	// after is the call of the same CommitAll about the same record before this one; nil for none. Only the lane that has
	// the record looks at it.
	after *call

	// share is its caller's; nil for a call of CommitAll.
	share *share

	// gone is set when the caller gave up. A call that is gone before a batch takes it is dropped.
	gone atomic.Bool
}

func (c *call) abandon() { c.gone.Store(true) }

// inOrder answers the calls that have to come after one which was not carried out, because the store could not be reached
// or the caller gave up, and returns the others: what comes later must not take effect first.
func (l *line) inOrder(calls []*call) []*call {
	left := calls[:0]
	for _, c := range calls {
		before := c.after
		if before == nil || before.err == nil || clientele.KindOf(before.err) != clientele.KindUnavailable {
			left = append(left, c)
			continue
		}
		c.err, c.after = before.err, nil
		l.in.left(c)
		close(c.done)
	}
	return left
}

// commit hands the calls to the store and answers each. When the batch fails for a reason that may belong to one of its
// writes, its halves are tried one after the other, until the write at fault stands alone and fails alone.
func (l *line) commit(calls []*call) {
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
		l.in.left(c)
		close(c.done)
	}
}

// transact runs one transaction. A panic in the store is an error of the batch, not the end of the lane.
func (l *line) transact(calls []*call) (outcomes []clientele.Outcome, err error) {
	writes := make([]clientele.Write, len(calls))
	for i, c := range calls {
		writes[i] = c.write
	}
	start := time.Now()
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("panic in commit: %v\n%s", r, debug.Stack())
		}
		took := time.Since(start)
		if err == nil {
			l.learn(len(writes), took)
		}
		l.in.options.OnCommit(len(writes), took, err)
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
