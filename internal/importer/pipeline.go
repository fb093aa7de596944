package importer

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"hash/maphash"
	"io"
	"strconv"
	"sync"
	"sync/atomic"

	"clientele"
	"clientele/internal/book"
)

// chunk is some rows on their way through the pipeline, which they leave in the order in which they came.
type chunk struct {
	data []byte
	rows []row
	end  position
	// passedSum is of all the bytes before the end.
	passedSum string

	decoded chan struct{} // closed when the rows are read
	writes  []clientele.Write
	of      []int // the row of each write
	// results has what became of each write; 0 for one that was refused, whose row then has a reason, or not sent.
	results []clientele.Result
	// returned is how many of the created had been erased.
	returned atomic.Int64

	pending sync.WaitGroup // lanes that have a part of it
	mu      sync.Mutex
	traces  traces
	err     error
}

func (c *chunk) fail(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err == nil || errors.Is(c.err, errStopped) {
		c.err = err
	}
}

// carryOut runs the pipeline to the end of the input, or until something fails.
func (r *run) carryOut(ctx context.Context) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	var all sync.WaitGroup
	toDecode, inOrder := make(chan *chunk, r.decoders), make(chan *chunk, r.decoders)
	toFinish := make(chan *chunk, 1)
	var readErr error
	all.Go(func() {
		defer close(inOrder)
		defer close(toDecode)
		readErr = r.read(ctx, toDecode, inOrder)
	})
	for range r.decoders {
		all.Go(func() { r.decode(toDecode) })
	}
	all.Go(func() { r.dispatch(ctx, stop, inOrder, toFinish) })
	err := r.finish(stop, toFinish)
	if errors.Is(err, errStopped) {
		err = context.Cause(ctx) // what stopped it
	}
	stop(err)
	all.Wait()
	if err == nil {
		err = readErr
	}
	return errors.Join(err, r.note())
}

// read cuts the input into chunks.
func (r *run) read(ctx context.Context, toDecode, inOrder chan<- *chunk) error {
	size := r.Lanes * r.TransactionRows
	for ctx.Err() == nil {
		c := &chunk{decoded: make(chan struct{}), rows: make([]row, 0, size), data: make([]byte, 0, size*128)}
		var err error
		for len(c.rows) < size && err == nil {
			var next row
			if c.data, next, err = r.input.splitter.next(c.data); err == nil {
				c.rows = append(c.rows, next)
			}
		}
		if err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		c.end, c.passedSum = r.input.splitter.at, passed(r.input.splitter.sum)
		if len(c.rows) > 0 {
			toDecode <- c
			inOrder <- c
		}
		if err != nil {
			return nil
		}
	}
	return context.Cause(ctx)
}

// decode reads the rows of chunks and makes writes of them.
func (r *run) decode(chunks <-chan *chunk) {
	d := r.input.decoder()
	for c := range chunks {
		c.writes, c.of = make([]clientele.Write, 0, len(c.rows)), make([]int, 0, len(c.rows))
		for i := range c.rows {
			row := &c.rows[i]
			if row.reason != "" {
				continue
			}
			var rec record
			raw := c.data[row.start:row.end]
			if row.reason = d.decode(raw, &rec); row.reason == "" {
				row.reason = r.check(&rec)
			}
			if row.reason == "" {
				c.writes, c.of = append(c.writes, r.write(row.line, raw, &rec)), append(c.of, i)
			}
		}
		c.results = make([]clientele.Result, len(c.writes))
		close(c.decoded)
	}
}

// check says why a row that can be read is refused.
func (r *run) check(rec *record) (reason string) {
	switch {
	case rec.set == 0:
		return "the row states nothing"
	case rec.details.ExternalID.IsEmpty() && !r.AllowWithoutID:
		return "the row has no external_id: give it one, or import it with --allow-without-id"
	}
	return ""
}

// write makes the write of a row.
func (r *run) write(line int64, raw []byte, rec *record) clientele.Write {
	w := clientele.Write{
		ProjectID: r.ProjectID, Origin: clientele.Origin{Dialect: clientele.ViaImport, RequestID: r.report.Run}, AsOf: r.since,
		Customer: book.UpsertOf(&rec.details),
	}
	if rec.hasAddress() {
		w.Customer.Addresses = []clientele.Address{{AddressDetails: rec.wholeAddress()}}
	}
	if rec.details.ExternalID.IsEmpty() {
		w.Idempotency = &clientele.Idempotency{Key: r.report.Run + ":" + strconv.FormatInt(line, 10), BodyHash: sha256.Sum256(bytes.TrimRight(raw, "\r\n"))}
	}
	if line < r.doubtfulTo {
		makeDoubtful(&w)
	}
	return w
}

// part is what one lane has of a chunk: the numbers of its writes.
type part struct {
	chunk  *chunk
	writes []int
}

// dispatch hands chunks to the lanes in order, each write to the lane of its key.
func (r *run) dispatch(ctx context.Context, stop context.CancelCauseFunc, inOrder <-chan *chunk, toFinish chan<- *chunk) {
	var lanes sync.WaitGroup
	parts := make([]chan part, r.Lanes)
	for i := range parts {
		parts[i] = make(chan part, 2)
		l := &lane{run: r, number: i}
		lanes.Go(func() { l.serve(ctx, stop, parts[i]) })
	}
	seed := maphash.MakeSeed()
	for c := range inOrder {
		<-c.decoded
		if err := r.reserve(c); err != nil {
			c.fail(err)
			stop(err)
		} else {
			r.hand(c, r.shares(seed, c), parts)
		}
		toFinish <- c
	}
	for i := range parts {
		close(parts[i])
	}
	lanes.Wait()
	close(toFinish)
}

func (r *run) hand(c *chunk, shares [][]int, parts []chan part) {
	for lane, numbers := range shares {
		if len(numbers) > 0 {
			c.pending.Add(1)
			parts[lane] <- part{c, numbers}
		}
	}
}

// reserve sees to it that the notes know that the rows of a chunk may have been sent.
func (r *run) reserve(c *chunk) error {
	if r.progress == nil {
		return nil
	}
	return r.progress.reserve(c.end.Line + 1) // the last line may have no end
}

// shares divides the writes of a chunk among the lanes.
func (r *run) shares(seed maphash.Seed, c *chunk) [][]int {
	shares := make([][]int, r.Lanes)
	if r.DryRun {
		return shares
	}
	for i := range c.writes {
		lane := 0
		if r.Lanes > 1 {
			lane = int(maphash.String(seed, c.writes[i].Customer.Patch.ExternalID.V) % uint64(r.Lanes))
			if w := c.writes[i].Idempotency; w != nil {
				lane = i % r.Lanes
			}
		}
		shares[lane] = append(shares[lane], i)
	}
	return shares
}

// finish takes the chunks in order when all lanes are through with them.
func (r *run) finish(stop context.CancelCauseFunc, chunks <-chan *chunk) error {
	for c := range chunks {
		c.pending.Wait()
		err := c.err
		if err == nil {
			err = r.passed(c)
		}
		if err != nil {
			stop(err)
			for later := range chunks {
				later.pending.Wait()
			}
			return err
		}
	}
	return nil
}
