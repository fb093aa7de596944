package sqlite

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
	"io/fs"

	"clientele"

	"github.com/pressly/goose/v3"
)

//go:embed migrations/*.sql
var migrations embed.FS

func (s *Store) provider() (*goose.Provider, error) {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return nil, err
	}
	return goose.NewProvider(goose.DialectSQLite3, s.db, files, goose.WithDisableGlobalRegistry(true))
}

// Migrate brings the schema to the newest version this program knows and returns the versions before and after. It
// refuses a book with a newer schema. SQLite has no lock for it: the caller holds the directory's (see Lock).
func (s *Store) Migrate(ctx context.Context) (from, to int64, err error) {
	err = s.withoutWriter(ctx, func() error {
		from, to, err = s.migrate(ctx)
		return err
	})
	if err != nil {
		return from, to, fmt.Errorf("migrate book in %s: %w", s.dir, classify(err))
	}
	return from, to, nil
}

func (s *Store) migrate(ctx context.Context) (from, to int64, err error) {
	p, err := s.provider()
	if err != nil {
		return 0, 0, err
	}
	from, newest, err := p.GetVersions(ctx)
	if err != nil {
		return 0, 0, err
	}
	if from > newest {
		return from, from, &clientele.Error{Kind: clientele.KindConflict, Message: fmt.Sprintf(
			"the book has schema version %d and this program knows %d: run the newer program", from, newest)}
	}
	if from == newest {
		return from, from, nil
	}
	_, err = p.Up(ctx)
	return from, newest, err
}

// Versions returns the schema version of the book, 0 while it has none, and the newest one this program knows. It makes nothing.
func (s *Store) Versions(ctx context.Context) (current, newest int64, err error) {
	err = s.withoutWriter(ctx, func() error {
		p, err := s.provider()
		if err != nil {
			return err
		}
		for _, m := range p.ListSources() {
			newest = max(newest, m.Version)
		}
		var there bool // the migration library would make its table
		err = s.db.QueryRowContext(ctx, "SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE name = 'goose_db_version')").Scan(&there)
		if err == nil && there {
			current, err = p.GetDBVersion(ctx)
		}
		return err
	})
	if err != nil {
		return 0, 0, fmt.Errorf("schema version of book in %s: %w", s.dir, classify(err))
	}
	return current, newest, nil
}

// withoutWriter runs do while the writing connection is back in its pool, where the migration library takes it.
func (s *Store) withoutWriter(ctx context.Context, do func() error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.write == nil {
		return sql.ErrConnDone
	}
	_ = s.closeStatements() // prepared for the old schema; new ones are prepared when needed
	if err := s.write.Close(); err != nil {
		return err
	}
	doErr := do()
	var err error
	if s.write, err = s.db.Conn(context.WithoutCancel(ctx)); err != nil {
		s.write = nil
		return err
	}
	return doErr
}
