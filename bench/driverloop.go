//go:build linux

package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"time"

	_ "modernc.org/sqlite" // the driver that Clientele uses
)

// loopJob tells the driver-loop process what to do; it answers with a result whose rate is in rows and whose
// latencies are of whole transactions.
type loopJob struct {
	Dir           string  `json:"dir"`
	Batch         int     `json:"batch"`  // rows in a transaction
	Update        bool    `json:"update"` // rows of a pool of poolSize, again and again; else each row is new
	WarmupSeconds float64 `json:"warmup_seconds"`
	Seconds       float64 `json:"seconds"`
	Scattered     bool    `json:"scattered"`
	// Book is for rows of Clientele's own tables, as an import writes them, in the place of one plain table.
	Book bool `json:"book"`
}

const (
	loopPragmas = "?_txlock=immediate&_pragma=busy_timeout(5000)&_pragma=journal_mode(WAL)" +
		"&_pragma=synchronous(FULL)&_pragma=foreign_keys(1)"
	loopTable = `CREATE TABLE IF NOT EXISTS customer (external_id TEXT PRIMARY KEY, email TEXT, phone TEXT,
		first_name TEXT, last_name TEXT, ip TEXT, updated_at INTEGER NOT NULL)`
	loopUpsert = `INSERT INTO customer (external_id, email, phone, first_name, last_name, ip, updated_at)
		VALUES (?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (external_id) DO UPDATE SET email = excluded.email, phone = excluded.phone,
		first_name = excluded.first_name, last_name = excluded.last_name, ip = excluded.ip,
		updated_at = excluded.updated_at`
)

// driverLoop is one goroutine over one connection, no server around it.
type driverLoop struct {
	connection *sql.Conn
	upsert     *sql.Stmt
	book       *bookLoop // nil for one plain table
	ids        idRange
	random     *rand.Rand
	rows       int64
}

// runDriverLoop upserts single rows into a plain table, Batch of them in each durable transaction: what the driver
// and the disk give, without HTTP, validation or change record.
func runDriverLoop(ctx context.Context, j loopJob) (r result, err error) {
	if j.Book {
		return runBookLoop(ctx, j)
	}
	db, err := sql.Open("sqlite", "file:"+filepath.Join(j.Dir, "loop.db")+loopPragmas)
	if err != nil {
		return result{}, fmt.Errorf("open database: %w", err)
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	loop, err := openDriverLoop(ctx, db, idRange{Scattered: j.Scattered})
	if err != nil {
		return result{}, err
	}
	defer func() { err = errors.Join(err, loop.upsert.Close(), loop.connection.Close()) }()
	if j.Update {
		if err := loop.transaction(ctx, poolSize); err != nil {
			return result{}, err
		}
		loop.ids = idRange{Stride: 1, Pool: poolSize, Scattered: j.Scattered}
	}
	return loop.measure(ctx, j)
}

func openDriverLoop(ctx context.Context, db *sql.DB, ids idRange) (*driverLoop, error) {
	connection, err := db.Conn(ctx)
	if err != nil {
		return nil, fmt.Errorf("open database: %w", err)
	}
	if _, err := connection.ExecContext(ctx, loopTable); err != nil {
		return nil, errors.Join(fmt.Errorf("create table: %w", err), connection.Close())
	}
	upsert, err := connection.PrepareContext(ctx, loopUpsert)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("prepare upsert: %w", err), connection.Close())
	}
	return &driverLoop{connection: connection, upsert: upsert, ids: ids, random: rand.New(rand.NewPCG(1, 1))}, nil
}

func (l *driverLoop) measure(ctx context.Context, j loopJob) (result, error) {
	timing := newStopwatch(j.WarmupSeconds, j.Seconds)
	var processor meter
	if err := processor.start(0); err != nil {
		return result{}, err
	}
	began := time.Now()
	for timing.running() && ctx.Err() == nil {
		lapBegan := time.Now()
		if err := l.transaction(ctx, j.Batch); err != nil {
			return result{}, err
		}
		timing.lap(lapBegan, j.Batch)
	}
	if err := processor.stop(int64(time.Since(began))); err != nil {
		return result{}, err
	}
	r, err := timing.result()
	if err != nil {
		return result{}, err
	}
	r.ServerCPU, r.OtherCPU = processor.used.own, processor.used.others()
	r.RSS, err = residentBytes(os.Getpid())
	return r, err
}

// transaction upserts a number of rows durably. A single row is left to SQLite's own transaction, the cheapest.
func (l *driverLoop) transaction(ctx context.Context, rows int) error {
	if rows == 1 {
		return l.row(ctx)
	}
	if _, err := l.connection.ExecContext(ctx, "BEGIN IMMEDIATE"); err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	for range rows {
		if err := l.row(ctx); err != nil {
			return err
		}
	}
	if _, err := l.connection.ExecContext(ctx, "COMMIT"); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	return nil
}

func (l *driverLoop) row(ctx context.Context) error {
	id := l.ids.at(l.rows, l.random)
	l.rows++
	if l.book != nil {
		return l.book.customer(ctx, l.rows, id)
	}
	_, err := l.upsert.ExecContext(ctx, strconv.FormatInt(id, 10), fmt.Sprintf("c%010d@example.com", l.rows),
		fmt.Sprintf("+1585555%04d", id%10_000), "John", "Doe", "192.0.2.10", time.Now().UnixMicro())
	if err != nil {
		return fmt.Errorf("upsert: %w", err)
	}
	return nil
}
