// Package traffic watches the calls of partners: it counts them by minute, dialect and outcome, and keeps the newest that
// were refused, so that "why was my call refused?" has an answer.
//
// A call that succeeds costs one count in memory. One that fails also costs a copy of its beginning, handed over to a bounded
// queue; everything else happens later, in Flush. Nobody's answer waits for the store, and no flood makes anything grow.
package traffic

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"clientele"
)

// KeepCounts is how long counts are kept.
const KeepCounts = 8 * 24 * time.Hour

// Bounds are how many refused calls the store keeps. A row has 12 KiB at most, so that all of them fit into 250 MB, and
// ordinary ones into a tenth of it.
var Bounds = clientele.RefusalBounds{PerCaller: 500, Unknown: 2000, Total: 20_000}

// Store keeps what was seen. Both stores are one.
type Store interface {
	AddCallCounts(ctx context.Context, counts []clientele.CallCount) error
	PutRefusals(ctx context.Context, list []clientele.Refusal, b clientele.RefusalBounds) error
}

// Call is a call that was answered.
type Call struct {
	// At is when it began.
	At      time.Time
	Request *http.Request
	Info    *clientele.Request
	// Route is the pattern of the route that served it.
	Route  string
	Status int
	// Answer is the beginning of the answer's body when Status is 400 or more, of AnswerBytes. It is the receiver's to keep.
	Answer      []byte
	AnswerBytes int64
}

// Traffic watches. Its methods may be called from any goroutine.
type Traffic struct {
	store  Store
	counts counts
	inbox  inbox

	flushing sync.Mutex
	commits  commits
	wake     wake
}

// New returns a Traffic that keeps what it sees in the store. Call Flush every few seconds and once in the end.
func New(s Store) *Traffic {
	t := &Traffic{store: s, inbox: newInbox()}
	t.wake.changed = make(chan struct{})
	return t
}

// Observe takes a call. It neither blocks nor fails.
func (t *Traffic) Observe(c Call) {
	outcome := OutcomeOf(c.Info, c.Status)
	if outcome == "" {
		return
	}
	t.counts.add(c.At, c.Info.ProjectID, c.Info.Dialect, outcome)
	if c.Status >= http.StatusBadRequest {
		t.inbox.take(&c)
	}
}

// statusCallerGone stands for the answer to a caller that hung up before it.
const statusCallerGone = 499

// OutcomeOf says what came of a call. It is empty for one whose caller hung up, which heard no answer and may find by
// repeating what came of it.
func OutcomeOf(info *clientele.Request, status int) clientele.CallOutcome {
	if status == statusCallerGone {
		return ""
	}
	if status < http.StatusBadRequest {
		switch info.Result {
		case clientele.Created:
			return clientele.CallCreated
		case clientele.Updated:
			return clientele.CallUpdated
		case clientele.Unchanged:
			return clientele.CallUnchanged
		case clientele.Submitted:
			return clientele.CallAccepted
		default:
			return clientele.CallRead
		}
	}
	if info.Err != nil { // a dialect may answer a failure of ours with a 4xx: Prime Lead does
		return outcomeOfKind(clientele.KindOf(info.Err))
	}
	switch {
	case status == http.StatusUnauthorized, status == http.StatusForbidden:
		return clientele.CallDenied
	case status == http.StatusTooManyRequests:
		return clientele.CallLimited
	case status >= http.StatusInternalServerError:
		return clientele.CallFailed
	default:
		return clientele.CallRefused
	}
}

func outcomeOfKind(k clientele.Kind) clientele.CallOutcome {
	switch k {
	case clientele.KindInternal, clientele.KindUnavailable:
		return clientele.CallFailed
	case clientele.KindUnauthorized, clientele.KindForbidden:
		return clientele.CallDenied
	case clientele.KindRateLimited:
		return clientele.CallLimited
	default:
		return clientele.CallRefused
	}
}

// Flush stores what was seen since it was called before. Counts that cannot be stored are kept for the next time; refused
// calls are given up then, and counted as dropped.
func (t *Traffic) Flush(ctx context.Context) error {
	t.flushing.Lock()
	defer t.flushing.Unlock()
	counted, err := t.counts.flush(ctx, t.store)
	kept, errInbox := t.inbox.flush(ctx, t.store)
	if counted || kept {
		t.wake.signal()
	}
	return errors.Join(err, errInbox)
}

// Dropped returns how many refused calls were not kept since the start: because their caller had too many in a minute, and
// because the queue was full or the store failed.
func (t *Traffic) Dropped() (capped, lost int64) { return t.inbox.capped.Load(), t.inbox.lost.Load() }

// Flushed returns a channel that is closed when something new is in the store.
func (t *Traffic) Flushed() <-chan struct{} { return t.wake.next() }

// wake tells many at once that there is something new.
type wake struct {
	mu      sync.Mutex
	changed chan struct{}
}

func (w *wake) next() <-chan struct{} {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.changed
}

func (w *wake) signal() {
	w.mu.Lock()
	defer w.mu.Unlock()
	close(w.changed)
	w.changed = make(chan struct{})
}

// total is a count that only rises.
type total = atomic.Int64
