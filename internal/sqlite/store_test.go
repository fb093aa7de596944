package sqlite

import (
	"os"
	"path/filepath"
	"testing"

	"clientele/internal/storetest"
)

func TestStore(t *testing.T) {
	template := newTemplate(t)
	storetest.Run(t, func(t testing.TB) storetest.Store { return openCopy(t, template) })
}

// newTemplate returns the bytes of a migrated, empty book: a copy is made in a moment.
func newTemplate(t testing.TB) []byte {
	t.Helper()
	dir := t.TempDir()
	s := openMigrated(t, dir)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	template, err := os.ReadFile(filepath.Join(dir, FileName))
	if err != nil {
		t.Fatal(err)
	}
	return template
}

// openCopy opens a copy of a template. The caller closes it.
func openCopy(t testing.TB, template []byte) *Store {
	t.Helper()
	return openCopyIn(t, t.TempDir(), template)
}

// openCopyIn opens a copy of a template in a directory, which may be missing. The caller closes it.
func openCopyIn(t testing.TB, dir string, template []byte) *Store {
	t.Helper()
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, FileName), template, 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := Open(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// openMigrated opens the book in dir, migrated and ready. The caller closes it.
func openMigrated(t testing.TB, dir string) *Store {
	t.Helper()
	s, err := Open(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := s.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	return s
}
