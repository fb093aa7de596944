//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
)

// fullBook is Clientele on one SQLite book that is filled once, before the rounds, and then grows by what the
// rounds create in it. Each measurement starts the server anew on it.
type fullBook struct {
	bench       *bench
	dir         string                       // "" until filled
	credentials map[string]map[string]string // by dialect
}

func (c *fullBook) prepare(ctx context.Context) error {
	if c.dir != "" {
		return nil
	}
	dir, err := os.MkdirTemp(c.bench.dir, "full-book-")
	if err != nil {
		return fmt.Errorf("make data directory: %w", err)
	}
	filler := entryCreate()
	credentials, err := c.bench.createProject(ctx, inDirectory(dir), filler.dialect)
	if err != nil {
		return err
	}
	s, err := c.bench.serve(ctx, inDirectory(dir), credentials)
	if err != nil {
		return err
	}
	if err := errors.Join(c.bench.fill(ctx, s, filler, c.bench.options.book), s.stop()); err != nil {
		return err
	}
	c.dir = dir
	c.credentials = map[string]map[string]string{filler.dialect: credentials}
	return nil
}

func (c *fullBook) start(ctx context.Context, w workload) (*server, error) {
	credentials, ok := c.credentials[w.dialect]
	if !ok {
		return nil, fmt.Errorf("the full book has no credential for dialect %s", w.dialect)
	}
	s, err := c.bench.serve(ctx, inDirectory(c.dir), credentials)
	if err != nil {
		return nil, err
	}
	s.pool = c.bench.numbers.poolOf(c.bench.options.book)
	return s, nil
}
