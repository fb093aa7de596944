package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"clientele"
)

// ListSigningKeys returns the keys that tokens are signed with, oldest first.
func (s *Store) ListSigningKeys(ctx context.Context) ([]clientele.SigningKey, error) {
	rows, err := s.read.QueryContext(ctx, "SELECT id, seed, created_at, retired_at FROM signing_key ORDER BY created_at, id")
	if err != nil {
		return nil, fmt.Errorf("list signing keys: %w", classify(err))
	}
	var list []clientele.SigningKey
	err = collect(rows, func(rows *sql.Rows) error {
		var k clientele.SigningKey
		err := rows.Scan(&k.ID, &k.Seed, instant{&k.CreatedAt}, instant{&k.RetiredAt})
		list = append(list, k)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list signing keys: %w", classify(err))
	}
	return list, nil
}

// RotateSigningKey stores a new key and retires the newest one as of oldUntil. It does nothing when the newest one was
// created at renewBefore or later: of several servers that find their key too old, one makes the new one.
func (s *Store) RotateSigningKey(ctx context.Context, k clientele.SigningKey, renewBefore, oldUntil time.Time) error {
	err := s.transact(ctx, func(t *tx) error {
		var fresh bool
		err := t.one("SELECT EXISTS (SELECT 1 FROM signing_key WHERE retired_at IS NULL AND created_at >= ?)",
			[]any{renewBefore.UnixMicro()}, &fresh)
		if err != nil || fresh {
			return err
		}
		if err := t.exec("UPDATE signing_key SET retired_at = ? WHERE retired_at IS NULL", oldUntil.UnixMicro()); err != nil {
			return err
		}
		return t.exec("INSERT INTO signing_key (id, seed, created_at) VALUES (?, ?, ?)", k.ID, k.Seed, k.CreatedAt.UnixMicro())
	})
	if err != nil {
		return fmt.Errorf("rotate signing key: %w", err)
	}
	return nil
}

// DeleteSigningKeys deletes the keys that were retired before the given time.
func (s *Store) DeleteSigningKeys(ctx context.Context, retiredBefore time.Time) error {
	err := s.transact(ctx, func(t *tx) error {
		return t.exec("DELETE FROM signing_key WHERE retired_at < ?", retiredBefore.UnixMicro())
	})
	if err != nil {
		return fmt.Errorf("delete signing keys: %w", err)
	}
	return nil
}
