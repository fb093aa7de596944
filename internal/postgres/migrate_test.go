package postgres_test

import (
	"io/fs"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"clientele"
	"clientele/internal/postgres"
	"clientele/internal/postgres/pgtest"
)

// TestMigrate_ManyServersAtOnce starts servers on an empty database at the same time: one migrates, all go on.
func TestMigrate_ManyServersAtOnce(t *testing.T) {
	for name, o := range map[string]func(url string) postgres.Options{
		"direct": func(url string) postgres.Options { return postgres.Options{URL: url} },
		"behind PgBouncer": func(url string) postgres.Options {
			return postgres.Options{URL: pgtest.NewBouncer(t).Before(url), PgBouncer: true}
		},
	} {
		t.Run(name, func(t *testing.T) {
			options := o(pgtest.Empty(t))
			const servers = 4
			var migrated [servers]bool
			var running sync.WaitGroup
			for i := range servers {
				s := open(t, options)
				running.Go(func() {
					from, to, err := s.Migrate(t.Context())
					if err != nil || to != newest(t) || from != 0 && from != to {
						t.Errorf("server %d: from %d to %d, %v", i, from, to, err)
					}
					migrated[i] = from == 0
				})
			}
			running.Wait()
			if n := slices.Index(migrated[:], true); n < 0 || slices.Contains(migrated[n+1:], true) {
				t.Errorf("migrated by %v, want exactly one", migrated)
			}
			s := open(t, options)
			if current, newestKnown, err := s.Versions(t.Context()); err != nil || current != newestKnown {
				t.Errorf("Versions = %d, %d, %v", current, newestKnown, err)
			}
			newProject(t, s, "works")
		})
	}
}

// newest returns the version of the newest migration.
func newest(t *testing.T) int64 {
	t.Helper()
	s := open(t, postgres.Options{URL: "postgres://127.0.0.1:1/unused"})
	files := postgres.MigrationFiles()
	if err := s.UseMigrations(files); err != nil {
		t.Fatal(err)
	}
	names, err := fs.Glob(files, "*.sql")
	if err != nil || len(names) == 0 {
		t.Fatalf("no migrations: %v", err)
	}
	return s.Schema()
}

// TestRollingUpgrade: a newer server migrates while an older one runs. What the migration says about it decides.
func TestRollingUpgrade(t *testing.T) {
	for name, c := range map[string]struct {
		statement string
		refused   bool
	}{
		"the older one still works":  {"CREATE TABLE novelty (id bigint);\nUPDATE schema_info SET compatible_from = 1;", false},
		"the older one is refused":   {"ALTER TABLE project RENAME name TO title;\nUPDATE schema_info SET compatible_from = 9000;", true},
		"it knows just enough still": {"UPDATE schema_info SET compatible_from = 5;", false},
	} {
		t.Run(name, func(t *testing.T) {
			url := pgtest.New(t)
			older, newer := open(t, postgres.Options{URL: url}), open(t, postgres.Options{URL: url})
			if err := newer.UseMigrations(with(t, "9000_novelty.sql", "-- +goose Up\n"+c.statement)); err != nil {
				t.Fatal(err)
			}
			if _, to, err := newer.Migrate(t.Context()); err != nil || to != 9000 {
				t.Fatalf("newer server: to %d, %v", to, err)
			}
			if err := newer.Ping(t.Context()); err != nil {
				t.Errorf("newer server: %v", err)
			}
			_, to, err := older.Migrate(t.Context())
			pingErr := older.Ping(t.Context())
			if !c.refused {
				if err != nil || to != 9000 || pingErr != nil {
					t.Errorf("older server: schema %d, %v; ping %v; want it to go on", to, err, pingErr)
				}
				newProject(t, older, "by the older one")
				return
			}
			if clientele.KindOf(err) != clientele.KindConflict || clientele.KindOf(pingErr) != clientele.KindConflict {
				t.Errorf("older server: migrate %v; ping %v; want kind conflict of both", err, pingErr)
			}
		})
	}
}

// with returns the migrations and one more.
func with(t *testing.T, name, text string) fs.FS {
	t.Helper()
	files := fstest.MapFS{name: &fstest.MapFile{Data: []byte(text)}}
	for path, file := range read(t) {
		files[path] = &fstest.MapFile{Data: file}
	}
	return files
}

func read(t *testing.T) map[string][]byte {
	t.Helper()
	all := map[string][]byte{}
	names, err := fs.Glob(postgres.MigrationFiles(), "*")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		if all[name], err = fs.ReadFile(postgres.MigrationFiles(), name); err != nil {
			t.Fatal(err)
		}
	}
	return all
}

// TestMigrations_SayWhoStaysCompatible: each file but the first states the oldest program that works on what it makes.
func TestMigrations_SayWhoStaysCompatible(t *testing.T) {
	files := read(t)
	names := slices.Sorted(maps.Keys(files))
	for _, name := range names[1:] {
		if !strings.Contains(string(files[name]), "UPDATE schema_info SET compatible_from = ") {
			t.Errorf("%s does not say with which schema versions it is compatible", name)
		}
	}
}

// TestVersions_MakesNothing in a database without a book, also where somebody else's migrations took place.
func TestVersions_MakesNothing(t *testing.T) {
	for name, foreign := range map[string]string{
		"an empty database":        "SELECT",
		"migrations of other kind": "CREATE TABLE goose_db_version (id int, version_id bigint, is_applied boolean); INSERT INTO goose_db_version VALUES (1, 9, true)",
	} {
		t.Run(name, func(t *testing.T) {
			url := pgtest.Empty(t)
			conn := dial(t, url)
			exec(t, conn, foreign)
			tables := func() (n int) {
				t.Helper()
				if err := conn.QueryRow(t.Context(), "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").Scan(&n); err != nil {
					t.Fatal(err)
				}
				return n
			}
			before := tables()
			current, known, err := open(t, postgres.Options{URL: url}).Versions(t.Context())
			if err != nil || current != 0 || known != newest(t) {
				t.Errorf("Versions = %d, %d, %v; want 0 and %d", current, known, err, newest(t))
			}
			if after := tables(); after != before {
				t.Errorf("%d tables, before it were %d", after, before)
			}
		})
	}
}

// TestMigrate_Again finds nothing to do.
func TestMigrate_Again(t *testing.T) {
	s := open(t, postgres.Options{URL: pgtest.New(t)})
	for range 2 {
		if from, to, err := s.Migrate(t.Context()); err != nil || from != to {
			t.Errorf("Migrate = %d, %d, %v; want nothing to do", from, to, err)
		}
	}
}

// TestMigrate_WaitsForTheOther: the lock is waited for, and given back when its holder goes away.
func TestMigrate_WaitsForTheOther(t *testing.T) {
	url := pgtest.New(t)
	holder, observer := dial(t, url), dial(t, url)
	exec(t, holder, "BEGIN")
	exec(t, holder, "SELECT pg_advisory_xact_lock($1)", postgres.MigrationLock)
	s := open(t, postgres.Options{URL: url})
	done := make(chan error, 1)
	go func() { _, _, err := s.Migrate(t.Context()); done <- err }()
	await(t, observer, "SELECT EXISTS (SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted)")
	select {
	case err := <-done:
		t.Errorf("Migrate did not wait: %v", err)
	default:
	}
	_ = holder.Close(t.Context())
	select {
	case err := <-done:
		if err != nil {
			t.Errorf("Migrate: %v", err)
		}
	case <-time.After(10 * time.Second):
		t.Error("Migrate still waits")
	}
}
