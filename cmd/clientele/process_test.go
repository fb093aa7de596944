package main

import (
	"cmp"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"clientele/internal/faulttest"

	"github.com/go-json-experiment/json"
)

// testVersion is the version that the binary under test is built with.
const testVersion = "v9.8.7-test"

// binary is the program under test, built once for all tests of the package, as a user builds it.
var binary string

func TestMain(m *testing.M) { os.Exit(buildAndRun(m)) }

func buildAndRun(m *testing.M) int {
	dir, err := os.MkdirTemp("", "clientele-test-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	binary = filepath.Join(dir, "clientele")
	build := exec.Command("go", "build", "-race=false", "-trimpath", "-ldflags", "-X main.version="+testVersion, "-o", binary, ".")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "build the program: %v\n%s", err, out)
		return 1
	}
	if err := os.Chmod(dir, 0o755); err != nil { // a test runs it as another user
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return m.Run()
}

// patience is how long a test waits for what must come, on a busy machine.
const patience = 20 * time.Second

// eventually waits until ok, and fails the test when that takes longer than within.
func eventually(t testing.TB, within time.Duration, what string, ok func() bool) {
	t.Helper()
	poll := time.NewTicker(2 * time.Millisecond)
	defer poll.Stop()
	for deadline := time.Now().Add(within); !ok(); <-poll.C {
		if time.Now().After(deadline) {
			t.Fatalf("waited %s in vain: %s", within, what)
		}
	}
}

// output gathers what a process prints. Its methods may be called from any goroutine.
type output = faulttest.Output

// program returns a command of the program that finds no settings in its environment but env.
func program(env []string, args ...string) *exec.Cmd {
	cmd := exec.Command(binary, args...)
	cmd.Env = append([]string{"PATH=" + filepath.Dir(binary) + ":" + os.Getenv("PATH"), "HOME=/nonexistent"}, env...)
	return cmd
}

// invocation is one command line, to be run to its end.
type invocation struct {
	args  []string
	stdin string
	// env are the settings in its environment, as NAME=value.
	env []string
	// dir is where it runs; an empty directory of its own when "".
	dir string
	// within is how long it may take; patience when 0.
	within time.Duration
}

// outcome is how an invocation ended.
type outcome struct {
	args           []string
	status         int
	stdout, stderr string
}

func (i invocation) run(t testing.TB) outcome {
	t.Helper()
	cmd := program(i.env, i.args...)
	cmd.Dir = i.dir
	if cmd.Dir == "" {
		cmd.Dir = t.TempDir()
	}
	cmd.Stdin = strings.NewReader(i.stdin)
	var stdout, stderr output
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	hung := time.AfterFunc(cmp.Or(i.within, patience), func() { _ = cmd.Process.Kill() })
	defer hung.Stop()
	_ = cmd.Wait() // the status tells
	return outcome{i.args, cmd.ProcessState.ExitCode(), stdout.String(), stderr.String()}
}

// command runs one command line with no input and no settings in its environment.
func command(t testing.TB, args ...string) outcome {
	t.Helper()
	return invocation{args: args}.run(t)
}

// wants fails the test unless the command ended with the status.
func (o outcome) wants(t testing.TB, status int) outcome {
	t.Helper()
	if o.status != status {
		t.Fatalf("clientele %s: exit status %d, want %d\nstdout: %s\nstderr: %s",
			strings.Join(o.args, " "), o.status, status, o.stdout, o.stderr)
	}
	return o
}

// object returns the one JSON object that a command printed, and fails the test when it printed anything else.
func (o outcome) object(t testing.TB) map[string]any {
	t.Helper()
	o.wants(t, exitOK)
	var v map[string]any
	if err := json.Unmarshal([]byte(o.stdout), &v); err != nil || o.stderr != "" {
		t.Fatalf("clientele %s: want one JSON object on stdout and nothing on stderr: %v\nstdout: %s\nstderr: %s",
			strings.Join(o.args, " "), err, o.stdout, o.stderr)
	}
	return v
}

