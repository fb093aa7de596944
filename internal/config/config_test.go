package config

import (
	"errors"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/alecthomas/kong"
	"github.com/google/go-cmp/cmp"
)

// commands is a command line with what the program's own has: a command with settings, one with fewer, and --config.
type commands struct {
	Config kong.ConfigFlag `help:"File."`
	Serve  serve           `cmd:""`
	Other  struct {
		Book
	} `cmd:""`
}

type serve struct{ Serve }

// parse reads a command line and returns the settings of serve.
func parse(t *testing.T, args ...string) (Serve, error) {
	t.Helper()
	var c commands
	p, err := Parser(&c, kong.Exit(func(int) { t.Error("the parser wants to exit") }))
	if err != nil {
		t.Fatal(err)
	}
	_, err = p.Parse(args)
	return c.Serve.Serve, err
}

// written returns a file with the text.
func written(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "settings.json")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func inWorkingDirectory(t *testing.T, name string) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	return filepath.Join(dir, name)
}

func TestParser_Defaults(t *testing.T) {
	got, err := parse(t, "serve")
	if err != nil {
		t.Fatal(err)
	}
	want := Serve{
		Book:   Book{DataDir: inWorkingDirectory(t, "clientele-data")},
		TLS:    TLS{ACMEDir: inWorkingDirectory(t, "clientele-acme")},
		Listen: "127.0.0.1:8080", LogFormat: "auto", LogLevel: "info", DrainTimeout: 15 * time.Second, MaxWaiting: 4096, MaxBatch: 512, Lanes: 4,
		OIDCAudience: "clientele", KeepSubmissions: 30 * 24 * time.Hour, KeepVisitors: 90 * 24 * time.Hour,
		KeepDeliveries: 30 * 24 * time.Hour, KeepAudit: 400 * 24 * time.Hour,
		KeepRefusals: 7 * 24 * time.Hour, KeepErasureMarks: 2 * 365 * 24 * time.Hour,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("settings (-want +got):\n%s", diff)
	}
}

// TestParser_Precedence: a flag before its environment variable before the file before the default, for each sort of value.
func TestParser_Precedence(t *testing.T) {
	for _, c := range []struct {
		flag, env, file string // three values that differ
		name            string
		of              func(Serve) any
		want            [4]any // by flag, environment, file, default
	}{
		{
			"1.2.3.4:1", "1.2.3.4:2", `"1.2.3.4:3"`, "listen", func(s Serve) any { return s.Listen },
			[4]any{"1.2.3.4:1", "1.2.3.4:2", "1.2.3.4:3", "127.0.0.1:8080"},
		},
		{
			"1", "2", "3", "max-waiting", func(s Serve) any { return s.MaxWaiting }, [4]any{1, 2, 3, 4096},
		},
		{
			"1s", "2s", `"3s"`, "drain-timeout", func(s Serve) any { return s.DrainTimeout },
			[4]any{time.Second, 2 * time.Second, 3 * time.Second, 15 * time.Second},
		},
		{
			"/a", "/b", `"/c"`, "data-dir", func(s Serve) any { return s.DataDir },
			[4]any{"/a", "/b", "/c", inWorkingDirectory(t, "clientele-data")},
		},
		{
			"http://a", "http://b,http://c", `["http://d","http://e"]`, "cors-origin", func(s Serve) any { return s.CORSOrigin },
			[4]any{[]string{"http://a"}, []string{"http://b", "http://c"}, []string{"http://d", "http://e"}, []string(nil)},
		},
		{"text", "json", `"auto"`, "log-format", func(s Serve) any { return s.LogFormat }, [4]any{"text", "json", "auto", "auto"}},
		{"false", "true", "true", "demo", func(s Serve) any { return s.Demo }, [4]any{false, true, true, false}},
	} {
		t.Run(c.name, func(t *testing.T) {
			file := []string{"serve", "--config", written(t, `{"`+c.name+`":`+c.file+`}`)}
			check := func(source string, want any, args ...string) {
				t.Helper()
				s, err := parse(t, args...)
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(want, c.of(s)); diff != "" {
					t.Errorf("with the %s before it (-want +got):\n%s", source, diff)
				}
			}
			check("default", c.want[3], "serve")
			check("file", c.want[2], file...)
			t.Setenv("CLIENTELE_"+strings.ToUpper(strings.ReplaceAll(c.name, "-", "_")), c.env)
			check("environment", c.want[1], file...)
			check("flag", c.want[0], append(file, "--"+c.name+"="+c.flag)...)
		})
	}
}

