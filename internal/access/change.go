package access

import (
	"context"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"clientele"
)

// Rotation says which credential gets a new secret.
type Rotation struct {
	CredentialID int64
	// Overlap is how long the present secrets go on working, 0 or more.
	Overlap time.Duration
	// Secret is the new one; empty to make one.
	Secret string
}

// Rotate gives a credential a new secret and returns it; the present ones work for the overlap longer. Kind not_found when
// there is no such credential, conflict when it is revoked or has expired, or when the secret is in use.
func Rotate(ctx context.Context, to Issuer, r Rotation, now time.Time) (Issued, error) {
	id := r.CredentialID
	c, err := to.FindCredential(ctx, id)
	if clientele.KindOf(err) == clientele.KindNotFound {
		return Issued{}, clientele.Errorf(clientele.KindNotFound, "there is no credential %d", id)
	}
	if err != nil {
		return Issued{}, fmt.Errorf("rotate credential %d: %w", id, err)
	}
	if !c.Active(now) {
		return Issued{}, clientele.Errorf(clientele.KindConflict, "credential %d is revoked or has expired: issue a new one", id)
	}
	if r.Overlap < 0 {
		return Issued{}, refuse("overlap", "an overlap is 0 or longer")
	}
	secret := r.Secret
	if secret == "" {
		secret = NewSecret(c.Dialect)
	}
	if err := checkSecret(c.Dialect, secret); err != nil {
		return Issued{}, err
	}
	c.Hint = Hint(secret)
	s := clientele.Secret{CredentialID: id, Hash: clientele.HashSecret(c.Dialect, Canonical(secret)), CreatedAt: now}
	if err := to.RotateCredential(ctx, s, c.Hint, now.Add(r.Overlap)); err != nil {
		return Issued{}, fmt.Errorf("rotate credential %d: %w", id, err)
	}
	return Issued{Credential: c, Values: []Value{{Name: termsOf[c.Dialect].secret, Text: secret}}}, nil
}

// Limiter keeps the limits of credentials. Both stores are one.
type Limiter interface {
	// SetCredentialLimits bounds the calls of a credential in a minute anew, 0 for no limit; kind not_found when there is none.
	SetCredentialLimits(ctx context.Context, id int64, readsPerMinute, writesPerMinute int) error
}

// SetLimits bounds the calls of a credential in a minute anew, 0 for no limit. Kind invalid for what is no limit, not_found
// when there is no such credential.
func SetLimits(ctx context.Context, to Limiter, id int64, readsPerMinute, writesPerMinute int) error {
	if err := checkLimits(readsPerMinute, writesPerMinute); err != nil {
		return err
	}
	return to.SetCredentialLimits(ctx, id, readsPerMinute, writesPerMinute)
}

// maxPerMinute is what a column of the stores holds.
const maxPerMinute = math.MaxInt32

func checkLimits(perMinute ...int) error {
	for _, n := range perMinute {
		if n < 0 || n > maxPerMinute {
			return refuse("limit", "a limit is 0 (none) or more calls a minute, at most %d", maxPerMinute)
		}
	}
	return nil
}

// State is what a credential is good for at a time.
type State string

// The states.
const (
	StateActive  State = "active"
	StateExpired State = "expired"
	StateRevoked State = "revoked"
)

// StateOf returns the state of a credential. One that was revoked is so, whether or not it had expired by then.
func StateOf(c *clientele.Credential, now time.Time) State {
	switch {
	case !c.RevokedAt.IsZero():
		return StateRevoked
	case !c.Active(now):
		return StateExpired
	default:
		return StateActive
	}
}

// ParseExpiry reads when a credential expires: after a time (ParseSpan), or on a day (2027-01-31, its first second in UTC);
// zero for "". The error is of kind invalid when it is none of these, or when the day is over or has begun.
func ParseExpiry(s string, now time.Time) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	if day, err := time.Parse(time.DateOnly, s); err == nil {
		if !day.After(now) {
			return time.Time{}, refuse("expires", "%s is in the past", s)
		}
		return day, nil
	}
	d, err := ParseSpan(s)
	if err != nil || d <= 0 {
		return time.Time{}, refuse("expires", "%q is neither a time such as 90d or 12h nor a day such as 2027-01-31", s)
	}
	return now.Add(d), nil
}

// ParseSpan reads a time of 0 or more, in Go's form (90m, 12h) or in days (7d). The error is of kind invalid.
func ParseSpan(s string) (time.Duration, error) {
	d, err := time.ParseDuration(s)
	if days, ok := strings.CutSuffix(s, "d"); ok {
		var n uint64
		n, err = strconv.ParseUint(days, 10, 16) // further would be beyond time.Duration
		d = time.Duration(n) * 24 * time.Hour
	}
	if err != nil || d < 0 {
		return 0, refuse("span", "%q is no time such as 90m, 12h or 7d", s)
	}
	return d, nil
}
