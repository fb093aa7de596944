package main

import (
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// demoAnswers are what the OPM document says to its examples, in the order in which the demo prints them.
var demoAnswers = []answer{
	{status: 200, body: pongBody},
	{status: 201, body: createdBody},
	{status: 202, body: acceptedBody},
	{status: 400, body: `{"statusCode":400,"error":"Bad Request","message":"body must have either required property 'customerEmail' or 'customerPhone'"}`},
	{status: 400, body: `{"statusCode":400,"error":"Bad Request","message":"body/customerEmail must be string"}`},
}

// startDemo starts the demo in a home directory, with no data directory named.
func startDemo(t testing.TB, home string, args ...string) *server {
	t.Helper()
	cmd := program(nil, append([]string{"serve", "--demo", "--listen", "127.0.0.1:0"}, args...)...)
	cmd.Dir = home
	return launch(t, filepath.Join(home, "clientele-data-demo"), cmd)
}

// TestDemo_PastedExamples: what the demo prints is answered as the document says, and is still there after a kill.
func TestDemo_PastedExamples(t *testing.T) {
	home := t.TempDir()
	s := startDemo(t, home)
	s.waitReady()
	calls := printedCalls(t, s)
	for i, want := range demoAnswers {
		got, err := send(calls[i])
		if err != nil {
			t.Fatal(err)
		}
		got.wants(t, want.status, want.body)
	}
	s.kill()
	again := startDemo(t, home)
	again.waitReady()
	if strings.Contains(again.stdout.String(), "Making up") {
		t.Error("the second start makes customers up again")
	}
	calls = printedCalls(t, again)
	for i, want := range []answer{demoAnswers[0], demoAnswers[2]} { // the customer is there: it is an update now
		got, err := send(calls[i])
		if err != nil {
			t.Fatal(err)
		}
		got.wants(t, want.status, want.body)
	}
	if got, err := send(calls[2]); err != nil || got.status != 202 {
		t.Errorf("the last update: %d, %v", got.status, err)
	}
	again.stop()
	b := readBook(t, s.dir)
	b.checkHistory(t)
	if got := len(b.customers); got != demoCustomers+1 {
		t.Errorf("%d customers, want the document's and %d made up", got, demoCustomers)
	}
	last := b.customers[len(b.customers)-1].values
	if last["external_id"] != "7519" || last["email"] != "customer7520xx@gmail.com" || last["first_name"] != "John" {
		t.Errorf("the document's customer: %v", last)
	}
	if _, err := os.Stat(filepath.Join(home, "clientele-data")); !os.IsNotExist(err) {
		t.Errorf("the demo touches the directory of the real book: %v", err)
	}
}

// TestDemo_Interrupted: a demo that was killed while it made its customers up is made whole by the next start.
func TestDemo_Interrupted(t *testing.T) {
	for _, moment := range []time.Duration{0, 20 * time.Millisecond, 60 * time.Millisecond} {
		home := t.TempDir()
		s := startDemo(t, home, "--max-batch", "50")
		eventually(t, patience, "the demo begins", func() bool { return strings.Contains(s.stdout.String(), "Making up 2000 customers") })
		time.AfterFunc(moment, func() { _ = s.process.Process.Kill() })
		<-s.exited
		again := startDemo(t, home, "--max-waiting", "10") // fewer than there are customers to make up
		again.waitReady()
		again.ping("REPLACE-WITH-YOUR-KEY").wants(t, 200, pongBody)
		again.stop()
		if _, err := os.Stat(filepath.Join(s.dir, "making")); !os.IsNotExist(err) {
			t.Errorf("what was begun is left over: %v", err)
		}
		b := readBook(t, s.dir)
		b.checkHistory(t)
		if got := len(b.customers); got != demoCustomers {
			t.Errorf("killed after %s, then started: %d customers, want %d", moment, got, demoCustomers)
		}
	}
}

// TestDemo_AnotherBook: the demo does not mix with a book that is none.
func TestDemo_AnotherBook(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "shop-demo")
	command(t, "project", "create", "shop", "--data-dir", dir).wants(t, exitOK)
	o := command(t, serveArgs(dir, "--demo")...).wants(t, exitUsage)
	if o.stdout != "" || !strings.Contains(o.stderr, dir+" is not the demo's") {
		t.Errorf("stdout %q, stderr %q", o.stdout, o.stderr)
	}
	list := command(t, "project", "list", "--data-dir", dir, "--json").object(t)
	if got := len(list["projects"].([]any)); got != 1 {
		t.Errorf("%d projects, want the one before", got)
	}
}

// TestDemo_MadeUp: nobody's data is in it, as far as one can tell from its form.
func TestDemo_MadeUp(t *testing.T) {
	home := t.TempDir()
	s := startDemo(t, home, "--data-dir", "elsewhere")
	s.waitReady()
	s.stop()
	mail, phone := regexp.MustCompile(`^[a-z.]+\.\d+@example\.com$`), regexp.MustCompile(`^\+1\d{3}55501\d{2}$`)
	seen := map[string]bool{}
	for _, c := range readBook(t, filepath.Join(home, "elsewhere-demo")).customers {
		if !mail.MatchString(c.values["email"]) || !phone.MatchString(c.values["phone"]) || !strings.HasPrefix(c.values["ip"], "192.0.2.") {
			t.Fatalf("customer %v is not of the ranges kept for examples", c.values)
		}
		if c.values["first_name"] == "" || c.values["last_name"] == "" || seen[c.values["email"]] {
			t.Fatalf("customer %v", c.values)
		}
		seen[c.values["email"]] = true
	}
	if len(seen) != demoCustomers {
		t.Errorf("%d customers", len(seen))
	}
}

// printedCalls waits for the curl commands that the demo prints and returns what they send to the OPM Partners API, as a
// shell understands them.
func printedCalls(t testing.TB, s *server) []request {
	t.Helper()
	command := regexp.MustCompile(`(?m)^curl (?:.*\\\n)*.*$`)
	var calls []request
	eventually(t, patience, "the demo prints its calls", func() bool {
		calls = nil
		for _, line := range command.FindAllString(s.stdout.String(), -1) {
			if strings.Contains(line, s.url+"/ping") || strings.Contains(line, s.url+"/entry") {
				calls = append(calls, curlRequest(t, line))
			}
		}
		return len(calls) == len(demoAnswers)
	})
	return calls
}

// curlRequest returns what a curl command sends. The shell takes the line apart; curl itself is not needed.
func curlRequest(t testing.TB, line string) request {
	t.Helper()
	args := strings.Split(shell(t, `curl() { printf '%s\0' "$@"; }`+"\n"+line), "\x00")
	r := request{method: http.MethodGet, header: map[string]string{}}
	for i := 0; i < len(args)-1; i++ {
		switch args[i] {
		case "-s":
		case "-H":
			i++
			name, value, _ := strings.Cut(args[i], ": ")
			r.header[name] = value
		case "-d":
			i++
			r.method, r.body = http.MethodPost, args[i]
		default:
			if r.url != "" || !strings.HasPrefix(args[i], "http://127.0.0.1:") {
				t.Fatalf("the test does not know %q of %s", args[i], line)
			}
			r.url = args[i]
		}
	}
	return r
}
