package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestBackup_WhileServing copies the book of a server under load, restores the copy as the command says, and serves it:
// what was acknowledged before the backup is there.
func TestBackup_WhileServing(t *testing.T) {
	dir, key := newBook(t)
	s := startServer(t, dir)
	w := &writers{s: s, key: key, journals: make([]journal, 8)}
	w.send(t, 10)
	before := make([]journal, len(w.journals))
	copy(before, w.journals)

	loaded := make(chan struct{})
	go func() {
		defer close(loaded)
		w.send(t, 60)
	}()
	file := filepath.Join(t.TempDir(), "copy.db")
	copied := command(t, "backup", file, "--data-dir", dir, "--json").object(t)
	<-loaded
	info, err := os.Stat(file)
	if err != nil {
		t.Fatal(err)
	}
	wantKeys(t, copied, "file", "bytes")
	if copied["file"] != file || copied["bytes"] != float64(info.Size()) {
		t.Errorf("backup --json: %v, and the file has %d bytes", copied, info.Size())
	}
	s.stop()

	restored := filepath.Join(t.TempDir(), "restored")
	if err := os.Mkdir(restored, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(file, filepath.Join(restored, "clientele.db")); err != nil {
		t.Fatal(err)
	}
	r := startServer(t, restored)
	r.ping(key).wants(t, 200, pongBody)
	r.entry(key, w.journals[0][0].body()).wants(t, 202, acceptedBody)
	r.stop()
	b := readBook(t, restored)
	b.checkHistory(t)
	found := b.byRequest(t)
	for _, j := range before {
		for _, e := range j {
			if e.status != 201 || found[e.id] == nil {
				t.Errorf("request %s was answered %d before the backup, and is in it: %t", e.id, e.status, found[e.id] != nil)
			}
		}
	}
}

// TestBackup_Text says what to do with the file, and doing so works.
func TestBackup_Text(t *testing.T) {
	dir, _ := newBook(t)
	file := filepath.Join(t.TempDir(), "copy.db")
	out := command(t, "backup", file, "--data-dir", dir).wants(t, exitOK).stdout
	if !strings.Contains(out, file) || !strings.Contains(out, "empty data directory as clientele.db") {
		t.Errorf("backup prints %q", out)
	}
	entries, err := os.ReadDir(filepath.Dir(file))
	if err != nil || len(entries) != 1 {
		t.Errorf("beside the copy there is something else: %v %v", entries, err)
	}
}

// TestCommands_BesideLoad: commands that write find their turn beside a server that commits all the time.
func TestCommands_BesideLoad(t *testing.T) {
	dir, key := newBook(t)
	s := startServer(t, dir)
	w := &writers{s: s, key: key, journals: make([]journal, 32)}
	loaded := make(chan map[int]int)
	go func() { loaded <- w.send(t, 40) }()
	for i := range 5 {
		command(t, "project", "create", fmt.Sprint("p", i), "--data-dir", dir).wants(t, exitOK)
		s.ping(issueKey(t, dir)).wants(t, 200, pongBody)
	}
	if got := <-loaded; got[201] != 32*40 {
		t.Errorf("answers %v, want 201 to all", got)
	}
	s.stop()
	readBook(t, dir).holds(t, w.journals)
}
