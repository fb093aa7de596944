package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"clientele/internal/config"

	"github.com/alecthomas/kong"
)

// TestHelp_EveryCommand: --help of each command tells of each flag, and of its environment variable.
func TestHelp_EveryCommand(t *testing.T) {
	parser, err := config.Parser(&cli{})
	if err != nil {
		t.Fatal(err)
	}
	leaves := parser.Model.Leaves(true)
	if len(leaves) < 11 {
		t.Fatalf("only %d commands", len(leaves))
	}
	blanks := regexp.MustCompile(`\s+`)
	top := command(t, "--help").wants(t, exitOK).stdout
	for _, leaf := range leaves {
		_, name, _ := strings.Cut(leaf.FullPath(), " ") // without the program's
		if !strings.Contains(top, name) {
			t.Errorf("--help does not tell of %q", name)
		}
		o := command(t, append(strings.Fields(name), "--help")...).wants(t, exitOK)
		text := blanks.ReplaceAllString(o.stdout, " ")
		for _, flags := range leaf.AllFlags(true) {
			for _, flag := range flags {
				if flag.Name != "help" {
					wantFlag(t, name, text, flag)
				}
			}
		}
	}
	if o := command(t); o.status != exitOK || o.stdout != top {
		t.Errorf("without a command: status %d, and not the help: %s", o.status, o.stdout)
	}
}

func wantFlag(t *testing.T, name, help string, flag *kong.Flag) {
	t.Helper()
	env := "CLIENTELE_" + strings.ToUpper(strings.ReplaceAll(flag.Name, "-", "_"))
	for _, want := range []string{"--" + flag.Name, "($" + env + ")", strings.SplitN(flag.Help, " ", 2)[0]} {
		if !strings.Contains(help, want) {
			t.Errorf("%s --help does not show %q of --%s:\n%s", name, want, flag.Name, help)
		}
	}
}

