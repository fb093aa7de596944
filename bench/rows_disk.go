//go:build linux

package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"
)

const (
	nameDisk   = "disk"
	nameDriver = "sqlite driver"

	rowSync   = "write of 4 KiB and fdatasync"
	rowCommit = "driver loop, insert, 1 row a commit"
)

// oneCommit is the latency of a single-row commit, what a lone write cannot be faster than.
var oneCommit = quantity{rowCommit, nameDriver, median}

// diskRows are what the disk and the SQLite driver can do by themselves. They take half the time of the other rows.
func diskRows(b *bench) []row {
	rows := []row{{
		name: rowSync, always: true,
		entrants: []entrant{{name: nameDisk, measure: b.measureSync}},
	}}
	for _, kind := range []string{"insert", "update"} {
		for _, batch := range []int{1, 100, 500} {
			rows = append(rows, driverRow(b, kind, batch))
		}
	}
	return rows
}

func driverRow(b *bench, kind string, batch int) row {
	name := fmt.Sprintf("driver loop, %s, %d rows a commit", kind, batch)
	if batch == 1 {
		name = fmt.Sprintf("driver loop, %s, 1 row a commit", kind)
	}
	return row{name: name, always: name == rowCommit, entrants: []entrant{{
		name: nameDriver,
		measure: func(ctx context.Context) (sample, error) {
			return b.measureDriver(ctx, loopJob{Batch: batch, Update: kind == "update"})
		},
	}}}
}

// measureDriver runs the driver loop in a process and a directory of its own.
func (b *bench) measureDriver(ctx context.Context, j loopJob) (s sample, err error) {
	j.Dir, err = os.MkdirTemp(b.dir, "loop-")
	if err != nil {
		return sample{}, fmt.Errorf("make directory: %w", err)
	}
	j.WarmupSeconds, j.Seconds = b.options.warmup/2, b.options.seconds/2
	j.Scattered = b.numbers.scattered
	if err := runJSON(ctx, &s.Closed, j, b.self, commandSQLiteLoop); err != nil {
		return sample{}, err
	}
	return s, os.RemoveAll(j.Dir)
}

// measureSync appends pages to a file and makes each durable.
func (b *bench) measureSync(ctx context.Context) (s sample, err error) {
	file, err := os.Create(filepath.Join(b.dir, "sync"))
	if err != nil {
		return sample{}, fmt.Errorf("make file: %w", err)
	}
	defer os.Remove(file.Name())
	defer file.Close()
	page := make([]byte, 4096)
	timing := newStopwatch(b.options.warmup/2, b.options.seconds/2)
	for timing.running() && ctx.Err() == nil {
		began := time.Now()
		if _, err := file.Write(page); err != nil {
			return sample{}, fmt.Errorf("write: %w", err)
		}
		if err := unix.Fdatasync(int(file.Fd())); err != nil {
			return sample{}, fmt.Errorf("fdatasync: %w", err)
		}
		timing.lap(began, 1)
	}
	s.Closed, err = timing.result()
	return s, err
}

// stopwatch measures a loop that does one thing after the other: it drops the warm-up and counts the rest.
type stopwatch struct {
	from, until time.Time
	rows        int64
	last        time.Time
	latencies   histogram
}

func newStopwatch(warmupSeconds, seconds float64) *stopwatch {
	from := time.Now().Add(time.Duration(warmupSeconds * 1e9))
	return &stopwatch{from: from, last: from, until: from.Add(time.Duration(seconds * 1e9))}
}

// running holds until the time is over and something has been counted.
func (s *stopwatch) running() bool { return s.rows == 0 || time.Now().Before(s.until) }

// lap counts something that began at a time, has ended now and did a number of rows.
func (s *stopwatch) lap(began time.Time, rows int) {
	if began.Before(s.from) {
		return
	}
	s.last = time.Now()
	s.latencies.record(int64(s.last.Sub(began)))
	s.rows += int64(rows)
}

// add counts what another stopwatch has counted in the same time.
func (s *stopwatch) add(other *stopwatch) {
	if other.last.After(s.last) {
		s.last = other.last
	}
	s.rows += other.rows
	s.latencies.add(&other.latencies)
}

func (s *stopwatch) result() (result, error) {
	seconds := s.last.Sub(s.from).Seconds()
	if s.rows == 0 || seconds <= 0 {
		return result{}, fmt.Errorf("nothing ended in the counted time")
	}
	r := result{Sent: s.rows, Counted: s.rows, Seconds: seconds, Rate: float64(s.rows) / seconds}
	r.setLatencies(&s.latencies)
	return r, nil
}
