package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"clientele"
	"clientele/internal/sqlite"
)

// prepareDemo gives the demo a directory of its own and keeps it on this machine: everybody knows its keys.
func (c *serveCommand) prepareDemo() error {
	if !isLoopback(c.Listen) || c.MetricsListen != "" && !isLoopback(c.MetricsListen) {
		return usage("--demo serves on loopback only: its keys are printed in public documents")
	}
	if c.DatabaseURL != "" {
		return usage("--demo makes a book in a directory of its own: do without --database-url and CLIENTELE_DATABASE_URL")
	}
	if !strings.HasSuffix(c.DataDir, "-demo") {
		c.DataDir = strings.TrimSuffix(c.DataDir, "/") + "-demo"
	}
	return nil
}

// makeDemo makes the demo's book where there is none. It does so beside the book's place and moves it there when it is
// whole: one whose making was interrupted is made anew. The caller holds the directory's lock.
func (c *serveCommand) makeDemo(ctx context.Context, out io.Writer) error {
	making := *c
	making.DataDir = filepath.Join(c.DataDir, "making")
	making.MaxWaiting = demoCustomers // they are sent all at once
	if err := os.RemoveAll(making.DataDir); err != nil {
		return fmt.Errorf("make the demo: %w", err)
	}
	place := filepath.Join(c.DataDir, sqlite.FileName)
	if _, err := os.Lstat(place); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := making.fill(ctx, out); err != nil {
		return fmt.Errorf("make the demo: %w", err)
	}
	err := os.Rename(filepath.Join(making.DataDir, sqlite.FileName), place)
	return errors.Join(err, os.RemoveAll(making.DataDir))
}

// fill makes a book in the data directory and puts the demo into it.
func (c *serveCommand) fill(ctx context.Context, out io.Writer) (err error) {
	s, err := openStore(ctx, c.Book)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }() // after which the file is all there is of the book
	if _, _, err := s.Migrate(ctx); err != nil {
		return err
	}
	r := furnish(&c.Serve, s, slog.New(slog.DiscardHandler), time.Now)
	return errors.Join(c.fillDemo(ctx, r, out), c.drain(nil, r))
}

// checkDemo refuses to print the demo's keys and calls for a book that does not know them.
func (c *serveCommand) checkDemo(ctx context.Context, s store) error {
	_, err := s.FindProject(ctx, demoProject)
	if err == nil {
		_, err = s.FindOperatorByEmail(ctx, demoOperator)
	}
	if clientele.KindOf(err) == clientele.KindNotFound {
		return usage("the book in %s is not the demo's: remove it, or name another directory with --data-dir", c.DataDir)
	}
	return err
}
