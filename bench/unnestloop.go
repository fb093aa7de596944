//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
)

// unnestJob tells the PostgreSQL-loop process what to do; it answers with a result whose rate is in rows and whose
// latencies are of whole transactions.
type unnestJob struct {
	URL           string  `json:"url"` // of a database with the ceiling's table
	DatabasePID   int     `json:"database_pid"`
	Writers       int     `json:"writers"` // connections, each on customers of its own
	Batch         int     `json:"batch"`   // rows in a transaction
	Update        bool    `json:"update"`  // rows of the pool, again and again; else each row is new
	WarmupSeconds float64 `json:"warmup_seconds"`
	Seconds       float64 `json:"seconds"`
}

// unnestUpsert is a transaction of its own: one round trip writes the rows and commits.
const unnestUpsert = ceilingInsert + `SELECT 1, id, external_id, email, phone, 'John', 'Doe', '192.0.2.10', 1, now(), now()
	FROM unnest($1::bigint[], $2::text[], $3::text[], $4::text[]) AS row (id, external_id, email, phone)` + ceilingUpsert

// unnestWriter is one connection and what it writes next.
type unnestWriter struct {
	conn   *pgx.Conn
	job    *unnestJob
	random *rand.Rand
	first  int64   // of the numbers that are this writer's
	next   int64   // rows written
	own    []int64 // its share of the pool, in an order of chance

	ids            []int64
	externalIDs    []string
	emails, phones []string
}

// runUnnestLoop upserts batches of rows into a plain table, each batch in one durable transaction: what the driver and
// PostgreSQL give, without HTTP, validation or change record.
func runUnnestLoop(ctx context.Context, j unnestJob) (r result, err error) {
	writers := make([]*unnestWriter, j.Writers)
	for i := range writers {
		if writers[i], err = newUnnestWriter(ctx, &j, i); err != nil {
			return result{}, err
		}
		defer func() { err = errors.Join(err, writers[i].conn.Close(ctx)) }()
	}
	processor := meter{database: j.DatabasePID}
	if err := processor.start(0); err != nil {
		return result{}, err
	}
	began := time.Now()
	watches, errs := make([]*stopwatch, j.Writers), make([]error, j.Writers)
	var all sync.WaitGroup
	for i, w := range writers {
		watches[i] = newStopwatch(j.WarmupSeconds, j.Seconds)
		all.Go(func() { errs[i] = w.run(ctx, watches[i]) })
	}
	all.Wait()
	if err := errors.Join(append(errs, processor.stop(int64(time.Since(began))))...); err != nil {
		return result{}, err
	}
	for _, watch := range watches[1:] {
		watches[0].add(watch)
	}
	if r, err = watches[0].result(); err != nil {
		return result{}, err
	}
	r.ServerCPU, r.DatabaseCPU, r.OtherCPU = processor.used.own, processor.used.database, processor.used.others()
	r.RSS, err = residentBytes(os.Getpid())
	return r, err
}

func newUnnestWriter(ctx context.Context, j *unnestJob, number int) (*unnestWriter, error) {
	conn, err := pgx.Connect(ctx, j.URL)
	if err != nil {
		return nil, fmt.Errorf("connect: %w", err)
	}
	w := &unnestWriter{
		conn: conn, job: j, random: rand.New(rand.NewPCG(uint64(number), 1)), first: int64(number+1) * idSpace,
		ids: make([]int64, j.Batch), externalIDs: make([]string, j.Batch),
		emails: make([]string, j.Batch), phones: make([]string, j.Batch),
	}
	for id := int64(1 + number); id <= poolSize; id += int64(j.Writers) {
		w.own = append(w.own, id)
	}
	w.random.Shuffle(len(w.own), func(i, k int) { w.own[i], w.own[k] = w.own[k], w.own[i] })
	return w, nil
}

func (w *unnestWriter) run(ctx context.Context, timing *stopwatch) error {
	for timing.running() && ctx.Err() == nil {
		began := time.Now()
		w.fill()
		if _, err := w.conn.Exec(ctx, unnestUpsert, w.ids, w.externalIDs, w.emails, w.phones); err != nil {
			return fmt.Errorf("upsert: %w", err)
		}
		timing.lap(began, w.job.Batch)
	}
	return nil
}

// fill makes up the next batch, sorted by key as Clientele sorts its own.
func (w *unnestWriter) fill() {
	for i := range w.ids {
		w.ids[i] = w.first + w.next
		if w.job.Update {
			w.ids[i] = w.own[w.next%int64(len(w.own))]
		}
		w.next++
	}
	slices.Sort(w.ids)
	for i, id := range w.ids {
		w.externalIDs[i] = strconv.FormatInt(firstID+id, 10)
		w.emails[i] = fmt.Sprintf("c%010d@example.com", w.next+int64(i))
		w.phones[i] = fmt.Sprintf("+1585555%04d", id%10_000)
	}
}
