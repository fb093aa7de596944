package postgres

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"slices"
	"strings"

	"clientele"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

// faultKind says what sort of failure stands between us and the database.
type faultKind uint8

// The zero value is for what belongs to a row, or to this program: trying again does not help.
const (
	// conflict: another transaction was in the way, and has been given way to.
	conflict faultKind = iota + 1
	// gone: the server or the connection is away for the moment.
	gone
	// readOnly: the server takes no writes: it is a standby now.
	readOnly
	// broken: the database cannot serve, and not in a moment either.
	broken
)

// fault is what an error means for the whole book.
type fault struct {
	kind    faultKind
	message string // for the caller; empty when the error stays as it is
}

// passing reports whether trying again may help.
func (f fault) passing() bool { return f.kind == conflict || f.kind == gone || f.kind == readOnly }

// level is how loud the log tells of it: transactions get in each other's way in the best of books.
func (f fault) level() slog.Level {
	if f.kind == conflict {
		return slog.LevelInfo
	}
	return slog.LevelWarn
}

const (
	busy        = "The book is busy"
	unreachable = "The book cannot be reached"
)

// faults are those SQLSTATEs that are not the fault of a row (PostgreSQL documentation, appendix A), by code or by class.
var faults = map[string]fault{
	"08":    {gone, unreachable}, // connection
	"53":    {broken, "The database has no resources left"},
	"53100": {broken, "The disk of the database is full"},
	"53300": {gone, "The database has no connection left"},
	"57P01": {gone, unreachable}, // shut down by the administrator
	"57P02": {gone, unreachable}, // crashed
	"57P03": {gone, unreachable}, // starting up or shutting down
	"57P05": {gone, unreachable}, // idle for too long
	"25P03": {gone, unreachable}, // idle in a transaction for too long
	"25006": {readOnly, "The book cannot be written"},
	"28":    {broken, "The database does not let us in"},
	"3D000": {broken, "There is no such database"},
	"58":    {broken, "The database cannot read or write its files"},
	"40001": {conflict, busy}, // serialization
	"40P01": {conflict, busy}, // deadlock
	"55P03": {conflict, busy}, // lock not available
	"57014": {conflict, busy}, // cancelled by somebody
	"0A000": {conflict, ""},   // a plan that was kept is out of date: a migration took place
	"26000": {conflict, ""},   // a prepared statement is gone
}

// faultOf tells what err means for the whole book. An error of this program's own has said so itself.
func faultOf(err error) fault {
	if _, ok := errors.AsType[*clientele.Error](err); ok {
		return fault{}
	}
	if _, ok := errors.AsType[*raceError](err); ok {
		return fault{conflict, ""}
	}
	if _, ok := errors.AsType[*doubtError](err); ok {
		return fault{broken, "The book did not say whether it took the write"}
	}
	if e, ok := serverError(err); ok {
		if f, ok := faults[e.Code]; ok {
			return f
		}
		if f, ok := faults[e.Code[:min(2, len(e.Code))]]; ok {
			return f
		}
	}
	if errors.Is(err, context.Canceled) {
		return fault{}
	}
	if isNetwork(err) {
		return fault{gone, unreachable}
	}
	return fault{}
}

// isNetwork reports whether err comes from the way to the server and not from what was said.
func isNetwork(err error) bool {
	if _, ok := errors.AsType[*lostError](err); ok {
		return true
	}
	if _, ok := errors.AsType[*pgconn.ConnectError](err); ok {
		return true
	}
	if _, ok := errors.AsType[net.Error](err); ok {
		return true
	}
	return errors.Is(err, context.DeadlineExceeded) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) ||
		errors.Is(err, net.ErrClosed) || errors.Is(err, pgconn.ErrConnClosed)
}

// classify gives the errors that mean "not now" the kind unavailable. Everything else stays as it is: it belongs to a row,
// or to us.
func classify(err error) error {
	if f := faultOf(err); f.message != "" {
		return clientele.Unavailable(f.message, err)
	}
	return err
}

// isUnique reports whether err says that a unique key is taken already.
func isUnique(err error) bool {
	e, ok := serverError(err)
	return ok && e.Code == uniqueViolation
}

// raceKeys are the unique keys that a batch looks for before it writes. Each is the beginning of a constraint's name: on
// Citus the number of the shard follows.
var raceKeys = []string{"customer_external_id_unique", "customer_external_number_unique", "remembered_call_pk"}

// isRace reports whether err says that somebody took a unique key between our look and our write. A key that nobody looked
// for is taken for good.
func isRace(err error) bool { return violatesOneOf(err, raceKeys) }

// idKeys are the keys of what gets its id from a server's blocks.
var idKeys = []string{"customer_pk", "address_pk", "lead_pk"}

// isTakenID reports whether err says that an id of ours is somebody else's. A failover to a standby that was behind takes
// back what was given out last, and another server is given it again.
func isTakenID(err error) bool { return violatesOneOf(err, idKeys) }

func violatesOneOf(err error, keys []string) bool {
	e, ok := serverError(err)
	return ok && e.Code == uniqueViolation && slices.ContainsFunc(keys, func(key string) bool {
		return strings.HasPrefix(e.ConstraintName, key)
	})
}

// lostError says that the connection broke before anything could have been committed.
type lostError struct{ err error }

func (e *lostError) Error() string { return "connection lost: " + e.err.Error() }
func (e *lostError) Unwrap() error { return e.err }

// doubtError says that the connection broke during the commit, so that it may have taken place.
type doubtError struct{ err error }

func (e *doubtError) Error() string { return "connection lost during commit: " + e.err.Error() }
func (e *doubtError) Unwrap() error { return e.err }

// raceError says that another transaction took a unique key after we had looked for it.
type raceError struct{ err error }

func (e *raceError) Error() string { return "overtaken by another transaction: " + e.err.Error() }
func (e *raceError) Unwrap() error { return e.err }

// ifLost makes err a lostError when the connection broke with it.
func ifLost(conn *pgxpool.Conn, err error) error {
	if conn.Conn().IsClosed() && !errors.Is(err, context.Canceled) {
		return &lostError{err}
	}
	return err
}
