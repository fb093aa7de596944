package importer

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"clientele"
	"clientele/internal/sqlite"

	"github.com/google/go-cmp/cmp"
)

// interrupted imports the file anew until its n-th transaction, which fails.
func (s *shop) interrupted(t testing.TB, path string, n int, change func(*Options)) Report {
	t.Helper()
	s.commits, s.before = 0, func(c int) error { return errorAt(c, n, clientele.Unavailable("gone", nil)) }
	r, err := s.load(t, path, change)
	if clientele.KindOf(err) != clientele.KindUnavailable {
		t.Fatalf("report %+v, error %v", r, err)
	}
	s.before = nil
	return r
}

func (s *shop) wantConflict(t testing.TB, path string, change func(*Options), says string) {
	t.Helper()
	if r, err := s.load(t, path, change); clientele.KindOf(err) != clientele.KindConflict || !strings.Contains(err.Error(), says) {
		t.Fatalf("report %+v, error %v, want %q in it", r, err, says)
	}
}

// backup returns the directory of a copy of the book.
func (s *shop) backup(t testing.TB) string {
	t.Helper()
	dir := t.TempDir()
	if err := s.Backup(t.Context(), filepath.Join(dir, sqlite.FileName)); err != nil {
		t.Fatal(err)
	}
	return dir
}

func named(run string) func(*Options) {
	return func(o *Options) { o.NewRun = func() string { return run } }
}

func restart(o *Options) { o.Restart = true }

// TestRun_MetInAnotherBook: that all rows so far stayed as they were says nothing of another book, in which customers have the same
// ids.
func TestRun_MetInAnotherBook(t *testing.T) {
	s := newShop(t)
	path := writeFile(t, "a.csv", rows(19, true))
	s.wants(t, path, named("before"), Counts{Created: 19})
	s.interrupted(t, path, 4, nil)
	other := newShop(t)
	other.wants(t, writeFile(t, "others.csv", strings.ReplaceAll(rows(19, true), ",n", ",m")), named("others"), Counts{Created: 19})
	other.wantConflict(t, path, nil, "give --restart")
	other.wants(t, path, restart, Counts{Updated: 19})
}

// TestRun_MetBeforeABackupWasRestored: what the run met was newer than the backup, if only some of it; where all of it was there, the
// run goes on.
func TestRun_MetBeforeABackupWasRestored(t *testing.T) {
	s := newShop(t)
	first := rows(19, true)
	second := strings.Replace(first, "n001", "m001", 1)
	path := writeFile(t, "a.csv", second)
	s.wants(t, writeFile(t, "first.csv", first), named("first"), Counts{Created: 19})
	older := s.backup(t)
	s.wants(t, path, named("second"), Counts{Updated: 1, Unchanged: 18})
	newer := s.backup(t)
	s.interrupted(t, path, 5, nil)
	restored := &shop{Store: openBook(t, older), project: s.project}
	restored.wantConflict(t, path, nil, "an older state of it was restored")
	restored = &shop{Store: openBook(t, newer), project: s.project}
	if r := restored.wants(t, path, nil, Counts{Unchanged: 19}); !r.GoneOn {
		t.Error("it did not go on in a book that has all that was met")
	}
}

// TestRun_GoesOnAfterOthersChanges: whom the run wrote or met, somebody else may change or erase before it goes on.
func TestRun_GoesOnAfterOthersChanges(t *testing.T) {
	s := newShop(t)
	path := writeFile(t, "a.csv", rows(19, true))
	s.wants(t, writeFile(t, "b.csv", rows(6, true)), named("before"), Counts{Created: 6})
	s.interrupted(t, path, 4, nil)
	s.wants(t, writeFile(t, "c.csv", strings.ReplaceAll(rows(9, true), "n0", "m0")), named("others"), Counts{Updated: 9})
	for _, id := range []string{"c003", "c004", "c005", "c006", "c007", "c008"} {
		s.erase(t, id)
	}
	if r := s.wants(t, path, nil, Counts{Created: 13, Unchanged: 6}); !r.GoneOn {
		t.Error("it did not go on")
	}
}

// TestTraces are the last that each lane wrote, and those that had changed last of all who were met.
func TestTraces(t *testing.T) {
	at := func(minute int) time.Time { return time.Unix(int64(minute)*60, 0).UTC() }
	var all, next traces
	writes := []clientele.Write{{At: at(1)}, {At: at(2)}, {At: at(3)}}
	all.add(0, writes, []clientele.Outcome{
		{Result: clientele.Created, SubjectID: 1},
		{Result: clientele.Updated, SubjectID: 2},
		{Err: errStopped, SubjectID: 3},
	})
	all.add(1, []clientele.Write{{At: at(4), Idempotency: &clientele.Idempotency{}}}, []clientele.Outcome{{Result: clientele.Created, SubjectID: 4}})
	next.add(1, writes, []clientele.Outcome{{Result: clientele.Unchanged, SubjectID: 5, UpdatedAt: at(5)}})
	next.add(2, writes, []clientele.Outcome{{Result: clientele.Created, SubjectID: 6}})
	all.follow(&next)
	if diff := cmp.Diff(map[int]trace{0: {2, at(2)}, 1: {Customer: 4}, 2: {6, at(1)}}, all.Wrote); diff != "" {
		t.Error(diff)
	}
	for minute := range 20 {
		all.met(trace{int64(100 + minute), at((minute * 7) % 20)})
	}
	if len(all.Met) != keptTraces || !all.Met[0].At.Equal(at(19)) || !all.Met[keptTraces-1].At.Equal(at(12)) {
		t.Errorf("met %+v, want those of the minutes 19 to 12", all.Met)
	}
}

// TestRun_GoesOnWithItsOwnNotesOnly: what an older version noted does not tell whether the book has it.
func TestRun_GoesOnWithItsOwnNotesOnly(t *testing.T) {
	s := newShop(t)
	path := writeFile(t, "a.csv", rows(19, true))
	s.interrupted(t, path, 4, nil)
	text := readFile(t, path+".refused.csv.progress")
	older := strings.Replace(text, `{"version":2,`, "{", 1)
	if older == text {
		t.Fatalf("no version in %s", text)
	}
	older += `{"offset":100,"line":11,"wrote":[7,8,9],"counts":{"created":9},"at":"2026-01-01T00:00:00Z"}` + "\n"
	if err := os.WriteFile(path+".refused.csv.progress", []byte(older), 0o600); err != nil {
		t.Fatal(err)
	}
	s.wantConflict(t, path, nil, "another version of Clientele")
	s.wants(t, path, restart, Counts{Created: 10, Unchanged: 9})
}
