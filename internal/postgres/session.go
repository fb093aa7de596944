package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

const findSession = "SELECT data FROM session WHERE token = $1 AND expires_at > $2"

// FindSession returns the data of a session that has not expired by now. found is false when there is none.
func (s *Store) FindSession(ctx context.Context, token string, now time.Time) (data []byte, found bool, err error) {
	err = s.query(ctx, "find session", func(ctx context.Context, pool *pgxpool.Pool) error {
		return pool.QueryRow(ctx, findSession, token, now).Scan(&data)
	})
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, fmt.Errorf("find session: %w", err)
	}
	return data, true, nil
}

const putSession = `INSERT INTO session (token, data, expires_at) VALUES ($1, $2, $3)
	ON CONFLICT (token) DO UPDATE SET data = excluded.data, expires_at = excluded.expires_at`

// PutSession begins a session: its data is stored until it expires, in the place of what it had.
func (s *Store) PutSession(ctx context.Context, token string, data []byte, expiresAt time.Time) error {
	if data == nil {
		data = []byte{} // nil is NULL
	}
	err := s.transactSafely(ctx, "put session", func(ctx context.Context, tx pgx.Tx) error {
		_, err := tx.Exec(ctx, putSession, token, data, expiresAt)
		return err
	})
	if err != nil {
		return fmt.Errorf("put session: %w", err)
	}
	return nil
}

const updateSession = "UPDATE session SET data = $2, expires_at = $3 WHERE token = $1"

// UpdateSession stores the data of a session in the place of what it had; one that there is not has ended, and stays so.
func (s *Store) UpdateSession(ctx context.Context, token string, data []byte, expiresAt time.Time) error {
	if data == nil {
		data = []byte{} // nil is NULL
	}
	err := s.transactSafely(ctx, "update session", func(ctx context.Context, tx pgx.Tx) error {
		_, err := tx.Exec(ctx, updateSession, token, data, expiresAt)
		return err
	})
	if err != nil {
		return fmt.Errorf("update session: %w", err)
	}
	return nil
}

const deleteSession = "DELETE FROM session WHERE token = $1"

// DeleteSession ends a session; one that there is not has ended.
func (s *Store) DeleteSession(ctx context.Context, token string) error {
	err := s.transactSafely(ctx, "delete session", func(ctx context.Context, tx pgx.Tx) error {
		_, err := tx.Exec(ctx, deleteSession, token)
		return err
	})
	if err != nil {
		return fmt.Errorf("delete session: %w", err)
	}
	return nil
}

const expiredSessions = "SELECT token FROM session WHERE expires_at < $1 ORDER BY expires_at LIMIT $2"

// ForgetSessions deletes at most limit sessions that expired before the given time and returns how many.
func (s *Store) ForgetSessions(ctx context.Context, before time.Time, limit int) (int64, error) {
	return forgetShared[string](ctx, s, oldRows{
		"forget sessions", expiredSessions, "DELETE FROM session WHERE token = ANY($1) AND expires_at < $2",
	}, before, limit)
}

// oldRows are how the old rows of a table that is no project's are found and deleted.
type oldRows struct{ what, find, remove string }

// forgetShared deletes at most limit old rows by their keys. They are found first and deleted in a statement of its own: on
// Citus each node deletes by itself, and what LIMIT takes need not be the same everywhere.
func forgetShared[Key any](ctx context.Context, s *Store, old oldRows, before time.Time, limit int) (int64, error) {
	var deleted int64
	err := s.transactSafely(ctx, old.what, func(ctx context.Context, tx pgx.Tx) error {
		rows, err := tx.Query(ctx, old.find, before, limit)
		if err != nil {
			return err
		}
		keys, err := pgx.CollectRows(rows, pgx.RowTo[Key])
		if err != nil {
			return err
		}
		tag, err := tx.Exec(ctx, old.remove, keys, before)
		deleted = tag.RowsAffected()
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("%s: %w", old.what, err)
	}
	return deleted, nil
}
