package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"clientele"
)

const operatorColumns = `id, email, role, password_hash, password_is_one_time, failed_logins, locked_until, created_at,
	last_login_at, disabled_at`

const (
	findOperatorSQL        = "SELECT " + operatorColumns + " FROM operator WHERE id = ?"
	findOperatorByEmailSQL = "SELECT " + operatorColumns + " FROM operator WHERE email = ?"
)

var errNoOperator = clientele.Errorf(clientele.KindNotFound, "there is no such operator")

func scanOperator(row interface{ Scan(...any) error }) (clientele.Operator, error) {
	var o clientele.Operator
	err := row.Scan(&o.ID, &o.Email, &o.Role, &o.PasswordHash, &o.PasswordIsOneTime, &o.FailedLogins, instant{&o.LockedUntil},
		instant{&o.CreatedAt}, instant{&o.LastLoginAt}, instant{&o.DisabledAt})
	return o, err
}

// CreateOperator stores a new operator and returns them with their id; kind conflict when the e-mail address is taken.
func (s *Store) CreateOperator(ctx context.Context, o clientele.Operator) (clientele.Operator, error) {
	err := s.transact(ctx, func(t *tx) error {
		return t.one(`INSERT INTO operator (email, role, password_hash, password_is_one_time, failed_logins, locked_until,
			created_at, last_login_at, disabled_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id`,
			[]any{
				o.Email, string(o.Role), o.PasswordHash, o.PasswordIsOneTime, o.FailedLogins, micros(o.LockedUntil),
				o.CreatedAt.UnixMicro(), micros(o.LastLoginAt), micros(o.DisabledAt),
			}, &o.ID)
	})
	if isUnique(err) {
		return o, clientele.Errorf(clientele.KindConflict, "there is an operator with this e-mail address already")
	}
	if err != nil {
		return o, fmt.Errorf("create operator: %w", err)
	}
	return o, nil
}

// FindOperator returns the operator with that id, disabled or not; kind not_found when there is none.
func (s *Store) FindOperator(ctx context.Context, id int64) (clientele.Operator, error) {
	return s.findOperator(ctx, findOperatorSQL, id)
}

// FindOperatorByEmail returns the operator with that address, in its normal form, disabled or not; kind not_found when
// there is none.
func (s *Store) FindOperatorByEmail(ctx context.Context, email string) (clientele.Operator, error) {
	return s.findOperator(ctx, findOperatorByEmailSQL, email)
}

func (s *Store) findOperator(ctx context.Context, query string, key any) (clientele.Operator, error) {
	o, err := scanOperator(s.read.QueryRowContext(ctx, query, key))
	if errors.Is(err, sql.ErrNoRows) {
		return o, errNoOperator
	}
	if err != nil {
		return o, fmt.Errorf("find operator: %w", classify(err))
	}
	return o, nil
}

