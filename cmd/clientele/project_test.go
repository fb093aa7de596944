package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestCommands_WrongUsage: status 2, nothing on stdout, and a sentence that says what is wrong.
func TestCommands_WrongUsage(t *testing.T) {
	dir, _ := newBook(t)
	issue := "key issue --project shop --dialect opm --name P "
	for _, c := range []struct{ line, says string }{
		{"nonsense", "unexpected argument nonsense"},
		{"key", "expected one of"},
		{"project create", "a name has 1 to 100 characters"},
		{"project create a\u0007b", "none of them a control character"},
		{"project create a b", "unexpected argument b"},
		{"project create ''", "1 to 100 characters"},
		{"project create " + strings.Repeat("é", 101), "1 to 100 characters"},
		{"project create a --time-zone Mars/Olympus", `no time zone "Mars/Olympus"`},
		{"project create a --time-zone=", "no time zone"},
		{"project create a --colour red", "unknown flag --colour"},
		{"key issue --project shop --dialect opm", "missing flags: --name"},
		{"key issue --project shop --name P", "missing flags: --dialect"},
		{"key issue --dialect opm --name P", "missing flags: --project"},
		{"key issue --project shop --dialect soap --name P", "--dialect"},
		{issue + "--scope customers", `opm has no scope "customers"`},
		{issue + "--project shop", "opens one project"},
		{issue + "--reads-per-minute many", "--reads-per-minute"},
		{issue + "--writes-per-minute=-1", "0 (none) or more"},
		{issue + "--expires soon", `--expires "soon" is neither`},
		{issue + "--expires 0s", "is neither"},
		{issue + "--expires=-1h", "is neither"},
		{issue + "--expires 213504d", "is neither"}, // as nanoseconds it is too much for 64 bits
		{issue + "--expires 2026-02-30", "is neither"},
		{issue + "--expires 2001-01-31", "in the past"},
		{issue + "--secret-stdin", "needs the secret on standard input"},
		{"key issue --project shop --dialect opm --name ''", "1 to 100 characters"},
		{"key revoke", "<id>"},
		{"key revoke one", "<id>"},
		{"key rotate 1 --overlap long", "--overlap"},
		{"key rotate 1 --overlap=-1h", "0 or longer"},
		{"backup", "<file>"},
		{"serve --max-waiting 0", "--max-waiting must be at least 1"},
		{"serve --max-batch 0", "--max-batch must be between 1 and 10000"},
		{"serve --max-batch 10001", "--max-batch must be between 1 and 10000"},
		{"serve --drain-timeout=-1s", "--drain-timeout must not be negative"},
		{"serve --log-format xml", "--log-format"},
		{"serve --log-level loud", "--log-level"},
		{"serve --demo --listen 0.0.0.0:0", "loopback only"},
		{"serve --demo --listen :0", "loopback only"},
		{"serve --demo --listen 192.0.2.1:8080", "loopback only"},
		{"serve --demo --listen 127.0.0.1:0 --metrics-listen 0.0.0.0:0", "loopback only"},
		{"delivery resend --subscription S --since yesterday", "write it as 2027-01-31T08:00:00Z"},
		{"delivery resend D --since 2027-01-31T08:00:00Z", "--failed-to and --since go with --subscription"},
		{"delivery resend D --failed-from 2027-01-31T08:00:00Z", "--failed-to and --since go with --subscription"},
		{"delivery resend D --failed-to 2027-01-31T08:00:00Z", "--failed-to and --since go with --subscription"},
		{"delivery resend --subscription S --since 2027-01-31T08:00:00Z --failed-to 2027-02-01T08:00:00Z", "--failed-to goes with --failed-from"},
		{"delivery resend --subscription S --failed-to 2027-02-01T08:00:00Z", "either --failed-from or --since"},
		{"subscription create --project shop --url https://example.com/ --retry 1d --retry 5", "such as 30d, 12h, 90m or 15s"},
		{"import --project shop /", "/ is a directory: name a file of it"},
		{"serve --trusted-proxy localhost", "such as 192.0.2.1 or 10.0.0.0/8"},
		{"delivery list --subscription S --status lost", `--status must be one of "due","delivered","failed" but`},
		{"operator create ada@example.com --role king", `--role must be one of "owner","editor","viewer" but`},
		{"version --data-dir x", "unknown flag --data-dir"},
	} {
		args := words(c.line)
		if args[0] != "version" && len(args) > 1 {
			args = append(args, "--data-dir", dir)
		}
		if len(args) > 2 && (args[0] == "key" || args[0] == "project") {
			args = append(args, "--json")
		}
		o := command(t, args...)
		if o.status != exitUsage || o.stdout != "" || !strings.Contains(o.stderr, c.says) || !strings.HasPrefix(o.stderr, "clientele: ") {
			t.Errorf("clientele %s\nstatus %d, want 2; stdout %q\nstderr %q, want %q in it", c.line, o.status, o.stdout, o.stderr, c.says)
		}
	}
	list := command(t, "key", "list", "--data-dir", dir, "--json").object(t)
	if got := len(list["keys"].([]any)); got != 1 {
		t.Errorf("%d keys after wrong usage, want the one before", got)
	}
}

