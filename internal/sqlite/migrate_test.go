package sqlite

import (
	"context"
	"path/filepath"
	"strings"
	"testing"

	"clientele"
)

func TestMigrate_FromNothingAndAgain(t *testing.T) {
	s, err := Open(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	closeAfter(t, s)
	current, newest, err := s.Versions(t.Context())
	if err != nil || current != 0 || newest < 1 {
		t.Fatalf("Versions of an empty book = %d, %d, %v; want 0 and 1 or more", current, newest, err)
	}
	var tables int
	if err := s.read.QueryRowContext(t.Context(), "SELECT count(*) FROM sqlite_schema").Scan(&tables); err != nil || tables != 0 {
		t.Errorf("Versions made %d tables and indexes, %v", tables, err)
	}
	for _, want := range [][2]int64{{0, newest}, {newest, newest}, {newest, newest}} {
		from, to, err := s.Migrate(t.Context())
		if err != nil || from != want[0] || to != want[1] {
			t.Errorf("Migrate = %d, %d, %v; want %v", from, to, err, want)
		}
	}
	if current, _, err = s.Versions(t.Context()); err != nil || current != newest {
		t.Errorf("Versions = %d, %v; want %d", current, err, newest)
	}
}

func TestMigrate_KeepsWhatIsThere(t *testing.T) {
	dir := t.TempDir()
	s := openMigrated(t, dir)
	project := newProject(t, s)
	mustCommit(t, s, upsert(project, "a", "ada@example.com"))
	if _, _, err := s.Migrate(t.Context()); err != nil { // with statements prepared
		t.Fatal(err)
	}
	mustCommit(t, s, upsert(project, "b", "bob@example.com"))
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	again := openMigrated(t, dir)
	closeAfter(t, again)
	if !has(t, again, project, "a") || !has(t, again, project, "b") {
		t.Error("a customer is gone after migrating")
	}
}

func TestMigrate_RefusesANewerBook(t *testing.T) {
	s, project := newStore(t)
	_, newest, err := s.Versions(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	_, err = s.write.ExecContext(t.Context(), "INSERT INTO goose_db_version (version_id, is_applied) VALUES (?, 1)", newest+7)
	if err != nil {
		t.Fatal(err)
	}
	from, to, err := s.Migrate(t.Context())
	wantKind(t, "migrate a newer book", err, clientele.KindConflict)
	if from != newest+7 || to != newest+7 {
		t.Errorf("Migrate = %d, %d; want %d twice", from, to, newest+7)
	}
	if err != nil && !strings.Contains(err.Error(), "run the newer program") {
		t.Errorf("%v: does not say what to do", err)
	}
	if current, known, err := s.Versions(t.Context()); err != nil || current != newest+7 || known != newest {
		t.Errorf("Versions = %d, %d, %v; want %d, %d", current, known, err, newest+7, newest)
	}
	mustCommit(t, s, upsert(project, "a", "ada@example.com")) // the writer is back in its place
}

func TestMigrate_CancelledLeavesTheBookUsable(t *testing.T) {
	s, project := newStore(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := s.Migrate(ctx); err == nil {
		t.Error("Migrate with a cancelled context succeeded")
	}
	if _, _, err := s.Versions(ctx); err == nil {
		t.Error("Versions with a cancelled context succeeded")
	}
	mustCommit(t, s, upsert(project, "a", "ada@example.com"))
}

func TestMigrate_AfterCloseIsAnError(t *testing.T) {
	s, _ := newStore(t)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if _, _, err := s.Migrate(t.Context()); err == nil {
		t.Error("Migrate after Close succeeded")
	}
	if _, _, err := s.Versions(t.Context()); err == nil {
		t.Error("Versions after Close succeeded")
	}
}

func TestSchema_EveryConstraintHasAName(t *testing.T) {
	s, _ := newStore(t)
	// SQLite names an index of its own accord for a constraint without a name, and for one with a name, too; so the text
	// of the schema is what tells.
	rows, err := s.write.QueryContext(t.Context(), "SELECT name, sql FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE 'goose%'")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	tables := 0
	for rows.Next() {
		var name, text string
		if err := rows.Scan(&name, &text); err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(text) {
			tables++
			unique := strings.Contains(line, " UNIQUE") && !strings.Contains(line, "CREATE UNIQUE INDEX")
			primary := strings.Contains(line, "PRIMARY KEY") && !strings.Contains(line, "AUTOINCREMENT")
			if (unique || primary || strings.Contains(line, "CHECK")) && !strings.Contains(line, "CONSTRAINT") {
				t.Errorf("%s: a constraint without a name: %s", name, strings.TrimSpace(line))
			}
		}
	}
	if err := rows.Err(); err != nil || tables == 0 {
		t.Fatalf("%d lines of schema, %v", tables, err)
	}
}

// bookOfVersion returns a book with an old schema, and a project with the customers, leads and changes that fill makes in a book of
// today.
func bookOfVersion(t *testing.T, version int64, fill func(s *Store, project int64)) (*Store, int64) {
	t.Helper()
	today, project := newStore(t)
	fill(today, project)
	s, err := Open(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	closeAfter(t, s)
	err = s.withoutWriter(t.Context(), func() error {
		p, err := s.provider()
		if err == nil {
			_, err = p.UpTo(t.Context(), version)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	statements := []string{"ATTACH '" + filepath.Join(today.dir, FileName) + "' AS today"}
	for table, columns := range map[string]string{
		"project": "id, name, time_zone, created_at", "publisher": "*", "campaign": "*",
		"customer": customerColumns, "lead": leadColumns, "change": "seq, " + changeColumns,
	} {
		into := ""
		if columns != "*" {
			into = " (" + columns + ")"
		}
		statements = append(statements, "INSERT INTO main."+table+into+" SELECT "+columns+" FROM today."+table)
	}
	for _, query := range append([]string{"PRAGMA foreign_keys = OFF"}, append(statements, "DETACH today", "PRAGMA foreign_keys = ON")...) {
		if _, err := s.write.ExecContext(t.Context(), query); err != nil {
			t.Fatal(err)
		}
	}
	return s, project
}
