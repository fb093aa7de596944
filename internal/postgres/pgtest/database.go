package pgtest

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"

	"clientele/internal/postgres"

	"github.com/jackc/pgx/v5"
	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"
	"github.com/peterldowns/pgtestdb"
)

// URLVariable names the environment variable with the URL of a server to use in place of a throw-away cluster.
const URLVariable = "CLIENTELE_TEST_POSTGRES_URL"

// shared is the cluster of the test process, started when the first test asks. Nobody stops it: it ends with the process,
// and not before, because it is held here.
var shared = sync.OnceValues(func() (*Cluster, error) { return startCluster(nil, nil) })

// New returns the URL of a new database with the book's schema, which is dropped when the test ends.
func New(t testing.TB) string { return create(t, serverURL(t), book{}) }

// Empty returns the URL of a new database with nothing in it, which is dropped when the test ends.
func Empty(t testing.TB) string { return create(t, serverURL(t), nothing{}) }

// New returns the URL of a new database with the book's schema in this cluster, with which it goes.
func (c *Cluster) New(t testing.TB) string {
	t.Helper()
	name := "book_" + strings.ToLower(rand.Text())
	if err := c.create(t.Context(), name); err != nil {
		t.Fatalf("create database: %v", err)
	}
	return c.URL(name)
}

func (c *Cluster) create(ctx context.Context, name string) error {
	conn, err := pgx.Connect(ctx, c.URL("postgres"))
	if err != nil {
		return err
	}
	_, err = conn.Exec(ctx, "CREATE DATABASE "+name)
	if err = errors.Join(err, conn.Close(ctx)); err != nil {
		return err
	}
	return migrate(ctx, c.URL(name))
}

// serverURL returns the URL of the shared server for its superuser.
func serverURL(t testing.TB) string {
	t.Helper()
	if u := os.Getenv(URLVariable); u != "" {
		return u
	}
	c, err := shared()
	if err != nil {
		t.Fatalf("start PostgreSQL: %v", err)
	}
	return c.URL("postgres")
}

// create clones a template, which is made the first time.
func create(t testing.TB, server string, m pgtestdb.Migrator) string {
	t.Helper()
	u, err := url.Parse(server)
	if err != nil {
		t.Fatalf("%s is not a URL", URLVariable) // and may hold a password
	}
	password, _ := u.User.Password()
	return pgtestdb.Custom(quiet{t}, pgtestdb.Config{
		DriverName: "pgx", Host: u.Hostname(), Port: orDefault(u.Port(), "5432"), User: u.User.Username(), Password: password,
		Database: orDefault(u.Path, "/postgres")[1:], Options: u.RawQuery, ForceTerminateConnections: true,
	}, m).URL()
}

func orDefault(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

// quiet keeps the URL of each database out of the test's log.
type quiet struct{ testing.TB }

// Logf drops the line.
func (quiet) Logf(string, ...any) {}

// book is the template of a migrated database.
type book struct{}

// Hash implements pgtestdb.Migrator: other migrations, another template.
func (book) Hash() (string, error) {
	hash := sha256.New()
	err := fs.WalkDir(postgres.MigrationFiles(), ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		file, err := fs.ReadFile(postgres.MigrationFiles(), path)
		fmt.Fprintf(hash, "%s %s %s", path, strconv.Itoa(len(file)), file)
		return err
	})
	return hex.EncodeToString(hash.Sum(nil)), err
}

// Migrate implements pgtestdb.Migrator.
func (book) Migrate(ctx context.Context, _ *sql.DB, c pgtestdb.Config) error {
	return migrate(ctx, c.URL())
}

func migrate(ctx context.Context, url string) error {
	s, err := postgres.Open(ctx, postgres.Options{URL: url})
	if err != nil {
		return err
	}
	defer s.Close()
	_, _, err = s.Migrate(ctx)
	return err
}

// nothing is the template of an empty database.
type nothing struct{}

// Hash implements pgtestdb.Migrator.
func (nothing) Hash() (string, error) { return "nothing", nil }

// Migrate implements pgtestdb.Migrator.
func (nothing) Migrate(context.Context, *sql.DB, pgtestdb.Config) error { return nil }
