package webhook

import (
	"errors"
	"net/http"
	"strconv"
	"time"

	"clientele"
)

// The default tail of retries: the waits double from tailFirst to tailMost and add up to tailTotal.
const (
	tailFirst = time.Minute
	tailMost  = 12 * time.Hour
	tailTotal = 3 * 24 * time.Hour
)

// tail are the waits after the subscription's own.
var tail = makeTail()

func makeTail() []time.Duration {
	var list []time.Duration
	var total time.Duration
	for wait := tailFirst; total < tailTotal; wait = min(2*wait, tailMost) {
		wait = min(wait, tailTotal-total)
		list = append(list, wait)
		total += wait
	}
	return list
}

// spread is how much of a wait of the tail is left to chance, so that what failed together is not repeated together.
const spread = 0.2

// maxRetryAfter bounds what a receiver can ask for with Retry-After.
const maxRetryAfter = 24 * time.Hour

// wait returns how long to wait after the nth failure, counted from 1; false when it was the last. The subscription's own
// waits are kept to the letter; those of the tail are up to 10 % shorter or longer. A receiver that asks for more time has
// it.
func (s *Service) wait(sub *clientele.Subscription, n int, asked time.Duration) (time.Duration, bool) {
	var wait time.Duration
	switch k := n - 1 - len(sub.Retry); {
	case k < 0:
		wait = sub.Retry[n-1]
	case k < len(tail):
		wait = time.Duration(float64(tail[k]) * (1 - spread/2 + spread*s.options.Jitter()))
	default:
		return 0, false
	}
	return max(wait, min(asked, maxRetryAfter)), true
}

// retryAfter reads a Retry-After header: seconds or a date (RFC 9110 section 10.2.3), maxRetryAfter at most; 0 for none that can
// be read.
func retryAfter(h http.Header, now time.Time) time.Duration {
	text := h.Get("Retry-After")
	n, err := strconv.ParseUint(text, 10, 64)
	if err == nil || errors.Is(err, strconv.ErrRange) { // then n is the greatest
		return time.Duration(min(n, uint64(maxRetryAfter/time.Second))) * time.Second
	}
	if at, err := http.ParseTime(text); err == nil {
		return min(max(0, at.Sub(now)), maxRetryAfter)
	}
	return 0
}

// maxFailing is how long a subscription may do nothing but fail before it is disabled.
const maxFailing = 5 * 24 * time.Hour

// Why a subscription was disabled.
const (
	reasonGone    = "the receiver answered 410 Gone"
	reasonFailing = "every attempt of 5 days failed"
)
