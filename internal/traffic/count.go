package traffic

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"clientele"
)

// numShards is how many parts the counts have, a power of two. Of calls at the same moment hardly two want the same part.
const numShards = 16

// maxPending bounds what is counted while the store fails, in combinations of minute, project, dialect and outcome.
const maxPending = 100_000

// tally is what calls are counted by.
type tally struct {
	minute  int64 // since the Unix epoch
	project int64
	dialect clientele.Dialect
	outcome clientele.CallOutcome
}

// counts counts calls. The zero value is ready.
type counts struct {
	shards [numShards]shard
	// pending is what a flush could not store.
	pending map[tally]int64
}

// shard is padded, so that two of them do not share a line of the processor's cache.
type shard struct {
	mu    sync.Mutex
	calls map[tally]int64
	_     [64]byte
}

func (c *counts) add(at time.Time, project int64, d clientele.Dialect, o clientele.CallOutcome) {
	key := tally{at.Unix() / 60, project, d, o}
	s := &c.shards[rand.Uint32()%numShards]
	s.mu.Lock()
	if s.calls == nil {
		s.calls = map[tally]int64{}
	}
	s.calls[key]++
	s.mu.Unlock()
}

// collect empties the shards into pending.
func (c *counts) collect() {
	for i := range c.shards {
		s := &c.shards[i]
		s.mu.Lock()
		calls := s.calls
		s.calls = nil
		s.mu.Unlock()
		if c.pending == nil && len(calls) > 0 {
			c.pending = map[tally]int64{}
		}
		for key, n := range calls {
			if _, known := c.pending[key]; known || len(c.pending) < maxPending {
				c.pending[key] += n
			}
		}
	}
}

// flush adds what was counted to the store and reports whether there was anything.
func (c *counts) flush(ctx context.Context, s Store) (bool, error) {
	c.collect()
	if len(c.pending) == 0 {
		return false, nil
	}
	if err := s.AddCallCounts(ctx, spread(c.pending)); err != nil {
		return false, fmt.Errorf("flush counts: %w", err)
	}
	c.pending = nil
	return true, nil
}

// spread returns the counts for every span, of each project and of all calls together.
func spread(calls map[tally]int64) []clientele.CallCount {
	type place struct {
		span    time.Duration
		project int64
		at      int64
		dialect clientele.Dialect
		outcome clientele.CallOutcome
	}
	sums := map[place]int64{}
	for key, n := range calls {
		for _, span := range clientele.CallSpans {
			length := int64(span / time.Second)
			at := key.minute * 60 / length * length
			sums[place{span, 0, at, key.dialect, key.outcome}] += n
			if key.project != 0 {
				sums[place{span, key.project, at, key.dialect, key.outcome}] += n
			}
		}
	}
	list := make([]clientele.CallCount, 0, len(sums))
	for p, n := range sums {
		list = append(list, clientele.CallCount{
			Span: p.span, At: time.Unix(p.at, 0).UTC(), ProjectID: p.project, Dialect: p.dialect, Outcome: p.outcome, Calls: n,
		})
	}
	slices.SortFunc(list, func(a, b clientele.CallCount) int {
		return cmp.Or(cmp.Compare(a.Span, b.Span), cmp.Compare(a.ProjectID, b.ProjectID), a.At.Compare(b.At),
			cmp.Compare(a.Dialect, b.Dialect), cmp.Compare(a.Outcome, b.Outcome))
	})
	return list
}
