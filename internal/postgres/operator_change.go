package postgres

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"clientele"

	"github.com/jackc/pgx/v5"
)

// SetOperatorRole gives an operator another role. Kind not_found when there is no such operator, conflict when the last
// enabled owner would be none.
func (s *Store) SetOperatorRole(ctx context.Context, id int64, role clientele.Role) error {
	err := s.transactSafely(ctx, "set role of operator", func(ctx context.Context, tx pgx.Tx) error {
		if role != clientele.RoleOwner {
			if err := refuseLastOwner(ctx, tx, id); err != nil {
				return err
			}
		}
		return updateOperator(ctx, tx, "UPDATE operator SET role = $2 WHERE id = $1", id, string(role))
	})
	return ofOperator("set role of", id, err)
}

// DisableOperator disables an operator from the given time on, or enables them when that is zero. One who is disabled
// already stays so since when they are. Kind not_found when there is no such operator, conflict when it is the last enabled
// owner who would be disabled.
func (s *Store) DisableOperator(ctx context.Context, id int64, from time.Time) error {
	err := s.transactSafely(ctx, "disable operator", func(ctx context.Context, tx pgx.Tx) error {
		if from.IsZero() {
			return updateOperator(ctx, tx, "UPDATE operator SET disabled_at = NULL WHERE id = $1", id)
		}
		if err := refuseLastOwner(ctx, tx, id); err != nil {
			return err
		}
		return updateOperator(ctx, tx, "UPDATE operator SET disabled_at = coalesce(disabled_at, $2) WHERE id = $1", id, from)
	})
	return ofOperator("disable", id, err)
}

// SetOperatorPassword stores the password hash of o and whether it is a one-time password, forgets failed logins and lifts
// a lock. instead is the hash that the new one takes the place of, empty for whichever there is. Kind not_found when there
// is no operator with the id of o, conflict when they have another hash than that.
func (s *Store) SetOperatorPassword(ctx context.Context, o clientele.Operator, instead string) error {
	err := s.transactSafely(ctx, "set password of operator", func(ctx context.Context, tx pgx.Tx) error {
		var current string
		err := tx.QueryRow(ctx, "SELECT password_hash FROM operator WHERE id = $1 FOR UPDATE", o.ID).Scan(&current)
		switch {
		case errors.Is(err, pgx.ErrNoRows):
			return errNoOperator
		case err != nil:
			return err
		case current == o.PasswordHash: // it took place in an attempt before: hashes are salted
		case instead != "" && instead != current:
			return clientele.Errorf(clientele.KindConflict, "the password was changed meanwhile")
		}
		return updateOperator(ctx, tx, `UPDATE operator SET password_hash = $2, password_is_one_time = $3, failed_logins = 0,
			locked_until = NULL WHERE id = $1`, o.ID, o.PasswordHash, o.PasswordIsOneTime)
	})
	return ofOperator("set password of", o.ID, err)
}

const recordLogin = "UPDATE operator SET last_login_at = $2, failed_logins = 0, locked_until = NULL WHERE id = $1"

// RecordLogin notes a login with the right password, forgets failed ones and lifts a lock. Kind not_found when there is no
// such operator.
func (s *Store) RecordLogin(ctx context.Context, id int64, when time.Time) error {
	err := s.transactSafely(ctx, "record login", func(ctx context.Context, tx pgx.Tx) error {
		return updateOperator(ctx, tx, recordLogin, id, when)
	})
	return ofOperator("record login of", id, err)
}

const (
	countFailedLogin = "UPDATE operator SET failed_logins = failed_logins + 1 WHERE id = $1 RETURNING failed_logins"
	lockOperator     = "UPDATE operator SET locked_until = $2 WHERE id = $1"
)

// RecordFailedLogin counts a wrong password, each of any number at once, and locks the operator for as long from at as
// lockFor says of the new count; 0 leaves a lock as it is. Kind not_found when there is no such operator.
func (s *Store) RecordFailedLogin(ctx context.Context, id int64, when time.Time, lockFor func(failed int) time.Duration) error {
	err := s.transact(ctx, "record failed login", func(ctx context.Context, tx pgx.Tx) error {
		var failed int
		err := tx.QueryRow(ctx, countFailedLogin, id).Scan(&failed)
		if errors.Is(err, pgx.ErrNoRows) {
			return errNoOperator
		}
		if err != nil {
			return err
		}
		lock := lockFor(failed)
		if lock == 0 {
			return nil
		}
		return updateOperator(ctx, tx, lockOperator, id, when.Add(lock))
	})
	return ofOperator("record failed login of", id, err)
}

func ofOperator(what string, id int64, err error) error {
	if err != nil {
		return fmt.Errorf("%s operator %d: %w", what, id, err)
	}
	return nil
}

// updateOperator runs an update of the operator with the id, the first value; kind not_found when there is none.
func updateOperator(ctx context.Context, tx pgx.Tx, query string, args ...any) error {
	tag, err := tx.Exec(ctx, query, args...)
	if err == nil && tag.RowsAffected() == 0 {
		return errNoOperator
	}
	return err
}

// lockOwners locks the enabled owners in one order. Whoever waited for the lock sees who is left of them.
const lockOwners = "SELECT id FROM operator WHERE role = $1 AND disabled_at IS NULL ORDER BY id FOR UPDATE"

// refuseLastOwner returns an error of kind conflict when the operator is the only enabled owner, and keeps the owners as they
// are until the transaction ends.
func refuseLastOwner(ctx context.Context, tx pgx.Tx, id int64) error {
	rows, err := tx.Query(ctx, lockOwners, string(clientele.RoleOwner))
	if err != nil {
		return err
	}
	owners, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	if err == nil && slices.Equal(owners, []int64{id}) {
		err = clientele.Errorf(clientele.KindConflict, "the last enabled owner can neither be disabled nor get a lower role")
	}
	return err
}
