package main

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"clientele"
	"clientele/internal/sqlite"

	"github.com/google/go-cmp/cmp"
)

// operators returns the list that the command prints, by e-mail.
func operators(t *testing.T, b crashBook) map[string]map[string]any {
	t.Helper()
	all := map[string]map[string]any{}
	for _, o := range b.command("operator", "list", "--json").object(t)["operators"].([]any) {
		o := o.(map[string]any)
		all[o["email"].(string)] = o
	}
	return all
}

var oneTime = regexp.MustCompile(`\b[0-9a-z]{5}(-[0-9a-z]{5}){3}\b`)

// TestOperator_Commands walks through an operator's life, beside a running server.
func TestOperator_Commands(t *testing.T) {
	onEachBook(t, func(t *testing.T, b crashBook) {
		s := b.start()
		defer s.stop()
		ada := b.command("operator", "create", "Ada@Example.com", "--json").object(t)
		if ada["email"] != "ada@example.com" || ada["role"] != "owner" || ada["state"] != "active" || !oneTime.MatchString(ada["password"].(string)) {
			t.Errorf("the first: %v", ada)
		}
		shown := b.command("operator", "create", "bo@example.com").wants(t, exitOK).stdout
		if !oneTime.MatchString(shown) || !strings.Contains(shown, "/console/") || !strings.Contains(shown, "viewer") {
			t.Errorf("the second, who is a viewer: %s", shown)
		}
		b.command("operator", "create", "cy@example.com", "--role", "editor").wants(t, exitOK)
		for _, step := range []struct{ line, role, state string }{
			{"role bo@example.com editor", "editor", "active"},
			{"disable BO@example.com", "editor", "disabled"},
			{"disable bo@example.com", "editor", "disabled"},
			{"reset bo@example.com", "editor", "disabled"},
			{"enable bo@example.com", "editor", "active"},
			{"role bo@example.com owner", "owner", "active"},
		} {
			printed := b.command(strings.Fields("operator " + step.line + " --json")...).object(t)
			if password, _ := printed["password"].(string); strings.HasPrefix(step.line, "reset") != oneTime.MatchString(password) {
				t.Errorf("%s: password %q", step.line, password)
			}
			delete(printed, "password")
			listed := operators(t, b)["bo@example.com"]
			if diff := cmp.Diff(printed, listed); diff != "" || listed["role"] != step.role || listed["state"] != step.state {
				t.Errorf("%s: listed %v, want %s and %s (-printed +listed):\n%s", step.line, listed, step.role, step.state, diff)
			}
		}
		table := b.command("operator", "list").wants(t, exitOK).stdout
		if !strings.Contains(table, "cy@example.com   editor  active") {
			t.Errorf("operator list:\n%s", table)
		}
	})
}

// TestOperator_Refusals: status 2 for what is wrong by itself, 1 for what the book refuses; nothing changes.
func TestOperator_Refusals(t *testing.T) {
	dir, _ := newBook(t)
	b := crashBook{command: func(args ...string) outcome { return command(t, append(args, "--data-dir", dir)...) }}
	b.command("operator", "create", "ada@example.com").wants(t, exitOK)
	before := operators(t, b)
	for line, status := range map[string]int{
		"create":                            exitUsage,
		"create ada":                        exitUsage,
		"create bo@example.com --role king": exitUsage,
		"role ada@example.com":              exitUsage,
		"role ada@example.com king":         exitUsage,
		"reset ada":                         exitUsage,
		"create ADA@example.com":            exitFailed,
		"reset nobody@example.com":          exitFailed,
		"disable nobody@example.com":        exitFailed,
		"enable nobody@example.com":         exitFailed,
		"role nobody@example.com viewer":    exitFailed,
		"disable ada@example.com":           exitFailed, // the last owner
		"role ada@example.com editor":       exitFailed,
	} {
		o := b.command(strings.Fields("operator "+line)...).wants(t, status)
		if o.stdout != "" || o.stderr == "" {
			t.Errorf("operator %s: printed %q, said %q", line, o.stdout, o.stderr)
		}
	}
	if diff := cmp.Diff(before, operators(t, b)); diff != "" {
		t.Errorf("the operators changed:\n%s", diff)
	}
	command(t, "operator", "list", "--data-dir", t.TempDir()).wants(t, exitFailed) // where there is no book
}

