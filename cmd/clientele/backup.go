package main

import (
	"context"
	"fmt"
	"os"

	"clientele/internal/config"
	"clientele/internal/sqlite"
)

type backupCommand struct {
	config.Book
	File string `arg:"" help:"File to write; it must not exist." type:"path"`
	JSON bool   `help:"Print one JSON object."`
}

// backuper is a store that can copy itself into a file: the embedded one.
type backuper interface {
	Backup(ctx context.Context, file string) error
}

// Run copies the book.
func (c *backupCommand) Run(ctx context.Context, std streams) error {
	if c.DatabaseURL != "" {
		return usage("backup copies the embedded book; for a database server use its own tools, such as pg_dump")
	}
	return withBook(ctx, c.Book, func(s store) error {
		if err := s.(backuper).Backup(ctx, c.File); err != nil {
			return err
		}
		info, err := os.Stat(c.File)
		if err != nil {
			return err
		}
		if c.JSON {
			return printJSON(std.out, struct {
				File  string `json:"file"`
				Bytes int64  `json:"bytes"`
			}{c.File, info.Size()})
		}
		_, err = fmt.Fprintf(std.out, "%s: %d bytes. To restore it, put it into an empty data directory as %s.\n",
			c.File, info.Size(), sqlite.FileName)
		return err
	})
}