// shell runs one line as a user would type it, with the program on the path, and returns what it printed.
func shell(t testing.TB, line string, env ...string) string {
	t.Helper()
	cmd := program(env)
	cmd.Path, cmd.Args, cmd.Dir = "/bin/sh", []string{"sh", "-c", line}, t.TempDir()
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", line, err, out)
	}
	return string(out)
}

// server is the program as it serves a data directory.
type server struct {
	t              testing.TB
	dir            string
	url            string
	process        *exec.Cmd
	stdout, stderr output
	exited         chan struct{} // closed when the process has ended and all it printed is there
}

// startServer starts a server on the directory, on a free port of loopback, and waits until it is ready. The test's end
// ends it.
func startServer(t testing.TB, dir string, args ...string) *server {
	t.Helper()
	s := launch(t, dir, program(nil, serveArgs(dir, args...)...))
	s.waitReady()
	return s
}

func serveArgs(dir string, args ...string) []string {
	return append([]string{"serve", "--listen", "127.0.0.1:0", "--data-dir", dir}, args...)
}

// launch starts cmd, a server on dir, and returns at once.
func launch(t testing.TB, dir string, cmd *exec.Cmd) *server {
	t.Helper()
	return launchWith(t, dir, cmd, nil)
}

// launchWith does so with a log that goes elsewhere, unless that is nil.
func launchWith(t testing.TB, dir string, cmd *exec.Cmd, log io.Writer) *server {
	t.Helper()
	s := &server{t: t, dir: dir, process: cmd, exited: make(chan struct{})}
	cmd.Stdout, cmd.Stderr = &s.stdout, log
	if log == nil {
		cmd.Stderr = &s.stderr
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		_ = cmd.Wait() // the status tells
		close(s.exited)
	}()
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		<-s.exited
		if t.Failed() {
			t.Logf("server %d on %s ended with %s, and its log with:\n%s", cmd.Process.Pid, dir, cmd.ProcessState, tail(s.stderr.String()))
		}
	})
	return s
}

// tail returns the end of a log.
func tail(log string) string { return log[max(0, len(log)-1500):] }

var servesLine = regexp.MustCompile(`(?m)^Clientele \S+ serves (http://\S+) from (.*)$`)

// waitReady waits until the server says that it is ready, at the address that it printed.
func (s *server) waitReady() {
	s.t.Helper()
	eventually(s.t, patience, "the server prints where it serves", func() bool {
		if s.hasExited() {
			s.t.Fatalf("the server ended with %s: %s", s.process.ProcessState, s.stderr.String())
		}
		found := servesLine.FindStringSubmatch(s.stdout.String())
		if found != nil {
			s.url = found[1]
		}
		return found != nil
	})
	eventually(s.t, patience, "/readyz answers 200", func() bool {
		a, err := send(request{url: s.url + "/readyz"})
		return err == nil && a.status == 200
	})
}

func (s *server) hasExited() bool {
	select {
	case <-s.exited:
		return true
	default:
		return false
	}
}

// kill ends the server as a power cut would, as far as a process can tell.
func (s *server) kill() {
	s.t.Helper()
	if err := s.process.Process.Kill(); err != nil {
		s.t.Fatal(err)
	}
	<-s.exited
}

// stop asks the server to end and wants it to do so with status 0.
func (s *server) stop() {
	s.t.Helper()
	s.signal(syscall.SIGTERM)
	s.waitExit(patience, exitOK)
}

func (s *server) signal(sig os.Signal) {
	s.t.Helper()
	if err := s.process.Process.Signal(sig); err != nil {
		s.t.Fatal(err)
	}
}

// waitExit waits until the server has ended and wants the status.
func (s *server) waitExit(within time.Duration, status int) {
	s.t.Helper()
	select {
	case <-s.exited:
	case <-time.After(within):
		s.t.Fatalf("the server still runs after %s", within)
	}
	if got := s.process.ProcessState.ExitCode(); got != status {
		s.t.Fatalf("the server ended with %s, want status %d", s.process.ProcessState, status)
	}
}
