//go:build race

package webhook

import "time"

// The race detector makes the embedded store, which is a great program, ten times slower: with it fewer subscriptions are
// tried, and less is asked of them.
const (
	manySubscriptions = 200
	maxMedian         = 10 * time.Second
)
