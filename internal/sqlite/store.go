// Package sqlite keeps the book in one embedded SQLite database: one directory, no server. It is the default store.
//
// There is one connection that writes and a pool that reads. The file is in WAL mode with synchronous=FULL, so what is
// committed is on the disk before anybody hears of it, and readers never wait for the writer.
package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"

	"golang.org/x/sys/unix"
	_ "modernc.org/sqlite" // the driver "sqlite"
)

// FileName is the name of the database in a data directory.
const FileName = "clientele.db"

// Store is a book in a data directory. Its methods may be called from any goroutine.
type Store struct {
	dir  string
	read *sql.DB

	findLeadProject preparedRead // for each postback
	findSubmission  preparedRead // for each question for a status
	packedCustomers preparedRead // for each piece of a list
	packedAddresses preparedRead

	updated atomic.Int64 // see UpdatedCustomers

	mu    sync.Mutex // guards the writer: one transaction at a time
	db    *sql.DB
	write *sql.Conn
	turn  turn
	stmts map[string]*sql.Stmt

	inserts map[insertKind]*inserts
	args    arguments
	values  buffer
}

// Open opens the book in dir, creating the directory (0700) and the file (0600) where they are missing. It does not
// migrate: see Migrate.
func Open(ctx context.Context, dir string) (*Store, error) {
	if err := prepare(dir); err != nil {
		return nil, fmt.Errorf("open book in %s: %w", dir, err)
	}
	s := &Store{dir: dir, turn: openTurn(dir), stmts: map[string]*sql.Stmt{}, inserts: map[insertKind]*inserts{}}
	if err := s.connect(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("open book in %s: %w", dir, err), s.Close())
	}
	return s, nil
}

const (
	// writerCache is small, since after a commit that split a page SQLite walks through all of the cache: with 64 MiB that took
	// a tenth of the writer's time. What it does not hold the operating system does.
	writerCache = "cache_size(-16384)"
	// checkpointAt, in pages of 4 KiB, is where a commit brings the WAL back into the file. The default of 1,000 pages writes
	// those that change often many times as often. With this one updates all over a book of 600,000 customers were 10 to 24 % more
	// than with 4,000; the WAL has 64 MiB, and opening it after a crash takes some 15 ms longer.
	checkpointAt = "wal_autocheckpoint(16000)"
)

func (s *Store) connect(ctx context.Context) error {
	var err error
	path := filepath.Join(s.dir, FileName)
	if s.db, err = sql.Open("sqlite", dsn(path, "_txlock=immediate", "synchronous(FULL)", "secure_delete(ON)", writerCache, checkpointAt)); err != nil {
		return err
	}
	s.db.SetMaxOpenConns(1)
	if s.write, err = s.db.Conn(ctx); err != nil {
		return err
	}
	if s.read, err = sql.Open("sqlite", dsn(path, "_txlock=deferred", "query_only(1)", "cache_size(-16384)")); err != nil {
		return err
	}
	readers := max(4, runtime.GOMAXPROCS(0))
	s.read.SetMaxOpenConns(readers)
	s.read.SetMaxIdleConns(readers)
	return nil
}

