//go:build linux

package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"

	"github.com/go-json-experiment/json"
)

// namePlain is the least that could take an entry durably: the bare server with one table behind it.
const namePlain = "bare and one table"

// plainLine is how many entries may wait for a commit, and the most that one takes.
const plainLine = 1024

// plainFile is its database in its directory.
const plainFile = "plain.db"

// plainEntry is an entry that waits for its commit.
type plainEntry struct {
	entry bareEntry
	done  chan error
}

// servePlain is the bare server, which upserts each entry into one table with one key before it answers. What comes while a
// transaction is on its way shares the next one. There are no credentials, no rules, no change records, no log: what is between it
// and Clientele is what those cost, and what is between it and the bare server no program on this driver can save.
func servePlain(ctx context.Context, routesJSON, dir string, stdin io.Reader, stdout io.Writer) error {
	var routes []bareRoute
	if err := json.Unmarshal([]byte(routesJSON), &routes); err != nil {
		return fmt.Errorf("read routes: %w", err)
	}
	db, err := sql.Open("sqlite", "file:"+filepath.Join(dir, plainFile)+loopPragmas)
	if err != nil {
		return fmt.Errorf("open database: %w", err)
	}
	loop, err := openDriverLoop(ctx, db, idRange{})
	if err != nil {
		return errors.Join(err, db.Close())
	}
	line := make(chan plainEntry, plainLine)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		loop.commitEntries(ctx, line)
	}()
	err = serveUntilEnd(plainHandler(routes, line), stdin, stdout)
	close(line)
	<-ended
	return errors.Join(err, loop.upsert.Close(), loop.connection.Close(), db.Close())
}

func plainHandler(routes []bareRoute, line chan<- plainEntry) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /readyz", func(http.ResponseWriter, *http.Request) {})
	for _, route := range routes {
		body := []byte(route.Body)
		mux.HandleFunc(route.Method+" "+route.Path, func(w http.ResponseWriter, r *http.Request) {
			p := plainEntry{done: make(chan error, 1)}
			if err := json.UnmarshalRead(r.Body, &p.entry); err != nil {
				http.Error(w, "not what was expected", http.StatusBadRequest)
				return
			}
			line <- p
			if err := <-p.done; err != nil {
				http.Error(w, "not stored", http.StatusInternalServerError)
				return
			}
			route.answer(w, body)
		})
	}
	return mux
}

// commitEntries commits what waits, all of it together, until the line is closed.
func (l *driverLoop) commitEntries(ctx context.Context, line <-chan plainEntry) {
	for first := range line {
		batch := append(make([]plainEntry, 0, len(line)+1), first)
		for range len(line) {
			batch = append(batch, <-line)
		}
		err := l.entries(ctx, batch)
		for i := range batch {
			batch[i].done <- err
		}
	}
}

// entries upserts entries in one durable transaction.
func (l *driverLoop) entries(ctx context.Context, batch []plainEntry) error {
	if _, err := l.connection.ExecContext(ctx, "BEGIN IMMEDIATE"); err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	for i := range batch {
		e := &batch[i].entry
		_, err := l.upsert.ExecContext(ctx, string(e.ID), e.Email, e.Phone, e.FirstName, e.LastName, e.IP, l.rows)
		if err != nil {
			_, failed := l.connection.ExecContext(ctx, "ROLLBACK")
			return errors.Join(fmt.Errorf("upsert: %w", err), failed)
		}
		l.rows++
	}
	if _, err := l.connection.ExecContext(ctx, "COMMIT"); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	return nil
}

// plain is the contender that servePlain serves.
type plain struct{ bench *bench }

func (c plain) prepare(context.Context) error { return nil }

func (c plain) start(ctx context.Context, w workload) (*server, error) {
	dir, err := os.MkdirTemp(c.bench.dir, "plain-")
	if err != nil {
		return nil, fmt.Errorf("make data directory: %w", err)
	}
	s, err := c.bench.startBare(ctx, w, commandPlain, dir)
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	s.cleanUp = func() error { return os.RemoveAll(dir) }
	return s, nil
}

// fullPlain is plain with a table that is full already: what updates of one of many rows cost without any of what Clientele does
// about them. The table is filled once, before the rounds.
type fullPlain struct {
	bench *bench
	rows  int64
	dir   string // "" until filled
}

func (c *fullPlain) name() string { return fullName(namePlain, c.rows) }

func (c *fullPlain) prepare(ctx context.Context) (err error) {
	if c.dir != "" {
		return nil
	}
	c.bench.say("filling %s", c.name())
	dir, err := os.MkdirTemp(c.bench.dir, "full-plain-")
	if err != nil {
		return fmt.Errorf("make data directory: %w", err)
	}
	db, err := sql.Open("sqlite", "file:"+filepath.Join(dir, plainFile)+loopPragmas)
	if err != nil {
		return fmt.Errorf("open database: %w", err)
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	loop, err := openDriverLoop(ctx, db, idRange{Scattered: c.bench.numbers.scattered})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, loop.upsert.Close(), loop.connection.Close()) }()
	for loop.rows < c.rows {
		if err := loop.transaction(ctx, int(min(c.rows-loop.rows, fillAtOnce))); err != nil {
			return err
		}
	}
	c.dir = dir
	return nil
}

// fillAtOnce is how many rows of a full table are committed together.
const fillAtOnce = 10_000

func (c *fullPlain) start(ctx context.Context, w workload) (*server, error) {
	s, err := c.bench.startBare(ctx, w, commandPlain, c.dir)
	if err != nil {
		return nil, err
	}
	s.pool = c.bench.numbers.poolOf(c.rows)
	return s, nil
}
