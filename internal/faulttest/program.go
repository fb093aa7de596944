package faulttest

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
)

// Patience is how long a test waits for what must come, on a busy machine.
const Patience = 30 * time.Second

// Build builds the program in dir, as a user builds it, and returns its path.
func Build(dir string) (string, error) {
	binary := filepath.Join(dir, "clientele")
	build := exec.Command("go", "build", "-race=false", "-o", binary, "clientele/cmd/clientele")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build the program: %w\n%s", err, out)
	}
	return binary, nil
}

// Book is the program with a book of either kind.
type Book struct {
	// Binary is the program.
	Binary string
	// Dir is the data directory; "" for a database.
	Dir string
	// URL is the database's; "" for a directory.
	URL string
	// Before are words that go before the program's own, such as a tracer's.
	Before []string
}

func (b Book) command(args ...string) *exec.Cmd {
	words := append(append(append([]string(nil), b.Before...), b.Binary), args...)
	cmd := exec.Command(words[0], words[1:]...)
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=/nonexistent"}
	if b.Dir != "" {
		cmd.Env = append(cmd.Env, "CLIENTELE_DATA_DIR="+b.Dir)
	}
	if b.URL != "" {
		cmd.Env = append(cmd.Env, "CLIENTELE_DATABASE_URL="+b.URL)
	}
	return cmd
}

// Run runs one command line to its end, which must be status 0, and returns what it printed.
func (b Book) Run(t testing.TB, args ...string) string {
	t.Helper()
	stdout, stderr, err := b.Try(args...)
	if err != nil {
		t.Fatalf("clientele %s: %v\n%s%s", strings.Join(args, " "), err, stdout, stderr)
	}
	return stdout
}

// Try runs one command line to its end, however it ends.
func (b Book) Try(args ...string) (stdout, stderr string, err error) {
	cmd := b.command(args...)
	var out, fault Output
	cmd.Stdout, cmd.Stderr = &out, &fault
	err = cmd.Run()
	return out.String(), fault.String(), err
}

// Object runs one command line and returns the JSON object that it printed.
func (b Book) Object(t testing.TB, args ...string) map[string]any {
	t.Helper()
	out := b.Run(t, append(args, "--json")...)
	var v map[string]any
	if err := json.Unmarshal([]byte(out), &v); err != nil {
		t.Fatalf("clientele %s printed %q: %v", strings.Join(args, " "), out, err)
	}
	return v
}

// Output gathers what a process prints. Its methods may be called from any goroutine.
type Output struct {
	mu    sync.Mutex
	bytes bytes.Buffer
}

// Write adds to it.
func (o *Output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.bytes.Write(p)
}

// String returns all of it.
func (o *Output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.bytes.String()
}

// Server is the program as it serves a book.
type Server struct {
	t testing.TB
	// URL is where it serves, once WaitReady returned.
	URL string
	// Dir is the data directory; "" for a database.
	Dir string
	// Process is the one that was started: with Book.Before it may be another than the server.
	Process        *exec.Cmd
	Stdout, Stderr Output
	// Exited is closed when the process has ended.
	Exited chan struct{}
}

// Start starts a server and waits until it is ready. The test's end ends it.
func (b Book) Start(t testing.TB, args ...string) *Server {
	t.Helper()
	s := b.Launch(t, args...)
	s.WaitReady()
	return s
}

// Launch starts a server and returns at once.
func (b Book) Launch(t testing.TB, args ...string) *Server {
	t.Helper()
	cmd := b.command(append([]string{"serve", "--listen", "127.0.0.1:0"}, args...)...)
	s := &Server{t: t, Dir: b.Dir, Process: cmd, Exited: make(chan struct{})}
	cmd.Stdout, cmd.Stderr = &s.Stdout, &s.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatalf("start %s: %v (scripts/install-test-needs installs what the tests need)", cmd.Args[0], err)
	}
	go func() {
		_ = cmd.Wait() // the status tells
		close(s.Exited)
	}()
	t.Cleanup(func() {
		if !s.HasExited() {
			_ = cmd.Process.Kill()
			<-s.Exited
		}
		if t.Failed() {
			t.Logf("a server ended with %s, and its log with:\n%s", cmd.ProcessState, tail(s.Stderr.String()))
		}
	})
	return s
}

var servesLine = regexp.MustCompile(`(?m)^Clientele \S+ serves (http://\S+) from `)

// WaitReady waits until the server serves and says that it is ready.
func (s *Server) WaitReady() {
	s.t.Helper()
	Eventually(s.t, "the server prints where it serves", func() bool {
		if s.HasExited() {
			s.t.Fatalf("the server ended with %s: %s", s.Process.ProcessState, tail(s.Stderr.String()))
		}
		found := servesLine.FindStringSubmatch(s.Stdout.String())
		if found != nil {
			s.URL = found[1]
		}
		return found != nil
	})
	Eventually(s.t, "/readyz answers 200", func() bool { return s.Ready() == 200 })
}

// Ready returns the status of /readyz; 0 when there is no answer.
func (s *Server) Ready() int {
	a, err := send(oneOff, call{url: s.URL + "/readyz"})
	if err != nil {
		return 0
	}
	return a.status
}

// HasExited reports whether the process has ended.
func (s *Server) HasExited() bool {
	select {
	case <-s.Exited:
		return true
	default:
		return false
	}
}

// Kill kills the process that was started, and waits for its end.
func (s *Server) Kill() {
	_ = s.Process.Process.Kill()
	<-s.Exited
}

// Stop asks the server to end and wants it to do so with status 0.
func (s *Server) Stop() {
	s.t.Helper()
	if status := s.End(); status != 0 {
		s.t.Fatalf("the server ended with %s: %s", s.Process.ProcessState, tail(s.Stderr.String()))
	}
}

// End asks the server to end and returns its exit status.
func (s *Server) End() int {
	s.t.Helper()
	if err := s.Process.Process.Signal(syscall.SIGTERM); err != nil {
		s.t.Fatal(err)
	}
	select {
	case <-s.Exited:
	case <-time.After(Patience):
		s.t.Fatalf("the server still runs after %s", Patience)
	}
	return s.Process.ProcessState.ExitCode()
}

// tail returns the end of a log.
func tail(log string) string { return log[max(0, len(log)-1500):] }

// Eventually waits until ok, and fails the test when that takes longer than Patience.
func Eventually(t testing.TB, what string, ok func() bool) {
	t.Helper()
	poll := time.NewTicker(3 * time.Millisecond)
	defer poll.Stop()
	for deadline := time.Now().Add(Patience); !ok(); <-poll.C {
		if time.Now().After(deadline) {
			t.Fatalf("waited %s in vain: %s", Patience, what)
		}
	}
}
