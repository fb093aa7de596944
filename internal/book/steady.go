package book

import (
	"sync/atomic"
	"time"
)

// rideOut is by how much a clock may be set back for steady dates not to follow: dates are wrong by no more than that until the clock is
// where it was. Further back, right dates count for more.
const rideOut = time.Hour

// steady is a clock for the dates that lists go by. When the clock that it reads is set back a little, it stands, but for a
// microsecond each time it is asked: whoever reads a list from the last date on that they saw misses nothing.
type steady struct {
	clock func() time.Time
	last  atomic.Int64 // Unix microseconds
}

// now returns the time in microseconds. It may be called from any goroutine.
func (s *steady) now() time.Time {
	now := s.clock().UnixMicro()
	for {
		last, at := s.last.Load(), now
		if at < last && last-at <= rideOut.Microseconds() {
			at = last + 1
		}
		if at == last || s.last.CompareAndSwap(last, at) {
			return time.UnixMicro(at)
		}
	}
}
