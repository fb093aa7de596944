package access

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"time"

	"clientele"
)

// Create makes an operator with a one-time password, which this is the only time to see. The error is of kind invalid, with
// Field "email" or "role", when that is none, and conflict when there is an operator with the address already.
func (o *Operators) Create(ctx context.Context, email string, role clientele.Role) (clientele.Operator, string, error) {
	normal, err := CheckOperatorEmail(email)
	if err != nil {
		return clientele.Operator{}, "", err
	}
	if err := checkRole(role); err != nil {
		return clientele.Operator{}, "", err
	}
	password, hash, err := o.oneTimePassword(ctx)
	if err != nil {
		return clientele.Operator{}, "", err
	}
	who, err := o.store.CreateOperator(ctx, clientele.Operator{
		Email: normal, Role: role, PasswordHash: hash, PasswordIsOneTime: true, CreatedAt: o.moment(),
	})
	if err != nil {
		return clientele.Operator{}, "", err
	}
	return who, password, nil
}

// ResetPassword gives an operator a one-time password, which this is the only time to see, and lifts a lock. The one they had
// and, with PasswordMark, their sessions end. Kind not_found when there is no such operator.
func (o *Operators) ResetPassword(ctx context.Context, id int64) (string, error) {
	password, hash, err := o.oneTimePassword(ctx)
	if err != nil {
		return "", err
	}
	if err := o.store.SetOperatorPassword(ctx, clientele.Operator{ID: id, PasswordHash: hash, PasswordIsOneTime: true}, ""); err != nil {
		return "", err
	}
	return password, nil
}

func (o *Operators) oneTimePassword(ctx context.Context) (password, hash string, err error) {
	leave, err := o.hashes.enter(ctx)
	if err != nil {
		return "", "", err
	}
	defer leave()
	password = newOneTimePassword()
	hash, err = o.hashes.create(password)
	return password, hash, err
}

// SetRole gives an operator another role. Kind invalid, with Field "role", when there is no such role, not_found when there is
// no such operator, conflict when no enabled owner would be left.
func (o *Operators) SetRole(ctx context.Context, id int64, role clientele.Role) error {
	if err := checkRole(role); err != nil {
		return err
	}
	return o.store.SetOperatorRole(ctx, id, role)
}

// Disable keeps an operator from logging in and, since ByID refuses them, ends their sessions. One who is disabled already
// stays so. Kind not_found when there is no such operator, conflict when no enabled owner would be left.
func (o *Operators) Disable(ctx context.Context, id int64) error {
	return o.store.DisableOperator(ctx, id, o.moment())
}

// Enable lets a disabled operator log in again. Kind not_found when there is no such operator.
func (o *Operators) Enable(ctx context.Context, id int64) error {
	return o.store.DisableOperator(ctx, id, time.Time{})
}

// List returns all operators in order of id, without their password hashes.
func (o *Operators) List(ctx context.Context) ([]clientele.Operator, error) {
	list, err := o.store.ListOperators(ctx)
	for i := range list {
		list[i].PasswordHash = ""
	}
	return list, err
}

// ByID returns an operator who may act now: it asks the store each time, so that who is disabled is out at the next request.
// Kind unauthorized when there is no such operator or they are disabled.
func (o *Operators) ByID(ctx context.Context, id int64) (clientele.Operator, error) {
	who, err := o.store.FindOperator(ctx, id)
	if clientele.KindOf(err) == clientele.KindNotFound && err != nil || err == nil && !who.DisabledAt.IsZero() {
		return clientele.Operator{}, clientele.Errorf(clientele.KindUnauthorized, "Log in")
	}
	return who, err
}

// ByEmail returns the operator with an address in whatever spelling, disabled or not; kind not_found when there is none.
func (o *Operators) ByEmail(ctx context.Context, email string) (clientele.Operator, error) {
	normal, ok := normaliseEmail(email)
	if !ok {
		return clientele.Operator{}, clientele.Errorf(clientele.KindNotFound, "there is no such operator")
	}
	return o.store.FindOperatorByEmail(ctx, normal)
}

// PasswordMark tells one password of an operator from the next. A session keeps the mark of its login, and is over when the
// operator's is another: after a change or a reset. It says nothing about the password.
func PasswordMark(o clientele.Operator) string {
	sum := sha256.Sum256([]byte("clientele password mark\x00" + o.PasswordHash))
	return hex.EncodeToString(sum[:16])
}

func checkRole(role clientele.Role) error {
	if !slices.Contains(clientele.Roles, role) {
		return &clientele.Error{Kind: clientele.KindInvalid, Field: "role", Message: "The role must be viewer, editor or owner"}
	}
	return nil
}
