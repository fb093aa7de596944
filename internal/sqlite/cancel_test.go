package sqlite

import (
	"context"
	"sync/atomic"
	"testing"
)

// countedContext is cancelled the nth time that somebody asks for its Done channel, so that a test reaches every point
// at which a caller may go away.
type countedContext struct {
	context.Context
	cancel context.CancelFunc
	last   int64
	asks   atomic.Int64
}

func (c *countedContext) Done() <-chan struct{} {
	if c.asks.Add(1) == c.last {
		c.cancel()
	}
	return c.Context.Done()
}

func TestCommit_PanicLeavesNoTransactionOpen(t *testing.T) {
	s, project := newStore(t)
	func() {
		defer func() {
			if recover() == nil {
				t.Error("the panic was swallowed")
			}
		}()
		_ = s.transact(t.Context(), func(tx *tx) error {
			if err := tx.exec("DELETE FROM project"); err != nil {
				t.Error(err)
			}
			panic("made up")
		})
	}()
	mustCommit(t, s, upsert(project, "a", "ada@example.com")) // the project is still there, and the writer is free
}
