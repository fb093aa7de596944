package main

import (
	"context"
	"database/sql"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"clientele/internal/postgres/pgtest"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"
)

// database is a book in a PostgreSQL database with a project named shop.
type database struct {
	t   testing.TB
	url string
	key string // an OPM key into the project
}

// newDatabase makes a book in the empty database.
func newDatabase(t testing.TB, url string) *database {
	t.Helper()
	d := &database{t: t, url: url}
	d.command("project", "create", "shop").wants(t, exitOK)
	_, d.key = d.issue()
	return d
}

func (d *database) env() []string { return []string{"CLIENTELE_DATABASE_URL=" + d.url} }

// command runs one command line on the book.
func (d *database) command(args ...string) outcome {
	d.t.Helper()
	return invocation{args: args, env: d.env()}.run(d.t)
}

// issue issues an OPM key for the project.
func (d *database) issue() (id, key string) {
	d.t.Helper()
	v := d.command("key", "issue", "--project", "shop", "--dialect", "opm", "--name", "Partner", "--json").object(d.t)
	return fmt.Sprint(v["id"]), keyOf(d.t, v)
}

// start starts a server of the book and waits until it is ready. The test's end ends it.
func (d *database) start(args ...string) *server {
	d.t.Helper()
	s := launch(d.t, "the database", program(d.env(), append([]string{"serve", "--listen", "127.0.0.1:0"}, args...)...))
	s.waitReady()
	return s
}

// read reads the book's rows as they are at one moment, but for changes that were read before.
func (d *database) read(before []changeRow) *bookRows {
	d.t.Helper()
	db, err := sql.Open("pgx", d.url)
	if err != nil {
		d.t.Fatal(err)
	}
	defer db.Close()
	tx, err := db.BeginTx(context.WithoutCancel(d.t.Context()), &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true})
	if err != nil {
		d.t.Fatal(err)
	}
	defer tx.Rollback()
	return readRows(d.t, tx, before)
}

// ask runs a query with one text as its answer on a database server, as its superuser.
func ask(t testing.TB, url, query string) (answer string) {
	t.Helper()
	db, err := sql.Open("pgx", url)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := db.QueryRow(query).Scan(&answer); err != nil && err != sql.ErrNoRows {
		t.Fatalf("%s: %v", query, err)
	}
	return answer
}

// TestDatabase_Commands: every command works on a database as on a directory, and none shows the password.
func TestDatabase_Commands(t *testing.T) {
	d := newDatabase(t, pgtest.Empty(t))
	s := d.start()
	for _, line := range []string{
		"project list", "key list --json", "campaign create --project shop --name C --landing-url https://shop.example.com/",
		"campaign list", "publisher create --name P", "publisher list", "publisher pause 1", "campaign pause 1", "key rotate 1",
		"migrate status", "migrate up",
	} {
		d.command(words(line)...).wants(t, exitOK)
	}
	s.ping(d.key).wants(t, 200, pongBody)
	s.entry(d.key, `{"customerId":"1","customerPhone":"+12125550100"}`).wants(t, 201, createdBody)
	s.entry(d.key, `{"customerId":"1","customerPhone":"+12125550101"}`).wants(t, 202, acceptedBody)
	o := d.command("backup", t.TempDir()+"/copy.db").wants(t, exitUsage)
	if !strings.Contains(o.stderr, "pg_dump") {
		t.Errorf("backup of a database says %q", o.stderr)
	}
	o = d.command("serve", "--demo", "--listen", "127.0.0.1:0").wants(t, exitUsage)
	if !strings.Contains(o.stderr, "directory of its own") {
		t.Errorf("serve --demo on a database says %q", o.stderr)
	}
	s.stop()
	u, err := url.Parse(d.url)
	if err != nil {
		t.Fatal(err)
	}
	password, _ := u.User.Password()
	if said := s.stdout.String() + s.stderr.String(); password == "" || strings.Contains(said, password) || !strings.Contains(said, "from postgres://127.0.0.1:") {
		t.Errorf("the server says\n%s", said)
	}
}

// TestDatabase_WithoutABook: a command that makes no book says so, and leaves a database that is somebody else's as it is.
func TestDatabase_WithoutABook(t *testing.T) {
	d := &database{t: t, url: pgtest.Empty(t)}
	file := filepath.Join(t.TempDir(), "customers.csv")
	if err := os.WriteFile(file, []byte("external_id\n1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{
		"project list", "key list", "key issue --project shop --dialect opm --name P", "campaign list", "subscription list",
		"operator list", "customer erasures --project shop", "import --project shop " + file, "verify", "migrate status",
	} {
		o := d.command(words(line)...).wants(t, exitFailed)
		if !strings.Contains(o.stderr, "there is no book in this database, postgres://127.0.0.1") || !strings.Contains(o.stderr, "project create") {
			t.Errorf("%s says %q", line, o.stderr)
		}
	}
	if n := ask(t, d.url, "SELECT count(*)::text FROM pg_tables WHERE schemaname = 'public'"); n != "0" {
		t.Errorf("the commands made %s tables", n)
	}
	d.command("project", "create", "shop").wants(t, exitOK)
	d.command("project", "list").wants(t, exitOK)
}

// TestDatabase_ThatIsNotThere: a URL that is none is wrong usage, a server that does not answer a failure, and neither shows
// the password.
func TestDatabase_ThatIsNotThere(t *testing.T) {
	for url, want := range map[string]int{
		"postgres://ada:s3cret@127.0.0.1:port/book":                exitUsage,
		"mysql://ada:s3cret@127.0.0.1/book":                        exitUsage,
		"postgres://ada:s3cret@127.0.0.1:1/book?connect_timeout=1": exitFailed,
	} {
		d := &database{t: t, url: url}
		for _, command := range []string{"serve", "project list", "migrate up"} {
			o := d.command(words(command)...).wants(t, want)
			if strings.Contains(o.stderr+o.stdout, "s3cret") || o.stderr == "" {
				t.Errorf("%s: %s", command, o.stderr)
			}
		}
	}
}

// TestDatabase_RevokedOnOneServerRefusedByAllAtOnce: the news of a revocation comes by itself, long before what a server
// knows of a key is old.
func TestDatabase_RevokedOnOneServerRefusedByAllAtOnce(t *testing.T) {
	d := newDatabase(t, pgtest.Empty(t))
	servers := []*server{d.start(), d.start()}
	id, key := d.issue()
	start := time.Now()
	for _, s := range servers {
		s.ping(key).wants(t, 200, pongBody)
	}
	d.command("key", "revoke", id).wants(t, exitOK)
	revoked := time.Now()
	for i, s := range servers {
		s.eventuallyStatus(patience, http.StatusUnauthorized, request{url: "/ping", key: key})
		if age := time.Since(start); age > 3500*time.Millisecond { // from 4 s on it would ask by itself
			t.Errorf("server %d refused the key %s after it had asked for it", i, age)
		}
		t.Logf("server %d refused the key %s after it was revoked", i, time.Since(revoked))
		s.stop()
	}
}
