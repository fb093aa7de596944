//go:build !race

package webhook

import "time"

// What the test of many subscriptions holds the service to.
const (
	manySubscriptions = 1000
	maxMedian         = 2 * time.Second
)