// words splits a line at blanks. Two single quotes are an empty word.
func words(line string) []string {
	list := strings.Fields(line)
	for i := range list {
		list[i] = strings.ReplaceAll(list[i], "''", "")
	}
	return list
}

// TestCommands_Failed: what is well said and cannot be done has status 1, nothing on stdout, and says why.
func TestCommands_Failed(t *testing.T) {
	dir, _ := newBook(t)
	missing := filepath.Join(t.TempDir(), "missing")
	file := filepath.Join(t.TempDir(), "copy.db")
	command(t, "backup", file, "--data-dir", dir).wants(t, exitOK)
	command(t, "key", "revoke", "1", "--data-dir", dir).wants(t, exitOK)
	secret := "a-secret-of-old"
	issue := []string{"key", "issue", "--dialect", "opm", "--name", "P", "--project"}
	invocation{args: append(issue, "shop", "--secret-stdin", "--data-dir", dir), stdin: secret}.run(t).wants(t, exitOK)
	for _, c := range []struct {
		args  []string
		stdin string
		says  string
	}{
		{[]string{"project", "create", "shop"}, "", `a project named "shop" exists already`},
		{[]string{"project", "create", " shop "}, "", `a project named "shop" exists already`},
		{append(issue, "nowhere"), "", `there is no project named "nowhere"`},
		{append(issue, "Shop"), "", `there is no project named "Shop"`},
		{append(issue, "shop", "--secret-stdin"), secret + "\n", "this secret is in use by another credential"},
		{[]string{"key", "revoke", "99"}, "", "there is no credential 99"},
		{[]string{"key", "rotate", "99"}, "", "there is no credential 99"},
		{[]string{"key", "rotate", "1"}, "", "credential 1 is revoked or has expired"},
		{[]string{"backup", file}, "", file + " exists already"},
		{[]string{"backup", filepath.Join(missing, "copy.db")}, "", "no such file or directory"},
		{[]string{"backup", filepath.Join(t.TempDir(), "copy.db"), "--data-dir", missing}, "", "there is no book in " + missing},
		{[]string{"key", "list", "--data-dir", missing}, "", "there is no book in " + missing},
		{[]string{"key", "revoke", "1", "--data-dir", missing}, "", "there is no book in " + missing},
		{[]string{"project", "list", "--data-dir", missing}, "", "there is no book in " + missing},
		{[]string{"serve", "--listen", "192.0.2.1:0"}, "", "listen on 192.0.2.1:0"},
	} {
		args := c.args
		if args[len(args)-1] != missing {
			args = append(args, "--data-dir", dir)
		}
		if args[0] != "serve" {
			args = append(args, "--json")
		}
		o := invocation{args: args, stdin: c.stdin}.run(t)
		if o.status != exitFailed || o.stdout != "" || !strings.Contains(o.stderr, c.says) {
			t.Errorf("clientele %s\nstatus %d, want 1; stdout %q\nstderr %q, want %q in it", c.args, o.status, o.stdout, o.stderr, c.says)
		}
	}
	if _, err := os.Stat(missing); !os.IsNotExist(err) {
		t.Errorf("%s was made: %v", missing, err)
	}
}

