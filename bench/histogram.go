//go:build linux

package main

import (
	"math"
	"math/bits"
)

// subBucketBits sets the histogram's precision: 2^7 buckets per power of two keep the error of a recorded value under 0.8 %.
const subBucketBits = 7

const (
	subBuckets = 1 << subBucketBits
	// topExponent is that of the largest value told apart, 2^40 ns or 18 minutes; longer ones share the last bucket.
	topExponent = 39
	bucketCount = (topExponent-subBucketBits)*subBuckets + 2*subBuckets
)

// histogram counts durations in nanoseconds in log-linear buckets of fixed number, so that recording neither
// allocates nor sorts. The zero value is empty and ready.
type histogram struct {
	counts [bucketCount]uint64
	total  uint64
	max    int64
}

// record counts one duration; a negative one counts as zero.
func (h *histogram) record(nanoseconds int64) {
	value := max(nanoseconds, 0)
	h.counts[bucketOf(uint64(value))]++
	h.total++
	h.max = max(h.max, value)
}

// add counts all that the other histogram has counted.
func (h *histogram) add(other *histogram) {
	for bucket, count := range other.counts {
		h.counts[bucket] += count
	}
	h.total += other.total
	h.max = max(h.max, other.max)
}

// percentile returns the smallest bucket bound that at least the fraction q (0 to 1) of the values do not exceed,
// in nanoseconds, never more than the largest value recorded; 0 when nothing was recorded.
func (h *histogram) percentile(q float64) int64 {
	rank := max(uint64(math.Ceil(q*float64(h.total))), 1)
	var seen uint64
	for bucket, count := range h.counts {
		seen += count
		if seen >= rank {
			return min(upperBound(bucket), h.max)
		}
	}
	return h.max
}

func bucketOf(value uint64) int {
	if value < subBuckets {
		return int(value)
	}
	shift := bits.Len64(value) - 1 - subBucketBits
	return min(shift*subBuckets+int(value>>shift), bucketCount-1)
}

// upperBound is the largest value that bucketOf puts into the bucket.
func upperBound(bucket int) int64 {
	if bucket < 2*subBuckets {
		return int64(bucket)
	}
	shift := bucket/subBuckets - 1
	return int64(bucket-shift*subBuckets+1)<<shift - 1
}
