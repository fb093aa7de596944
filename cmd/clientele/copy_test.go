package main

import (
	"database/sql"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"clientele/internal/postgres/pgtest"

	"github.com/google/go-cmp/cmp"
)

// demoBook makes the demo's book and returns its directory.
func demoBook(t testing.TB) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "book-demo")
	startServer(t, dir, "--demo").stop()
	return dir
}

// copyInvocation is a copy, whose URLs stand in the environment, as passwords do.
func copyInvocation(from, to string) invocation {
	i := invocation{args: []string{"copy"}}
	for side, where := range map[string]string{"FROM": from, "TO": to} {
		if strings.Contains(where, "://") {
			i.env = append(i.env, "CLIENTELE_"+side+"_DATABASE_URL="+where)
		} else {
			i.args = append(i.args, "--"+strings.ToLower(side)+"-data-dir", where)
		}
	}
	return i
}

func (i invocation) with(args ...string) invocation {
	i.args = append(i.args, args...)
	return i
}

// TestCopy_ThereAndBack moves the demo's book into a database and back: every table arrives, each end serves it, and what
// is new gets a place of its own.
func TestCopy_ThereAndBack(t *testing.T) {
	dir, back := demoBook(t), filepath.Join(t.TempDir(), "back")
	d := &database{t: t, url: pgtest.Empty(t), key: demoOPMKey}
	there := copyInvocation(dir, d.url).with("--json").run(t).object(t)
	wantKeys(t, there, "from", "rows", "tables", "to")
	if from := there["from"]; from != dir {
		t.Errorf("copied from %v, want %s", from, dir)
	}
	rows := map[string]float64{}
	for _, table := range there["tables"].([]any) {
		v := table.(map[string]any)
		wantKeys(t, v, "checksum", "rows", "table")
		rows[v["table"].(string)] = v["rows"].(float64)
	}
	if rows["project"] != 1 || rows["customer"] != demoCustomers || rows["lead"] != demoLeads || rows["change"] < demoCustomers {
		t.Errorf("rows that arrived: %v", rows)
	}
	again := copyInvocation(d.url, back).with("--json").run(t).object(t)
	if diff := cmp.Diff(there["tables"], again["tables"]); diff != "" {
		t.Errorf("the tables arrive back otherwise than they went:\n%s", diff)
	}
	text := copyInvocation(back, filepath.Join(t.TempDir(), "third")).run(t).wants(t, exitOK).stdout
	if !strings.Contains(text, "\ncustomer ") || !strings.Contains(text, "and compared both.") {
		t.Errorf("copy prints\n%s", text)
	}
	for _, s := range []*server{d.start(), startServer(t, back)} {
		s.ping(demoOPMKey).wants(t, 200, pongBody)
		s.entry(demoOPMKey, `{"customerId":"200001","customerPhone":"+12125550100"}`).wants(t, 202, acceptedBody)
		s.entry(demoOPMKey, `{"customerId":"new","customerPhone":"+12125550100"}`).wants(t, 201, createdBody)
		s.entry(demoOPMKey, `{"customerId":"new","customerPhone":"+12125550101"}`).wants(t, 202, acceptedBody)
		s.stop()
	}
	if n := len(d.read(nil).customers); n != demoCustomers+1 {
		t.Errorf("%d customers in the database, want %d", n, demoCustomers+1)
	}
}

// TestCopy_BehindPgBouncer: both ends work where connections change hands after each transaction.
func TestCopy_BehindPgBouncer(t *testing.T) {
	bouncer := pgtest.NewBouncer(t)
	dir, _ := newBook(t)
	middle := bouncer.Before(pgtest.New(t))
	there := copyInvocation(dir, middle).with("--json", "--pgbouncer").run(t).object(t)
	back := copyInvocation(middle, bouncer.Before(pgtest.New(t))).with("--json", "--pgbouncer").run(t).object(t)
	if diff := cmp.Diff(there["tables"], back["tables"]); diff != "" {
		t.Errorf("behind PgBouncer the tables arrive otherwise:\n%s", diff)
	}
}

