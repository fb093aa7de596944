package intake

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"clientele"
)

func wantCanceled(t *testing.T, c *callers, name string) {
	t.Helper()
	if a := c.of(t, name); !errors.Is(a.err, context.Canceled) || a.outcome.Result != 0 {
		t.Errorf("caller %s heard %s, %v; want that its context was cancelled", name, a.outcome.Result, a.err)
	}
}

func TestCommit_CallerThatLeavesTheLineIsNeverCommitted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGate()
		in := New(g, Options{MaxBatch: 2})
		c := newCallers(in)
		ctx, cancel := context.WithCancel(t.Context())
		c.send(t.Context(), "a", "first")
		for _, name := range []string{"gone1", "gone2", "gone3"} {
			c.send(ctx, "b", name)
		}
		c.send(t.Context(), "b", "stays")
		cancel()
		for _, name := range []string{"gone1", "gone2", "gone3"} {
			wantCanceled(t, c, name)
		}
		g.release <- nil
		synctest.Wait()
		g.release <- nil
		c.wantCommitted(t, "first", "stays")
		wantBatches(t, g, []string{"first"}, []string{"stays"})
		mustClose(t, in)
	})
}

func TestCommit_CallerThatLeavesDuringItsCommit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGate()
		in := New(g, Options{})
		c := newCallers(in)
		ctx, cancel := context.WithCancel(t.Context())
		c.send(ctx, "a", "gone")
		cancel()
		wantCanceled(t, c, "gone") // it need not wait for the commit, which goes on
		wantBatches(t, g, []string{"gone"})
		if n := in.Waiting(); n != 1 {
			t.Errorf("%d writes wait, want the one in the transaction", n)
		}
		g.release <- nil
		c.send(t.Context(), "a", "next")
		g.release <- nil
		c.wantCommitted(t, "next")
		mustClose(t, in)
	})
}

func TestCommit_MaxWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGate()
		in := New(g, Options{MaxWait: 3 * time.Second})
		c := newCallers(in)
		start := time.Now()
		c.send(t.Context(), "a", "in commit")
		c.send(t.Context(), "a", "in line")
		<-time.After(3*time.Second - 1)
		if c.heard("in commit") || c.heard("in line") {
			t.Error("a caller was sent away before MaxWait")
		}
		<-time.After(1)
		c.wantKind(t, "in commit", clientele.KindUnavailable)
		c.wantKind(t, "in line", clientele.KindUnavailable)
		if waited := time.Since(start); waited != 3*time.Second {
			t.Errorf("waited %v", waited)
		}
		g.release <- nil
		c.send(t.Context(), "a", "next")
		g.release <- nil
		c.wantCommitted(t, "next")
		wantBatches(t, g, []string{"in commit"}, []string{"next"})
		mustClose(t, in)
	})
}

func TestClose_DrainsAndThenRefuses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGate()
		in := New(g, Options{Lanes: 3, MaxBatch: 2})
		c := newCallers(in)
		names := c.sendMany(t.Context(), "w", 20)
		closed := make(chan error, 1)
		go func() { closed <- in.Close(t.Context()) }()
		synctest.Wait()
		c.send(t.Context(), "late", "late")
		c.wantKind(t, "late", clientele.KindUnavailable)
		for c.unheard(names) {
			select {
			case err := <-closed:
				t.Fatalf("Close = %v before the line was drained", err)
			case g.release <- nil:
			}
			synctest.Wait()
		}
		if err := <-closed; err != nil {
			t.Errorf("Close = %v", err)
		}
		c.wantCommitted(t, names...)
		c.send(t.Context(), "later", "later")
		c.wantKind(t, "later", clientele.KindUnavailable)
		mustClose(t, in) // again
		for _, batch := range g.seen() {
			if slices.Contains(batch, "late") || slices.Contains(batch, "later") {
				t.Error("a write was committed that was refused")
			}
		}
	})
}

func TestClose_WithExpiredContextEndsTheTransaction(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGate()
		in := New(g, Options{MaxWait: time.Minute})
		c := newCallers(in)
		names := c.sendMany(t.Context(), "w", 40)
		ctx, cancel := context.WithTimeout(t.Context(), 15*time.Second)
		defer cancel()
		start := time.Now()
		if err := in.Close(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Close = %v, want that its time is over", err)
		}
		if waited := time.Since(start); waited != 15*time.Second {
			t.Errorf("Close took %v", waited)
		}
		for _, name := range names {
			c.wantKind(t, name, clientele.KindUnavailable)
		}
		if n := len(g.seen()); n > 2 {
			t.Errorf("%d transactions: a store that is told to stop is not asked again and again", n)
		}
		if n := in.Waiting(); n != 0 {
			t.Errorf("%d writes wait after Close", n)
		}
	})
}

func TestClose_Idle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		mustClose(t, New(newGate(), Options{Lanes: 4}))
	})
}
