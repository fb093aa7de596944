package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"clientele"
	"clientele/internal/config"
	"clientele/internal/postgres"
	"clientele/internal/sqlite"
	"clientele/internal/transfer"
)

type copyCommand struct {
	FromDataDir     string `help:"Directory of the embedded book to copy. Its server must be stopped." type:"path" placeholder:"DIR"`
	FromDatabaseURL string `help:"PostgreSQL database of the book to copy. Its servers must be stopped. Put a password into the environment variable or into ~/.pgpass." name:"from-database-url" placeholder:"URL"`
	ToDataDir       string `help:"Directory to copy the book into, empty or missing." type:"path" placeholder:"DIR"`
	ToDatabaseURL   string `help:"PostgreSQL database to copy the book into, empty. Put a password into the environment variable or into ~/.pgpass." name:"to-database-url" placeholder:"URL"`
	PgBouncer       bool   `help:"A PgBouncer in transaction mode stands before the databases." name:"pgbouncer"`
	JSON            bool   `help:"Print one JSON object."`
}

// Validate is called by the parser.
func (c *copyCommand) Validate() error {
	if (c.FromDataDir == "") == (c.FromDatabaseURL == "") {
		return errors.New("name the book to copy, with --from-data-dir or --from-database-url")
	}
	if (c.ToDataDir == "") == (c.ToDatabaseURL == "") {
		return errors.New("name where to copy it, with --to-data-dir or --to-database-url")
	}
	return nil
}

// Run copies the book.
func (c *copyCommand) Run(ctx context.Context, std streams) (err error) {
	from := side{Book: config.Book{DataDir: c.FromDataDir, DatabaseURL: c.FromDatabaseURL, PgBouncer: c.PgBouncer}}
	to := side{Book: config.Book{DataDir: c.ToDataDir, DatabaseURL: c.ToDatabaseURL, PgBouncer: c.PgBouncer}}
	if err := nameSides(&from, &to); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, from.close(), to.close()) }()
	if err := from.openSource(ctx); err != nil {
		return err
	}
	if err := to.openTarget(ctx); err != nil {
		return err
	}
	bar := &progress{out: c.progressOut(std)}
	reports, err := transfer.Copy(ctx, from.store, to.store, transfer.Options{Name: from.name, Progress: bar.show})
	bar.end()
	if err != nil {
		return adviseOnCopy(err)
	}
	return c.print(std.out, from.name, to.name, reports)
}

// progressOut returns where progress is shown; nil for nowhere.
func (c *copyCommand) progressOut(std streams) io.Writer {
	if c.JSON || !isTerminal(std.err) {
		return nil
	}
	return std.err
}

// adviseOnCopy says what to do about a copy that ended early.
func adviseOnCopy(err error) error {
	switch {
	case clientele.KindOf(err) == clientele.KindConflict:
		return err // which says it
	case errors.Is(err, context.Canceled):
		return errors.New("interrupted: run the same command again, and it goes on where it was broken off")
	default:
		return fmt.Errorf("%w: run the same command again, and it goes on where it was broken off", err)
	}
}

// side is the book at one end of a copy.
type side struct {
	config.Book
	name  string // for people, and for the target to know its source by
	store copyStore
	lock  *sqlite.Lock
}

// copyStore is a store that can be either end of a copy. Both stores are one.
type copyStore interface {
	store
	transfer.Target
}

// nameSides names both sides, and refuses one that is the other.
func nameSides(from, to *side) error {
	for _, s := range []*side{from, to} {
		var err error
		if s.name, err = s.findName(); err != nil {
			return err
		}
	}
	if from.name == to.name {
		return usage("the book would be copied onto itself: %s", from.name)
	}
	return nil
}

func (s *side) findName() (string, error) {
	if s.DatabaseURL != "" {
		name, err := postgres.Name(s.DatabaseURL)
		if err != nil {
			return "", fmt.Errorf("%w: %w", errUsage, err)
		}
		return name, nil
	}
	if real, err := filepath.EvalSymlinks(s.DataDir); err == nil {
		return real, nil
	}
	return s.DataDir, nil // there is none yet
}

// openSource claims and opens the book to copy. It must be there, with the schema that this program knows: copying never
// changes the source.
func (s *side) openSource(ctx context.Context) error {
	if s.DatabaseURL == "" {
		if _, err := os.Stat(filepath.Join(s.DataDir, sqlite.FileName)); errors.Is(err, os.ErrNotExist) {
			return clientele.Errorf(clientele.KindNotFound, "there is no book in %s", s.name)
		}
	}
	if err := s.open(ctx); err != nil {
		return err
	}
	current, newest, err := s.store.Versions(ctx)
	switch {
	case err != nil:
		return err
	case current == 0:
		return clientele.Errorf(clientele.KindNotFound, "there is no book in %s", s.name)
	case current < newest:
		return clientele.Errorf(clientele.KindConflict,
			"the book in %s has schema version %d and this program knows %d: bring it up to date with clientele migrate up", s.name, current, newest)
	case current > newest:
		return clientele.Errorf(clientele.KindConflict,
			"the book in %s has schema version %d and this program knows %d: run the newer program", s.name, current, newest)
	}
	return refuseArriving(ctx, s.store)
}

// openTarget claims, opens and migrates the book to copy into.
func (s *side) openTarget(ctx context.Context) error {
	if err := s.open(ctx); err != nil {
		return err
	}
	_, _, err := s.store.Migrate(ctx)
	return err
}

// open claims the directory, so that no server has it or gets it meanwhile, and opens the book.
func (s *side) open(ctx context.Context) error {
	if s.DatabaseURL == "" {
		var err error
		s.lock, err = lockDir(ctx, s.DataDir)
		if clientele.KindOf(err) == clientele.KindConflict {
			return clientele.Errorf(clientele.KindConflict, "%s: stop it first", explain(err))
		}
		if err != nil {
			return err
		}
	}
	opened, err := openStore(ctx, s.Book)
	if err != nil {
		return err
	}
	s.store = opened.(copyStore)
	return nil
}

func (s *side) close() error {
	var errs []error
	if s.store != nil {
		errs = append(errs, s.store.Close())
	}
	if s.lock != nil {
		errs = append(errs, s.lock.Unlock())
	}
	return errors.Join(errs...)
}
