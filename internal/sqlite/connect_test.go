package sqlite

import (
	"context"
	"database/sql"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// pragmas returns the settings in force on a connection.
func pragmas(t *testing.T, c *sql.Conn, names ...string) map[string]string {
	t.Helper()
	got := map[string]string{}
	for _, name := range names {
		var value string
		if err := c.QueryRowContext(t.Context(), "PRAGMA "+name).Scan(&value); err != nil {
			t.Fatalf("PRAGMA %s: %v", name, err)
		}
		got[name] = value
	}
	return got
}

// allReaders holds every connection of the pool at once.
func allReaders(t *testing.T, s *Store) []*sql.Conn {
	t.Helper()
	readers := make([]*sql.Conn, s.read.Stats().MaxOpenConnections)
	for i := range readers {
		c, err := s.read.Conn(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		readers[i] = c
	}
	return readers
}

func wantPragmas(t *testing.T, s *Store, when string) {
	t.Helper()
	want := map[string]string{
		"journal_mode": "wal", "synchronous": "2", "foreign_keys": "1", "busy_timeout": "5000", "query_only": "0", "temp_store": "2",
	}
	names := []string{"journal_mode", "synchronous", "foreign_keys", "busy_timeout", "query_only", "temp_store"}
	if diff := cmp.Diff(want, pragmas(t, s.write, names...)); diff != "" {
		t.Errorf("%s, writer (-want +got):\n%s", when, diff)
	}
	want["query_only"] = "1"
	readers := allReaders(t, s)
	if len(readers) < 4 {
		t.Errorf("%d readers, want 4 or more", len(readers))
	}
	for i, c := range readers {
		if diff := cmp.Diff(want, pragmas(t, c, names...)); diff != "" {
			t.Errorf("%s, reader %d (-want +got):\n%s", when, i, diff)
		}
		if err := c.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestOpen_PragmasAreInForceOnEveryConnection(t *testing.T) {
	s, _ := newStore(t) // migrated, so the writing connection has been given back and taken again
	wantPragmas(t, s, "after migrating")
	if err := s.Backup(t.Context(), filepath.Join(t.TempDir(), "copy.db")); err != nil {
		t.Fatal(err)
	}
	wantPragmas(t, s, "after a backup")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.Backup(ctx, filepath.Join(t.TempDir(), "copy.db")); err == nil {
		t.Error("a cancelled backup succeeded")
	}
	wantPragmas(t, s, "after a cancelled backup")
}

func TestOpen_ReadersCannotWrite(t *testing.T) {
	s, project := newStore(t)
	mustCommit(t, s, upsert(project, "a", "ada@example.com"))
	for i, c := range allReaders(t, s) {
		if _, err := c.ExecContext(t.Context(), "DELETE FROM customer"); err == nil {
			t.Errorf("reader %d wrote", i)
		}
		if err := c.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if !has(t, s, project, "a") {
		t.Error("the customer is gone")
	}
}

func TestOpen_ForeignKeysHold(t *testing.T) {
	s, project := newStore(t)
	mustCommit(t, s, upsert(project, "a", "ada@example.com"))
	if _, err := s.write.ExecContext(t.Context(), "DELETE FROM project"); err == nil {
		t.Error("a project with customers was deleted")
	}
}

func TestOpen_OnlyTheOwnerReadsTheFiles(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new", "deep")
	s := openMigrated(t, dir)
	closeAfter(t, s)
	mustCommit(t, s, upsert(newProject(t, s), "a", "ada@example.com"))
	lock, err := LockDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer lock.Unlock()
	copied := filepath.Join(dir, "copy.db")
	if err := s.Backup(t.Context(), copied); err != nil {
		t.Fatal(err)
	}
	want := map[string]fs.FileMode{
		"": 0o700 | fs.ModeDir, FileName: 0o600, FileName + "-wal": 0o600, FileName + "-shm": 0o600, LockName: 0o600, "copy.db": 0o600,
	}
	for name, mode := range want {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil {
			t.Errorf("%q: %v", name, err)
		} else if info.Mode() != mode {
			t.Errorf("%q has mode %v, want %v", name, info.Mode(), mode)
		}
	}
	if info, err := os.Stat(filepath.Dir(dir)); err != nil || info.Mode() != 0o700|fs.ModeDir {
		t.Errorf("the directory above it has mode %v, %v", info.Mode(), err)
	}
}

// TestOpen_TakesTheRightsOfOthers from a file that was put there with some, such as a backup that was copied over a network.
func TestOpen_TakesTheRightsOfOthers(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, FileName), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	closeAfter(t, openMigrated(t, dir))
	for _, name := range []string{FileName, FileName + "-wal", FileName + "-shm"} {
		if info, err := os.Stat(filepath.Join(dir, name)); err != nil || info.Mode() != 0o600 {
			t.Errorf("%s: %v, %v; want mode 0600", name, info, err)
		}
	}
}

func TestOpen_AnyNameOfDirectory(t *testing.T) {
	template := newTemplate(t)
	for _, name := range []string{
		"with blank", "what?", "a#b", "100%", "%41", "a&b=c;d", "_pragma=query_only(1)", "Żółć-日本", "quote'\"", "file:x", `back\slash`, "+plus",
	} {
		dir := filepath.Join(t.TempDir(), name)
		s := openCopyIn(t, dir, template)
		mustCommit(t, s, upsert(newProject(t, s), "a", "ada@example.com"))
		if err := s.Close(); err != nil {
			t.Errorf("%q: close: %v", name, err)
		}
		if info, err := os.Stat(filepath.Join(dir, FileName)); err != nil || info.Size() == 0 {
			t.Errorf("%q: the book is not in its directory: %v", name, err)
		}
		if entries, err := os.ReadDir(filepath.Dir(dir)); err != nil || len(entries) != 1 {
			t.Errorf("%q: something lies beside the directory: %v, %v", name, entries, err)
		}
	}
}

func TestOpen_FailsOnWhatIsNoDirectory(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, []byte("text"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(t.Context(), file); err == nil {
		t.Error("a file was opened as a directory")
	}
}

func TestOpen_FailsOnWhatIsNoDatabase(t *testing.T) {
	dir := t.TempDir()
	text := []byte("this is a text, and longer than the header of a database, which has a hundred bytes: so there is no doubt about it")
	if err := os.WriteFile(filepath.Join(dir, FileName), text, 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := Open(t.Context(), dir)
	if err == nil {
		closeAfter(t, s)
		t.Fatal("a text was opened as a book")
	}
	got, err := os.ReadFile(filepath.Join(dir, FileName))
	if err != nil || string(got) != string(text) {
		t.Errorf("the file was changed to %q, %v", got, err)
	}
}

func TestClose_WritesTheLogBack(t *testing.T) {
	dir := t.TempDir()
	s := openMigrated(t, dir)
	project := newProject(t, s)
	mustCommit(t, s, upsert(project, "a", "ada@example.com"))
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	for _, suffix := range []string{"-wal", "-shm"} {
		if _, err := os.Stat(filepath.Join(dir, FileName+suffix)); !os.IsNotExist(err) {
			t.Errorf("%s is still there: %v", suffix, err)
		}
	}
	again, err := Open(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	closeAfter(t, again)
	if !has(t, again, project, "a") {
		t.Error("the customer is gone after closing and opening")
	}
}
