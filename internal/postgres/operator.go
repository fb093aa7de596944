package postgres

import (
	"context"
	"errors"
	"fmt"

	"clientele"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

const operatorColumns = `id, email, role, password_hash, password_is_one_time, failed_logins, locked_until, created_at,
	last_login_at, disabled_at`

const (
	findOperator        = "SELECT " + operatorColumns + " FROM operator WHERE id = $1"
	findOperatorByEmail = "SELECT " + operatorColumns + " FROM operator WHERE email = $1"
)

var errNoOperator = clientele.Errorf(clientele.KindNotFound, "there is no such operator")

func scanOperator(row pgx.CollectableRow) (clientele.Operator, error) {
	var o clientele.Operator
	err := row.Scan(&o.ID, &o.Email, &o.Role, &o.PasswordHash, &o.PasswordIsOneTime, &o.FailedLogins, (*instant)(&o.LockedUntil),
		(*instant)(&o.CreatedAt), (*instant)(&o.LastLoginAt), (*instant)(&o.DisabledAt))
	return o, err
}

// CreateOperator stores a new operator and returns them with their id; kind conflict when the e-mail address is taken.
func (s *Store) CreateOperator(ctx context.Context, o clientele.Operator) (clientele.Operator, error) {
	err := s.transact(ctx, "create operator", func(ctx context.Context, tx pgx.Tx) error {
		return tx.QueryRow(ctx, `INSERT INTO operator (email, role, password_hash, password_is_one_time, failed_logins, locked_until,
			created_at, last_login_at, disabled_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) RETURNING id`,
			o.Email, string(o.Role), o.PasswordHash, o.PasswordIsOneTime, o.FailedLogins, at(o.LockedUntil),
			o.CreatedAt, at(o.LastLoginAt), at(o.DisabledAt)).Scan(&o.ID)
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
	return s.findOperator(ctx, findOperator, id)
}

// FindOperatorByEmail returns the operator with that address, in its normal form, disabled or not; kind not_found when
// there is none.
func (s *Store) FindOperatorByEmail(ctx context.Context, email string) (clientele.Operator, error) {
	return s.findOperator(ctx, findOperatorByEmail, email)
}

func (s *Store) findOperator(ctx context.Context, query string, key any) (clientele.Operator, error) {
	var o clientele.Operator
	err := s.query(ctx, "find operator", func(ctx context.Context, pool *pgxpool.Pool) error {
		rows, err := pool.Query(ctx, query, key)
		if err != nil {
			return err
		}
		o, err = pgx.CollectExactlyOneRow(rows, scanOperator)
		return err
	})
	if errors.Is(err, pgx.ErrNoRows) {
		return o, errNoOperator
	}
	if err != nil {
		return o, fmt.Errorf("find operator: %w", err)
	}
	return o, nil
}

// ListOperators returns all operators in order of id.
func (s *Store) ListOperators(ctx context.Context) ([]clientele.Operator, error) {
	var list []clientele.Operator
	err := s.query(ctx, "list operators", func(ctx context.Context, pool *pgxpool.Pool) error {
		rows, err := pool.Query(ctx, "SELECT "+operatorColumns+" FROM operator ORDER BY id")
		if err != nil {
			return err
		}
		list, err = pgx.CollectRows(rows, scanOperator)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list operators: %w", err)
	}
	return list, nil
}
