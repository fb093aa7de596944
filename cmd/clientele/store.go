package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"clientele"
	"clientele/internal/access"
	"clientele/internal/config"
	"clientele/internal/intake"
	"clientele/internal/sqlite"
)

// store is what the commands need of a book, whichever kind it is.
type store interface {
	intake.Store
	access.Directory
	access.Issuer

	Ping(ctx context.Context) error
	Close() error
	Migrate(ctx context.Context) (from, to int64, err error)
	Versions(ctx context.Context) (current, newest int64, err error)
	ForgetCalls(ctx context.Context, before time.Time, limit int) (int64, error)

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

// openStore opens the book without touching its schema.
func openStore(ctx context.Context, c config.Book) (store, error) {
	return sqlite.Open(ctx, c.DataDir)
}

// withStore opens the book beside whatever server has it open, brings its schema up to date, hands it to do and closes it.
func withStore(ctx context.Context, c config.Book, do func(store) error) (err error) {
	s, err := openStore(ctx, c)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	current, newest, err := s.Versions(ctx)
	if err != nil {
		return err
	}
	if current != newest {
		if err := migrateAlone(ctx, c, s); err != nil {
			return err
		}
	}
	return do(s)
}

// migrateAlone migrates a book that no server has open: a server must not find its tables changed under it.
func migrateAlone(ctx context.Context, c config.Book, s store) error {
	lock, err := sqlite.LockDir(c.DataDir)
	if err != nil {
		return fmt.Errorf("the book needs a newer schema, which a server that runs would not know: %w", err)
	}
	_, _, err = s.Migrate(ctx)
	return errors.Join(err, lock.Unlock())
}
