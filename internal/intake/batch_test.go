package intake

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"clientele"

	"github.com/google/go-cmp/cmp"
)

// wantBatches fails unless the store saw exactly these transactions.
func wantBatches(t *testing.T, g *gate, want ...[]string) {
	t.Helper()
	if diff := cmp.Diff(want, g.seen()); diff != "" {
		t.Errorf("transactions (-want +got):\n%s", diff)
	}
}

func TestCommit_FirstWriteGoesAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGate()
		in := New(g, Options{})
		c := newCallers(in)
		start := time.Now()
		for i := range 3 {
			name := fmt.Sprint(i)
			c.send(t.Context(), "a", name)
			if n := len(g.seen()); n != i+1 {
				t.Fatalf("write %d: the store saw %d transactions", i, n)
			}
			if c.heard(name) {
				t.Errorf("caller %s heard before its commit ended", name)
			}
			g.release <- nil
			c.wantCommitted(t, name)
		}
		if waited := time.Since(start); waited != 0 {
			t.Errorf("an idle intake waited %v", waited)
		}
		mustClose(t, in)
	})
}

func TestCommit_WhatWaitsFormsOneBatch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGate()
		in := New(g, Options{})
		c := newCallers(in)
		first := c.sendMany(t.Context(), "first", 1)
		rest := c.sendMany(t.Context(), "rest", 7)
		if n := in.Waiting(); n != 8 {
			t.Errorf("%d writes wait, want 8", n)
		}
		g.release <- nil
		c.wantCommitted(t, first...)
		if c.heard("rest0") {
			t.Error("a caller heard before its own commit")
		}
		g.release <- nil
		c.wantCommitted(t, rest...)
		wantBatches(t, g, first, rest)
		mustClose(t, in)
	})
}

// TestCommit_OneProject: with OneProject no transaction is about two projects, each project's writes stay in their order,
// and a project does not wait for a second turn of another.
func TestCommit_OneProject(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGate()
		in := New(g, Options{OneProject: true})
		var writes []clientele.Write
		for i, project := range []int64{1, 2, 1, 3, 2, 1} {
			w := write("key", fmt.Sprintf("%d of %d", i, project))
			w.ProjectID = project
			writes = append(writes, w)
		}
		first := newCallers(in)
		first.send(t.Context(), "key", "first") // the others wait behind it
		ended := make(chan []error)
		go func() {
			_, errs := in.CommitAll(t.Context(), writes)
			ended <- errs
		}()
		synctest.Wait()
		for range 4 {
			g.release <- nil
			synctest.Wait()
		}
		for i, err := range <-ended {
			if err != nil {
				t.Errorf("write %d: %v", i, err)
			}
		}
		wantBatches(t, g, []string{"first"}, []string{"0 of 1", "2 of 1", "5 of 1"}, []string{"1 of 2", "4 of 2"}, []string{"3 of 3"})
		mustClose(t, in)
	})
}

func TestCommit_MaxBatch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGate()
		in := New(g, Options{MaxBatch: 4})
		c := newCallers(in)
		names := c.sendMany(t.Context(), "w", 11) // the first goes alone
		for range 4 {
			g.release <- nil
			synctest.Wait()
		}
		c.wantCommitted(t, names...)
		wantBatches(t, g, names[:1], names[1:5], names[5:9], names[9:])
		mustClose(t, in)
	})
}

func TestNew_ZeroOptionsMeanDefaults(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGate()
		in := New(g, Options{MaxBatch: -1, MaxWaiting: -1, MaxWait: -1, Lanes: -1})
		c := newCallers(in)
		names := c.sendMany(t.Context(), "w", 1+512+1)
		for range 3 {
			g.release <- nil
			synctest.Wait()
		}
		c.wantCommitted(t, names...)
		wantBatches(t, g, names[:1], names[1:513], names[513:])
		if in.options.MaxWaiting != 4096 || in.options.MaxWait != 10*time.Second || in.options.Lanes != 1 {
			t.Errorf("options %+v with %d lanes, want the documented defaults", in.options, in.options.Lanes)
		}
		mustClose(t, in)
	})
}

func TestRecordOf(t *testing.T) {
	in := New(newGate(), Options{Lanes: 8})
	defer mustClose(t, in)
	other := write("a", "2")
	other.ProjectID = 2
	lead := func(uuid string) clientele.Write {
		return clientele.Write{ProjectID: 1, Lead: &clientele.LeadWrite{UUID: uuid}}
	}
	byID := func(id int64) clientele.Write {
		return clientele.Write{ProjectID: 1, Customer: &clientele.CustomerWrite{Mode: clientele.UpdateCustomer, ID: id}}
	}
	for what, pair := range map[string]struct {
		a, b clientele.Write
		same bool
	}{
		"external id": {write("a", "1"), write("a", "2"), true}, "lead": {lead("u"), lead("u"), true}, "customer id": {byID(7), byID(7), true},
		"another external id": {write("a", "1"), write("b", "2"), false}, "another project": {write("a", "1"), other, false},
		"another id": {byID(7), byID(8), false},
	} {
		if same := in.recordOf(&pair.a) == in.recordOf(&pair.b); same != pair.same {
			t.Errorf("two writes about one %s are about one record: %v, want %v", what, same, pair.same)
		}
	}
}