// TestCopy_BrokenOff stops a copy in the middle. What has arrived is not served, by no command and from no other source
// added to; the same command goes on and ends it.
func TestCopy_BrokenOff(t *testing.T) {
	dir, key := newBook(t)
	target := pgtest.New(t)
	d := &database{t: t, url: target, key: key}
	running := d.start() // on what is still an empty database
	unlock := lockTable(t, target, "credential_secret")
	i := copyInvocation(dir, target)
	s := launch(t, dir, program(i.env, i.args...))
	eventually(t, patience, "the copy waits for the table", func() bool {
		return ask(t, target, "SELECT count(*)::text FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()") != "0"
	})
	running.eventuallyStatus(patience, 503, request{url: "/readyz"})
	s.signal(syscall.SIGTERM)
	s.waitExit(patience, exitFailed)
	if !strings.Contains(s.stderr.String(), "run the same command again") || s.stdout.String() != "" {
		t.Errorf("a copy that is broken off prints %q and says %q", s.stdout.String(), s.stderr.String())
	}
	unlock()
	for _, line := range []string{"serve", "project list --json", "project create other", "key list"} {
		o := d.command(words(line)...).wants(t, exitFailed)
		if !strings.Contains(o.stderr, "still arriving") || o.stdout != "" {
			t.Errorf("%s on half a book prints %q and says %q", line, o.stdout, o.stderr)
		}
	}
	if source := ask(t, target, "SELECT source FROM transfer"); source != dir {
		t.Errorf("the target knows its source as %q, want %q", source, dir)
	}
	other, _ := newBook(t)
	wantCopyRefused(t, copyInvocation(other, target), exitFailed, "holds a part of "+dir)
	wantCopyRefused(t, copyInvocation(target, filepath.Join(t.TempDir(), "other")), exitFailed, "still arriving")
	copyInvocation(dir, target).run(t).wants(t, exitOK)
	running.eventuallyStatus(patience, 200, request{url: "/readyz"})
	running.ping(key).wants(t, 200, pongBody)
	running.stop()
}

// lockTable makes everybody who writes to a table wait.
func lockTable(t testing.TB, url, table string) (unlock func()) {
	t.Helper()
	db, err := sql.Open("pgx", url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	tx, err := db.Begin()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Exec("LOCK TABLE " + table + " IN EXCLUSIVE MODE"); err != nil {
		t.Fatal(err)
	}
	return func() { _ = tx.Rollback() }
}

func wantCopyRefused(t testing.TB, i invocation, status int, says string) outcome {
	t.Helper()
	o := i.with("--json").run(t)
	if o.status != status || !strings.Contains(o.stderr, says) || o.stdout != "" {
		t.Errorf("clientele %v %v\nstatus %d, want %d; stdout %q\nstderr %q, want %q in it", i.args, len(i.env), o.status, status, o.stdout, o.stderr, says)
	}
	return o
}

// TestCopy_Refused: whatever is wrong with an end is said before anything is copied, and no password is said.
func TestCopy_Refused(t *testing.T) {
	t.Parallel() // it waits most of the time
	dir, _ := newBook(t)
	served, _ := newBook(t)
	s := startServer(t, served)
	missing := filepath.Join(t.TempDir(), "missing")
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(dir, link); err != nil {
		t.Fatal(err)
	}
	full := &database{t: t, url: pgtest.Empty(t)}
	full.command("project", "create", "mine").wants(t, exitOK)
	u, err := url.Parse(full.url)
	if err != nil {
		t.Fatal(err)
	}
	self := strings.Replace(full.url, u.User.String()+"@", "somebody:else@", 1)
	for _, c := range []struct {
		from, to string
		status   int
		says     string
	}{
		{served, missing, exitFailed, "stop it first"},
		{dir, served, exitFailed, "stop it first"},
		{dir, full.url, exitFailed, "not empty, there is a project in it"},
		{full.url, dir, exitFailed, "not empty, there is a project in it"},
		{missing, filepath.Join(t.TempDir(), "new"), exitFailed, "there is no book in " + missing},
		{pgtest.Empty(t), missing, exitFailed, "there is no book in postgres://127.0.0.1"},
		{dir, link, exitUsage, "copied onto itself"},
		{full.url, self, exitUsage, "copied onto itself"},
		{dir, "postgres://ada:s3cret@127.0.0.1:port/x", exitUsage, "database URL"},
		{dir, "postgres://ada:s3cret@127.0.0.1:1/x?connect_timeout=1", exitFailed, "127.0.0.1"},
	} {
		o := wantCopyRefused(t, copyInvocation(c.from, c.to), c.status, c.says)
		if strings.Contains(o.stderr, "s3cret") || strings.Contains(o.stderr, "somebody") {
			t.Errorf("from %s to %s: %s", c.from, c.to, o.stderr)
		}
	}
	if _, err := os.Stat(missing); err == nil {
		t.Errorf("a copy that was refused made %s", missing)
	}
	for _, args := range [][]string{{}, {"--from-data-dir", dir}, {"--to-data-dir", missing}, {"--from-data-dir", dir, "--from-database-url", full.url, "--to-data-dir", missing}} {
		wantCopyRefused(t, invocation{args: append([]string{"copy"}, args...)}, exitUsage, "name ")
	}
	s.stop()
}
