//go:build linux

package main

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"runtime/debug"
	"time"

	"golang.org/x/sys/unix"
)

const (
	// stallNanoseconds without any answer ends a job: the server hangs.
	stallNanoseconds = int64(20 * time.Second)
	waitLimit        = int64(50 * time.Millisecond)
)

// generator sends the requests of one job from one thread over epoll: no goroutine per connection, no allocation
// and no lock per request, because generator and server share the machine and what the one uses the other lacks.
type generator struct {
	job      job
	template template
	pacer    *pacer
	random   *rand.Rand

	began       time.Time
	epoll       int
	connections []*connection
	idle        []*connection
	inFlight    int
	lastAnswer  int64

	from, until int64 // the counted time; nanoseconds since began
	meter       meter
	latencies   histogram
	lateness    histogram // of the generator itself
	refusals    histogram
	inTime      int64 // wanted answers that came in the counted time
	lastCounted int64
	lastBad     int64 // when the last refusal or slow answer came of what was due after the counted time
}

// generate carries out the job. It fails at the first answer of another status than the wanted one, with the
// answer's text, and when the server closes a connection or stops answering.
func generate(j job) (result, error) {
	if j.Connections < 1 {
		return result{}, errors.New("a job needs at least one connection")
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if err := sharpenTimers(); err != nil {
		return result{}, err
	}
	g := &generator{
		job: j, template: parseTemplate(j.Request, j.Values), pacer: newPacer(j),
		random: rand.New(rand.NewPCG(uint64(j.FirstSequence), 1)),
		from:   int64(j.WarmupSeconds * 1e9), until: int64((j.WarmupSeconds + j.Seconds) * 1e9),
		meter: meter{server: j.ServerPID, database: j.DatabasePID},
	}
	if j.Count > 0 {
		g.from, g.until = 0, 1<<62
	}
	defer g.close()
	if err := g.open(); err != nil {
		return result{}, err
	}
	defer debug.SetGCPercent(debug.SetGCPercent(-1)) // see readNow
	if err := g.run(); err != nil {
		return result{}, err
	}
	return g.result()
}

func (g *generator) open() (err error) {
	if g.epoll, err = unix.EpollCreate1(unix.EPOLL_CLOEXEC); err != nil {
		return fmt.Errorf("create epoll: %w", err)
	}
	if g.pacer.interval > 0 {
		return nil // an open loop connects as it needs to: a server closes what is opened and not used
	}
	for range g.job.Connections {
		if err := g.connect(); err != nil {
			return err
		}
	}
	return nil
}

// connect opens one more connection.
func (g *generator) connect() error {
	c, err := dial(g.job.Address, g.template.bytes)
	if err != nil {
		return err
	}
	g.connections = append(g.connections, c)
	g.idle = append(g.idle, c)
	return g.watch(c.descriptor, int32(len(g.connections)-1))
}

// watch asks epoll to report that a descriptor can be read, under the number given.
func (g *generator) watch(descriptor int, number int32) error {
	event := unix.EpollEvent{Events: unix.EPOLLIN, Fd: number}
	if err := unix.EpollCtl(g.epoll, unix.EPOLL_CTL_ADD, descriptor, &event); err != nil {
		return fmt.Errorf("watch descriptor: %w", err)
	}
	return nil
}

func (g *generator) close() {
	for _, c := range g.connections {
		_ = c.file.Close() // nothing is in flight or the job has failed already
	}
	_ = unix.Close(g.epoll)
}

func (g *generator) now() int64 { return int64(time.Since(g.began)) }

func (g *generator) run() error {
	g.began = time.Now()
	events := make([]unix.EpollEvent, g.job.Connections)
	for {
		now := g.now()
		if err := g.cross(now); err != nil {
			return err
		}
		if err := g.dispatch(); err != nil {
			return err
		}
		if g.inFlight == 0 && g.pacer.done(now) {
			return g.cross(max(now, g.until))
		}
		if now-g.lastAnswer > stallNanoseconds && g.inFlight > 0 {
			return fmt.Errorf("no answer for %v, %d requests wait", time.Duration(stallNanoseconds), g.inFlight)
		}
		if err := g.wait(events); err != nil {
			return err
		}
	}
}

// cross starts and stops the meter at the edges of the counted time.
func (g *generator) cross(now int64) error {
	if !g.meter.started && now >= g.from {
		return g.meter.start(now)
	}
	if !g.meter.stopped && now >= g.until {
		return g.meter.stop(g.now())
	}
	return nil
}

// dispatch sends on idle connections what is due, and sets the timer for what is not.
func (g *generator) dispatch() error {
	for len(g.idle) > 0 || len(g.connections) < g.job.Connections {
		now := g.now()
		intended, ok := g.pacer.next(now)
		if !ok {
			return nil
		}
		if len(g.idle) == 0 {
			if err := g.connect(); err != nil {
				return err
			}
			g.idle[0].idleSince = now
		}
		if g.pacer.interval > 0 && intended >= g.from {
			g.lateness.record(now - max(intended, g.idle[0].idleSince))
		}
		c := g.idle[len(g.idle)-1]
		g.idle = g.idle[:len(g.idle)-1]
		n := g.pacer.scheduled - 1
		g.template.fill(c.request, g.job.IDs.at(n, g.random), g.job.FirstSequence+n)
		if err := c.send(intended); err != nil {
			return err
		}
		g.inFlight++
	}
	return nil
}

// wait lets answers come, until the next request is due, and takes them.
func (g *generator) wait(events []unix.EpollEvent) error {
	limit := waitLimit
	if g.pacer.interval > 0 && (len(g.idle) > 0 || len(g.connections) < g.job.Connections) {
		limit = min(limit, max(g.pacer.due()-g.now(), 0))
	}
	n, err := waitNanoseconds(g.epoll, events, limit)
	for _, event := range events[:n] {
		if err := g.receive(g.connections[event.Fd]); err != nil {
			return err
		}
	}
	return err
}

// receive reads what a connection has; a whole answer is checked, counted and followed by the next request.
func (g *generator) receive(c *connection) error {
	status, complete, err := c.receive()
	if err != nil || !complete {
		return err
	}
	if err := g.judge(status, c.answer[:c.filled]); err != nil {
		return err
	}
	now := g.now()
	g.count(c, status, now)
	c.filled = 0
	c.idleSince = now
	g.lastAnswer = now
	g.inFlight--
	g.idle = append(g.idle, c)
	return g.dispatch()
}

// judge fails at an answer that is neither the wanted one nor a refusal that says when to come again.
func (g *generator) judge(status int, answer []byte) error {
	switch {
	case status == g.job.WantStatus:
		return nil
	case status == g.job.RefusedStatus && bytes.Contains(answer, retryAfter):
		return nil
	}
	return fmt.Errorf("status %d, want %d, answer: %s", status, g.job.WantStatus, answer)
}

var retryAfter = []byte("\r\nRetry-After: ") // as net/http writes it

// count takes a latency if it belongs to the counted time: by the time of the answer in a closed loop, by the time
// the request was due in an open one, so that the late answers of a slow server are not left out.
func (g *generator) count(c *connection, status int, now int64) {
	at := now
	if g.pacer.interval > 0 {
		at = c.intended
	}
	took := now - c.intended
	if status == g.job.WantStatus && now >= g.from && now < g.until {
		g.inTime++
	}
	switch {
	case at < g.from:
	case status == g.job.WantStatus && (at < g.until || g.pacer.interval == 0 && g.latencies.total == 0):
		g.latencies.record(took) // the first also when it comes late: a rate of nothing says less
		g.lastCounted = max(g.lastCounted, at)
	case at < g.until:
		g.refusals.record(took)
	case g.job.After != nil && (status != g.job.WantStatus || float64(took) > g.job.After.SlowMicros*nanosecondsPerMicrosecond):
		g.lastBad = now
	}
}

// rate returns the wanted answers a second. In an open loop those count that came in the counted time: a server that takes
// everything and answers later has not done more for it.
func (g *generator) rate() float64 {
	if g.pacer.interval > 0 {
		return float64(g.inTime) / g.meter.seconds
	}
	return float64(g.latencies.total) / max(g.meter.seconds, float64(g.lastCounted-g.from)/1e9)
}

func (g *generator) result() (result, error) {
	if g.latencies.total == 0 {
		return result{}, errors.New("no answer in the counted time")
	}
	r := result{
		Sent: g.pacer.scheduled, Counted: int64(g.latencies.total), Seconds: g.meter.seconds,
		Rate:      g.rate(),
		LateP99:   float64(g.lateness.percentile(0.99)) / nanosecondsPerMicrosecond,
		ServerCPU: g.meter.used.server, DatabaseCPU: g.meter.used.database, GeneratorCPU: g.meter.used.own, OtherCPU: g.meter.used.others(),
		RSS: g.meter.rss, Refused: int64(g.refusals.total), RefusedP99: float64(g.refusals.percentile(0.99)) / nanosecondsPerMicrosecond,
		Recovery: float64(max(g.lastBad-g.until, 0)) / 1e9,
	}
	if g.job.ServerPID != 0 {
		var err error
		if r.PeakRSS, err = peakBytes(g.job.ServerPID); err != nil {
			return result{}, err
		}
	}
	r.setLatencies(&g.latencies)
	return r, nil
}
