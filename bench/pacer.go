//go:build linux

package main

import "math"

// pacer decides when requests are sent. Times are nanoseconds since the job began.
type pacer struct {
	interval  float64 // nanoseconds between two requests of an open loop; 0 is a closed loop
	remaining int64   // requests still to be sent
	scheduled int64   // requests handed out
	end       int64   // a closed loop sends nothing from here on

	begin   int64  // of the present rate
	ordered int64  // requests handed out at that rate
	after   *after // the next rate; nil is none
}

func newPacer(j job) *pacer {
	p := &pacer{remaining: math.MaxInt64, end: math.MaxInt64}
	seconds := j.WarmupSeconds + j.Seconds
	switch {
	case j.Count > 0:
		p.remaining = j.Count
	case j.Rate > 0:
		p.remaining = max(int64(seconds*j.Rate), 1)
	default:
		p.end = int64(seconds * 1e9)
	}
	if j.Rate > 0 {
		p.interval, p.after = 1e9/j.Rate, j.After
	}
	return p
}

// next says whether a request is to be sent now and from when its latency counts: the time it was meant to be
// sent, so that a server that falls behind does not make the generator overlook it (coordinated omission).
func (p *pacer) next(now int64) (intended int64, ok bool) {
	if p.remaining == 0 && p.after != nil {
		p.begin, p.ordered = p.due(), 0
		p.interval, p.remaining, p.after = 1e9/p.after.Rate, max(int64(p.after.Rate*p.after.Seconds), 1), nil
	}
	if p.remaining == 0 || now >= p.end {
		return 0, false
	}
	intended = now
	if p.interval > 0 {
		intended = p.due()
		if intended > now {
			return 0, false
		}
	}
	p.remaining--
	p.scheduled++
	p.ordered++
	return intended, true
}

// due is the time of the next request of an open loop.
func (p *pacer) due() int64 { return p.begin + int64(float64(p.ordered)*p.interval) }

// done says that no request will ever be sent again.
func (p *pacer) done(now int64) bool { return p.remaining == 0 && p.after == nil || now >= p.end }