// TestSettings_Precedence: a flag before its environment variable before the file before the default, seen by the book
// that a command finds.
func TestSettings_Precedence(t *testing.T) {
	home := t.TempDir()
	for _, dir := range []string{"flag", "env", "file", "clientele-data"} {
		invocation{dir: home, args: []string{"project", "create", "of " + dir, "--data-dir", dir}}.run(t).wants(t, exitOK)
	}
	file := filepath.Join(home, "settings.json")
	if err := os.WriteFile(file, []byte(`{"data-dir":"`+filepath.Join(home, "file")+`","max-batch":7}`), 0o600); err != nil {
		t.Fatal(err)
	}
	env, database := "CLIENTELE_DATA_DIR=env", "CLIENTELE_DATABASE_URL=postgres://nobody@127.0.0.1:1/none"
	for _, c := range []struct {
		args, env []string
		want      string
	}{
		{nil, nil, "of clientele-data"},
		{[]string{"--config", file}, nil, "of file"},
		{nil, []string{"CLIENTELE_CONFIG=" + file}, "of file"},
		{[]string{"--config", file}, []string{env}, "of env"},
		{nil, []string{env}, "of env"},
		{[]string{"--config", file, "--data-dir", "flag"}, []string{env}, "of flag"},
		{[]string{"--data-dir", "flag"}, []string{env, database}, "of flag"},
	} {
		o := invocation{dir: home, args: append([]string{"project", "list", "--json"}, c.args...), env: c.env}.run(t)
		if got := fmt.Sprint(o.object(t)["projects"]); !strings.Contains(got, c.want+" ") || strings.Count(got, "map[") != 1 {
			t.Errorf("%v %v shows %s, want the project %q", c.env, c.args, got, c.want)
		}
	}
	if err := os.WriteFile(file, []byte(`{"data-directory":"file"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	o := invocation{dir: home, args: []string{"project", "list", "--json", "--config", file}}.run(t).wants(t, exitUsage)
	if o.stdout != "" || !strings.Contains(o.stderr, `"data-directory", which is no setting`) {
		t.Errorf("a file with an unknown setting: %q %q", o.stdout, o.stderr)
	}
	invocation{dir: home, args: []string{"project", "list", "--config", "missing.json"}}.run(t).wants(t, exitUsage)
}

// TestUnit_DatabaseOfItsSettings: the unit for systemd serves the directory of its service, or the database that its file of
// settings names.
func TestUnit_DatabaseOfItsSettings(t *testing.T) {
	unit, err := os.ReadFile("../../contrib/systemd/clientele.service")
	if err != nil {
		t.Fatal(err)
	}
	of := func(name string) string {
		found := regexp.MustCompile(`(?m)^` + name + `=(.*)$`).FindStringSubmatch(string(unit))
		if found == nil {
			t.Fatalf("the unit has no %s", name)
		}
		return strings.ReplaceAll(found[1], "%S", "/var/lib")
	}
	name, dir, _ := strings.Cut(of("Environment"), "=")
	t.Setenv(name, dir)
	for _, database := range []string{"", "postgres://clientele@db1.example.com/clientele"} {
		t.Setenv("CLIENTELE_DATABASE_URL", database)
		var c cli
		parser, err := config.Parser(&c)
		if err != nil {
			t.Fatal(err)
		}
		_, err = parser.Parse(strings.Fields(of("ExecStart"))[1:])
		if got := c.Serve.Book; err != nil || got.DataDir != "/var/lib/clientele" || got.DatabaseURL != database {
			t.Errorf("with the database %q: %+v, %v", database, got, err)
		}
	}
}

// TestSettings_ByEnvironment: commands take everything from their environment.
func TestSettings_ByEnvironment(t *testing.T) {
	dir, _ := newBook(t)
	env := []string{"CLIENTELE_DATA_DIR=" + dir, "CLIENTELE_JSON=true"}
	issued := invocation{args: []string{"key", "issue"}, stdin: "an-old-secret\n", env: append(
		env, "CLIENTELE_PROJECT=shop", "CLIENTELE_DIALECT=opm", "CLIENTELE_NAME=P", "CLIENTELE_SECRET_STDIN=true", "CLIENTELE_EXPIRES=1h",
		"CLIENTELE_READS_PER_MINUTE=5",
	)}.run(t).object(t)
	if keyOf(t, issued) != "an-old-secret" || issued["expiresAt"] == nil || issued["name"] != "P" {
		t.Errorf("key issue by environment: %v", issued)
	}
	s := launch(t, dir, program(append(env,
		"CLIENTELE_LISTEN=127.0.0.1:0", "CLIENTELE_METRICS_LISTEN=127.0.0.1:0", "CLIENTELE_LOG_LEVEL=error", "CLIENTELE_LOG_FORMAT=text",
		"CLIENTELE_CORS_ORIGIN=https://a.example.com,https://b.example.com", "CLIENTELE_DRAIN_TIMEOUT=1s",
		"CLIENTELE_MAX_WAITING=10", "CLIENTELE_MAX_BATCH=5",
	), "serve"))
	s.waitReady()
	a := s.ask(request{url: "/ping", key: "an-old-secret", header: map[string]string{"Origin": "https://b.example.com"}})
	a.wants(t, 200, pongBody)
	if got := a.header.Get("Access-Control-Allow-Origin"); got != "https://b.example.com" {
		t.Errorf("Access-Control-Allow-Origin %q", got)
	}
	if a.header.Get("RateLimit-Limit") != "5" {
		t.Errorf("RateLimit-Limit %q", a.header.Get("RateLimit-Limit"))
	}
	s.stop()
	if log := s.stderr.String(); log != "" {
		t.Errorf("with log level error the log is %q", log)
	}
}

// TestServe_PrintsWhatToDoFirst: without a project and an operator serve prints three commands, which work as they are printed.
func TestServe_PrintsWhatToDoFirst(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "my data")
	s := startServer(t, dir)
	printed := regexp.MustCompile(`(?m)^ +clientele .*$`)
	eventually(t, patience, "three commands are printed", func() bool { return len(printed.FindAllString(s.stdout.String(), -1)) == 3 })
	lines := printed.FindAllString(s.stdout.String(), -1)
	shell(t, lines[0])
	key := regexp.MustCompile(`x-api-key: (\S+)`).FindStringSubmatch(shell(t, lines[1]))
	if key == nil {
		t.Fatalf("%s printed no key", lines[1])
	}
	s.ping(key[1]).wants(t, 200, pongBody)
	if out := shell(t, lines[2]); !strings.Contains(out, "one-time password") {
		t.Errorf("%s printed %q", lines[2], out)
	}
	s.stop()
	again := startServer(t, dir)
	again.stop()
	if out := again.stdout.String(); strings.Contains(out, "no project") || strings.Contains(out, "Nobody can log in") {
		t.Errorf("with a project and an operator serve prints:\n%s", out)
	}
	for _, path := range []string{"/ping", "/entry", "/console/", "/docs/", "/healthz", "/readyz", "/metrics"} {
		if !strings.Contains(again.stdout.String(), again.url+path) {
			t.Errorf("serve does not print %s:\n%s", again.url+path, again.stdout.String())
		}
	}
}

var metricsLine = regexp.MustCompile(`(?m)^ +Metrics +(http://127\.0\.0\.1:\d+)/metrics$`)

// TestServe_MetricsListen: the metrics are on their own listener and nowhere else, and nothing else is there.
func TestServe_MetricsListen(t *testing.T) {
	dir, key := newBook(t)
	s := startServer(t, dir, "--metrics-listen", "127.0.0.1:0")
	eventually(t, patience, "the address of the metrics is printed", func() bool { return metricsLine.MatchString(s.stdout.String()) })
	address := metricsLine.FindStringSubmatch(s.stdout.String())[1]
	s.entry(key, `{"customerId":1,"customerPhone":"1"}`).wants(t, 201, createdBody)
	if a := s.ask(request{url: "/metrics"}); a.status != 404 || strings.Contains(a.body, "clientele_") {
		t.Errorf("/metrics on the main listener: %d %s", a.status, a.body)
	}
	numbers, err := send(request{url: address + "/metrics"})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`clientele_requests_total{dialect="opm",route="/entry",status="201"} 1`, "clientele_commit_writes_bucket", "go_goroutines",
		`clientele_commit_duration_seconds_count{outcome="committed"} 1`, "clientele_writes_waiting 0", "clientele_processors_short 0",
		`clientele_build_info{version="` + testVersion + `"} 1`,
	} {
		if !strings.Contains(numbers.body, want) {
			t.Errorf("the metrics lack %s", want)
		}
	}
	for _, path := range []string{"/", "/ping", "/healthz"} {
		if a, err := send(request{url: address + path}); err != nil || a.status != 404 {
			t.Errorf("%s on the metrics' listener: %d, %v", path, a.status, err)
		}
	}
	s.stop()
}

// TestServe_CORS: pages of other origins are not served, unless their origin is listed, and then only that one.
func TestServe_CORS(t *testing.T) {
	dir, key := newBook(t)
	preflight := map[string]string{"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "content-type,x-api-key"}
	for _, c := range []struct {
		args    []string
		origin  string
		allowed bool
	}{
		{nil, "https://shop.example.com", false},
		{[]string{"--cors-origin", "https://shop.example.com"}, "https://shop.example.com", true},
		{[]string{"--cors-origin", "https://shop.example.com"}, "https://evil.example.com", false},
		{[]string{"--cors-origin", "https://shop.example.com"}, "http://shop.example.com", false},
		{[]string{"--cors-origin", "https://shop.example.com"}, "https://shop.example.com.evil.example", false},
		{[]string{"--cors-origin", "https://a.example.com", "--cors-origin", "https://shop.example.com"}, "https://a.example.com", true},
	} {
		s := startServer(t, dir, c.args...)
		want := map[bool]string{true: c.origin}[c.allowed]
		preflight["Origin"] = c.origin
		a := s.ask(request{url: "/entry", method: "OPTIONS", header: preflight})
		if got := a.header.Get("Access-Control-Allow-Origin"); got != want {
			t.Errorf("%v: preflight of %s allows %q, want %q", c.args, c.origin, got, want)
		}
		if got := strings.ToLower(a.header.Get("Access-Control-Allow-Headers")); c.allowed && !strings.Contains(got, "x-api-key") {
			t.Errorf("%v: preflight of %s allows the headers %q", c.args, c.origin, got)
		}
		a = s.ask(request{url: "/ping", key: key, header: map[string]string{"Origin": c.origin}})
		a.wants(t, 200, pongBody) // it is the browser that keeps it from the page
		if got := a.header.Get("Access-Control-Allow-Origin"); got != want || a.header.Get("Access-Control-Allow-Credentials") != "" {
			t.Errorf("%v: a call of %s has %q, want %q, in %v", c.args, c.origin, got, want, a.header)
		}
		s.stop()
	}
}