// TestParser_FileByEnvironment: --config has a variable like every other flag.
func TestParser_FileByEnvironment(t *testing.T) {
	t.Setenv("CLIENTELE_CONFIG", written(t, `{"max-batch":10}`))
	got, err := parse(t, "serve")
	if err != nil || got.MaxBatch != 10 {
		t.Errorf("max-batch %d, %v; want 10 from the file", got.MaxBatch, err)
	}
}

func TestParser_FileNumbers(t *testing.T) {
	got, err := parse(t, "serve", "--config", written(t, `{"max-waiting":1000000,"max-batch":10000}`))
	if err != nil || got.MaxWaiting != 1_000_000 || got.MaxBatch != 10_000 {
		t.Errorf("max-waiting %d, max-batch %d, %v", got.MaxWaiting, got.MaxBatch, err)
	}
}

// TestParser_FileForAnotherCommand: one file may hold the settings of all commands.
func TestParser_FileForAnotherCommand(t *testing.T) {
	if _, err := parse(t, "other", "--config", written(t, `{"max-batch":10,"data-dir":"/a"}`)); err != nil {
		t.Error(err)
	}
}

func TestParser_BadFile(t *testing.T) {
	for text, says := range map[string]string{
		`{"max-wating":1}`:               `has "max-wating", which is no setting`,
		`{"--max-waiting":1}`:            `has "--max-waiting", which is no setting`,
		`{"max_waiting":1}`:              `has "max_waiting", which is no setting`,
		`{"Listen":"x"}`:                 `has "Listen", which is no setting`,
		`{"max-batch":1,"max-batch":2}`:  "duplicate",
		`{"max-batch":"many"}`:           "--max-batch",
		`{"max-batch":1.5}`:              "--max-batch",
		`{"max-batch":0}`:                "--max-batch must be between 1 and 10000",
		`{"listen":{}}`:                  "--listen",
		`{"listen":21604}`:               "--listen: the configuration file has 21604 there: write a text in quotes",
		`{"demo":"perhaps"}`:             "--demo",
		`{"drain-timeout":"15"}`:         "--drain-timeout",
		`{"drain-timeout":true}`:         "--drain-timeout",
		`{"log-level":"loud"}`:           "--log-level",
		`{"log-level":1}`:                "--log-level: the configuration file has 1 there: write a text in quotes",
		`{"demo":1}`:                     "--demo: the configuration file has 1 there: write true or false",
		`{"max-batch":true}`:             "write a number",
		`{"cors-origin":[1]}`:            "write a list of texts in quotes",
		`{"trusted-proxy":10}`:           "write a list of texts in quotes",
		`{"trusted-proxy":["10/8"]}`:     "write an address or a network",
		`{"drain-timeout":15}`:           "write a number and a unit",
		`{"webhook-proxy":5}`:            "write a text in quotes",
		`["max-batch"]`:                  "not a JSON object of settings",
		`{"max-batch":1} {"listen":"x"}`: "not a JSON object of settings",
		`max-batch = 1`:                  "not a JSON object of settings",
		``:                               "not a JSON object of settings",
	} {
		s, err := parse(t, "serve", "--config", written(t, text))
		if err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("file %s: error %v, want %q in it; settings %+v", text, err, says, s)
		}
	}
	if _, err := parse(t, "serve", "--config", filepath.Join(t.TempDir(), "missing.json")); !os.IsNotExist(err) && !strings.Contains(err.Error(), "no such file") {
		t.Errorf("a missing file: %v", err)
	}
}

// TestParser_Times: every time may be given in days, which have 24 hours.
func TestParser_Times(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"0": 0, "0d": 0, "1d": 24 * time.Hour, "730d": 730 * 24 * time.Hour, "36h": 36 * time.Hour, "1h30m": 90 * time.Minute,
	} {
		for _, args := range [][]string{{"--drain-timeout=" + text}, {"--config", written(t, `{"drain-timeout":"`+text+`"}`)}} {
			if got, err := parse(t, append([]string{"serve"}, args...)...); err != nil || got.DrainTimeout != want {
				t.Errorf("%v is %s, %v; want %s", args, got.DrainTimeout, err, want)
			}
		}
	}
	for _, text := range []string{"", "d", "30", "1.5d", "1d12h", "12 h", "1w", "100001d", "99999999999999999999d", "soon"} {
		if got, err := parse(t, "serve", "--drain-timeout="+text); err == nil || !strings.Contains(err.Error(), "such as 30d, 12h, 90m or 15s") {
			t.Errorf("%q is %s, %v", text, got.DrainTimeout, err)
		}
	}
	if _, err := parse(t, "serve", "--drain-timeout=-1d"); err == nil || !strings.Contains(err.Error(), "must not be negative") {
		t.Errorf("-1d: %v", err)
	}
	if got, err := parse(t, "serve", "--config", written(t, `{"keep-customers":0}`)); err != nil || got.KeepCustomers != 0 {
		t.Errorf("0 without a unit and without quotes: %s, %v", got.KeepCustomers, err)
	}
}

