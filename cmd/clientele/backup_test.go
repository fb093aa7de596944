package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestBackup_JSON prints the file and its size.
func TestBackup_JSON(t *testing.T) {
	dir, _ := newBook(t)
	file := filepath.Join(t.TempDir(), "copy.db")
	copied := command(t, "backup", file, "--data-dir", dir, "--json").object(t)
	info, err := os.Stat(file)
	if err != nil {
		t.Fatal(err)
	}
	wantKeys(t, copied, "file", "bytes")
	if copied["file"] != file || copied["bytes"] != float64(info.Size()) {
		t.Errorf("backup --json: %v, and the file has %d bytes", copied, info.Size())
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
