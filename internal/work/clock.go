package work

import (
	"context"
	"sync/atomic"
	"time"
)

// Clock tells the time of a book that several servers share, as its database has it: a claim then means the same to all of
// them, however their own clocks stand, and also when these are set. Before Follow was called it tells the time of the
// machine. Its methods may be called from any goroutine.
type Clock struct {
	// Ask asks the book for its time; nil when it has none: then it is the machine's.
	Ask func(ctx context.Context) (time.Time, error)
	// Local is the clock of the machine; default time.Now.
	Local func() time.Time

	sample atomic.Pointer[sample]
}

// sample is the time of the book at a time of this machine. The latter has a monotonic reading, so that what has passed since
// is right although the machine's clock is set.
type sample struct{ book, local time.Time }

func (c *Clock) here() time.Time {
	if c.Local == nil {
		return time.Now()
	}
	return c.Local()
}

// Now returns the time of the book.
func (c *Clock) Now() time.Time {
	now := c.here()
	s := c.sample.Load()
	if s == nil {
		return now
	}
	return s.book.Add(now.Sub(s.local))
}

// slowAnswer is from when on an answer says too little about the time: it was true somewhere in between.
const slowAnswer = time.Second

// Follow asks for the time; it is a Task. An answer that took long is passed over when there has been a better one.
func (c *Clock) Follow(ctx context.Context) (again time.Duration, err error) {
	if c.Ask == nil {
		return 0, nil
	}
	asked := c.here()
	book, err := c.Ask(ctx)
	if err != nil {
		return 0, err
	}
	took := c.here().Sub(asked)
	if took > slowAnswer && c.sample.Load() != nil {
		return 0, nil
	}
	c.sample.Store(&sample{book: book, local: asked.Add(took / 2)})
	return 0, nil
}
