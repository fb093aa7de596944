//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// poolSize is the number of customers that a workload of updates goes round among.
const poolSize = 10_000

// workload is one kind of request.
type workload struct {
	name       string   // also the key of the answer that Clientele was seen to give
	dialect    string   // whose credential the request carries
	method     string   //
	path       string   // with a query if there is one; names in braces as in headers
	headers    []string // lines, with the names of the credential's parts in braces: "x-api-key: {x-api-key}"
	body       string   // a request template's end, see placeholderID; "" sends no body
	wantStatus int
	fit        fitter // nil where nothing is missing
	unprobed   bool   // its bare server is not made of an answer that Clientele was seen to give
	decodes    string // what the bare server decodes of the body, see bareBodies; "" is nothing
	usesPool   bool   // picks among poolSize customers that are there already; otherwise each id is new
}

// fitter makes a started server ready for a workload: it adds to the server's credentials and values.
type fitter func(ctx context.Context, s *server) error

// contender is one server that is put to a workload.
type contender interface {
	// prepare does once, before the rounds begin, what takes long. It may be called again and then does nothing.
	prepare(ctx context.Context) error
	// start runs a server process that is ready for the workload.
	start(ctx context.Context, w workload) (*server, error)
}

// server is a started contender.
type server struct {
	child       *child
	credentials map[string]string
	values      []string     // what {uuid} stands for
	database    int          // process id of the server's PostgreSQL; 0 is none
	pool        idRange      // customers that are there when the workload uses a pool
	cleanUp     func() error // after the process has ended; nil does nothing
}

func (s *server) stop() error {
	err := s.child.stop()
	if s.cleanUp != nil {
		err = errors.Join(err, s.cleanUp())
	}
	return err
}

// numbers hands out customers' numbers, so that no create of a run uses one again.
type numbers struct {
	next      int64 // the next number never used
	sequence  int64 // the next number of a request
	scattered bool
}

// poolOf spreads a pool over the customers 0 to count-1, which must be there.
func (n *numbers) poolOf(count int64) idRange {
	size := min(count, poolSize)
	return idRange{Stride: count / size, Pool: size, Scattered: n.scattered}
}

// sample is what one contender did in one round of a row. Fields that its kind of row does not measure are zero.
type sample struct {
	Closed      result  `json:"closed"`             // closed loop: as many requests as the server will take
	Half        result  `json:"half_load,omitzero"` // open loop at half the closed loop's rate
	Over        result  `json:"overload,omitzero"`  // open loop at twice the closed loop's rate, and half of it after that
	StartMillis float64 `json:"start_ms,omitzero"`  // from the start of the process to ready
	Carried     float64 `json:"carried,omitzero"`   // submissions a second that had their effect, from the first until the last had
}

// load is how a workload is put to a contender.
type load struct {
	workload    workload
	connections int
	halfLoad    bool    // measure latency at half load too
	fullBook    bool    // also put it to a book that is full already
	carried     bool    // wait until what was accepted is carried out
	seconds     float64 // to count, in the place of the run's; 0 is the run's
}

// measure starts the contender, loads it and stops it.
func (b *bench) measure(ctx context.Context, c contender, l load) (s sample, err error) {
	server, err := c.start(ctx, l.workload)
	if err != nil {
		return sample{}, err
	}
	defer func() { err = errors.Join(err, server.stop()) }()
	s.StartMillis = float64(server.child.startedIn.Microseconds()) / 1000
	j := job{Connections: l.connections, WarmupSeconds: b.options.warmup, Seconds: b.options.seconds}
	if l.seconds > 0 {
		j.Seconds = l.seconds
	}
	began := time.Now()
	if s.Closed, err = b.send(ctx, server, l.workload, j); err != nil {
		return s, err
	}
	if l.carried {
		if err := awaitCustomers(ctx, server, s.Closed.Sent); err != nil {
			return s, err
		}
		s.Carried = float64(s.Closed.Sent) / time.Since(began).Seconds()
	}
	if !l.halfLoad {
		return s, nil
	}
	j.Rate = s.Closed.Rate / 2
	j.WarmupSeconds /= 2
	s.Half, err = b.send(ctx, server, l.workload, j)
	return s, err
}

// send runs the generator for one job; it fills in what follows from the server and the workload.
func (b *bench) send(ctx context.Context, s *server, w workload, j job) (r result, err error) {
	j.Address, j.ServerPID, j.DatabasePID = s.child.address, s.child.command.Process.Pid, s.database
	j.Values = s.values
	j.Request = requestText(w, s.child.address, s.credentials)
	j.WantStatus = w.wantStatus
	if j.IDs == (idRange{}) {
		j.IDs = idRange{First: b.numbers.next, Scattered: b.numbers.scattered}
		if w.usesPool {
			j.IDs = s.pool
		}
		defer func() { b.numbers.next += r.Sent }()
	}
	j.FirstSequence = b.numbers.sequence
	err = runJSON(ctx, &r, j, b.self, commandGenerate)
	b.numbers.sequence += r.Sent
	if err != nil {
		return result{}, fmt.Errorf("%s at %d connections: %w", w.name, j.Connections, err)
	}
	return r, nil
}

const (
	fillConnections = 256
	fillChunk       = 50_000
)

// fill sends the creating workload for the customers 0 to count-1 and says every so often how far it is.
func (b *bench) fill(ctx context.Context, s *server, create workload, count int64) error {
	for done := int64(0); done < count; {
		chunk := min(count-done, fillChunk)
		_, err := b.send(ctx, s, create, job{
			Connections: fillConnections, Count: chunk,
			IDs: idRange{First: done, Stride: 1, Scattered: b.numbers.scattered},
		})
		if err != nil {
			return fmt.Errorf("fill the book: %w", err)
		}
		done += chunk
		if count > fillChunk {
			b.say("filling the book: %s of %s customers", grouped(float64(done)), grouped(float64(count)))
		}
	}
	return nil
}
