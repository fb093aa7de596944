package faulttest

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"

	"clientele/internal/sqlite"
)

// Check looks at the book in a directory that no process has open, as after a crash: the program opens it and its own
// verification must find nothing, and it must hold what the crowds wrote. It returns the violations.
func (b Book) Check(ctx context.Context, crowds ...*Crowd) (violations []string) {
	stdout, stderr, err := b.Try("verify")
	if err != nil {
		violations = append(violations, fmt.Sprintf("BROKEN: %v: %s%s", err, stdout, stderr))
	}
	found, err := ReadDir(ctx, b.Dir)
	if err != nil {
		return append(violations, "UNREADABLE: "+err.Error())
	}
	return append(violations, found.Check(crowds...)...)
}

// ReadDir reads the book in a directory, beside a server or without, as it is at one moment.
func ReadDir(ctx context.Context, dir string) (found *Found, err error) {
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
