package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"clientele"
	"clientele/internal/access"
	"clientele/internal/config"
	"clientele/internal/console"
	"clientele/internal/intake"
	"clientele/internal/postgres"
	"clientele/internal/sqlite"
	"clientele/internal/traffic"
	"clientele/internal/webhook"
	"clientele/internal/work"

	"golang.org/x/sys/unix"
)

// store is what the commands need of a book, whichever kind it is.
type store interface {
	intake.Store
	access.Directory
	access.Issuer
	access.SigningKeys
	access.OperatorStore
	console.Store
	work.SubmissionStore
	work.LeadCountStore
	work.CustomerTermStore
	work.CustomerPlaceStore
	webhook.Store
	traffic.Store
	leadStore

	Ping(ctx context.Context) error
	Close() error
	Arriving(ctx context.Context) (bool, error)
	Migrate(ctx context.Context) (from, to int64, err error)
	Versions(ctx context.Context) (current, newest int64, err error)
	ForgetCalls(ctx context.Context, before time.Time, limit int) (int64, error)
	ForgetSubmissions(ctx context.Context, before time.Time, limit int) (int64, error)
	HastenDeliveries(ctx context.Context, now, latest time.Time) error
	ForgetErasureMarks(ctx context.Context, before time.Time, limit int) (int64, error)
	ListErasures(ctx context.Context, q clientele.ErasureQuery) ([]clientele.Erasure, error)
	EnsureErasureKey(ctx context.Context, key []byte, at time.Time) error
	ForgetSessions(ctx context.Context, before time.Time, limit int) (int64, error)
	ForgetAudit(ctx context.Context, before time.Time, limit int) (int64, error)
	ForgetCallCounts(ctx context.Context, before time.Time, limit int) (int64, error)
	ForgetRefusals(ctx context.Context, before time.Time, limit int) (int64, error)

	FindSubmission(ctx context.Context, project int64, id string) (clientele.Submission, error)
	FindCustomer(ctx context.Context, project, id int64) (clientele.Customer, error)
	FilterCustomers(ctx context.Context, f clientele.CustomerFilter) (ids []int64, total int, err error)
	ListPositions(ctx context.Context, q clientele.CustomerQuery) ([]clientele.Position, error)
	LoadCustomers(ctx context.Context, project int64, ids []int64) ([]clientele.Customer, error)

	CreateProject(ctx context.Context, p clientele.Project) (clientele.Project, error)
	FindProject(ctx context.Context, name string) (clientele.Project, error)
	ListProjects(ctx context.Context) ([]clientele.Project, error)
	ListCredentials(ctx context.Context) ([]clientele.Credential, error)
	RevokeCredential(ctx context.Context, id int64, at time.Time) error
}

// openStore opens the book for a command, without touching its schema.
func openStore(ctx context.Context, c config.Book) (store, error) {
	if c.DatabaseURL != "" {
		return openDatabase(ctx, postgres.Options{URL: c.DatabaseURL, PgBouncer: c.PgBouncer, Lanes: 1})
	}
	s, err := sqlite.Open(ctx, c.DataDir)
	if err != nil {
		return nil, adviseOnDir(c.DataDir, err)
	}
	return s, nil
}

// adviseOnDir says what to do when err comes of a data directory that this process may not write.
func adviseOnDir(dir string, err error) error {
	if !errors.Is(err, fs.ErrPermission) && !errors.Is(err, unix.EROFS) && unix.Access(dir, unix.W_OK) == nil {
		return err
	}
	return fmt.Errorf("%w: make %s and the files in it writable for the user that runs clientele, or name another directory with --data-dir",
		err, dir)
}

// openExisting opens a book that must be there: where there is none, a mistyped directory or database is likelier than a wish for an
// empty book.
func openExisting(ctx context.Context, c config.Book) (store, error) {
	if c.DatabaseURL == "" {
		if _, err := os.Stat(filepath.Join(c.DataDir, sqlite.FileName)); errors.Is(err, fs.ErrNotExist) {
			return nil, clientele.Errorf(clientele.KindNotFound,
				"there is no book in %s: name its directory with --data-dir, or make one with clientele project create", c.DataDir)
		}
	}
	s, err := openStore(ctx, c)
	if err != nil {
		return nil, err
	}
	if err := wantBook(ctx, c, s); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// wantBook returns an error when there is no book in the database. One in a directory may be in the making: it is waited for.
func wantBook(ctx context.Context, c config.Book, s store) error {
	if c.DatabaseURL == "" {
		return nil
	}
	current, _, err := s.Versions(ctx)
	if err != nil || current > 0 {
		return err
	}
	where, _, _ := whereabouts(c)
	return clientele.Errorf(clientele.KindNotFound,
		"there is no book in this database, %s: name its own with --database-url, or make one with clientele project create", where)
}

// withStore opens the book, or makes one where there is none, and hands it to do as useStore has it.
func withStore(ctx context.Context, c config.Book, do func(store) error) error {
	s, err := openStore(ctx, c)
	if err != nil {
		return err
	}
	return useStore(ctx, c, s, do)
}

// withBook is withStore for a command that makes no book.
func withBook(ctx context.Context, c config.Book, do func(store) error) error {
	s, err := openExisting(ctx, c)
	if err != nil {
		return err
	}
	return useStore(ctx, c, s, do)
}

// useStore brings the schema of the book up to date, beside whatever server has it open, hands it to do and closes it.
func useStore(ctx context.Context, c config.Book, s store, do func(store) error) (err error) {
	defer func() { err = errors.Join(err, s.Close()) }()
	if err := bringUpToDate(ctx, c, s); err != nil {
		return err
	}
	if err := refuseArriving(ctx, s); err != nil {
		return err
	}
	return do(s)
}

// bringUpToDate migrates a book with an older schema, or waits until the server or the command that is at it has done so.
// A database sees to that itself.
func bringUpToDate(ctx context.Context, c config.Book, s store) error {
	if c.DatabaseURL != "" {
		_, _, err := s.Migrate(ctx)
		return err
	}
	for deadline := time.Now().Add(schemaPatience); ; {
		current, newest, err := s.Versions(ctx)
		if err != nil || current == newest {
			return err
		}
		if current > newest {
			_, _, err = s.Migrate(ctx) // which refuses
			return err
		}
		switch lock, err := sqlite.LockDir(c.DataDir); {
		case err == nil:
			_, _, err = s.Migrate(ctx)
			return errors.Join(err, lock.Unlock())
		case clientele.KindOf(err) != clientele.KindConflict:
			return err
		case !waitBefore(ctx, deadline): // a server that runs must not find its tables changed under it
			return clientele.Errorf(clientele.KindConflict,
				"the book needs a newer schema, which the server that runs would not know: %s", explain(err))
		}
	}
}

// How long a command waits for somebody else to bring a book up to date, and how long a server waits for its directory:
// a command that makes a new book claims that for a moment.
const (
	schemaPatience = 10 * time.Second
	lockPatience   = 2 * time.Second
)

// lockDir claims the data directory for a server.
func lockDir(ctx context.Context, dir string) (*sqlite.Lock, error) {
	for deadline := time.Now().Add(lockPatience); ; {
		lock, err := sqlite.LockDir(dir)
		switch {
		case err == nil:
			return lock, nil
		case clientele.KindOf(err) != clientele.KindConflict:
			return nil, adviseOnDir(dir, err)
		case !waitBefore(ctx, deadline):
			return nil, err
		}
	}
}

// waitBefore waits a moment and reports whether it is worth trying again.
func waitBefore(ctx context.Context, deadline time.Time) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(20 * time.Millisecond):
		return time.Now().Before(deadline)
	}
}
