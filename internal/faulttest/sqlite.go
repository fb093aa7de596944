package faulttest

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"clientele/internal/sqlite"
	"clientele/internal/verify"
)

// CheckDir looks at the book in a directory that no process has open, as after a crash: the store opens it, its own
// verification must find nothing, and it must hold what the crowds wrote. It returns what it found, nil when the book cannot be
// read, and the violations.
func CheckDir(ctx context.Context, dir string, crowds ...*Crowd) (*Found, []string) {
	violations := verifyDir(ctx, dir)
	found, err := readDir(ctx, dir)
	if err != nil {
		return nil, append(violations, "UNREADABLE: "+err.Error())
	}
	return found, append(violations, found.Check(crowds...)...)
}

// verifyDir opens the book as a server does and verifies it.
func verifyDir(ctx context.Context, dir string) (violations []string) {
	s, err := sqlite.Open(ctx, dir)
	if err != nil {
		return []string{fmt.Sprint("UNREADABLE: ", err)}
	}
	if _, _, err := s.Migrate(ctx); err != nil {
		violations = append(violations, fmt.Sprint("UNREADABLE: ", err))
	} else {
		violations = Verify(ctx, s, verify.Options{Now: time.Now()})
	}
	if err := s.Close(); err != nil {
		violations = append(violations, fmt.Sprint("UNREADABLE: ", err))
	}
	return violations
}

// readDir reads the book in a directory, beside a server or without, as it is at one moment.
func readDir(ctx context.Context, dir string) (found *Found, err error) {
	db, err := sql.Open("sqlite", "file:"+filepath.Join(dir, sqlite.FileName)+"?_pragma=busy_timeout(5000)")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	return readAtOnce(ctx, db, nil)
}

// readAtOnce reads a book in one transaction.
func readAtOnce(ctx context.Context, db *sql.DB, o *sql.TxOptions) (*Found, error) {
	tx, err := db.BeginTx(ctx, o)
	if err != nil {
		return nil, err
	}
	defer tx.Rollback()
	return Read(ctx, tx)
}
