package sqlite

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"clientele"
)

// Backup writes a consistent copy of the book, as of now, into a new file, while others go on writing. The copy is on the
// disk when it appears under its name; a half-written one never does. Kind conflict when the file exists.
func (s *Store) Backup(ctx context.Context, file string) error {
	if _, err := os.Lstat(file); err == nil {
		return clientele.Errorf(clientele.KindConflict, "%s exists already: choose another name or move it away", file)
	}
	dir, err := os.MkdirTemp(filepath.Dir(file), ".clientele-backup-") // 0700: nobody reads the copy meanwhile
	if err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	defer os.RemoveAll(dir)
	part := filepath.Join(dir, FileName)
	if err := s.copyInto(ctx, part); err != nil {
		return fmt.Errorf("backup: %w", classify(err))
	}
	if err := os.Link(part, file); err != nil { // unlike a rename it never replaces a file
		if errors.Is(err, os.ErrExist) {
			return clientele.Errorf(clientele.KindConflict, "%s exists already", file)
		}
		return fmt.Errorf("backup: %w", err)
	}
	return syncPath(filepath.Dir(file))
}

func (s *Store) copyInto(ctx context.Context, part string) (err error) {
	conn, err := s.read.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	defer func() { // also when the caller went away while the first PRAGMA took effect
		_, restoreErr := conn.ExecContext(context.WithoutCancel(ctx), "PRAGMA query_only = 1")
		err = errors.Join(err, restoreErr)
	}()
	if _, err := conn.ExecContext(ctx, "PRAGMA query_only = 0"); err != nil { // VACUUM INTO counts as writing
		return err
	}
	if _, err := conn.ExecContext(ctx, "VACUUM INTO ?", part); err != nil {
		return err
	}
	if err := os.Chmod(part, 0o600); err != nil {
		return err
	}
	return syncPath(part)
}

// syncPath makes a file or a directory durable.
func syncPath(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