// ListOperators returns all operators in order of id.
func (s *Store) ListOperators(ctx context.Context) ([]clientele.Operator, error) {
	rows, err := s.read.QueryContext(ctx, "SELECT "+operatorColumns+" FROM operator ORDER BY id")
	if err != nil {
		return nil, fmt.Errorf("list operators: %w", classify(err))
	}
	var list []clientele.Operator
	err = collect(rows, func(rows *sql.Rows) error {
		o, err := scanOperator(rows)
		list = append(list, o)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list operators: %w", classify(err))
	}
	return list, nil
}

// SetOperatorRole gives an operator another role. Kind not_found when there is no such operator, conflict when the last
// enabled owner would be none.
func (s *Store) SetOperatorRole(ctx context.Context, id int64, role clientele.Role) error {
	return s.changeOperator(ctx, "set role of operator", id, func(t *tx) error {
		if role != clientele.RoleOwner {
			if err := t.refuseLastOwner(id); err != nil {
				return err
			}
		}
		return t.updateOperator("UPDATE operator SET role = ?2 WHERE id = ?1", id, string(role))
	})
}

// DisableOperator disables an operator from the given time on, or enables them when that is zero. One who is disabled
// already stays so since when they are. Kind not_found when there is no such operator, conflict when it is the last enabled
// owner who would be disabled.
func (s *Store) DisableOperator(ctx context.Context, id int64, at time.Time) error {
	return s.changeOperator(ctx, "disable operator", id, func(t *tx) error {
		if at.IsZero() {
			return t.updateOperator("UPDATE operator SET disabled_at = NULL WHERE id = ?1", id)
		}
		if err := t.refuseLastOwner(id); err != nil {
			return err
		}
		return t.updateOperator("UPDATE operator SET disabled_at = coalesce(disabled_at, ?2) WHERE id = ?1", id, at.UnixMicro())
	})
}

// SetOperatorPassword stores the password hash of o and whether it is a one-time password, forgets failed logins and lifts
// a lock. instead is the hash that the new one takes the place of, empty for whichever there is. Kind not_found when there
// is no operator with the id of o, conflict when they have another hash than that.
func (s *Store) SetOperatorPassword(ctx context.Context, o clientele.Operator, instead string) error {
	return s.changeOperator(ctx, "set password of operator", o.ID, func(t *tx) error {
		var current string
		err := t.one("SELECT password_hash FROM operator WHERE id = ?", []any{o.ID}, &current)
		switch {
		case errors.Is(err, sql.ErrNoRows):
			return errNoOperator
		case err != nil:
			return err
		case instead != "" && instead != current:
			return clientele.Errorf(clientele.KindConflict, "the password was changed meanwhile")
		}
		return t.updateOperator(`UPDATE operator SET password_hash = ?2, password_is_one_time = ?3, failed_logins = 0,
			locked_until = NULL WHERE id = ?1`, o.ID, o.PasswordHash, o.PasswordIsOneTime)
	})
}

// RecordLogin notes a login with the right password, forgets failed ones and lifts a lock. Kind not_found when there is no
// such operator.
func (s *Store) RecordLogin(ctx context.Context, id int64, at time.Time) error {
	return s.changeOperator(ctx, "record login of operator", id, func(t *tx) error {
		return t.updateOperator("UPDATE operator SET last_login_at = ?2, failed_logins = 0, locked_until = NULL WHERE id = ?1",
			id, at.UnixMicro())
	})
}

// RecordFailedLogin counts a wrong password, each of any number at once, and locks the operator for as long from at as
// lockFor says of the new count; 0 leaves a lock as it is. Kind not_found when there is no such operator.
func (s *Store) RecordFailedLogin(ctx context.Context, id int64, at time.Time, lockFor func(failed int) time.Duration) error {
	return s.changeOperator(ctx, "record failed login of operator", id, func(t *tx) error {
		var failed int
		err := t.one("UPDATE operator SET failed_logins = failed_logins + 1 WHERE id = ? RETURNING failed_logins", []any{id}, &failed)
		if errors.Is(err, sql.ErrNoRows) {
			return errNoOperator
		}
		if err != nil {
			return err
		}
		lock := lockFor(failed)
		if lock == 0 {
			return nil
		}
		return t.updateOperator("UPDATE operator SET locked_until = ?2 WHERE id = ?1", id, at.Add(lock).UnixMicro())
	})
}

func (s *Store) changeOperator(ctx context.Context, what string, id int64, do func(*tx) error) error {
	if err := s.transact(ctx, do); err != nil {
		return fmt.Errorf("%s %d: %w", what, id, err)
	}
	return nil
}

// updateOperator runs an update of the operator with the id, the first value; kind not_found when there is none.
func (t *tx) updateOperator(query string, args ...any) error {
	r, err := t.execResult(query, args...)
	if err != nil {
		return err
	}
	if n, err := r.RowsAffected(); err != nil || n > 0 {
		return err
	}
	return errNoOperator
}

// refuseLastOwner returns an error of kind conflict when the operator is the only enabled owner.
func (t *tx) refuseLastOwner(id int64) error {
	var isOwner, others bool
	err := t.one(`SELECT coalesce(max(id = ?1), 0), coalesce(max(id <> ?1), 0) FROM operator
		WHERE role = ?2 AND disabled_at IS NULL`, []any{id, string(clientele.RoleOwner)}, &isOwner, &others)
	if err == nil && isOwner && !others {
		err = clientele.Errorf(clientele.KindConflict, "the last enabled owner can neither be disabled nor get a lower role")
	}
	return err
}
