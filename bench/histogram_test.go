//go:build linux

package main

import (
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func TestHistogram_PercentileIsNearTheSortedSample(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		values := rapid.SliceOfN(rapid.Int64Range(0, 1<<40-1), 1, 300).Draw(t, "values")
		q := rapid.Float64Range(0, 1).Draw(t, "q")
		var h histogram
		for _, v := range values {
			h.record(v)
		}
		slices.Sort(values)
		rank := 0
		for float64(rank+1) < q*float64(len(values)) {
			rank++
		}
		exact, got := values[rank], h.percentile(q)
		if got < exact || float64(got) > float64(exact)*(1+1.0/subBuckets) {
			t.Fatalf("percentile %v is %d, the sample's is %d", q, got, exact)
		}
	})
}

func TestHistogram_BucketsJoinWithoutGap(t *testing.T) {
	for bucket := range bucketCount - 1 {
		bound := upperBound(bucket)
		if got := bucketOf(uint64(bound)); got != bucket {
			t.Fatalf("%d, the bound of bucket %d, goes into bucket %d", bound, bucket, got)
		}
		if got := bucketOf(uint64(bound) + 1); got != bucket+1 {
			t.Fatalf("%d, above bucket %d, goes into bucket %d", bound+1, bucket, got)
		}
	}
}

func TestHistogram_Extremes(t *testing.T) {
	var h histogram
	if got := h.percentile(0.99); got != 0 {
		t.Errorf("percentile of nothing is %d", got)
	}
	h.record(-5)
	if got := h.percentile(1); got != 0 {
		t.Errorf("percentile of a negative duration is %d", got)
	}
	h.record(1 << 50)
	if got := h.percentile(0.5); got != 0 {
		t.Errorf("the median of two is %d, want the lower", got)
	}
	if got := h.percentile(1); got < 1<<39 {
		t.Errorf("a huge duration became %d", got)
	}
}

func TestSpreadOf(t *testing.T) {
	for _, c := range []struct {
		values []float64
		want   spread
	}{
		{nil, spread{}},
		{[]float64{7}, spread{7, 7, 7}},
		{[]float64{9, 1, 5}, spread{5, 1, 9}},
		{[]float64{8, 2, 4, 6}, spread{5, 2, 8}},
	} {
		if got := spreadOf(c.values); got != c.want {
			t.Errorf("spread of %v is %v, want %v", c.values, got, c.want)
		}
	}
	values := []float64{3, 1, 2}
	if spreadOf(values); !slices.Equal(values, []float64{3, 1, 2}) {
		t.Errorf("the caller's values were reordered: %v", values)
	}
}
