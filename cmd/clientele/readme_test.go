package main

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"clientele/internal/dialect/dialecttest"
)

// readmeAddress is where the README's commands find the server. The test takes a free port instead.
const readmeAddress = "127.0.0.1:8080"

// TestREADME_CommandsWork runs what the README shows, in a copy of the tree, as somebody who just cloned it.
func TestREADME_CommandsWork(t *testing.T) {
	t.Parallel()
	blocks := readmeBlocks(t)
	if len(blocks) < 5 {
		t.Fatalf("the README shows %d blocks of commands, want at least: run, send, test, for real", len(blocks))
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	listener.Close()
	shell := readmeShell{tree: copyTree(t), home: t.TempDir(), address: address}

	run, send, answer, test, real := blocks[0], blocks[1], blocks[2], blocks[3], blocks[4]
	stop := shell.serve(t, run)
	if got, want := shell.run(t, send), strings.TrimSpace(answer.text); got != want {
		t.Errorf("the README's curl answers\n%s\nwant\n%s", got, want)
	}
	stop()

	lines := strings.Split(strings.TrimSpace(real.text), "\n")
	shell.run(t, block{"sh", strings.Join(lines[:len(lines)-1], "\n")})
	shell.serve(t, block{"sh", lines[len(lines)-1]})()

	if target := strings.TrimSpace(test.text); target != "make test" {
		t.Errorf("the README's test command is %q", target)
	}
	makefile, err := os.ReadFile("../../Makefile")
	if err != nil || !regexp.MustCompile(`(?m)^test:.*\n\tscripts/test$`).Match(makefile) {
		t.Errorf("make test does not call scripts/test (%v)", err)
	}
}

// block is one fenced block of the README.
type block struct{ language, text string }

func readmeBlocks(t *testing.T) []block {
	t.Helper()
	return blocksOf(t, "../../README.md")
}

// blocksOf returns the fenced blocks of a document.
func blocksOf(t *testing.T, path string) []block {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var blocks []block
	for _, m := range regexp.MustCompile("(?ms)^```(sh|json)\n(.*?)^```$").FindAllStringSubmatch(string(text), -1) {
		blocks = append(blocks, block{m[1], m[2]})
	}
	return blocks
}

// readmeShell runs commands in a tree, with an empty home.
type readmeShell struct{ tree, home, address string }

func (s readmeShell) command(b block) *exec.Cmd {
	cmd := exec.Command("sh", "-ec", strings.ReplaceAll(b.text, readmeAddress, s.address))
	cmd.Dir = s.tree
	cmd.Env = []string{"HOME=" + s.home, "PATH=" + os.Getenv("PATH"), "CLIENTELE_LISTEN=" + s.address}
	for _, name := range []string{"GOCACHE", "GOMODCACHE", "GOPROXY", "GOSUMDB", "GONOSUMDB", "GOTOOLCHAIN"} { // what is downloaded once is enough
		if value, err := exec.Command("go", "env", name).Output(); err == nil && len(value) > 1 {
			cmd.Env = append(cmd.Env, name+"="+strings.TrimSpace(string(value)))
		}
	}
	// Compiled as the program under test was, wherever the tree is, everything but the linking is in the cache.
	flags := strings.TrimSpace(os.Getenv("GOFLAGS") + " -trimpath")
	cmd.Env = append(cmd.Env, "CGO_ENABLED=0", "GOFLAGS="+flags)
	return cmd
}

// run runs commands to their end and returns what they print.
func (s readmeShell) run(t *testing.T, b block) string {
	t.Helper()
	cmd := s.command(b)
	var stderr output
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s\n%v\n%s%s", b.text, err, out, stderr.String())
	}
	return strings.TrimSpace(string(out))
}

// serve starts a command that serves, waits until it is ready, and returns what stops it.
func (s readmeShell) serve(t *testing.T, b block) (stop func()) {
	t.Helper()
	cmd := s.command(b)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // go run has a child
	var printed output
	cmd.Stdout, cmd.Stderr = &printed, &printed
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	t.Cleanup(func() {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		if t.Failed() {
			t.Logf("%s printed:\n%s", b.text, printed.String())
		}
	})
	eventually(t, 2*time.Minute, b.text+" is ready", func() bool {
		select {
		case err := <-ended:
			t.Fatalf("%s ended: %v", b.text, err)
		default:
		}
		answer, err := dialecttest.Send(s.address, &dialecttest.Request{Method: "GET", Target: "/readyz"})
		return err == nil && answer.Status == 200
	})
	return func() {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM)
		<-ended
	}
}

// copyTree copies what git knows of the repository, or will, into a directory.
func copyTree(t *testing.T) string {
	t.Helper()
	root := "../.."
	dir := t.TempDir()
	err := filepath.WalkDir(root, func(path string, d os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if slices.Contains([]string{".git", "bin", "testdata"}, d.Name()) {
				return filepath.SkipDir
			}
			return os.MkdirAll(filepath.Join(dir, strings.TrimPrefix(path, root)), 0o755)
		}
		if !slices.Contains([]string{".go", ".mod", ".sum", ".sql", ".yaml", ".js", ".css", ".html", ".txt", ".svg", ".woff2", ".gz"}, filepath.Ext(path)) {
			return nil
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(dir, strings.TrimPrefix(path, root)), content, 0o644)
	})
	if err != nil {
		t.Fatal(err)
	}
	return dir
}
