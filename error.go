package clientele

import (
	"errors"
	"fmt"
	"time"
)

// Kind says what sort of failure an error is. Each dialect has one table from Kind to its own status and body.
type Kind uint8

// The kinds. The zero value is KindInternal, so that an error nobody thought of is never shown to a caller.
const (
	KindInternal Kind = iota
	KindInvalid
	KindUnauthorized
	KindForbidden
	KindNotFound
	KindConflict
	KindTooLarge
	KindUnsupportedMedia
	KindRateLimited
	KindUnavailable
)

var kindNames = [...]string{
	"internal", "invalid", "unauthorized", "forbidden", "not_found", "conflict", "too_large",
	"unsupported_media", "rate_limited", "unavailable",
}

// String returns the kind as it is written in logs and metrics.
func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return fmt.Sprintf("kind(%d)", uint8(k))
}

// Error is a failure with a meaning for the caller.
type Error struct {
	Kind Kind
	// Field is the domain's or the dialect's name of what is at fault; empty when it is no single field.
	Field string
	// Message is for the caller and holds no personal data and no cause.
	Message string
	// RetryAfter is when trying again makes sense; zero when unknown or never.
	RetryAfter time.Duration
	// Err is the cause. It goes to the log and never to a caller.
	Err error
}

// Error implements error: kind, field, message and cause.
func (e *Error) Error() string {
	s := e.Kind.String()
	if e.Field != "" {
		s += " " + e.Field
	}
	if e.Message != "" {
		s += ": " + e.Message
	}
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Errorf returns an Error of kind k with a formatted message for the caller.
func Errorf(k Kind, format string, args ...any) *Error {
	return &Error{Kind: k, Message: fmt.Sprintf(format, args...)}
}

// Unavailable says that the book cannot be written or read now and that trying again later makes sense.
func Unavailable(message string, cause error) *Error {
	return &Error{Kind: KindUnavailable, Message: message, RetryAfter: time.Second, Err: cause}
}

// Busy is the error of a write that is refused because too many wait already; its kind is unavailable. There may be very
// many at once, so that one value is for all writes of a caller.
type Busy struct {
	// Room reports whether a write of the caller would be let in by now. It may be called from any goroutine.
	Room func() bool
}

var errBusy = Unavailable("Too many requests are waiting", nil)

// Error implements error.
func (*Busy) Error() string { return errBusy.Error() }

// Unwrap returns an Error of kind unavailable.
func (*Busy) Unwrap() error { return errBusy }

// KindOf returns the kind of err: that of the first Error in its chain, otherwise KindInternal.
func KindOf(err error) Kind {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Kind
	}
	return KindInternal
}
