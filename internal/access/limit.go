package access

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"time"

	"clientele"

	"github.com/sethvargo/go-limiter"
	"github.com/sethvargo/go-limiter/memorystore"
)

// Class says against which of a credential's limits a call counts.
type Class uint8

// The classes.
const (
	Read Class = iota
	Write
)

// window is the length of the fixed window that calls are counted in.
const window = time.Minute

// Quota is where a credential stands in its window. Limit is 0 when no limit applies.
type Quota struct {
	Limit     int
	Remaining int
	// Reset is the time until the window starts anew.
	Reset time.Duration
}

// Take counts a call of a project against the credential's limit and returns where it stands. The error is of kind
// rate_limited, with RetryAfter, when the limit is reached; of kind unavailable when the server has too much to do for
// another write, which is not counted then. Each server counts by itself.
func (a *Access) Take(ctx context.Context, c *clientele.Credential, class Class) (Quota, error) {
	if class == Write && a.admit != nil {
		if err := a.admit(clientele.RequestOf(ctx).ProjectID, c.ID); err != nil {
			return Quota{}, err
		}
	}
	perMinute := c.ReadsPerMinute
	if class == Write {
		perMinute = c.WritesPerMinute
	}
	if perMinute == 0 {
		return Quota{}, nil
	}
	counter, err := a.limits.counter(perMinute, a.now())
	if err != nil {
		return Quota{}, fmt.Errorf("count call: %w", err)
	}
	key := strconv.FormatInt(c.ID, 10) + ":" + strconv.Itoa(int(class))
	_, remaining, resetAt, ok, err := counter.Take(ctx, key)
	if err != nil {
		return Quota{}, fmt.Errorf("count call: %w", err)
	}
	q := Quota{Limit: perMinute, Remaining: int(remaining), Reset: max(0, time.Until(time.Unix(0, int64(resetAt))))}
	if !ok {
		return q, &clientele.Error{Kind: clientele.KindRateLimited, Message: "rate limit exceeded", RetryAfter: q.Reset}
	}
	return q, nil
}

// limits holds one counter for each limit that is in use. The zero value is ready.
//
// The counters go by the clock on the wall, and one that was set back would keep a caller out who has reached its limit until the
// clock is where it was: for hours, where it should be a minute. So they begin anew then.
type limits struct {
	mu       sync.Mutex
	counters map[int]limiter.Store
	retired  []limiter.Store // somebody may still be counting with them
	seen     time.Time       // the latest time of a call
}

// stepBack is how far a clock is set back that calls counters in question: less than that may be two calls at once.
const stepBack = time.Second

func (l *limits) counter(perMinute int, now time.Time) (limiter.Store, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.look(now.Round(0))
	if c := l.counters[perMinute]; c != nil {
		return c, nil
	}
	c, err := memorystore.New(&memorystore.Config{
		Tokens: uint64(perMinute), Interval: window, SweepInterval: 10 * window, SweepMinTTL: 2 * window, InitialAlloc: 16,
	})
	if err != nil {
		return nil, err
	}
	if l.counters == nil {
		l.counters = map[int]limiter.Store{}
	}
	l.counters[perMinute] = c
	return c, nil
}

// look gives up the counters when the clock was set back.
func (l *limits) look(wall time.Time) {
	switch {
	case wall.After(l.seen):
		l.seen = wall
	case l.seen.Sub(wall) >= stepBack:
		for _, c := range l.counters {
			l.retired = append(l.retired, c)
		}
		clear(l.counters)
		l.seen = wall
	}
}

func (l *limits) close(ctx context.Context) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	var errs []error
	for _, c := range l.counters {
		errs = append(errs, c.Close(ctx))
	}
	for _, c := range l.retired {
		errs = append(errs, c.Close(ctx))
	}
	clear(l.counters)
	l.retired = nil
	return errors.Join(errs...)
}
