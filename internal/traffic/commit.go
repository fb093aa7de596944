package traffic

import (
	"math/bits"
	"sync"
	"time"
)

// The commits of the last five minutes are remembered in slots of five seconds.
const (
	commitSlot  = 5 * time.Second
	commitSlots = 60
)

// CommitHealth is how the commits of the last five minutes went.
type CommitHealth struct {
	Commits int64
	Writes  int64
	// Failed is how many commits failed, Longest how long the slowest took.
	Failed  int64
	Longest time.Duration
	// Median and P99 are upper bounds, to a power of two of microseconds; zero when there was no commit.
	Median time.Duration
	P99    time.Duration
}

// commits remembers commits by the time they ended. The zero value is empty.
type commits struct {
	mu    sync.Mutex
	slots [commitSlots]commitTally
}

type commitTally struct {
	slot int64 // since the Unix epoch; what is older than five minutes does not count
	sum  CommitHealth
	took [40]int64 // commits by the number of bits of their microseconds
}

// ObserveCommit hears of a transaction of the intake that ended at a time.
func (t *Traffic) ObserveCommit(at time.Time, writes int, took time.Duration, err error) {
	c := &t.commits
	slot := at.UnixNano() / int64(commitSlot)
	c.mu.Lock()
	defer c.mu.Unlock()
	s := &c.slots[slot%commitSlots]
	if slot < s.slot {
		return // five minutes late
	}
	if s.slot != slot {
		*s = commitTally{slot: slot}
	}
	s.sum.Commits++
	s.sum.Writes += int64(writes)
	s.sum.Longest = max(s.sum.Longest, took)
	if err != nil {
		s.sum.Failed++
	}
	s.took[min(len(s.took)-1, bits.Len64(uint64(max(0, took.Microseconds()))))]++
}

// Commits returns how the commits of the last five minutes before now went, on this server.
func (t *Traffic) Commits(now time.Time) CommitHealth {
	c := &t.commits
	newest := now.UnixNano() / int64(commitSlot)
	var sum CommitHealth
	var took [40]int64
	c.mu.Lock()
	defer c.mu.Unlock()
	for i := range c.slots {
		s := &c.slots[i]
		if s.slot > newest || s.slot <= newest-commitSlots {
			continue
		}
		sum.Commits += s.sum.Commits
		sum.Writes += s.sum.Writes
		sum.Failed += s.sum.Failed
		sum.Longest = max(sum.Longest, s.sum.Longest)
		for b, n := range s.took {
			took[b] += n
		}
	}
	sum.Median, sum.P99 = quantile(took[:], sum.Commits, 50), quantile(took[:], sum.Commits, 99)
	return sum
}

// quantile returns the upper bound of the bucket in which so many percent of n commits are reached.
func quantile(buckets []int64, n, percent int64) time.Duration {
	wanted := (n*percent + 99) / 100
	for b, k := range buckets {
		if wanted -= k; wanted <= 0 && n > 0 {
			return time.Duration(1<<b-1) * time.Microsecond
		}
	}
	return 0
}
