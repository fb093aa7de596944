//go:build linux

package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// buildClientele builds the program under test as its users get it: without cgo and with trimmed paths.
func buildClientele(ctx context.Context, dir string) (string, error) {
	module, err := exec.CommandContext(ctx, "go", "env", "GOMOD").Output()
	if err != nil {
		return "", fmt.Errorf("find module: %w", err)
	}
	binary := filepath.Join(dir, "clientele")
	build := exec.CommandContext(ctx, "go", "build", "-trimpath", "-o", binary, "./cmd/clientele")
	build.Dir = filepath.Dir(strings.TrimSpace(string(module)))
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if output, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build clientele: %w: %s", err, bytes.TrimSpace(output))
	}
	return binary, nil
}

// place is where a book is, as flags.
type place []string

func inDirectory(dir string) place { return place{"--data-dir", dir} }

// clienteleSQLite is Clientele on a SQLite book of its own, empty at each start but for a pool of customers when
// the workload updates.
type clienteleSQLite struct{ bench *bench }

func (c clienteleSQLite) prepare(context.Context) error { return nil }

func (c clienteleSQLite) start(ctx context.Context, w workload) (*server, error) {
	dir, err := os.MkdirTemp(c.bench.dir, "book-")
	if err != nil {
		return nil, fmt.Errorf("make data directory: %w", err)
	}
	s, err := c.bench.startOn(ctx, inDirectory(dir), w)
	if err != nil {
		return nil, err
	}
	s.cleanUp = func() error { return os.RemoveAll(dir) }
	return s, nil
}

// startOn starts Clientele on a new book and makes it ready for the workload.
func (b *bench) startOn(ctx context.Context, at place, w workload) (*server, error) {
	credentials, err := b.createProject(ctx, at, w.dialect)
	if err != nil {
		return nil, err
	}
	s, err := b.serve(ctx, at, credentials)
	if err != nil {
		return nil, err
	}
	s.pool = b.numbers.poolOf(poolSize)
	if w.fit != nil {
		err = w.fit(ctx, s)
	}
	if err == nil && w.usesPool {
		err = b.fill(ctx, s, entryCreate(), poolSize)
	}
	if err != nil {
		return nil, errors.Join(err, s.stop())
	}
	return s, nil
}

// createProject makes a project in a book and a credential for it, and returns the credential's parts by the names that
// the dialect's document gives them; for a link, also a campaign and a publisher.
func (b *bench) createProject(ctx context.Context, at place, dialect string) (map[string]string, error) {
	var project struct{}
	if err := b.command(ctx, at, &project, "project", "create", "bench"); err != nil {
		return nil, err
	}
	var key struct {
		Credentials map[string]string `json:"credentials"`
	}
	err := b.command(ctx, at, &key, "key", "issue", "--project", "bench", "--dialect", dialect, "--name", "bench",
		"--reads-per-minute", "0", "--writes-per-minute", "0")
	if err != nil || dialect != dialectPrimeLead {
		return key.Credentials, err
	}
	var campaign, publisher struct {
		UUID string `json:"uuid"`
	}
	err = errors.Join(
		b.command(ctx, at, &campaign, "campaign", "create", "--project", "bench", "--name", "bench",
			"--landing-url", "https://shop.example.com/offer"),
		b.command(ctx, at, &publisher, "publisher", "create", "--name", "bench"))
	key.Credentials["campaign"], key.Credentials["publisher"] = campaign.UUID, publisher.UUID
	return key.Credentials, err
}

// command runs a command of Clientele's on a book and reads its JSON.
func (b *bench) command(ctx context.Context, at place, output any, args ...string) error {
	return runJSON(ctx, output, nil, slices.Concat([]string{b.binary}, args, at, []string{"--json"})...)
}

// serve starts Clientele on a book that has a project.
func (b *bench) serve(ctx context.Context, at place, credentials map[string]string) (*server, error) {
	child, err := startChild(ctx, b.binary, slices.Concat([]string{"serve", "--listen", "127.0.0.1:0"}, at)...)
	if err != nil {
		return nil, err
	}
	return &server{child: child, credentials: credentials}, nil
}

// probe asks a fresh Clientele once what each workload will ask, so that a broken build fails before the rounds
// begin, and keeps the answers for the bare server to repeat: same status, same headers, same bytes.
func (b *bench) probe(ctx context.Context, workloads []workload) error {
	for i, w := range workloads {
		if w.unprobed {
			continue
		}
		dir, err := os.MkdirTemp(b.dir, "probe-")
		if err != nil {
			return fmt.Errorf("make data directory: %w", err)
		}
		w.usesPool = false // a pool of customers takes time and shows nothing
		s, err := b.startOn(ctx, inDirectory(dir), w)
		if err != nil {
			return fmt.Errorf("probe %s: %w", w.name, err)
		}
		b.probed[w.name], err = b.probeOne(ctx, s, workloads[i], int64(i))
		if err := errors.Join(err, s.stop(), os.RemoveAll(dir)); err != nil {
			return fmt.Errorf("probe %s: %w", w.name, err)
		}
	}
	return nil
}

// probed is what a probe came to: the answer, and what the request had in it.
type probed struct {
	route       bareRoute
	credentials map[string]string
	values      []string
}

// probeOne asks about a customer that no other probe asks about; a workload of updates asks twice, because the
// first time creates.
func (b *bench) probeOne(ctx context.Context, s *server, w workload, number int64) (probed, error) {
	request := parseTemplate(requestText(w, s.child.address, s.credentials), s.values)
	asks := int64(1)
	if w.usesPool {
		asks = 2
	}
	var response *http.Response
	var body []byte
	for ask := range asks {
		var err error
		request.fill(request.bytes, firstID+number, 2*number+ask+1)
		if response, body, err = exchange(ctx, s.child.address, request.bytes); err != nil {
			return probed{}, err
		}
	}
	if response.StatusCode != w.wantStatus {
		return probed{}, fmt.Errorf("status %d, want %d: %s", response.StatusCode, w.wantStatus, body)
	}
	header := maps.Clone(response.Header)
	maps.DeleteFunc(header, func(name string, _ []string) bool {
		return slices.Contains([]string{"Date", "Content-Length", "Connection"}, name) // net/http writes these itself
	})
	path, _, _ := strings.Cut(w.path, "?")
	return probed{
		bareRoute{Method: w.method, Path: path, Decodes: w.decodes, Status: w.wantStatus, Header: header, Body: string(body)},
		s.credentials, s.values,
	}, nil
}

// exchange sends one request as it stands and reads its answer.
func exchange(ctx context.Context, address string, request []byte) (*http.Response, []byte, error) {
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, nil, err
	}
	defer conn.Close()
	if _, err := conn.Write(request); err != nil {
		return nil, nil, err
	}
	response, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		return nil, nil, err
	}
	body, err := io.ReadAll(response.Body)
	return response, body, errors.Join(err, response.Body.Close())
}
