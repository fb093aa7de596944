//go:build linux

package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"syscall"
	"time"

	"github.com/go-json-experiment/json"
	"golang.org/x/sys/unix"
)

// Names of the hidden subcommands: the bench executes itself, so that each part has a process and a processor
// account of its own.
const (
	commandBare       = "serve-bare"
	commandPlain      = "serve-plain"
	commandGenerate   = "generate"
	commandSQLiteLoop = "sqlite-loop"

	commandBareList     = "serve-bare-list"
	commandPostgresLoop = "postgres-loop"
	commandFollow       = "follow"
)

const (
	readyLimit = 30 * time.Second // for a server to say where it listens and to be ready
	stopLimit  = 30 * time.Second // for a server to drain after SIGTERM, before it is killed and the run fails
	readyPause = time.Millisecond // between two looks at /readyz
	tailBytes  = 2000             // of a server's log in an error
)

var urlPattern = regexp.MustCompile(`http://([0-9a-zA-Z.\[\]:-]+:\d+)`)

// child is a running server process.
type child struct {
	command   *exec.Cmd
	stdin     io.Closer
	exited    chan error
	log       *os.File
	address   string        // host:port, from the first URL that it printed
	startedIn time.Duration // from the start of the process to the first 200 of GET /readyz
}

// startChild starts a server program and waits until GET /readyz answers 200. The process ends with the bench,
// whatever becomes of the bench.
func startChild(ctx context.Context, program string, args ...string) (*child, error) {
	log, err := newLog()
	if err != nil {
		return nil, err
	}
	c := &child{command: exec.CommandContext(ctx, program, args...), log: log, exited: make(chan error, 1)}
	c.command.Stderr = log
	c.command.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if c.stdin, err = c.command.StdinPipe(); err != nil {
		return nil, fmt.Errorf("start %s: %w", args[0], err)
	}
	stdout, err := c.command.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", args[0], err)
	}
	began := time.Now()
	if err := c.command.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", args[0], err)
	}
	if err := c.becomeReady(ctx, stdout); err != nil {
		return nil, errors.Join(fmt.Errorf("start %s: %w", args[0], err), c.kill(), c.logTail(), log.Close())
	}
	c.startedIn = time.Since(began)
	return c, nil
}

// newLog makes a file in memory for a server's standard error: a line per request on the disk that is measured would
// disturb its commits, and a pipe would need a reader that takes part of the processor.
func newLog() (*os.File, error) {
	descriptor, err := unix.MemfdCreate("server-log", unix.MFD_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("make server log: %w", err)
	}
	return os.NewFile(uintptr(descriptor), "server-log"), nil
}

// becomeReady reads the address from the server's output, whose rest is drained and dropped, and polls /readyz.
func (c *child) becomeReady(ctx context.Context, stdout io.Reader) error {
	address := make(chan string, 1)
	go func() {
		defer close(address)
		for lines := bufio.NewScanner(stdout); lines.Scan(); {
			if found := urlPattern.FindStringSubmatch(lines.Text()); found != nil {
				address <- found[1]
				break
			}
		}
		_, _ = io.Copy(io.Discard, stdout)
		c.exited <- c.command.Wait()
	}()
	ctx, cancel := context.WithTimeout(ctx, readyLimit)
	defer cancel()
	select {
	case <-ctx.Done():
		return fmt.Errorf("no URL printed: %w", ctx.Err())
	case found, ok := <-address:
		if !ok {
			return errors.New("output ended without a URL")
		}
		c.address = found
	}
	return c.pollReady(ctx)
}

func (c *child) pollReady(ctx context.Context) error {
	for {
		status, err := c.get(ctx, "/readyz")
		if err == nil && status == http.StatusOK {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("not ready: last status %d: %w", status, errors.Join(err, ctx.Err()))
		case <-time.After(readyPause):
		}
	}
}

func (c *child) get(ctx context.Context, path string) (status int, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+c.address+path, nil)
	if err != nil {
		return 0, err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, err
	}
	return response.StatusCode, response.Body.Close()
}

// stop asks the server to drain and waits for it to exit with status 0.
func (c *child) stop() error {
	defer c.log.Close()
	_ = c.stdin.Close() // how serveBare is asked
	if err := c.command.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("stop server: %w", err)
	}
	select {
	case err := <-c.exited:
		if err != nil {
			return errors.Join(fmt.Errorf("stop server: %w", err), c.logTail())
		}
		return nil
	case <-time.After(stopLimit):
		return errors.Join(fmt.Errorf("server still runs %v after SIGTERM", stopLimit), c.kill())
	}
}

func (c *child) kill() error {
	if err := c.command.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("kill server: %w", err)
	}
	<-c.exited
	return nil
}

func (c *child) logTail() error { return tailOf(c.log) }

// tailOf is the end of a server's log as an error; nil when it wrote none.
func tailOf(log *os.File) error {
	info, err := log.Stat()
	if err != nil || info.Size() == 0 {
		return err
	}
	text := make([]byte, min(info.Size(), tailBytes))
	if _, err := log.ReadAt(text, info.Size()-int64(len(text))); err != nil {
		return fmt.Errorf("read server log: %w", err)
	}
	return fmt.Errorf("its log ends: %s", text)
}

// runJSON runs a program to its end, with input as JSON on standard input unless it is nil, and reads the one JSON
// object that it prints into output.
func runJSON(ctx context.Context, output, input any, command ...string) error {
	run := exec.CommandContext(ctx, command[0], command[1:]...)
	run.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	var stdout, stderr bytes.Buffer
	run.Stdout, run.Stderr = &stdout, &stderr
	if input != nil {
		text, err := json.Marshal(input)
		if err != nil {
			return fmt.Errorf("%s: write input: %w", command[1], err)
		}
		run.Stdin = bytes.NewReader(text)
	}
	if err := run.Run(); err != nil {
		return fmt.Errorf("%s: %w: %s", command[1], err, strings.TrimSpace(stderr.String()))
	}
	if err := json.Unmarshal(stdout.Bytes(), output); err != nil {
		return fmt.Errorf("%s: read output: %w: %.200s", command[1], err, stdout.String())
	}
	return nil
}
