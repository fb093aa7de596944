package postgres

import (
	"context"
	"embed"
	"fmt"
	"io/fs"
	"slices"

	"clientele"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
)

//go:embed migrations/*.sql
var migrations embed.FS

// MigrationFiles returns the files of the migrations, NNNN_name.sql.
func MigrationFiles() fs.FS {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		panic(err) // the name above is a constant
	}
	return files
}

// newestVersion returns the version of the last of the files; 0 when there is none.
func newestVersion(files fs.FS) (int64, error) {
	names, err := fs.Glob(files, "*.sql")
	if err != nil || len(names) == 0 {
		return 0, err
	}
	return goose.NumericComponent(slices.Max(names))
}

// migrationLock is the advisory lock of whoever migrates: an arbitrary number of ours.
const migrationLock = 7_215_934_061

// withProvider calls do with the migration library on connections of ours.
func (s *Store) withProvider(do func(p *goose.Provider) error) error {
	db := stdlib.OpenDBFromPool(s.write)
	defer db.Close() // gives the connections back to the pool
	p, err := goose.NewProvider(goose.DialectPostgres, db, s.files, goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return err
	}
	return do(p)
}

// Migrate brings the schema to the newest version this program knows and returns the versions before and after. Several
// servers may call it at once: one of them migrates, the others wait.
//
// A schema newer than this program is left alone. Each migration states, in schema_info, the oldest schema version whose
// program still works on what it made. So an older server goes on, during a rolling upgrade, or is refused here with an
// Error of kind conflict; one that runs already learns it from Ping.
func (s *Store) Migrate(ctx context.Context) (from, to int64, err error) {
	err = s.alone(ctx, func() error {
		return s.withProvider(func(p *goose.Provider) error {
			from, to, err = s.migrate(ctx, p)
			return err
		})
	})
	if err != nil {
		return from, to, fmt.Errorf("migrate book: %w", classify(err))
	}
	return from, to, nil
}

// alone calls do while no other server does. The lock belongs to a transaction and not to a session, so that it works
// behind PgBouncer, too, and ends with its connection.
func (s *Store) alone(ctx context.Context, do func() error) error {
	return pgx.BeginFunc(ctx, s.write, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, "SET LOCAL idle_in_transaction_session_timeout = 0"); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, "SELECT pg_advisory_xact_lock($1)", migrationLock); err != nil {
			return err
		}
		return do()
	})
}

func (s *Store) migrate(ctx context.Context, p *goose.Provider) (from, to int64, err error) {
	from, newest, err := p.GetVersions(ctx)
	if err != nil {
		return 0, 0, err
	}
	if from > newest {
		var compatibleFrom int64
		if err := s.write.QueryRow(ctx, "SELECT compatible_from FROM schema_info").Scan(&compatibleFrom); err != nil {
			return from, from, err
		}
		return from, from, s.compatible(compatibleFrom)
	}
	_, err = p.Up(ctx)
	return from, newest, err
}

// compatible returns an error when the schema has left this program behind.
func (s *Store) compatible(from int64) error {
	if s.schema < from {
		return clientele.Errorf(clientele.KindConflict,
			"the book needs a program that knows schema version %d, and this one knows %d: run the newer program", from, s.schema)
	}
	return nil
}

// Versions returns the schema version of the book, 0 where there is none, and the newest one this program knows. It makes nothing,
// whoever's the database is.
func (s *Store) Versions(ctx context.Context) (current, newest int64, err error) {
	ctx, cancel := s.attempt(ctx)
	defer cancel()
	var there bool // the migration library would make its table
	err = s.write.QueryRow(ctx, "SELECT to_regclass('goose_db_version') IS NOT NULL AND to_regclass('schema_info') IS NOT NULL").Scan(&there)
	if err == nil && there {
		err = s.withProvider(func(p *goose.Provider) error {
			current, err = p.GetDBVersion(ctx)
			return err
		})
	}
	if err != nil {
		return 0, 0, fmt.Errorf("schema version of book: %w", classify(err))
	}
	return current, s.schema, nil
}
