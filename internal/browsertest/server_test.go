package browsertest

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"clientele/internal/postgres/pgtest"

	"github.com/go-json-experiment/json"
)

// book is where the program under test keeps its book: a directory, or a PostgreSQL database.
type book struct {
	t testing.TB
	// env are the settings that name it, as NAME=value.
	env []string
}

func sqliteBook(t testing.TB) *book {
	return &book{t, []string{"CLIENTELE_DATA_DIR=" + filepath.Join(t.TempDir(), "data")}}
}

func postgresBook(t testing.TB) *book {
	return &book{t, []string{"CLIENTELE_DATABASE_URL=" + pgtest.New(t)}}
}

// program returns a command of the program on the book.
func (b *book) program(args ...string) *exec.Cmd {
	cmd := exec.Command(binary, args...)
	cmd.Env, cmd.Dir = append([]string{"HOME=/nonexistent"}, b.env...), b.t.TempDir()
	return cmd
}

// run runs one command line, which must succeed, and returns what it printed.
func (b *book) run(args ...string) string {
	b.t.Helper()
	cmd := b.program(args...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Start(); err != nil {
		b.t.Fatal(err)
	}
	hung := time.AfterFunc(patience, func() { _ = cmd.Process.Kill() })
	defer hung.Stop()
	if err := cmd.Wait(); err != nil {
		b.t.Fatalf("clientele %s: %v\n%s%s", strings.Join(args, " "), err, stdout.String(), stderr.String())
	}
	return stdout.String()
}

// issue issues a credential and returns the values that a partner gets, by the names of the dialect's document.
func (b *book) issue(args ...string) map[string]string {
	b.t.Helper()
	out := b.run(append([]string{"key", "issue", "--json"}, args...)...)
	var issued struct {
		Credentials map[string]string `json:"credentials"`
	}
	if err := json.Unmarshal([]byte(out), &issued); err != nil {
		b.t.Fatalf("key issue: %v\n%s", err, out)
	}
	return issued.Credentials
}

// output gathers what a process prints.
type output struct {
	mu    sync.Mutex
	bytes bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.bytes.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.bytes.String()
}

// server is the program as it serves a book.
type server struct {
	*book
	url    string // as in http://127.0.0.1:1234
	stdout output
	log    output
}

var servesLine = regexp.MustCompile(`(?m)^Clientele \S+ serves (http://\S+) from (.*)$`)

// serve starts a server on the book, on a free port of loopback, and waits until it is ready. The test's end ends it.
func (b *book) serve(args ...string) *server {
	b.t.Helper()
	s := &server{book: b}
	cmd := b.program(append([]string{"serve", "--listen", "127.0.0.1:0"}, args...)...)
	cmd.Stdout, cmd.Stderr = &s.stdout, &s.log
	if err := cmd.Start(); err != nil {
		b.t.Fatal(err)
	}
	exited := make(chan struct{})
	go func() {
		_ = cmd.Wait() // the log tells
		close(exited)
	}()
	b.t.Cleanup(func() {
		_ = cmd.Process.Kill()
		<-exited
		if log := s.log.String(); b.t.Failed() {
			b.t.Logf("the server's log ended with:\n%s", log[max(0, len(log)-3000):])
		}
	})
	again := time.NewTicker(5 * time.Millisecond)
	defer again.Stop()
	for deadline := time.Now().Add(patience); !s.isReady(); <-again.C {
		select {
		case <-exited:
			b.t.Fatalf("the server ended: %s", s.log.String())
		default:
		}
		if time.Now().After(deadline) {
			b.t.Fatalf("the server is not ready after %s: %s", patience, s.log.String())
		}
	}
	return s
}

func (s *server) isReady() bool {
	found := servesLine.FindStringSubmatch(s.stdout.String())
	if found == nil {
		return false
	}
	s.url = found[1]
	res, err := oneOff.Get(s.url + "/readyz")
	return err == nil && res.Body.Close() == nil && res.StatusCode == http.StatusOK
}

// oneOff sends each request on a connection of its own, and follows no redirect.
var oneOff = &http.Client{
	Transport:     &http.Transport{DisableKeepAlives: true},
	Timeout:       patience,
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
}

// send carries out a call as a partner does and returns the status and the body. headers are "Name: value".
func (s *server) send(method, path, body string, headers ...string) (int, string) {
	s.t.Helper()
	req, err := http.NewRequest(method, s.url+path, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		req.Header.Set(name, value)
	}
	res, err := oneOff.Do(req)
	if err != nil {
		s.t.Fatalf("%s %s: %v", method, path, err)
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(res.Body)
	if err != nil {
		s.t.Fatalf("%s %s: %v", method, path, err)
	}
	return res.StatusCode, string(answer)
}

// wants sends a call and fails the test unless it is answered with the status.
func (s *server) wants(status int, method, path, body string, headers ...string) string {
	s.t.Helper()
	got, answer := s.send(method, path, body, headers...)
	if got != status {
		s.t.Fatalf("%s %s: %d %s, want %d", method, path, got, answer, status)
	}
	return answer
}

// until waits until ok.
func (s *server) until(what string, ok func() bool) {
	s.t.Helper()
	again := time.NewTicker(20 * time.Millisecond)
	defer again.Stop()
	for deadline := time.Now().Add(patience); !ok(); <-again.C {
		if time.Now().After(deadline) {
			s.t.Fatalf("waited %s in vain: %s", patience, what)
		}
	}
}

// entry sends a customer with an OPM key.
func (s *server) entry(key, body string) string {
	s.t.Helper()
	status, answer := s.send("POST", "/entry", body, "x-api-key: "+key)
	return fmt.Sprintf("%d %s", status, answer)
}

// world is what a flow runs in: a store, and how its operator looks at the pages.
type world struct {
	name string
	book func(testing.TB) *book
	look look
}

// worlds are both stores, both colour schemes, and both ends of the widths.
var worlds = []world{
	{"sqlite", sqliteBook, look{1440, light}},
	{"postgres", postgresBook, look{360, dark}},
}

// everywhere runs a flow in each world, at the same time.
func everywhere(t *testing.T, flow func(t *testing.T, s *server, l look)) {
	for _, w := range worlds {
		t.Run(w.name, func(t *testing.T) {
			t.Parallel()
			b := w.book(t)
			b.run("project", "create", "shop")
			flow(t, b.serve(), w.look)
		})
	}
}
