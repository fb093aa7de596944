package sqlite

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"clientele"
)

// openBackup opens a backup as a book of its own.
func openBackup(t *testing.T, file string) *Store {
	t.Helper()
	dir := t.TempDir()
	if err := os.Rename(file, filepath.Join(dir, FileName)); err != nil {
		t.Fatal(err)
	}
	s, err := Open(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	closeAfter(t, s)
	var result string
	if err := s.read.QueryRowContext(t.Context(), "PRAGMA integrity_check").Scan(&result); err != nil || result != "ok" {
		t.Fatalf("integrity_check = %q, %v", result, err)
	}
	return s
}

// names returns what lies in a directory.
func names(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	for _, e := range entries {
		list = append(list, e.Name())
	}
	return list
}

func TestBackup_WhileOthersWrite(t *testing.T) {
	s, project := newStore(t)
	stop, warm := make(chan struct{}), make(chan int)
	total := make(chan int)
	go func() { // pairs of customers, so that half a transaction would show
		ctx := context.WithoutCancel(t.Context())
		n := 0
		for ; ; n += 2 {
			_, err := s.Commit(ctx, []clientele.Write{upsert(project, keyOf(n), "a@example.com"), upsert(project, keyOf(n+1), "b@example.com")})
			if err != nil {
				t.Errorf("commit during the backup: %v", err)
				break
			}
			select {
			case warm <- n + 2:
			case <-stop:
				total <- n + 2
				return
			default:
			}
		}
		total <- n
	}()
	<-warm
	acknowledged := <-warm
	file := filepath.Join(t.TempDir(), "copy.db")
	err := s.Backup(t.Context(), file)
	close(stop)
	written := <-total
	if err != nil {
		t.Fatal(err)
	}
	copied := openBackup(t, file)
	var n int
	if err := copied.read.QueryRowContext(t.Context(), "SELECT count(*) FROM customer").Scan(&n); err != nil {
		t.Fatal(err)
	}
	if n < acknowledged || n > written || n%2 != 0 {
		t.Errorf("the copy has %d customers: want an even number from %d (acknowledged before) to %d (written in all)", n, acknowledged, written)
	}
	for i := range n {
		if !has(t, copied, project, keyOf(i)) {
			t.Errorf("the copy has %d customers, but not number %d", n, i)
		}
	}
	if from, to, err := copied.Migrate(t.Context()); err != nil || from != to {
		t.Errorf("Migrate of the copy = %d, %d, %v; want nothing to do", from, to, err)
	}
	mustCommit(t, copied, upsert(project, keyOf(0), "new@example.com"))
	mustCommit(t, s, upsert(project, keyOf(0), "other@example.com"))
}

func TestBackup_RefusesWhatIsThere(t *testing.T) {
	s, _ := newStore(t)
	dir := t.TempDir()
	file, link := filepath.Join(dir, "file"), filepath.Join(dir, "link")
	if err := os.WriteFile(file, []byte("precious"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(filepath.Join(dir, "nowhere"), link); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{file, link, dir} {
		wantKind(t, "backup over "+filepath.Base(name), s.Backup(t.Context(), name), clientele.KindConflict)
	}
	if got, err := os.ReadFile(file); err != nil || string(got) != "precious" {
		t.Errorf("the file that was there holds %q, %v", got, err)
	}
	if got := names(t, dir); !slices.Equal(got, []string{"file", "link"}) {
		t.Errorf("the directory holds %v", got)
	}
}

func TestBackup_LeavesNothingBehind(t *testing.T) {
	s, _ := newStore(t)
	dir := t.TempDir()
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.Backup(cancelled, filepath.Join(dir, "copy.db")); err == nil {
		t.Error("a cancelled backup succeeded")
	}
	if err := s.Backup(t.Context(), filepath.Join(dir, "no such directory", "copy.db")); err == nil {
		t.Error("a backup into no directory succeeded")
	}
	if got := names(t, dir); len(got) != 0 {
		t.Errorf("failed backups left %v", got)
	}
	if err := s.Backup(t.Context(), filepath.Join(dir, "copy.db")); err != nil {
		t.Fatal(err)
	}
	if got := names(t, dir); !slices.Equal(got, []string{"copy.db"}) {
		t.Errorf("the directory holds %v, want the copy alone", got)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := s.Backup(t.Context(), filepath.Join(dir, "closed.db")); err == nil {
		t.Error("a backup of a closed book succeeded")
	}
	if got := names(t, dir); !slices.Equal(got, []string{"copy.db"}) {
		t.Errorf("the directory holds %v, want the copy alone", got)
	}
}

func TestBackup_CancelledAtEachStep(t *testing.T) {
	s, project := newStore(t)
	mustCommit(t, s, upsert(project, "a", "ada@example.com"))
	dir := t.TempDir()
	for last := int64(1); ; last++ {
		ctx, cancel := context.WithCancel(t.Context())
		counted := &countedContext{Context: ctx, cancel: cancel, last: last}
		file := filepath.Join(dir, "copy.db")
		err := s.Backup(counted, file)
		cancel()
		if err == nil {
			if !has(t, openBackup(t, file), project, "a") {
				t.Error("the customer is not in the copy")
			}
		}
		if got := names(t, dir); len(got) != 0 {
			t.Fatalf("cancelled at ask %d (%v): the directory holds %v", last, err, got)
		}
		wantPragmas(t, s, "after a cancelled backup")
		if counted.asks.Load() < last {
			return
		}
	}
}
