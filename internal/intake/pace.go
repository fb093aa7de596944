package intake

import "time"

// pace is what the line learns of its transactions: how long one takes by itself, and what each write adds. Both come from the
// best of the small and of the large batches of late: what a store can do, rather than how it fares while the machine has
// other things to do. It is guarded by the line's mutex.
type pace struct {
	small, large best
}

// batch is one transaction.
type batch struct{ writes, seconds float64 }

func (b batch) isNone() bool { return b.writes == 0 }

// best is the quickest batch, by the time of a write, of the present while and of the one before. A while is over when its
// batches took so long together.
type best struct {
	now, before batch
	spent       float64
}

const (
	// smallBatch is how many writes a batch has at most that tells of the transaction rather than of its writes.
	smallBatch = 8
	// leastBound lets batches grow beyond smallBatch at any pace, so that one always learns what a write costs.
	leastBound = 2 * smallBatch
	// whileSeconds is how long a while is: a store that has become slower is known to be after two of them.
	whileSeconds = 1.0
)

func quicker(a, b batch) batch {
	if a.isNone() || !b.isNone() && b.seconds/b.writes < a.seconds/a.writes {
		return b
	}
	return a
}

func (b *best) add(one batch) {
	b.now = quicker(b.now, one)
	if b.spent += one.seconds; b.spent >= whileSeconds {
		b.before, b.now, b.spent = b.now, batch{}, 0
	}
}

func (b *best) batch() batch { return quicker(b.now, b.before) }

// observe takes a transaction.
func (p *pace) observe(writes int, took time.Duration) {
	one := batch{float64(writes), took.Seconds()}
	if writes <= smallBatch {
		p.small.add(one)
	} else {
		p.large.add(one)
	}
}

// costs returns what a transaction costs by itself and what each of its writes adds, in seconds. As long as no large batch
// was seen, writes are taken for free: what is not known to be slow is let in, and so becomes known.
func (p *pace) costs() (alone, each float64) {
	small, large := p.small.batch(), p.large.batch()
	if large.isNone() {
		return small.seconds, 0
	}
	each = max(large.seconds-small.seconds, 0) / (large.writes - small.writes)
	return max(large.seconds-each*large.writes, 0), each
}

// bound returns how many writes are carried out within longest, in batches of so many at most. Where a transaction takes long by
// itself, waiting less would only make batches smaller and the sum of them slower: there it is what two and a half take.
//
// It is never less than one batch: to refuse what the next transaction takes would make batches smaller, and a store that
// stumbles for a moment must not turn away the usual number of callers.
func (p *pace) bound(longest time.Duration, most int) int {
	alone, each := p.costs()
	cost := alone/float64(most) + each
	if cost <= 0 {
		return maxBound
	}
	within := max(longest.Seconds(), 2.5*alone)
	return int(min(max(within/cost, float64(most), leastBound), maxBound))
}

// maxBound is no bound.
const maxBound = 1 << 30
