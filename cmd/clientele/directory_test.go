package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// TestServe_SecondProcessOnOneDirectory: the second says so and exits 1, under whatever name it knows the directory; the
// first goes on.
func TestServe_SecondProcessOnOneDirectory(t *testing.T) {
	dir, key := newBook(t)
	first := startServer(t, dir)
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(dir, link); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{dir, link} {
		second := command(t, serveArgs(name)...).wants(t, exitFailed)
		for _, want := range []string{name, "served by another process", fmt.Sprintf("pid %d", first.process.Process.Pid)} {
			if !strings.Contains(second.stderr, want) {
				t.Errorf("the second says %q, want %q in it", second.stderr, want)
			}
		}
		if second.stdout != "" {
			t.Errorf("the second printed %q", second.stdout)
		}
		first.entry(key, fmt.Sprintf(`{"customerId":%q,"customerPhone":"+12125550100"}`, name)).wants(t, 201, createdBody)
	}
	first.stop()
	third := startServer(t, dir)
	third.entry(key, fmt.Sprintf(`{"customerId":%q,"customerPhone":"+12125550100"}`, dir)).wants(t, 202, acceptedBody)
	third.stop()
}

// TestServe_AddressInUse: the second says so and nothing else, exits 1 and lets go of its directory.
func TestServe_AddressInUse(t *testing.T) {
	first := startServer(t, t.TempDir())
	address := strings.TrimPrefix(first.url, "http://")
	dir := t.TempDir()
	for _, args := range [][]string{{"--listen", address}, {"--metrics-listen", address}} {
		second := command(t, append([]string{"serve", "--data-dir", dir, "--listen", "127.0.0.1:0"}, args...)...).wants(t, exitFailed)
		if !strings.Contains(second.stderr, address) || !strings.Contains(second.stderr, "address already in use") ||
			strings.Contains(second.stderr, "draining") {
			t.Errorf("with %v the second says %q", args, second.stderr)
		}
	}
	startServer(t, dir).stop()
}

// TestServe_WrongAddress is wrong usage, found before a book is made.
func TestServe_WrongAddress(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	o := command(t, "serve", "--data-dir", dir, "--listen", "8080").wants(t, exitUsage)
	if _, err := os.Stat(dir); !os.IsNotExist(err) || !strings.Contains(o.stderr, "such as 127.0.0.1:8080") {
		t.Errorf("serve says %q, and of %s: %v", o.stderr, dir, err)
	}
}

// TestCommands_AtOnceOnANewDirectory: several commands and a server that all find no book yet make one, once.
func TestCommands_AtOnceOnANewDirectory(t *testing.T) {
	for range 2 {
		dir := filepath.Join(t.TempDir(), "data")
		s := launch(t, dir, program(nil, serveArgs(dir)...))
		var all sync.WaitGroup
		outcomes := make([]outcome, 5)
		for i := range outcomes {
			all.Go(func() { outcomes[i] = command(t, "project", "create", fmt.Sprint("p", i), "--data-dir", dir) })
		}
		all.Wait()
		for _, o := range outcomes {
			if o.status != exitOK {
				t.Errorf("project create: status %d: %s", o.status, o.stderr)
			}
		}
		s.waitReady()
		list := command(t, "project", "list", "--data-dir", dir, "--json").object(t)
		if got := len(list["projects"].([]any)); got != len(outcomes) {
			t.Errorf("%d projects, want %d", got, len(outcomes))
		}
		s.stop()
	}
}

// TestDirectory_IsPrivate: what holds personal data is readable by its owner only.
func TestDirectory_IsPrivate(t *testing.T) {
	dir, _ := newBook(t)
	s := startServer(t, dir)
	file := filepath.Join(t.TempDir(), "copy.db")
	command(t, "backup", file, "--data-dir", dir).wants(t, exitOK)
	paths := []string{dir, file}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		paths = append(paths, filepath.Join(dir, e.Name()))
	}
	if len(paths) < 5 { // the directory, the copy, the database, its WAL, the lock
		t.Fatalf("only %v is there", paths)
	}
	for _, path := range paths {
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s has mode %v", path, info.Mode())
		}
	}
	s.stop()
}
