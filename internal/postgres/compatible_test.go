package postgres_test

import (
	"io/fs"
	"regexp"
	"strconv"
	"testing"

	"clientele/internal/postgres"
)

// TestMigrations_NeverLetAnOlderProgramBackIn: what a program must know since one migration, it must know after the next.
func TestMigrations_NeverLetAnOlderProgramBackIn(t *testing.T) {
	files := postgres.MigrationFiles()
	names, err := fs.Glob(files, "*.sql") // in order
	if err != nil || len(names) < 9 {
		t.Fatalf("%d migrations, %v", len(names), err)
	}
	stated := regexp.MustCompile(`(?m)^UPDATE schema_info SET compatible_from = (\d+);`)
	last := 0
	for _, name := range names[1:] { // the first makes the table
		text, err := fs.ReadFile(files, name)
		if err != nil {
			t.Fatal(err)
		}
		found := stated.FindSubmatch(text)
		if found == nil {
			t.Errorf("%s does not state the oldest program that works on it", name)
			continue
		}
		from, err := strconv.Atoi(string(found[1]))
		if err != nil || from < last {
			t.Errorf("%s lets programs of version %d in again, which an earlier one turned away (%d)", name, from, last)
		}
		last = max(last, from)
	}
}
