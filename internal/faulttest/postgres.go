package faulttest

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"clientele/internal/postgres"
	"clientele/internal/verify"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"
)

// CheckDatabase looks at the book in a PostgreSQL database, beside its servers or without: the store's own verification must
// find nothing, and it must hold what the crowds wrote. It returns what it found, nil when the book cannot be read, and the
// violations.
func CheckDatabase(ctx context.Context, url string, crowds ...*Crowd) (*Found, []string) {
	violations := verifyDatabase(ctx, url)
	found, err := ReadDatabase(ctx, url)
	if err != nil {
		return nil, append(violations, "UNREADABLE: "+err.Error())
	}
	return found, append(violations, found.Check(crowds...)...)
}

func verifyDatabase(ctx context.Context, url string) (violations []string) {
	s, err := postgres.Open(ctx, postgres.Options{URL: url, Lanes: 1})
	if err != nil {
		return []string{fmt.Sprint("UNREADABLE: ", err)}
	}
	violations = Verify(ctx, s, verify.Options{Now: time.Now()})
	if err := s.Close(); err != nil {
		violations = append(violations, fmt.Sprint("UNREADABLE: ", err))
	}
	return violations
}

// ReadDatabase reads the book in a database as it is at one moment.
func ReadDatabase(ctx context.Context, url string) (found *Found, err error) {
	db, err := sql.Open("pgx", url)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	return readAtOnce(ctx, db, &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true})
}
