package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

const findSessionSQL = "SELECT data FROM session WHERE token = ? AND expires_at > ?"

// FindSession returns the data of a session that has not expired by now. found is false when there is none.
func (s *Store) FindSession(ctx context.Context, token string, now time.Time) (data []byte, found bool, err error) {
	err = s.read.QueryRowContext(ctx, findSessionSQL, token, now.UnixMicro()).Scan(&data)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, fmt.Errorf("find session: %w", classify(err))
	}
	return data, true, nil
}

// PutSession begins a session: its data is stored until it expires, in the place of what it had.
func (s *Store) PutSession(ctx context.Context, token string, data []byte, expiresAt time.Time) error {
	if data == nil {
		data = []byte{} // nil is NULL
	}
	err := s.transact(ctx, func(t *tx) error {
		return t.exec(`INSERT INTO session (token, data, expires_at) VALUES (?, ?, ?)
			ON CONFLICT (token) DO UPDATE SET data = excluded.data, expires_at = excluded.expires_at`, token, data, expiresAt.UnixMicro())
	})
	if err != nil {
		return fmt.Errorf("put session: %w", err)
	}
	return nil
}

// UpdateSession stores the data of a session in the place of what it had; one that there is not has ended, and stays so.
func (s *Store) UpdateSession(ctx context.Context, token string, data []byte, expiresAt time.Time) error {
	if data == nil {
		data = []byte{} // nil is NULL
	}
	err := s.transact(ctx, func(t *tx) error {
		return t.exec("UPDATE session SET data = ?, expires_at = ? WHERE token = ?", data, expiresAt.UnixMicro(), token)
	})
	if err != nil {
		return fmt.Errorf("update session: %w", err)
	}
	return nil
}

// DeleteSession ends a session; one that there is not has ended.
func (s *Store) DeleteSession(ctx context.Context, token string) error {
	err := s.transact(ctx, func(t *tx) error { return t.exec("DELETE FROM session WHERE token = ?", token) })
	if err != nil {
		return fmt.Errorf("delete session: %w", err)
	}
	return nil
}

// ForgetSessions deletes at most limit sessions that expired before the given time and returns how many.
func (s *Store) ForgetSessions(ctx context.Context, before time.Time, limit int) (int64, error) {
	return s.forget(ctx, "forget sessions", `DELETE FROM session WHERE token IN
		(SELECT token FROM session WHERE expires_at < ? ORDER BY expires_at LIMIT ?)`, before, limit)
}

// forget runs a DELETE of at most limit rows from before the given time and returns how many they were.
func (s *Store) forget(ctx context.Context, what, query string, before time.Time, limit int) (int64, error) {
	var deleted int64
	err := s.transact(ctx, func(t *tx) error {
		r, err := t.execResult(query, before.UnixMicro(), limit)
		if err == nil {
			deleted, err = r.RowsAffected()
		}
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("%s: %w", what, err)
	}
	return deleted, nil
}
