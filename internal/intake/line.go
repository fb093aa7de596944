package intake

import (
	"context"
	"hash/maphash"
	"runtime"
	"strconv"
	"sync"
	"time"

	"clientele"
)

// line is where calls wait for the lanes, each of which runs one transaction at a time.
//
// While none runs, what comes goes at once. While some do, another begins when as many calls wait as are in those: few
// writes overlap, so that none waits for another's commit, and many form two large groups in turn instead of as many
// small ones as there are lanes; what a transaction costs beside its rows is the cost of tens of them.
type line struct {
	in     *Intake
	ctx    context.Context
	cancel context.CancelFunc
	lanes  sync.WaitGroup
	ended  chan struct{}

	mu      sync.Mutex
	turn    sync.Cond // a lane may take calls, or the line is closed
	calls   []*call
	running int                 // transactions
	inside  int                 // calls in them
	records map[uint64]struct{} // that they are about
	closed  bool
	pace    pace
}

func newLine(in *Intake) *line {
	ctx, cancel := context.WithCancel(context.Background())
	l := &line{in: in, ctx: ctx, cancel: cancel, ended: make(chan struct{}), records: map[uint64]struct{}{}}
	l.turn.L = &l.mu
	for range in.options.Lanes {
		l.lanes.Go(l.run)
	}
	go func() {
		l.lanes.Wait()
		cancel()
		close(l.ended)
	}()
	return l
}

// recordOf names the record that w is about. Another may have the same name, and then waits for it.
func (in *Intake) recordOf(w *clientele.Write) uint64 {
	if in.options.Lanes == 1 {
		return 0 // one after the other in any case
	}
	return maphash.Comparable(in.seed, recordKey(w))
}

func recordKey(w *clientele.Write) clientele.ProjectKey {
	key := clientele.ProjectKey{ProjectID: w.ProjectID}
	switch {
	case w.Customer != nil && w.Customer.Mode == clientele.UpdateCustomer:
		key.Key = "#" + strconv.FormatInt(w.Customer.ID, 10)
	case w.Customer != nil && w.Submission == nil:
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

// put adds a call to the line; false when it is closed.
func (l *line) put(c *call) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return false
	}
	l.calls = append(l.calls, c)
	if l.isTurn() {
		l.turn.Signal()
	}
	return true
}

// isTurn reports whether another transaction may begin.
func (l *line) isTurn() bool {
	n := len(l.calls)
	return n > 0 && (l.running == 0 || n >= min(l.inside, l.in.options.MaxBatch))
}

// learn hears how long a transaction took, and says how many writes are let in.
func (l *line) learn(writes int, took time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	o := &l.in.options
	l.pace.observe(writes, took)
	l.in.admission.bound.Store(int64(l.pace.bound(o.LongestLine*time.Duration(min(o.Lanes, atOnce)), o.MaxBatch)))
}

// atOnce is how many transactions run at once when many wait, if there are as many lanes.
const atOnce = 2

func (l *line) close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closed = true
	l.turn.Broadcast()
}

// run is a lane: it commits whatever waits until the line is closed and empty.
func (l *line) run() {
	var batch []*call
	var records []uint64
	for {
		if batch = l.take(batch[:0]); len(batch) == 0 {
			return
		}
		records = records[:0]
		for _, c := range batch {
			records = append(records, c.record)
		}
		l.commit(batch)
		clear(batch)
		l.leave(records)
		if l.in.options.Lanes == 1 {
			// Those who were answered, and those who have just come, go first: otherwise they stand behind the next transaction on
			// this processor, which begins with the few who came during the last one. With 256 callers it is a fifth more creates.
			// One of several lanes waits for the database over and over, so that they do anyway.
			runtime.Gosched()
		}
	}
}

// take waits for the lane's turn and moves calls from the line into batch; none when the line is closed and empty.
func (l *line) take(batch []*call) []*call {
	l.mu.Lock()
	defer l.mu.Unlock()
	for {
		if l.isTurn() {
			batch = l.fill(batch)
		}
		if len(batch) > 0 {
			break
		}
		if l.closed && len(l.calls) == 0 {
			return nil
		}
		l.turn.Wait()
	}
	l.running++
	l.inside += len(batch)
	for _, c := range batch {
		l.records[c.record] = struct{}{}
	}
	if l.isTurn() {
		l.turn.Signal()
	}
	return batch
}

// leave tells that a transaction about the records, one of each call, has ended.
func (l *line) leave(records []uint64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.running--
	l.inside -= len(records)
	for _, record := range records {
		delete(l.records, record)
	}
	if l.closed {
		l.turn.Broadcast() // the last one may have been waited for
	}
}

// fill moves calls into batch, from the head of the line on, dropping those that are gone and passing over those about a
// record that a transaction is about: what is about one record stays in its order. With OneProject it takes those of the
// first one's project and leaves the others where they are.
func (l *line) fill(batch []*call) []*call {
	left := l.calls[:0]
	for _, c := range l.calls {
		_, inside := l.records[c.record]
		switch {
		case inside, len(batch) == l.in.options.MaxBatch, l.in.options.OneProject && len(batch) > 0 && !sameProject(c, batch[0]):
			left = append(left, c)
		case c.gone.Load():
			c.err = errGone
			l.in.left(c)
		default:
			batch = append(batch, c)
		}
	}
	clear(l.calls[len(left):])
	l.calls = left
	return batch
}

func sameProject(a, b *call) bool { return a.write.ProjectID == b.write.ProjectID }

// errGone is what became of a call that was dropped because its caller gave up.
var errGone = clientele.Unavailable("The caller gave up", nil)