// TestProject_CreateAndList in text and as JSON, for names that need quoting too: the command that it prints works.
func TestProject_CreateAndList(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data dir")
	made := command(t, "project", "create", "shop", "--data-dir", dir, "--json").object(t)
	wantKeys(t, made, "createdAt", "id", "name", "timeZone")
	if made["id"] != 1.0 || made["name"] != "shop" || made["timeZone"] != "Europe/Warsaw" {
		t.Errorf("project create --json: %v", made)
	}
	zoned := command(t, "project", "create", "zoned", "--time-zone", "America/New_York", "--data-dir", dir, "--json").object(t)
	if zoned["timeZone"] != "America/New_York" {
		t.Errorf("project create --json --time-zone: %v", zoned)
	}
	for _, name := range []string{"Smith, Jones & Co", "it's", `back\slash`, "$HOME", "--json"} {
		o := command(t, "project", "create", "--data-dir", dir, "--", name).wants(t, exitOK)
		hint := regexp.MustCompile(`(?m)clientele key issue .*$`).FindString(o.stdout)
		if out := shell(t, hint); !strings.Contains(out, "x-api-key: opm_") {
			t.Errorf("project %q printed\n%s\nwhich printed\n%s", name, hint, out)
		}
	}
	list := command(t, "project", "list", "--data-dir", dir, "--json").object(t)
	wantKeys(t, list, "projects")
	projects := list["projects"].([]any)
	if len(projects) != 7 {
		t.Fatalf("%d projects, want 7", len(projects))
	}
	if diff := cmp.Diff(made, projects[0]); diff != "" {
		t.Errorf("project list --json shows what create made otherwise:\n%s", diff)
	}
	text := command(t, "project", "list", "--data-dir", dir).wants(t, exitOK).stdout
	lines := strings.Split(strings.TrimSpace(text), "\n")
	if len(lines) != 8 || !strings.HasPrefix(lines[0], "ID ") || !strings.Contains(lines[2], "America/New_York") {
		t.Errorf("project list:\n%s", text)
	}
}

// wantKeys fails the test unless v has exactly the properties.
func wantKeys(t testing.TB, v map[string]any, names ...string) {
	t.Helper()
	want := map[string]bool{}
	for _, name := range names {
		want[name] = true
	}
	got := map[string]bool{}
	for name := range v {
		got[name] = true
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("properties (-want +got):\n%s", diff)
	}
}

func TestVersion(t *testing.T) {
	want := fmt.Sprintf("clientele %s (%s)\n", testVersion, runtime.Version())
	if got := command(t, "version").wants(t, exitOK).stdout; got != want {
		t.Errorf("version prints %q, want %q", got, want)
	}
	v := command(t, "version", "--json").object(t)
	if diff := cmp.Diff(map[string]any{"version": testVersion, "go": runtime.Version()}, v); diff != "" {
		t.Errorf("version --json:\n%s", diff)
	}
}

func TestMigrate(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	none := command(t, "migrate", "status", "--data-dir", dir).wants(t, exitFailed)
	if _, err := os.Stat(dir); !os.IsNotExist(err) || !strings.Contains(none.stderr, "there is no book in "+dir) {
		t.Errorf("status without a book: %q, and %s: %v", none.stderr, dir, err)
	}
	up := command(t, "migrate", "up", "--data-dir", dir, "--json").object(t)
	newest := up["to"]
	if diff := cmp.Diff(map[string]any{"from": 0.0, "to": newest}, up); diff != "" || newest == 0.0 {
		t.Errorf("migrate up --json:\n%s", diff)
	}
	s := startServer(t, dir) // both work beside it, as there is nothing to do
	again := command(t, "migrate", "up", "--data-dir", dir).wants(t, exitOK).stdout
	if want := fmt.Sprintf("schema version %v (was %v)\n", newest, newest); again != want {
		t.Errorf("migrate up again: %q, want %q", again, want)
	}
	status := command(t, "migrate", "status", "--data-dir", dir).wants(t, exitOK).stdout
	if want := fmt.Sprintf("schema version %v, newest known %v\n", newest, newest); status != want {
		t.Errorf("migrate status: %q, want %q", status, want)
	}
	s.stop()
}
