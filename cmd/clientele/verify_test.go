package main

import (
	"database/sql"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"clientele/internal/postgres/pgtest"
	"clientele/internal/sqlite"
)

// TestVerify_BesideLoad: a book that is written all the time is whole at every moment.
func TestVerify_BesideLoad(t *testing.T) {
	dir, key := newBook(t)
	s := startServer(t, dir)
	w := &writers{s: s, key: key, journals: make([]journal, 16)}
	loaded := make(chan map[int]int)
	go func() { loaded <- w.send(t, 40) }()
	for range 4 {
		v := command(t, "verify", "--data-dir", dir, "--json").object(t)
		if v["findings"] != 0.0 {
			t.Errorf("verify --json: %v", v)
		}
	}
	if got := <-loaded; got[201] != 16*40 {
		t.Errorf("answers %v, want 201 to all", got)
	}
	v := command(t, "verify", "--data-dir", dir, "--json").object(t)
	wantKeys(t, v, "projects", "customers", "leads", "changes", "submissions", "findings", "broken", "invariants", "particulars")
	if v["customers"] != 640.0 || v["findings"] != 0.0 {
		t.Errorf("verify --json: %v", v)
	}
	s.stop()
}

// TestVerify_Broken names what is broken, ends with status 1, and leaves the book as it is.
func TestVerify_Broken(t *testing.T) {
	dir, key := newBook(t)
	s := startServer(t, dir)
	(&writers{s: s, key: key, journals: make([]journal, 1)}).send(t, 3)
	s.stop()
	command(t, "verify", "--data-dir", dir).wants(t, exitOK)
	breakBook(t, "sqlite", filepath.Join(dir, sqlite.FileName))
	for range 2 {
		o := command(t, "verify", "--data-dir", dir).wants(t, exitFailed)
		if want := "history: project 1: customer 2 differs from its history in fax\n"; !strings.Contains(o.stdout, want) ||
			!strings.HasSuffix(o.stdout, "3 customers, 0 leads, 3 changes, 0 submissions: 1 broken.\n") || !strings.Contains(o.stderr, "the book is broken") {
			t.Errorf("verify prints %q and %q, want %q in it", o.stdout, o.stderr, want)
		}
	}
	o := command(t, "verify", "--data-dir", dir, "--json").wants(t, exitFailed)
	for _, want := range []string{`"broken":{"history":1}`, `"invariant":"history"`, `"subject":"customer"`, `"id":"2"`, `"project":1`} {
		if !strings.Contains(o.stdout, want) {
			t.Errorf("verify --json prints %s, without %s", o.stdout, want)
		}
	}
	if strings.Contains(o.stdout+o.stderr, "555 0100") {
		t.Errorf("verify tells a value: %s", o.stdout)
	}
}

func breakBook(t *testing.T, driver, name string) {
	t.Helper()
	db, err := sql.Open(driver, name)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.ExecContext(t.Context(), "UPDATE customer SET fax = '+1 202 555 0100' WHERE id = (SELECT max(id) - 1 FROM customer)"); err != nil {
		t.Fatal(err)
	}
}

// TestVerify_Database does the same in a database.
func TestVerify_Database(t *testing.T) {
	d := newDatabase(t, pgtest.Empty(t))
	s := d.start()
	(&writers{s: s, key: d.key, journals: make([]journal, 1)}).send(t, 3)
	if v := d.command("verify", "--json").object(t); fmt.Sprint(v["customers"], v["findings"]) != "3 0" {
		t.Errorf("verify --json: %v", v)
	}
	breakBook(t, "pgx", d.url)
	if o := d.command("verify").wants(t, exitFailed); !strings.Contains(o.stdout, "customer 2 differs from its history in fax\n") {
		t.Errorf("verify prints %q", o.stdout)
	}
	s.stop()
}

// TestVerify_NoBook makes none.
func TestVerify_NoBook(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "nothing")
	o := command(t, "verify", "--data-dir", dir).wants(t, exitFailed)
	if !strings.Contains(o.stderr, "there is no book in "+dir) {
		t.Errorf("verify prints %q", o.stderr)
	}
	command(t, "verify", "--data-dir", dir, "--patience", "0s").wants(t, exitUsage)
}