// TestParser_Networks: a bare address is a network of one, in a list of a file, too.
func TestParser_Networks(t *testing.T) {
	want := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("127.0.0.1/32"), netip.MustParsePrefix("::1/128")}
	for _, args := range [][]string{
		{"--trusted-proxy", "10.0.0.0/8", "--trusted-proxy", "127.0.0.1,::1"},
		{"--config", written(t, `{"trusted-proxy":["10.0.0.0/8","127.0.0.1","::1"]}`)},
		{"--config", written(t, `{"trusted-proxy":"10.0.0.0/8,127.0.0.1,::1"}`)},
	} {
		got, err := parse(t, append([]string{"serve"}, args...)...)
		if err != nil || !slices.Equal(got.TrustedProxy, want) {
			t.Errorf("%v: %v, %v; want %v", args, got.TrustedProxy, err, want)
		}
	}
	for _, text := range []string{"foo", "10.0.0.0/33", "fe80::1%eth0", "127.0.0.1:80"} {
		if _, err := parse(t, "serve", "--trusted-proxy", text); err == nil || !strings.Contains(err.Error(), "such as 192.0.2.1 or 10.0.0.0/8") {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// TestServe_Refused: a value that would do nothing, or would fail when the server is half-way up, is refused at once.
func TestServe_Refused(t *testing.T) {
	for line, says := range map[string]string{
		"--cors-origin foo":                            "such as https://shop.example.com",
		"--cors-origin shop.example.com:8443":          "such as https://shop.example.com",
		"--cors-origin https://shop.example.com/":      "alone, such as https://shop.example.com",
		"--cors-origin https://shop.example.com:443":   "alone, such as https://shop.example.com",
		"--cors-origin https://*.example.com/a":        "is more than an origin",
		"--oidc-issuer foo":                            "such as https://login.example.com/realms/shop",
		"--oidc-issuer https://":                       "is no issuer",
		"--oidc-issuer https://a.example.com/?realm=b": "is no issuer",
		"--webhook-proxy foo":                          "such as http://proxy.example.com:3128",
		"--webhook-proxy=":                             "is no proxy",
		"--webhook-proxy ftp://ada:s3cret@example.com": "is no proxy",
		"--acme-host a.example.com --acme-url foo":     "--acme-url",
		"--pgbouncer":                                  "name it with --database-url",
		"--citus":                                      "name it with --database-url",
		"--data-dir=":                                  "--data-dir must name a directory",
		"--data-dir a --database-url postgres://h/b":   "take one",
		"--listen foo":                                 `--listen "foo" is no address: write a host and a port, such as 127.0.0.1:8080`,
		"--listen 8080":                                "is no address",
		"--listen=":                                    "is no address",
		"--listen http://127.0.0.1:8080":               "is no address",
		"--listen 127.0.0.1:":                          "is no address",
		"--listen 127.0.0.1:99999":                     "one from 1 to 65535, or 0",
		"--listen :nonsense":                           "one from 1 to 65535, or 0",
		"--metrics-listen 9090":                        "--metrics-listen",
		"--acme-host a.example.com --http-redirect 80": "--http-redirect",
	} {
		if s, err := parse(t, append([]string{"serve"}, strings.Fields(line)...)...); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("serve %s: error %v, want %q in it; settings %+v", line, err, says, s)
		}
	}
	for _, line := range []string{
		"--listen :0", "--listen localhost:8080", "--listen [::1]:8080", "--listen :http", "--metrics-listen :9090",
		"--cors-origin *", "--cors-origin https://Shop.example.com", "--cors-origin http://localhost:3000", "--cors-origin https://*.example.com",
		"--cors-origin http://localhost:*", "--cors-origin http://[::1]:3000", "--cors-origin capacitor://localhost",
		"--oidc-issuer http://127.0.0.1:1/realms/a/", "--webhook-proxy socks5://127.0.0.1:1080",
		"--database-url postgres://h/b --pgbouncer --citus",
	} {
		if _, err := parse(t, append([]string{"serve"}, strings.Fields(line)...)...); err != nil {
			t.Errorf("serve %s: %v", line, err)
		}
	}
}

// TestURLs_AreNotRepeated: the password of a URL that cannot be used is in no error, wherever the URL comes from.
func TestURLs_AreNotRepeated(t *testing.T) {
	for _, flag := range []string{"webhook-proxy", "acme-url"} {
		for _, value := range []string{
			"http://u:s3cret^w@proxy.example.com:3128", "http://u:s3cret%zz@proxy.example.com:3128", "u:s3cret@proxy.example.com:3128",
			"ftp://u:s3cret@proxy.example.com", "http://u:s3cret@proxy.example.com:port", "//s3cret",
		} {
			check := func(from string, args ...string) {
				t.Helper()
				_, err := parse(t, append([]string{"serve", "--acme-host", "a.example.com"}, args...)...)
				if err == nil || !strings.Contains(err.Error(), "--"+flag+" is no ") || strings.Contains(err.Error(), "s3cret") {
					t.Errorf("--%s %s by %s: %v", flag, value, from, err)
				}
			}
			check("flag", "--"+flag, value)
			check("file", "--config", written(t, `{"`+flag+`":"`+value+`"}`))
			name := EnvPrefix + "_" + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))
			t.Setenv(name, value)
			check("environment")
			os.Unsetenv(name) // the next comes by flag
		}
	}
}