// TestCommit_ManyFormFewTransactions: while a transaction runs, another begins when as many wait as are inside, so that many
// callers form large groups, whatever the number of lanes.
func TestCommit_ManyFormFewTransactions(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGate()
		in := New(g, Options{Lanes: 4})
		c := newCallers(in)
		first := c.sendMany(t.Context(), "a", 1) // alone
		second := c.sendMany(t.Context(), "b", 1)
		third := c.sendMany(t.Context(), "c", 2)
		fourth := c.sendMany(t.Context(), "d", 4)
		wantBatches(t, g, first, second, third, fourth)
		rest := c.sendMany(t.Context(), "e", 20) // no lane is left
		g.release <- nil
		wantBatches(t, g, first, second, third, fourth, rest)
		late := c.sendMany(t.Context(), "f", 3)
		g.release <- nil
		if n := len(g.seen()); n != 5 {
			t.Errorf("%d transactions: three that wait began one beside more than twenty", n)
		}
		for range 3 {
			g.release <- nil
			synctest.Wait()
		}
		wantBatches(t, g, first, second, third, fourth, rest, late)
		g.release <- nil
		c.wantCommitted(t, slices.Concat(first, second, third, fourth, rest, late)...)
		mustClose(t, in)
	})
}

// TestCommit_OrderPerKeyAcrossLanes sends many writes of few keys one after the other while the lanes are held, and
// then lets them go in any order: the writes of each key must reach the store in their order, one at a time.
func TestCommit_OrderPerKeyAcrossLanes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGate()
		in := New(g, Options{Lanes: 4, MaxBatch: 3})
		c := newCallers(in)
		var names []string
		for i := range 120 {
			key := fmt.Sprintf("k%d", i*i%11)
			name := fmt.Sprintf("%s/%03d", key, i)
			c.send(t.Context(), key, name)
			names = append(names, name)
		}
		for c.unheard(names) {
			g.release <- nil
			synctest.Wait()
		}
		c.wantCommitted(t, names...)
		last := map[string]string{}
		for _, batch := range g.seen() {
			if len(batch) > 3 {
				t.Errorf("a batch of %d", len(batch))
			}
			for _, name := range batch {
				key, _, _ := strings.Cut(name, "/")
				if name <= last[key] {
					t.Errorf("%s reached the store after %s", name, last[key])
				}
				last[key] = name
			}
		}
		mustClose(t, in)
	})
}

// unheard reports whether a caller still waits.
func (c *callers) unheard(names []string) bool {
	return slices.ContainsFunc(names, func(name string) bool { return !c.heard(name) })
}

func TestCommit_LanesRunAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGate()
		in := New(g, Options{Lanes: 4})
		c := newCallers(in)
		names := c.sendMany(t.Context(), "w", 64)
		if n := len(g.seen()); n != 4 {
			t.Errorf("%d transactions run, want one in each of 4 lanes", n)
		}
		for c.unheard(names) {
			g.release <- nil
			synctest.Wait()
		}
		c.wantCommitted(t, names...)
		mustClose(t, in)
	})
}

func TestCommit_FullLineIsUnavailableAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGate()
		in := New(g, Options{MaxWaiting: 3})
		c := newCallers(in)
		start := time.Now()
		names := c.sendMany(t.Context(), "w", 3) // one in the transaction, two in the line
		c.send(t.Context(), "x", "refused")
		c.wantKind(t, "refused", clientele.KindUnavailable)
		if e, ok := errors.AsType[*clientele.Error](c.of(t, "refused").err); !ok || e.RetryAfter <= 0 {
			t.Errorf("%v: does not say when to try again", c.of(t, "refused").err)
		}
		if time.Since(start) != 0 || in.Waiting() != 3 {
			t.Errorf("refused after %v with %d waiting, want at once with 3", time.Since(start), in.Waiting())
		}
		g.release <- nil
		c.wantCommitted(t, names[0])
		c.send(t.Context(), "y", "taken") // there is room again
		g.release <- nil
		synctest.Wait()
		g.release <- nil
		c.wantCommitted(t, names[1], names[2], "taken")
		for _, batch := range g.seen() {
			if slices.Contains(batch, "refused") {
				t.Error("a refused write was committed")
			}
		}
		mustClose(t, in)
	})
}

func TestOnCommit_HearsOfEveryTransaction(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		type figures struct {
			writes int
			took   time.Duration
			err    string
		}
		var got []figures
		gone := clientele.Unavailable("made up", nil)
		store := storeFunc(func(ctx context.Context, writes []clientele.Write) ([]clientele.Outcome, error) {
			<-time.After(time.Duration(len(writes)) * time.Second) // of the bubble
			if slices.Contains(namesOf(writes), "gone") {
				return nil, gone
			}
			return outcomes(writes), nil
		})
		in := New(store, Options{OnCommit: func(writes int, took time.Duration, err error) {
			f := figures{writes: writes, took: took}
			if err != nil {
				f.err = err.Error()
			}
			got = append(got, f)
		}})
		c := newCallers(in)
		names := c.sendMany(t.Context(), "w", 4)
		<-time.After(time.Minute)
		c.send(t.Context(), "g", "gone")
		<-time.After(time.Minute)
		c.wantCommitted(t, names...)
		c.wantKind(t, "gone", clientele.KindUnavailable)
		mustClose(t, in)
		want := []figures{{1, time.Second, ""}, {3, 3 * time.Second, ""}, {1, time.Second, gone.Error()}}
		if diff := cmp.Diff(want, got, cmp.AllowUnexported(figures{})); diff != "" {
			t.Errorf("figures (-want +got):\n%s", diff)
		}
	})
}
