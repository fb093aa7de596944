package postgres

import (
	"context"
	"fmt"
	"strings"
	"time"

	"clientele"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// ListSigningKeys returns the keys that tokens are signed with, oldest first.
func (s *Store) ListSigningKeys(ctx context.Context) ([]clientele.SigningKey, error) {
	var list []clientele.SigningKey
	err := s.query(ctx, "list signing keys", func(ctx context.Context, pool *pgxpool.Pool) error {
		rows, err := pool.Query(ctx, "SELECT id, seed, created_at, retired_at FROM signing_key ORDER BY created_at, id")
		if err != nil {
			return err
		}
		list, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (clientele.SigningKey, error) {
			var k clientele.SigningKey
			err := row.Scan(&k.ID, &k.Seed, (*instant)(&k.CreatedAt), (*instant)(&k.RetiredAt))
			return k, err
		})
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list signing keys: %w", err)
	}
	return list, nil
}

// RotateSigningKey stores a new key and retires the newest one as of oldUntil. It does nothing when the newest one was
// created at renewBefore or later: of several servers that find their key too old, one makes the new one.
func (s *Store) RotateSigningKey(ctx context.Context, k clientele.SigningKey, renewBefore, oldUntil time.Time) error {
	err := s.transactSafely(ctx, "rotate signing key", func(ctx context.Context, tx pgx.Tx) error {
		var fresh bool
		err := tx.QueryRow(ctx, "SELECT EXISTS (SELECT 1 FROM signing_key WHERE retired_at IS NULL AND created_at >= $1)",
			renewBefore).Scan(&fresh)
		if err != nil || fresh {
			return err
		}
		return rotateSigningKey(ctx, tx, k, renewBefore, oldUntil)
	})
	if err != nil {
		return fmt.Errorf("rotate signing key: %w", err)
	}
	return nil
}

// rotateSigningKey returns a raceError when another server has made a new key meanwhile: the next attempt finds it.
func rotateSigningKey(ctx context.Context, tx pgx.Tx, k clientele.SigningKey, renewBefore, oldUntil time.Time) error {
	_, err := tx.Exec(ctx, "UPDATE signing_key SET retired_at = $1 WHERE retired_at IS NULL AND created_at < $2", oldUntil, renewBefore)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, "INSERT INTO signing_key (id, seed, created_at) VALUES ($1, $2, $3)", k.ID, k.Seed, k.CreatedAt)
	if e, ok := serverError(err); ok && strings.HasPrefix(e.ConstraintName, oneNewest) {
		return &raceError{err}
	}
	return err
}

// oneNewest is the unique index that lets one key be the newest. On Citus a number follows the name.
const oneNewest = "signing_key_one_newest"

// DeleteSigningKeys deletes the keys that were retired before the given time.
func (s *Store) DeleteSigningKeys(ctx context.Context, retiredBefore time.Time) error {
	err := s.transactSafely(ctx, "delete signing keys", func(ctx context.Context, tx pgx.Tx) error {
		_, err := tx.Exec(ctx, "DELETE FROM signing_key WHERE retired_at < $1", retiredBefore)
		return err
	})
	if err != nil {
		return fmt.Errorf("delete signing keys: %w", err)
	}
	return nil
}
