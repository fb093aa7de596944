package importer

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"clientele"
	"clientele/internal/sqlite"
)

// TestRun_GoesOnWhereItWas: a run that ends at any transaction, before or after the book has it, goes on and leaves the same
// book, whether rows have an external id or not, and the same counts and refused rows but for what is unchanged now.
func TestRun_GoesOnWhereItWas(t *testing.T) {
	gone := clientele.Unavailable("The disk is full", nil)
	for _, withID := range []bool{true, false} {
		for n := 1; n <= 7; n++ {
			for name, fail := range map[string]func(*shop){
				"before": func(s *shop) { s.before = func(c int) error { return errorAt(c, n, gone) } },
				"after":  func(s *shop) { s.after = func(c int) error { return errorAt(c, n, gone) } },
			} {
				t.Run(fmt.Sprintf("with id %t, %s %d", withID, name, n), func(t *testing.T) {
					s := newShop(t)
					path := writeFile(t, "a.csv", rows(19, withID)+"too,many,values\n")
					options := func(o *Options) { o.AllowWithoutID = !withID }
					fail(s)
					r, err := s.load(t, path, options)
					if clientele.KindOf(err) != clientele.KindUnavailable || !r.Unfinished {
						t.Fatalf("report %+v, error %v", r, err)
					}
					s.before, s.after = nil, nil
					r, err = s.load(t, path, options)
					if err != nil || !r.GoneOn || r.Rows() != 20 || r.Refused != 1 || r.Created+r.Unchanged != 19 {
						t.Fatalf("report %+v, error %v", r, err)
					}
					if got := len(s.names(t)); got != 19 {
						t.Errorf("%d customers, want 19", got)
					}
					if got := strings.Count(readFile(t, r.RefusedFile), "\n"); got != 2 {
						t.Errorf("the file of refused rows has %d lines, want a header and a row", got)
					}
				})
			}
		}
	}
}

func errorAt(count, n int, err error) error {
	if count == n {
		return err
	}
	return nil
}

// TestRun_GoesOnInTheRightFileOnly: nothing is passed over that was not imported before.
func TestRun_GoesOnInTheRightFileOnly(t *testing.T) {
	s := newShop(t)
	path := writeFile(t, "a.csv", rows(19, true))
	interrupt := func() {
		t.Helper()
		s.commits, s.before = 0, func(c int) error { return errorAt(c, 4, clientele.Unavailable("gone", nil)) }
		if _, err := s.load(t, path, func(o *Options) { o.Restart = true }); clientele.KindOf(err) != clientele.KindUnavailable {
			t.Fatal(err)
		}
		s.before = nil
	}
	wantConflict := func(change func(*Options), says string) {
		t.Helper()
		if _, err := s.load(t, path, change); clientele.KindOf(err) != clientele.KindConflict || !strings.Contains(err.Error(), says) {
			t.Errorf("error %v, want %q in it", err, says)
		}
	}
	interrupt()
	wantConflict(func(o *Options) { o.Book = "elsewhere" }, "interrupted: end it first")
	wantConflict(func(o *Options) { o.Project = "other" }, "interrupted: end it first")
	wantConflict(func(o *Options) { o.DryRun = true }, "was interrupted")
	if err := os.WriteFile(path, []byte(strings.Replace(rows(19, true), "n000", "N000", 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(path, time.Time{}, time.Now().Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	wantConflict(nil, "has changed")
	s.wants(t, path, func(o *Options) { o.Restart = true }, Counts{Created: 10, Updated: 1, Unchanged: 8})
	interrupt()
	progress := path + ".refused.csv.progress"
	if err := os.WriteFile(progress, []byte(readFile(t, progress)+`{"offset":1`), 0o600); err != nil { // the power failed
		t.Fatal(err)
	}
	if r := s.wants(t, path, nil, Counts{Unchanged: 19}); !r.GoneOn {
		t.Error("the run did not go on")
	}
	held, err := openProgress(progress)
	if err != nil {
		t.Fatal(err)
	}
	wantConflict(nil, "another import of the same file")
	if err := held.end(true); err != nil {
		t.Fatal(err)
	}
}

// TestRun_GoesOnWithoutIDsForADayOnly: after that the book does not remember the rows that were sent.
func TestRun_GoesOnWithoutIDsForADayOnly(t *testing.T) {
	s := newShop(t)
	path := writeFile(t, "a.csv", rows(19, false))
	without := func(o *Options) { o.AllowWithoutID = true }
	s.interrupted(t, path, 4, without)
	s.wantConflict(t, path, func(o *Options) {
		o.AllowWithoutID = true
		o.Now = func() time.Time { return time.Now().Add(24 * time.Hour) }
	}, "more than a day ago")
	s.wants(t, path, without, Counts{Created: 19})
}

// TestRun_GoesOnInTheRightBookOnly: what was imported into a book that is gone, or into one that was set back, is missing in the
// one that is in its place.
func TestRun_GoesOnInTheRightBookOnly(t *testing.T) {
	s := newShop(t)
	path := writeFile(t, "a.csv", rows(19, true))
	older := t.TempDir()
	interrupt := func() {
		t.Helper()
		s.commits, s.before = 0, func(c int) error {
			if c == 2 {
				if err := s.Backup(t.Context(), filepath.Join(older, sqlite.FileName)); err != nil {
					return err
				}
			}
			return errorAt(c, 4, clientele.Unavailable("gone", nil))
		}
		if _, err := s.load(t, path, restart); clientele.KindOf(err) != clientele.KindUnavailable {
			t.Fatal(err)
		}
		s.before = nil
	}
	wantConflict := func(s *shop) {
		t.Helper()
		if _, err := s.load(t, path, nil); clientele.KindOf(err) != clientele.KindConflict || !strings.Contains(err.Error(), "give --restart") {
			t.Fatalf("error %v, want one that advises --restart", err)
		}
		there := int64(strings.Count(strings.Join(slices.Collect(maps.Keys(s.names(t))), " "), "c0"))
		s.wants(t, path, restart, Counts{Created: 19 - there, Unchanged: there})
	}
	interrupt()
	wantConflict(newShop(t))
	s, older = newShop(t), t.TempDir()
	interrupt()
	s = &shop{Store: openBook(t, older), project: s.project}
	s.wants(t, writeFile(t, "others.csv", strings.ReplaceAll(rows(19, true), "c0", "o")), named("others"), Counts{Created: 19})
	wantConflict(s)
	older = t.TempDir()
	interrupt() // all that it met was there
	wantConflict(newShop(t))
}

// TestRun_GoesOnAfterErasures: somebody may be erased whom the interrupted run wrote last.
func TestRun_GoesOnAfterErasures(t *testing.T) {
	s := newShop(t)
	path := writeFile(t, "a.csv", rows(19, true))
	s.before = func(c int) error { return errorAt(c, 4, clientele.Unavailable("gone", nil)) }
	if _, err := s.load(t, path, nil); clientele.KindOf(err) != clientele.KindUnavailable {
		t.Fatal(err)
	}
	s.before = nil
	s.erase(t, "c008")
	if r, err := s.load(t, path, nil); err != nil || !r.GoneOn || r.Created != 19 {
		t.Fatalf("report %+v, error %v", r, err)
	}
}