// TestBook_TwoPlaces: what the environment or a file says for all commands may be overruled by a flag of the other kind.
func TestBook_TwoPlaces(t *testing.T) {
	if _, err := parse(t, "other", "--data-dir", "a", "--database-url", "postgres://h/b"); err == nil || !strings.Contains(err.Error(), "take one") {
		t.Errorf("two places on one command line: %v", err)
	}
	t.Setenv("CLIENTELE_DATA_DIR", "a")
	got, err := parse(t, "serve", "--database-url", "postgres://h/b")
	if err != nil || got.DatabaseURL != "postgres://h/b" {
		t.Errorf("a directory by environment: database %q, %v", got.DatabaseURL, err)
	}
	if _, err := parse(t, "serve", "--config", written(t, `{"data-dir":"a","database-url":"postgres://h/b"}`)); err != nil {
		t.Errorf("two places in a file: %v", err)
	}
	file := written(t, `{"database-url":"postgres://h/c","pgbouncer":true,"citus":true}`)
	for _, env := range []string{"postgres://h/b", ""} {
		if env != "" {
			t.Setenv("CLIENTELE_DATABASE_URL", env)
		}
		got, err = parse(t, "serve", "--data-dir", "/restored", "--config", file)
		if err != nil || got.DataDir != "/restored" || got.DatabaseURL != "" || got.PgBouncer {
			t.Errorf("a directory on the command line, database %q by environment: %+v, %v", env, got.Book, err)
		}
		for _, flag := range []string{"--pgbouncer", "--citus"} {
			if _, err := parse(t, "serve", "--data-dir", "/restored", "--config", file, flag); !errors.Is(err, errNoDatabase) {
				t.Errorf("a directory and %s on the command line: %v", flag, err)
			}
		}
		if _, err := parse(t, "serve", "--data-dir=", "--config", file); err == nil || !strings.Contains(err.Error(), "must name a directory") {
			t.Errorf("no directory on the command line: %v", err)
		}
	}
}

// TestServe_Documented: every setting says what it means, and its default where it has one.
func TestServe_Documented(t *testing.T) {
	p, err := Parser(&commands{})
	if err != nil {
		t.Fatal(err)
	}
	for _, command := range p.Model.Children {
		for _, f := range command.Flags {
			if f.Name == "help" {
				continue
			}
			if len(f.Help) < 20 {
				t.Errorf("%s --%s says %q", command.Name, f.Name, f.Help)
			}
			want := "CLIENTELE_" + strings.ToUpper(strings.ReplaceAll(f.Name, "-", "_"))
			if diff := cmp.Diff([]string{want}, f.Envs); diff != "" {
				t.Errorf("%s --%s, its environment variable (-want +got):\n%s", command.Name, f.Name, diff)
			}
			if shown := regexp.MustCompile(`\(default |: .*auto`).MatchString(f.Help); f.HasDefault && f.Enum == "" && !shown {
				t.Errorf("%s --%s does not say its default %q: %s", command.Name, f.Name, f.Default, f.Help)
			}
		}
	}
}
