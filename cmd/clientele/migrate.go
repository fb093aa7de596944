package main

import (
	"context"
	"errors"
	"fmt"

	"clientele/internal/config"
)

type migrateCommand struct {
	Up     migrateUp     `cmd:"" help:"Bring the schema to the newest version this program knows. serve does it by itself."`
	Status migrateStatus `cmd:"" help:"Show the schema's version and the newest one this program knows."`
}

type migrateUp struct {
	config.Book
	JSON bool `help:"Print one JSON object."`
}

// Run migrates the book.
func (c *migrateUp) Run(ctx context.Context, std streams) (err error) {
	s, err := openStore(ctx, c.Book)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	from, _, err := s.Versions(ctx)
	if err != nil {
		return err
	}
	if err := bringUpToDate(ctx, c.Book, s); err != nil {
		return err
	}
	to, _, err := s.Versions(ctx)
	if err != nil {
		return err
	}
	if c.JSON {
		return printJSON(std.out, struct {
			From int64 `json:"from"`
			To   int64 `json:"to"`
		}{from, to})
	}
	_, err = fmt.Fprintf(std.out, "schema version %d (was %d)\n", to, from)
	return err
}

type migrateStatus struct {
	config.Book
	JSON bool `help:"Print one JSON object."`
}

// Run shows the schema's version. It changes nothing.
func (c *migrateStatus) Run(ctx context.Context, std streams) (err error) {
	s, err := openExisting(ctx, c.Book)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	current, newest, err := s.Versions(ctx)
	if err != nil {
		return err
	}
	if c.JSON {
		return printJSON(std.out, struct {
			Version int64 `json:"version"`
			Newest  int64 `json:"newest"`
		}{current, newest})
	}
	_, err = fmt.Fprintf(std.out, "schema version %d, newest known %d\n", current, newest)
	return err
}
