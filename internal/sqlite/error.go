package sqlite

import (
	"errors"

	"clientele"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// classify gives the errors that mean "not now" the kind unavailable: a full disk, an I/O error, a file that cannot be
// written, a lock held too long. Everything else stays as it is: it belongs to a row, or to us.
//
// A file that SQLite calls damaged is among them: so it calls a disk that fails to read (EIO), too. No write deserves to be
// given up for that, and what was accepted waits until the disk, or a backup, is there.
func classify(err error) error {
	e, ok := errors.AsType[*sqlite.Error](err)
	if !ok || clientele.KindOf(err) != clientele.KindInternal {
		return err
	}
	switch e.Code() & 0xff { // the primary result code
	case sqlite3.SQLITE_FULL:
		return clientele.Unavailable("The disk is full", err)
	case sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM:
		return clientele.Unavailable("The book cannot be written", err)
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED:
		return clientele.Unavailable("The book is busy", err)
	case sqlite3.SQLITE_IOERR, sqlite3.SQLITE_NOMEM, sqlite3.SQLITE_PROTOCOL:
		return clientele.Unavailable("The book cannot be reached", err)
	case sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB:
		return clientele.Unavailable("The book cannot be read", err)
	default:
		return err
	}
}

// isUnique reports whether err says that a unique key is taken already.
func isUnique(err error) bool {
	e, ok := errors.AsType[*sqlite.Error](err)
	return ok && (e.Code() == sqlite3.SQLITE_CONSTRAINT_UNIQUE || e.Code() == sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY)
}
