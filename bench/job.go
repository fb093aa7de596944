//go:build linux

package main

import "math/rand/v2"

// job tells the generator process what to send. It travels as JSON on the generator's standard input; the answer is
// one result as JSON on its standard output.
type job struct {
	Address     string `json:"address"`     // host:port
	Connections int    `json:"connections"` // keep-alive, one request at a time on each
	Request     string `json:"request"`     // a request template, see placeholderID
	WantStatus  int    `json:"want_status"` // any other status fails the job, but for the next
	// RefusedStatus is what a server answers that has too much to do; it must say when to come again. 0 is no such status.
	RefusedStatus int `json:"refused_status"`

	// Count sends that many requests and ignores the seconds; 0 sends for WarmupSeconds plus Seconds, and counts
	// the latter.
	Count         int64   `json:"count"`
	WarmupSeconds float64 `json:"warmup_seconds"`
	Seconds       float64 `json:"seconds"`
	// Rate is the number of requests a second to send at even intervals whether or not answers arrive (open loop);
	// 0 sends the next request of a connection as soon as the last is answered (closed loop).
	Rate float64 `json:"rate"`
	// After goes on at another rate when the counted time is over, to see how a server recovers; nil sends nothing.
	After *after `json:"after"`

	IDs           idRange `json:"ids"`
	FirstSequence int64   `json:"first_sequence"`
	ServerPID     int     `json:"server_pid"`
	DatabasePID   int     `json:"database_pid"` // 0 is none
	// Values are what {uuid} stands for, in turn.
	Values []string `json:"values"`
}

// after is what an open loop sends after its counted time.
type after struct {
	Rate    float64 `json:"rate"`
	Seconds float64 `json:"seconds"`
	// SlowMicros is the latency from which on an answer counts as one of a server that has not recovered.
	SlowMicros float64 `json:"slow_us"`
}

// result is what a generator, or a loop over a database driver, measured.
type result struct {
	Sent    int64   `json:"sent"`    // requests sent, the warm-up included
	Counted int64   `json:"counted"` // requests or rows whose time was taken
	Seconds float64 `json:"seconds"` // length of the counted time
	Rate    float64 `json:"rate"`    // requests or rows a second in that time

	P50 float64 `json:"p50_us"` // microseconds, as all latencies
	P99 float64 `json:"p99_us"`
	Max float64 `json:"max_us"`
	// LateP99 is by how much an open loop's generator itself sent late though a connection was idle: a latency near
	// it says more about a busy machine than about the server.
	LateP99 float64 `json:"late_p99_us,omitzero"`

	Refused    int64   `json:"refused,omitzero"`        // of the counted time
	RefusedP99 float64 `json:"refused_p99_us,omitzero"` // how long they waited for that
	// Recovery is how many seconds after the counted time the last answer came that was a refusal or slow.
	Recovery float64 `json:"recovery_seconds,omitzero"`
	PeakRSS  int64   `json:"peak_rss_bytes,omitzero"` // the most resident memory that the server has had

	ServerCPU    float64 `json:"server_cpu"`            // cores in use on average in the counted time
	DatabaseCPU  float64 `json:"database_cpu,omitzero"` // likewise, of PostgreSQL with all its processes
	GeneratorCPU float64 `json:"generator_cpu"`         // likewise, of the generator
	OtherCPU     float64 `json:"other_cpu"`             // likewise, of everything else on the machine
	RSS          int64   `json:"rss_bytes"`             // resident memory of the server at its end
}

const nanosecondsPerMicrosecond = 1000

// setLatencies copies the percentiles out of a histogram.
func (r *result) setLatencies(h *histogram) {
	r.P50 = float64(h.percentile(0.50)) / nanosecondsPerMicrosecond
	r.P99 = float64(h.percentile(0.99)) / nanosecondsPerMicrosecond
	r.Max = float64(h.max) / nanosecondsPerMicrosecond
}

const (
	firstID = 1_000_000_000
	// idSpace bounds the ids of one run. A power of two, so that multiplying by an odd number permutes it.
	idSpace      = 1 << 29
	idMultiplier = 0x9E3779B1
)

// idRange names the customers of a job by their numbers, which start at 0 in each run and become ids of ten digits.
type idRange struct {
	First  int64 `json:"first"`
	Stride int64 `json:"stride"` // distance between two numbers of a pool
	// Pool picks among that many numbers at random, again and again; 0 takes the numbers from First on, each once.
	Pool int64 `json:"pool"`
	// Scattered permutes the ids over their whole space, so that neighbours in time are strangers in an index.
	Scattered bool `json:"scattered"`
}

// at returns the id of the n-th request.
func (r idRange) at(n int64, random *rand.Rand) int64 {
	number := r.First + n
	if r.Pool > 0 {
		number = r.First + r.Stride*random.Int64N(r.Pool)
	}
	return r.id(number)
}

// id returns the id that stands for a number.
func (r idRange) id(number int64) int64 {
	if r.Scattered {
		number = number * idMultiplier % idSpace
	}
	return firstID + number
}