// prepare makes the directory and the file, readable by their owner only: they hold personal data. A file that was put
// there by hand, such as a backup, loses what others may do to it; SQLite gives its other files the same mode. The mode of
// a directory that is there is its owner's business.
func prepare(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	f, err := os.OpenFile(filepath.Join(dir, FileName), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	return errors.Join(makePrivate(f), makeDurable(f, dir), f.Close())
}

// makeDurable sees to it that a power cut does not take a new book with all that was written to it: a name is on the disk when
// the directory that holds it was synced, which SQLite does for its own files only. It begins with the file's directory and goes
// up as far as it may; which of them are new nobody knows, as another process may have made them a moment ago. A book with
// something in it has been through this.
func makeDurable(f *os.File, dir string) error {
	info, err := f.Stat()
	if err != nil || info.Size() > 0 {
		return err
	}
	if dir, err = filepath.EvalSymlinks(dir); err == nil {
		dir, err = filepath.Abs(dir)
	}
	for ; err == nil; dir = filepath.Dir(dir) {
		switch err = syncPath(dir); {
		case errors.Is(err, fs.ErrPermission):
			return nil // nor did we make it
		case errors.Is(err, unix.EINVAL), errors.Is(err, unix.EROFS), errors.Is(err, errors.ErrUnsupported):
			err = nil // it cannot be synced
		}
		if dir == filepath.Dir(dir) {
			break
		}
	}
	return err
}

// makePrivate takes the rights of others from a file, where it has any. Only its owner can: for anybody else it stays.
func makePrivate(f *os.File) error {
	info, err := f.Stat()
	if err != nil || info.Mode().Perm()&0o077 == 0 {
		return err
	}
	if err := f.Chmod(info.Mode().Perm() &^ 0o077); err != nil && !errors.Is(err, fs.ErrPermission) {
		return err
	}
	return nil
}

// dsn returns the data source name of the file with the pragmas that every connection has, and the given ones.
func dsn(path, lock string, pragmas ...string) string {
	s := (&url.URL{Scheme: "file", Opaque: url.PathEscape(path)}).String() + "?" + lock
	for _, p := range append(pragmas, "busy_timeout(5000)", "journal_mode(WAL)", "foreign_keys(1)", "temp_store(2)") {
		s += "&_pragma=" + p
	}
	return s
}

// Close waits for the running transaction and closes the book. The WAL is written back to the file.
func (s *Store) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var errs []error
	if s.read != nil {
		errs = append(errs, s.read.Close())
	}
	errs = append(errs, s.closeStatements())
	if s.write != nil {
		errs = append(errs, s.write.Close())
		s.write = nil
	}
	if s.db != nil {
		errs = append(errs, s.db.Close())
		s.db = nil
	}
	errs = append(errs, s.turn.close())
	s.turn = turn{}
	return errors.Join(errs...)
}

// Ping reports whether the book answers.
func (s *Store) Ping(ctx context.Context) error {
	var one int
	if err := s.read.QueryRowContext(ctx, "SELECT 1 FROM project LIMIT 1").Scan(&one); err != nil && !errors.Is(err, sql.ErrNoRows) {
		return fmt.Errorf("ping: %w", classify(err))
	}
	return nil
}

// transact runs do inside one write transaction and commits it. Whatever do or the commit returns, no transaction is
// left open behind it.
func (s *Store) transact(ctx context.Context, do func(*tx) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.transactAlone(ctx, do)
}

// transactAlone is transact for who has the writer.
func (s *Store) transactAlone(ctx context.Context, do func(*tx) error) (err error) {
	if s.write == nil {
		return sql.ErrConnDone
	}
	t := &tx{store: s, ctx: ctx}
	done := false
	defer func() {
		if !done { // also when do panics, and when BEGIN took effect although the caller went away meanwhile
			t.ctx = context.WithoutCancel(ctx)
			_ = t.exec("ROLLBACK") // SQLite may have rolled back by itself already
		}
	}()
	s.turn.take(ctx)
	err = t.exec("BEGIN IMMEDIATE")
	s.turn.give()
	if err != nil {
		return classify(err)
	}
	if err := do(t); err != nil {
		return classify(err)
	}
	t.ctx = context.WithoutCancel(ctx) // a commit that is interrupted may have taken effect all the same
	if err := t.exec("COMMIT"); err != nil {
		return classify(err)
	}
	done = true
	return nil
}

// tx is a running write transaction. Its statements are prepared once per store.
type tx struct {
	store *Store
	ctx   context.Context
	// last are the numbers of the last changes of the records that were loaded or changed (see link).
	last map[record]int64
}

func (t *tx) prepare(query string) (*sql.Stmt, error) {
	if stmt := t.store.stmts[query]; stmt != nil {
		return stmt, nil
	}
	stmt, err := t.store.write.PrepareContext(t.ctx, query)
	if err != nil {
		return nil, err
	}
	t.store.stmts[query] = stmt
	return stmt, nil
}

func (t *tx) exec(query string, args ...any) error {
	_, err := t.execResult(query, args...)
	return err
}

func (t *tx) execResult(query string, args ...any) (sql.Result, error) {
	stmt, err := t.prepare(query)
	if err != nil {
		return nil, err
	}
	return stmt.ExecContext(t.ctx, args...)
}

func (t *tx) query(query string, args ...any) (*sql.Rows, error) {
	stmt, err := t.prepare(query)
	if err != nil {
		return nil, err
	}
	return stmt.QueryContext(t.ctx, args...)
}

// one scans the only row of the query into dest; sql.ErrNoRows when there is none.
func (t *tx) one(query string, args []any, dest ...any) error {
	stmt, err := t.prepare(query)
	if err != nil {
		return err
	}
	return stmt.QueryRowContext(t.ctx, args...).Scan(dest...)
}
