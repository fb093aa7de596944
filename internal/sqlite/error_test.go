package sqlite

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"clientele"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// wantUnavailable fails unless err says that the book cannot be written now, with SQLite's code as the cause and nothing
// of the cause in what the caller hears.
func wantUnavailable(t *testing.T, what string, err error, code int) {
	t.Helper()
	e, ok := errors.AsType[*clientele.Error](err)
	if !ok || e.Kind != clientele.KindUnavailable || e.RetryAfter <= 0 {
		t.Errorf("%s: %v; want kind unavailable with a time to retry after", what, err)
		return
	}
	if cause, ok := errors.AsType[*sqlite.Error](err); !ok || cause.Code()&0xff != code {
		t.Errorf("%s: cause %v, want code %d", what, cause, code)
	}
	if strings.Contains(strings.ToLower(e.Message), "sqlite") {
		t.Errorf("%s: the caller hears %q", what, e.Message)
	}
}

// set runs a PRAGMA on the writing connection.
func set(t *testing.T, s *Store, pragma string) {
	t.Helper()
	var ignored any
	if err := s.write.QueryRowContext(t.Context(), "PRAGMA "+pragma).Scan(&ignored); err != nil && !strings.Contains(err.Error(), "no rows") {
		t.Fatalf("PRAGMA %s: %v", pragma, err)
	}
}

func TestCommit_FullDiskIsUnavailableUntilThereIsRoom(t *testing.T) {
	s, project := newStore(t)
	mustCommit(t, s, upsert(project, "before", "ada@example.com"))
	set(t, s, "max_page_count = 1") // no page beyond those that there are
	long := strings.Repeat("x", 64*1024)
	_, err := s.Commit(t.Context(), []clientele.Write{upsert(project, "small", "bob@example.com"), upsert(project, "long", long)})
	wantUnavailable(t, "commit on a full disk", err, sqlite3.SQLITE_FULL)
	_, err = s.CreateProject(t.Context(), clientele.Project{Name: long, TimeZone: "UTC", CreatedAt: moment()})
	wantUnavailable(t, "create project on a full disk", err, sqlite3.SQLITE_FULL)
	for key, want := range map[string]bool{"before": true, "small": false, "long": false} {
		if has(t, s, project, key) != want {
			t.Errorf("on a full disk: customer %q is there: %t", key, !want)
		}
	}
	set(t, s, "max_page_count = 1000000")
	mustCommit(t, s, upsert(project, "small", "bob@example.com"), upsert(project, "long", long))
	if !has(t, s, project, "small") || !has(t, s, project, "long") {
		t.Error("there is room again, but the customers are not there")
	}
}

func TestCommit_ReadOnlyIsUnavailable(t *testing.T) {
	s, project := newStore(t)
	set(t, s, "query_only = 1")
	_, err := s.Commit(t.Context(), []clientele.Write{upsert(project, "a", "ada@example.com")})
	wantUnavailable(t, "commit into a book that cannot be written", err, sqlite3.SQLITE_READONLY)
	err = s.RevokeCredential(t.Context(), 1, moment())
	if clientele.KindOf(err) == clientele.KindInternal {
		t.Errorf("revoke in a book that cannot be written: %v", err)
	}
	set(t, s, "query_only = 0")
	mustCommit(t, s, upsert(project, "a", "ada@example.com"))
}

func TestCommit_LockHeldTooLongIsUnavailable(t *testing.T) {
	dir := t.TempDir()
	s := openMigrated(t, dir)
	closeAfter(t, s)
	project := newProject(t, s)
	other, err := Open(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	closeAfter(t, other)
	set(t, s, "busy_timeout = 1")
	err = other.transact(t.Context(), func(tx *tx) error {
		_, err := s.Commit(t.Context(), []clientele.Write{upsert(project, "a", "ada@example.com")})
		wantUnavailable(t, "commit while another holds the lock", err, sqlite3.SQLITE_BUSY)
		if has(t, s, project, "a") { // readers do not wait for the writer
			t.Error("the customer is there")
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	mustCommit(t, s, upsert(project, "a", "ada@example.com"))
}

// TestCommit_DamageIsUnavailable: what was accepted is not given up because the disk cannot be read.
func TestCommit_DamageIsUnavailable(t *testing.T) {
	dir := t.TempDir()
	s := openMigrated(t, dir)
	project := newProject(t, s)
	mustCommit(t, s, upsert(project, "a", "ada@example.com"))
	var page int64
	err := s.read.QueryRowContext(t.Context(), "SELECT rootpage FROM sqlite_schema WHERE name = 'customer'").Scan(&page)
	if err = errors.Join(err, s.Close()); err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(filepath.Join(dir, FileName), os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	_, err = f.WriteAt([]byte(strings.Repeat("x", 4096)), (page-1)*4096)
	if err = errors.Join(err, f.Close()); err != nil {
		t.Fatal(err)
	}
	if s, err = Open(t.Context(), dir); err != nil {
		t.Fatal(err)
	}
	closeAfter(t, s)
	_, err = s.Commit(t.Context(), []clientele.Write{upsert(project, "b", "bob@example.com")})
	wantUnavailable(t, "commit into a damaged book", err, sqlite3.SQLITE_CORRUPT)
}

func TestClassify_LeavesTheRestAsItIs(t *testing.T) {
	s, project := newStore(t)
	mustCommit(t, s, upsert(project, "a", "ada@example.com"))
	_, constraint := s.write.ExecContext(t.Context(), "INSERT INTO project SELECT * FROM project")
	_, syntax := s.write.ExecContext(t.Context(), "SELEKT")
	if constraint == nil || syntax == nil {
		t.Fatal("SQLite took what it should not")
	}
	ours := clientele.Errorf(clientele.KindConflict, "taken")
	for _, err := range []error{
		nil, constraint, syntax, fmt.Errorf("wrapped: %w", constraint), io.ErrUnexpectedEOF, context.Canceled,
		context.DeadlineExceeded, ours, fmt.Errorf("wrapped: %w", ours),
	} {
		if got := classify(err); got != err {
			t.Errorf("classify(%v) = %v", err, got)
		}
	}
	if !isUnique(fmt.Errorf("wrapped: %w", constraint)) || isUnique(syntax) || isUnique(nil) || isUnique(ours) {
		t.Error("isUnique tells unique keys that are taken from all else")
	}
}