// TestOperator_CommandsAreAudited, and passwords are nowhere in the files of the book.
func TestOperator_CommandsAreAudited(t *testing.T) {
	dir, _ := newBook(t)
	var passwords []string
	for _, line := range []string{
		"create ada@example.com", "create bo@example.com", "reset bo@example.com", "role bo@example.com editor", "disable bo@example.com",
		"enable bo@example.com", "list",
	} {
		o := command(t, append(strings.Fields("operator "+line), "--data-dir", dir)...).wants(t, exitOK)
		passwords = append(passwords, oneTime.FindAllString(o.stdout, -1)...)
	}
	var got []string
	for _, e := range auditLog(t, openBook(t, dir)) {
		got = append(got, fmt.Sprint(e.Operator, " ", e.OperatorID, " ", e.Action, " ", e.Subject))
	}
	slices.Reverse(got)
	want := []string{
		"command 0 operator.create operator 1", "command 0 operator.create operator 2", "command 0 operator.reset operator 2",
		"command 0 operator.role operator 2", "command 0 operator.disable operator 2", "command 0 operator.enable operator 2",
	}
	if !slices.Equal(got, want) {
		t.Errorf("the audit log has %q, want %q", got, want)
	}
	if len(passwords) != 3 {
		t.Fatalf("%d passwords were shown, want 3", len(passwords))
	}
	for name, content := range filesOf(t, dir) {
		for _, password := range passwords {
			if form := findSecret(content, password); form != "" {
				t.Errorf("%s holds a password, %s", name, form)
			}
		}
	}
}

// openBook opens the book in a directory beside whoever has it open.
func openBook(t *testing.T, dir string) *sqlite.Store {
	t.Helper()
	s, err := sqlite.Open(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// auditLog returns the audit log, the newest first.
func auditLog(t *testing.T, s *sqlite.Store) []clientele.AuditEntry {
	t.Helper()
	list, err := s.ListAudit(t.Context(), clientele.AuditFilter{Limit: clientele.MaxPage})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// TestServe_ForgetsSessionsAndTheAuditLog: what is over goes, what is not stays.
func TestServe_ForgetsSessionsAndTheAuditLog(t *testing.T) {
	dir, _ := newBook(t)
	book, ctx, now := openBook(t, dir), t.Context(), time.Now()
	for action, at := range map[string]time.Time{"old": now.Add(-49 * time.Hour), "new": now.Add(-47 * time.Hour)} {
		if err := book.AppendAudit(ctx, clientele.AuditEntry{At: at, Action: action}); err != nil {
			t.Fatal(err)
		}
	}
	for token, until := range map[string]time.Time{"expired": now.Add(-time.Minute), "open": now.Add(time.Hour)} {
		if err := book.PutSession(ctx, token, []byte(token), until); err != nil {
			t.Fatal(err)
		}
	}
	s := startServer(t, dir, "--keep-audit", "48h")
	defer s.stop()
	eventually(t, patience, "what is over is forgotten", func() bool {
		_, found, err := book.FindSession(ctx, "expired", now.Add(-time.Hour))
		if err != nil {
			t.Fatal(err)
		}
		return !found && len(auditLog(t, book)) == 1
	})
	if left := auditLog(t, book); left[0].Action != "new" {
		t.Errorf("left is %v", left)
	}
	if data, _, err := book.FindSession(ctx, "open", now); string(data) != "open" || err != nil {
		t.Errorf("the open session: %q, %v", data, err)
	}
}
