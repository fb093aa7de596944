package intake

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"

	"clientele"
)

// commitAll calls CommitAll with count writes whose names have the prefix, half of them of one key, and returns the
// writes and where its answer will be.
func commitAll(ctx context.Context, in *Intake, prefix string, count int) ([]clientele.Write, <-chan func() ([]clientele.Outcome, []error)) {
	var writes []clientele.Write
	for i := range count {
		key := "same"
		if i%2 == 1 {
			key = fmt.Sprint(i)
		}
		writes = append(writes, write(key, fmt.Sprintf("%s%d", prefix, i)))
	}
	answer := make(chan func() ([]clientele.Outcome, []error), 1)
	go func() {
		list, errs := in.CommitAll(ctx, writes)
		answer <- func() ([]clientele.Outcome, []error) { return list, errs }
	}()
	synctest.Wait()
	return writes, answer
}

func TestCommitAll_AnswersEachInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGate()
		in := New(g, Options{MaxWaiting: 4}) // it is never refused because the line is full
		c := newCallers(in)
		c.send(t.Context(), "x", "first")
		writes, answer := commitAll(t.Context(), in, "w", 20)
		c.send(t.Context(), "x", "refused") // the others are
		c.wantKind(t, "refused", clientele.KindUnavailable)
		g.release <- nil
		synctest.Wait()
		g.release <- nil
		list, errs := (<-answer)()
		for i := range writes {
			if errs[i] != nil || list[i].Reference != writes[i].Origin.RequestID {
				t.Errorf("write %d: outcome of %q, %v", i, list[i].Reference, errs[i])
			}
		}
		wantBatches(t, g, []string{"first"}, namesOf(writes))
		mustClose(t, in)
	})
}

func TestCommitAll_Nothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		in := New(newGate(), Options{})
		if list, errs := in.CommitAll(t.Context(), nil); len(list) != 0 || len(errs) != 0 {
			t.Errorf("CommitAll of nothing = %v, %v", list, errs)
		}
		mustClose(t, in)
	})
}

func TestCommitAll_PoisonFailsAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &pickyStore{open: make(chan struct{}), fail: func([]string) error { return errConstraint }}
		in := New(s, Options{})
		writes := []clientele.Write{write("a", "1"), write("a", "poison"), write("a", "3"), write("b", "4")}
		close(s.open)
		list, errs := in.CommitAll(t.Context(), writes)
		for i, w := range writes {
			switch poisoned := i == 1; {
			case poisoned && !errors.Is(errs[i], errConstraint):
				t.Errorf("the poisoned write: %v", errs[i])
			case !poisoned && (errs[i] != nil || list[i].Reference != w.Origin.RequestID):
				t.Errorf("write %d: outcome of %q, %v", i, list[i].Reference, errs[i])
			}
		}
		mustClose(t, in)
	})
}

func TestCommitAll_CancelledLeavesTheLine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGate()
		in := New(g, Options{})
		c := newCallers(in)
		c.send(t.Context(), "x", "first")
		ctx, cancel := context.WithCancel(t.Context())
		_, answer := commitAll(ctx, in, "w", 5)
		cancel()
		_, errs := (<-answer)()
		for i, err := range errs {
			if !errors.Is(err, context.Canceled) {
				t.Errorf("write %d: %v", i, err)
			}
		}
		g.release <- nil
		c.wantCommitted(t, "first")
		wantBatches(t, g, []string{"first"})
		mustClose(t, in)
	})
}

func TestCommitAll_ClosedIsUnavailable(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		in := New(newGate(), Options{})
		mustClose(t, in)
		_, errs := in.CommitAll(t.Context(), []clientele.Write{write("a", "1"), write("b", "2")})
		for i, err := range errs {
			if clientele.KindOf(err) != clientele.KindUnavailable {
				t.Errorf("write %d: %v", i, err)
			}
		}
		if n := in.Waiting(); n != 0 {
			t.Errorf("%d writes wait", n)
		}
	})
}
