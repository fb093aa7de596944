package importer

import (
	"context"
	"errors"
	"fmt"
	"time"

	"clientele"
)

const (
	reasonNumberTaken = "external_number belongs to another customer"
	reasonChanged     = "the row was changed while the import was interrupted; as it was before, it is in the book"
)

// maxFaults is how many rows a run may have that the book refuses without a reason. That many are no fault of theirs.
const maxFaults = 20

// lane is one of the ways into the book, on which one transaction comes behind the other.
type lane struct {
	*run
	number int
	faults int
}

// serve commits parts one after the other, until something fails: what comes later must not take effect first.
func (l *lane) serve(ctx context.Context, stop context.CancelCauseFunc, parts <-chan part) {
	for p := range parts {
		for numbers := p.writes; len(numbers) > 0 && ctx.Err() == nil; {
			n := min(len(numbers), 2*l.TransactionRows) // a share is seldom even
			if err := l.commit(ctx, p.chunk, numbers[:n]); err != nil {
				p.chunk.fail(err)
				stop(err)
			}
			numbers = numbers[n:]
		}
		if ctx.Err() != nil {
			p.chunk.fail(errStopped)
		}
		p.chunk.pending.Done()
	}
}

// commit carries out writes of a chunk in one transaction. When it fails for a reason that may belong to one of them, the
// halves are tried one after the other, until the one at fault stands alone.
func (l *lane) commit(ctx context.Context, c *chunk, numbers []int) error {
	writes := make([]clientele.Write, len(numbers))
	for i, n := range numbers {
		writes[i] = c.writes[n]
	}
	outcomes, err := l.send(ctx, writes)
	switch {
	case err == nil:
		c.mu.Lock()
		c.traces.add(l.number, writes, outcomes)
		c.mu.Unlock()
		return l.take(ctx, c, numbers, outcomes)
	case clientele.KindOf(err) == clientele.KindUnavailable || ctx.Err() != nil:
		return err
	case len(numbers) > 1:
		half := len(numbers) / 2
		if err := l.commit(ctx, c, numbers[:half]); err != nil {
			return err
		}
		return l.commit(ctx, c, numbers[half:])
	}
	if l.faults++; l.faults > maxFaults {
		return fmt.Errorf("the book refuses rows for no fault of theirs: %w", err)
	}
	c.take(numbers[0], &clientele.Outcome{Err: err})
	return nil
}

// take notes what became of a write.
func (c *chunk) take(n int, o *clientele.Outcome) {
	row := &c.rows[c.of[n]]
	switch {
	case o.Err != nil:
		row.reason = "the book refuses the row"
		if e, ok := errors.AsType[*clientele.Error](o.Err); ok && e.Kind != clientele.KindInternal && e.Message != "" {
			row.reason = e.Message
			if e.Field == "Idempotency-Key" {
				row.reason = reasonChanged
			}
		}
	case o.Result == clientele.ExternalNumberTaken:
		row.reason = reasonNumberTaken
	default:
		c.results[n] = o.Result
		if o.ReturnOf != 0 {
			c.returned.Add(1)
		}
		return
	}
	c.results[n] = clientele.Missing // counted by its reason
}

// The pauses between attempts at a book that cannot be written double from the first to the longest.
const (
	firstPause   = 100 * time.Millisecond
	longestPause = 2 * time.Second
)

// send commits, again and again for a while when the book cannot be written now. It may be that the book has what was sent before, and
// that somebody else has changed it since: from the second time on the writes are doubtful. They are dated when they are sent, and not
// while they wait in line: who reads the list by last update from the newest date on would miss what comes into the book with an older one.
func (r *run) send(ctx context.Context, writes []clientele.Write) (outcomes []clientele.Outcome, err error) {
	err = r.patiently(ctx, func() (err error) {
		now := r.Now().UTC().Truncate(time.Microsecond)
		for i := range writes {
			writes[i].At = now
		}
		outcomes, err = r.store.Commit(context.WithoutCancel(ctx), writes) // what is sent is heard to its end
		if err == nil && len(outcomes) != len(writes) {
			err = fmt.Errorf("the store answered %d of %d writes", len(outcomes), len(writes))
		}
		if clientele.KindOf(err) == clientele.KindUnavailable {
			for i := range writes {
				makeDoubtful(&writes[i])
			}
		}
		return err
	})
	return outcomes, err
}

// patiently tries something again and again for a while, as long as the book is not available.
func (r *run) patiently(ctx context.Context, try func() error) error {
	first := time.Now()
	for wait := firstPause; ; wait = min(2*wait, longestPause) {
		err := try()
		if err == nil || clientele.KindOf(err) != clientele.KindUnavailable || time.Since(first) > r.Patience {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(wait):
		}
	}
}
