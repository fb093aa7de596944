package intake

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"clientele"
)

// pickyStore fails a transaction, by fail, when one of its writes is poison. Its first transaction waits for the gate to
// open, so that a line can form.
type pickyStore struct {
	open chan struct{}
	fail func(names []string) error

	mu           sync.Mutex
	transactions int
	committed    []string // names, in order of commit
}

func (s *pickyStore) Commit(_ context.Context, writes []clientele.Write) ([]clientele.Outcome, error) {
	<-s.open
	s.mu.Lock()
	defer s.mu.Unlock()
	s.transactions++
	names := namesOf(writes)
	if slices.ContainsFunc(names, func(n string) bool { return strings.HasPrefix(n, "poison") }) {
		if err := s.fail(names); err != nil {
			return nil, err
		}
	}
	s.committed = append(s.committed, names...)
	return outcomes(writes), nil
}

var errConstraint = errors.New("constraint failed")

// sendAround sends 100 writes of one batch, of which those at the given places are poison, and returns the names of
// both sorts.
func sendAround(t *testing.T, c *callers, places ...int) (good, bad []string) {
	t.Helper()
	c.send(t.Context(), "first", "first") // it holds the store while the others gather
	for i := range 100 {
		name := fmt.Sprintf("w%02d", i)
		if slices.Contains(places, i) {
			name = fmt.Sprintf("poison%02d", i)
			bad = append(bad, name)
		} else {
			good = append(good, name)
		}
		c.send(t.Context(), name, name)
	}
	return good, bad
}

func TestCommit_PoisonFailsAlone(t *testing.T) {
	for _, places := range [][]int{{0}, {99}, {37}, {49, 50}, {3, 4, 5, 70}, {0, 33, 66, 99}} {
		for what, fail := range map[string]func([]string) error{
			"error": func([]string) error { return fmt.Errorf("commit: %w", errConstraint) },
			"kind":  func([]string) error { return clientele.Errorf(clientele.KindConflict, "made up") },
			"panic": func([]string) error { panic("made up") },
		} {
			t.Run(fmt.Sprintf("%s at %v", what, places), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) { testPoison(t, places, fail) })
			})
		}
	}
}

func testPoison(t *testing.T, places []int, fail func([]string) error) {
	s := &pickyStore{open: make(chan struct{}), fail: fail}
	in := New(s, Options{})
	c := newCallers(in)
	good, bad := sendAround(t, c, places...)
	close(s.open)
	c.wantCommitted(t, append(good, "first")...)
	for _, name := range bad {
		if a := c.of(t, name); a.err == nil || a.outcome.Result != 0 {
			t.Errorf("%s heard %s, %v", name, a.outcome.Result, a.err)
		}
	}
	want := append([]string{"first"}, good...)
	if !slices.Equal(s.committed, want) {
		t.Errorf("committed %v: want each neighbour once, in order", s.committed)
	}
	if most := 2 + 2*7*len(places); s.transactions > most { // 100 is less than 2 to the power of 7
		t.Errorf("%d transactions for %d poisoned writes among 100, want at most %d", s.transactions, len(places), most)
	}
	mustClose(t, in)
}

func TestCommit_PanicOfOneWriteIsAnError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		calls := 0
		in := New(storeFunc(func(_ context.Context, writes []clientele.Write) ([]clientele.Outcome, error) {
			if calls++; calls == 1 {
				panic("made up")
			}
			return outcomes(writes), nil
		}), Options{})
		c := newCallers(in)
		c.send(t.Context(), "a", "first")
		c.wantKind(t, "first", clientele.KindInternal)
		c.send(t.Context(), "a", "second") // the lane lives on
		c.wantCommitted(t, "second")
		mustClose(t, in)
	})
}

func TestCommit_UnavailableIsNotSplit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &pickyStore{open: make(chan struct{}), fail: func([]string) error {
			return fmt.Errorf("commit: %w", clientele.Unavailable("The disk is full", errConstraint))
		}}
		in := New(s, Options{})
		c := newCallers(in)
		good, bad := sendAround(t, c, 42)
		close(s.open)
		for _, name := range append(good, bad...) {
			c.wantKind(t, name, clientele.KindUnavailable)
		}
		if s.transactions != 2 {
			t.Errorf("%d transactions, want 2: a full disk is no reason to split", s.transactions)
		}
		c.send(t.Context(), "later", "later")
		c.wantCommitted(t, "first", "later")
		mustClose(t, in)
	})
}

func TestCommit_OutcomeWithAnErrorIsTheCallersError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		conflict := clientele.Errorf(clientele.KindConflict, "made up")
		g := make(chan struct{})
		in := New(storeFunc(func(_ context.Context, writes []clientele.Write) ([]clientele.Outcome, error) {
			<-g
			list := outcomes(writes)
			for i := range list {
				if list[i].Reference == "bad" {
					list[i] = clientele.Outcome{Err: conflict}
				}
			}
			return list, nil
		}), Options{})
		c := newCallers(in)
		for _, name := range []string{"first", "good", "bad", "better"} {
			c.send(t.Context(), name, name)
		}
		close(g)
		c.wantCommitted(t, "first", "good", "better")
		if a := c.of(t, "bad"); a.err != error(conflict) {
			t.Errorf("error %v, want the outcome's", a.err)
		}
		mustClose(t, in)
	})
}

func TestCommit_StoreThatAnswersTooFewIsAnError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := make(chan struct{})
		in := New(storeFunc(func(_ context.Context, writes []clientele.Write) ([]clientele.Outcome, error) {
			<-g
			return outcomes(writes)[1:], nil
		}), Options{})
		c := newCallers(in)
		names := c.sendMany(t.Context(), "w", 5)
		close(g)
		for _, name := range names {
			c.wantKind(t, name, clientele.KindInternal)
		}
		mustClose(t, in)
	})
}
