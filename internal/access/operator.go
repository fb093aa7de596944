package access

import (
	"context"
	"fmt"
	"strings"
	"time"

	"clientele"
)

// OperatorStore keeps operators. Both stores are one.
type OperatorStore interface {
	// CreateOperator stores a new operator and returns them with their id; kind conflict when the address is taken.
	CreateOperator(ctx context.Context, o clientele.Operator) (clientele.Operator, error)
	// FindOperator and FindOperatorByEmail return an operator, disabled or not; kind not_found when there is none.
	FindOperator(ctx context.Context, id int64) (clientele.Operator, error)
	FindOperatorByEmail(ctx context.Context, email string) (clientele.Operator, error)
	// ListOperators returns all operators in order of id.
	ListOperators(ctx context.Context) ([]clientele.Operator, error)
	// SetOperatorRole and DisableOperator (from at on; zero enables) return kind conflict for the last enabled owner.
	SetOperatorRole(ctx context.Context, id int64, role clientele.Role) error
	DisableOperator(ctx context.Context, id int64, at time.Time) error
	// SetOperatorPassword stores the password of o in the place of the hash instead (empty: whichever there is); kind
	// conflict when it is another. It lifts a lock.
	SetOperatorPassword(ctx context.Context, o clientele.Operator, instead string) error
	// RecordLogin notes a login and forgets failed ones; RecordFailedLogin counts one and locks for as long as lockFor says.
	RecordLogin(ctx context.Context, id int64, at time.Time) error
	RecordFailedLogin(ctx context.Context, id int64, at time.Time, lockFor func(failed int) time.Duration) error
}

// Operators knows who may log in to the console. Its methods may be called from any goroutine. Passwords are in none of its
// errors.
type Operators struct {
	store   OperatorStore
	now     func() time.Time
	hashes  *hashes
	failed  failures // by the caller's address
	unknown throttle // by the name that was tried
}

// maxFailedLogins is how many wrong logins are heard from one address in a minute: enough for an office, in which a few mistype
// until they are locked, and nothing beside the number of hashes that can be computed.
const maxFailedLogins = 20

// NewOperators returns the operators of a store that takes the time from now.
func NewOperators(store OperatorStore, now func() time.Time) *Operators {
	return &Operators{store: store, now: now, hashes: newHashes(argon2{}), failed: failures{now: now, most: maxFailedLogins}}
}

// errLogin is how a login is refused, whatever is wrong.
var errLogin = clientele.Errorf(clientele.KindUnauthorized, "The e-mail address or the password is wrong")

// Login returns the operator with that e-mail address and password.
//
// The error is of kind unauthorized when the address is unknown, the password is wrong or the operator is disabled, all alike
// and after the same time; rate_limited, with RetryAfter, after too many wrong passwords in a row (see lockFor), also for an
// address that nobody has, and after too many wrong logins from the caller's network address (maxFailedLogins); unavailable,
// with RetryAfter, while too many others log in or the store cannot be asked.
func (o *Operators) Login(ctx context.Context, email, password string) (clientele.Operator, error) {
	from := Origin(ctx)
	if !from.IsValid() {
		return o.login(ctx, email, password)
	}
	if err := o.failed.check(from.String()); err != nil {
		return clientele.Operator{}, err
	}
	who, err := o.login(ctx, email, password)
	if clientele.KindOf(err) == clientele.KindUnauthorized {
		o.failed.add(from.String())
	}
	return who, err
}

func (o *Operators) login(ctx context.Context, email, password string) (clientele.Operator, error) {
	leave, err := o.hashes.enter(ctx)
	if err != nil {
		return clientele.Operator{}, err
	}
	defer leave()
	who, name, err := o.whoIs(ctx, email) // now, and not before the wait: a lock may have come meanwhile
	if err != nil {
		return clientele.Operator{}, err
	}
	right, err := o.try(ctx, &who, attempt{name, password})
	if err != nil {
		return clientele.Operator{}, err
	}
	if !right || who.ID == 0 || !who.DisabledAt.IsZero() {
		return clientele.Operator{}, errLogin
	}
	now := o.moment()
	if err := o.store.RecordLogin(context.WithoutCancel(ctx), who.ID, now); err != nil {
		return clientele.Operator{}, err
	}
	who.LastLoginAt, who.FailedLogins, who.LockedUntil = now, 0, time.Time{}
	return who, nil
}

// whoIs returns the operator with that address and the name under which failures of nobody are counted. For an address that
// nobody has it is an operator without an id, whose password nothing is.
func (o *Operators) whoIs(ctx context.Context, email string) (who clientele.Operator, name string, err error) {
	name, ok := normaliseEmail(email)
	if !ok {
		name = strings.ToLower(strings.TrimSpace(email))
	} else if who, err = o.store.FindOperatorByEmail(ctx, name); err == nil {
		return who, name, nil
	}
	if err != nil && clientele.KindOf(err) != clientele.KindNotFound {
		return clientele.Operator{}, "", fmt.Errorf("ask for operator: %w", err)
	}
	who = clientele.Operator{PasswordHash: nobodysHash, LockedUntil: o.unknown.lockedUntil(name)}
	return who, name, nil
}

// attempt is one try at a password.
type attempt struct{ name, password string }

// try reports whether the password is the operator's. It counts a failure while the hash is computed and not after it: so
// an answer takes the same time whether or not there is a row to count in, and of many tries at once each is counted before
// any is heard. Whoever was right takes the count back.
func (o *Operators) try(ctx context.Context, who *clientele.Operator, a attempt) (right bool, err error) {
	now := o.moment()
	if wait := who.LockedUntil.Sub(now); wait > 0 {
		return false, &clientele.Error{
			Kind: clientele.KindRateLimited, Message: "Too many wrong passwords: try again later", RetryAfter: wait,
		}
	}
	counted := make(chan error, 1)
	go func() {
		if who.ID == 0 {
			o.unknown.count(a.name, now)
			counted <- nil
			return
		}
		counted <- o.store.RecordFailedLogin(context.WithoutCancel(ctx), who.ID, now, lockFor)
	}()
	right, err = o.hashes.match(a.password, who.PasswordHash)
	if countErr := <-counted; countErr != nil {
		return false, countErr
	}
	return right, err
}

// ChangePassword gives an operator a password of their own. The error is of kind invalid, with Field "old" or "new", when the
// old one is wrong or the new one will not do: it has 12 to 128 characters and is neither the old one nor the e-mail address.
// A wrong old one counts like one at Login, and the other kinds are those of Login; not_found when there is no such operator,
// conflict when the password was changed meanwhile.
func (o *Operators) ChangePassword(ctx context.Context, id int64, old, replacement string) error {
	leave, err := o.hashes.enter(ctx)
	if err != nil {
		return err
	}
	defer leave()
	who, err := o.store.FindOperator(ctx, id)
	if err != nil {
		return err
	}
	if err := checkPassword(replacement, old, who.Email); err != nil {
		return err
	}
	right, err := o.try(ctx, &who, attempt{who.Email, old})
	if err != nil {
		return err
	}
	if !right {
		return &clientele.Error{Kind: clientele.KindInvalid, Field: "old", Message: "The present password is wrong"}
	}
	instead := who.PasswordHash
	if who.PasswordHash, err = o.hashes.create(replacement); err != nil {
		return err
	}
	who.PasswordIsOneTime = false
	return o.store.SetOperatorPassword(ctx, who, instead)
}

// moment returns the time in the precision of the stores.
func (o *Operators) moment() time.Time { return o.now().UTC().Truncate(time.Microsecond) }
