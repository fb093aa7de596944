//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"clientele/internal/postgres"
	"clientele/internal/sqlite"
	"clientele/internal/work"
)

// fullBook is Clientele on one book that is loaded once, before the rounds, and then grows by what the rounds create in it.
// Each measurement starts the server anew on it.
type fullBook struct {
	bench      *bench
	customers  int64
	onPostgres bool

	at          place             // nil until loaded
	dir         string            // of a SQLite book
	url         string            // of a PostgreSQL book
	credentials map[string]string // for the OPM entry
}

// name is how the table calls it.
func (c *fullBook) name() string {
	base := nameSQLite
	if c.onPostgres {
		base = nameClientelePostgres
	}
	return fullName(base, c.customers)
}

func fullName(base string, customers int64) string {
	return base + ", " + grouped(float64(customers)) + " customers"
}

// fullBooks returns the books of a store, by size.
func (b *bench) fullBooks(onPostgres bool) []*fullBook {
	var list []*fullBook
	for _, c := range b.books {
		if c.onPostgres == onPostgres {
			list = append(list, c)
		}
	}
	return list
}

func (c *fullBook) prepare(ctx context.Context) error {
	if c.at != nil {
		return nil
	}
	c.bench.say("loading %s", c.name())
	at, err := c.place(ctx)
	if err != nil {
		return err
	}
	if c.credentials, err = c.bench.createProject(ctx, at, entryCreate().dialect); err != nil {
		return err
	}
	if err := c.bench.load(ctx, at, c.customers, customerColumns, customerLine); err != nil {
		return err
	}
	c.at = at
	return c.settle(ctx)
}

func (c *fullBook) place(ctx context.Context) (place, error) {
	if !c.onPostgres {
		dir, err := os.MkdirTemp(c.bench.dir, "full-book-")
		c.dir = dir
		return inDirectory(dir), err
	}
	cluster, err := c.bench.postgres(ctx)
	if err != nil {
		return nil, err
	}
	database, _, err := cluster.createDatabase(ctx) // which goes with its cluster
	c.url = cluster.url(database)
	return place{"--database-url", c.url}, err
}

func (c *fullBook) start(ctx context.Context, w workload) (*server, error) {
	if w.dialect != entryCreate().dialect {
		return nil, fmt.Errorf("the full book has no credential for dialect %s", w.dialect)
	}
	s, err := c.bench.serve(ctx, c.at, c.credentials)
	if err != nil {
		return nil, err
	}
	if c.onPostgres {
		s.database = c.bench.cluster.command.Process.Pid
	}
	s.pool = c.bench.numbers.poolOf(c.customers)
	return s, nil
}

// settle does at once what a server does beside its requests for minutes after so many customers have come.
func (c *fullBook) settle(ctx context.Context) error {
	if !c.onPostgres {
		return c.bench.follow(ctx, c.dir)
	}
	s, err := postgres.Open(ctx, postgres.Options{URL: c.url, Lanes: 1})
	if err != nil {
		return err
	}
	err = c.bench.followTerms(ctx, s)
	if err := errors.Join(err, s.Close()); err != nil {
		return err
	}
	return executeOn(ctx, c.url, "VACUUM ANALYZE")
}

// follow makes what the customers of a directory are found by.
func (b *bench) follow(ctx context.Context, dir string) error {
	s, err := sqlite.Open(ctx, dir)
	if err != nil {
		return err
	}
	_, _, err = s.Migrate(ctx)
	if err == nil {
		err = b.followTerms(ctx, s)
	}
	return errors.Join(err, s.Close())
}

// termsAtOnce is more than a server takes, which has partners that wait.
const termsAtOnce = 5000

func (b *bench) followTerms(ctx context.Context, s work.CustomerTermStore) error {
	b.say("making what the customers are found by")
	_, err := (&work.CustomerTerms{Store: s, ReadAtOnce: termsAtOnce}).Follow(ctx)
	return err
}

// loadChunk is how many customers one file has.
const loadChunk = 250_000

// load imports the customers 0 to count-1 and says every so often how far it is.
func (b *bench) load(ctx context.Context, at place, count int64, columns string, line func(w io.Writer, n, id int64)) error {
	for done := int64(0); done < count; {
		chunk := min(count-done, loadChunk)
		file, err := b.csvFile(columns, done, chunk, line)
		if err != nil {
			return err
		}
		_, err = b.importFile(ctx, at, file, chunk)
		if err := errors.Join(err, os.Remove(file)); err != nil {
			return fmt.Errorf("load the book: %w", err)
		}
		done += chunk
		if count > loadChunk {
			b.say("loading: %s of %s customers", grouped(float64(done)), grouped(float64(count)))
		}
	}
	return nil
}

const customerColumns = "external_id,email,phone,first_name,last_name,ip\n"

func customerLine(w io.Writer, n, id int64) {
	fmt.Fprintf(w, "%d,c%010d@example.com,+1585555%04d,John,Doe,192.0.2.10\n", id, n, id%10_000)
}
