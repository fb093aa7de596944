package storetest

import (
	"context"
	"fmt"
	"math"
	"strconv"
	"sync/atomic"
	"testing"

	"clientele"
)

func commitFailureChecks() []check {
	return []check{
		{"PoisonWriteFailsItsBatchWhole", testPoison},
		{"EmptyWriteFailsAlone", testEmptyWrite},
		{"CancelledBefore_WritesNothing", testCancelledBefore},
		{"CancelledAnywhere_AllOrNothing", testCancelledAnywhere},
	}
}

// poison is a write that no store can keep: its project does not exist.
func poison(n int) clientele.Write { return upsert(math.MaxInt32, n, "poison", email("p@example.com")) }

func testPoison(t *testing.T, f *fixture) {
	a := f.commitOne(t, upsert(f.project, 1, "a", email("1@example.com")), clientele.Created)
	want := f.customer(t, f.project, a)
	good := []clientele.Write{
		upsert(f.project, 2, "a", email("2@example.com")), upsert(f.project, 2, "b", nil), create(f.other, 2, keys("c", "1"), address(1)),
	}
	good[1].Idempotency = &clientele.Idempotency{CredentialID: 7, Key: "k"}
	for position := range len(good) + 1 {
		batch := append(append(append([]clientele.Write{}, good[:position]...), poison(2)), good[position:]...)
		outcomes, err := f.Commit(t.Context(), batch)
		if err == nil {
			t.Fatalf("a batch with poison at %d was committed: %v", position, outcomes)
		}
		if kind := clientele.KindOf(err); kind == clientele.KindUnavailable || outcomes != nil {
			t.Errorf("poison at %d: kind %s with %d outcomes; want another kind than unavailable, so that the batch is split: %v",
				position, kind, len(outcomes), err)
		}
		wantSame(t, "customer", want, f.customer(t, f.project, a))
		if n := len(f.changes(t, f.project, a)); n != 1 {
			t.Errorf("%d changes, want 1", n)
		}
		_, err = f.FindCustomerByExternalID(t.Context(), f.project, "b")
		wantKind(t, "a neighbour of the poison", err, clientele.KindNotFound)
	}
	wantResults(t, f.commit(t, good...), clientele.Updated, clientele.Created, clientele.Created) // the store goes on
	if _, err := f.Commit(t.Context(), []clientele.Write{poison(3)}); err == nil {
		t.Error("poison alone was committed")
	}
}

func testEmptyWrite(t *testing.T, f *fixture) {
	outcomes := f.commit(t, upsert(f.project, 1, "a", nil), clientele.Write{ProjectID: f.project, At: at(1)}, upsert(f.project, 1, "b", nil))
	if outcomes[0].Result != clientele.Created || outcomes[2].Result != clientele.Created {
		t.Errorf("its neighbours: %s and %s, want created", outcomes[0].Result, outcomes[2].Result)
	}
	wantKind(t, "the empty write", outcomes[1].Err, clientele.KindInternal)
}

func testCancelledBefore(t *testing.T, f *fixture) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := f.Commit(ctx, []clientele.Write{upsert(f.project, 1, "a", nil)}); err == nil {
		t.Error("Commit with a cancelled context succeeded")
	}
	_, err := f.FindCustomerByExternalID(t.Context(), f.project, "a")
	wantKind(t, "after a cancelled commit", err, clientele.KindNotFound)
	f.commitOne(t, upsert(f.project, 2, "a", nil), clientele.Created)
}

// countedContext is cancelled the nth time that somebody asks for its Done channel, so that a test reaches every point
// of a commit at which a caller may go away.
type countedContext struct {
	context.Context
	cancel context.CancelFunc
	asks   atomic.Int64
	last   int64
}

func (c *countedContext) Done() <-chan struct{} {
	if c.asks.Add(1) == c.last {
		c.cancel()
	}
	return c.Context.Done()
}

// testCancelledAnywhere cancels commits at each point in turn. An error must mean that nothing was written, no error that
// all was, and the store must go on.
func testCancelledAnywhere(t *testing.T, f *fixture) {
	f.commitOne(t, upsert(f.project, 0, "warm", nil), clientele.Created)
	for last, run := int64(1), 0; ; run++ {
		ctx, cancel := context.WithCancel(t.Context())
		counted := &countedContext{Context: ctx, cancel: cancel, last: last}
		key := strconv.Itoa(run)
		outcomes, err := f.Commit(counted, []clientele.Write{upsert(f.project, 1, key, nil), upsert(f.project, 1, "b"+key, nil)})
		cancel()
		for _, key := range []string{key, "b" + key} {
			_, findErr := f.FindCustomerByExternalID(t.Context(), f.project, key)
			if written := findErr == nil; written != (err == nil) {
				t.Fatalf("cancelled at ask %d: Commit = %v, %v, but the customer is there: %t", last, outcomes, err, written)
			}
		}
		if _, err := f.Commit(t.Context(), []clientele.Write{upsert(f.project, 2, "warm", email(fmt.Sprintf("%d@example.com", run)))}); err != nil {
			t.Fatalf("after a commit that was cancelled at ask %d: %v", last, err)
		}
		if counted.asks.Load() < last {
			return // the commit is shorter than that
		}
		if run%3 == 2 { // each point three times: what happens there is a race between two goroutines
			last++
		}
	}
}
