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

// clienteleSQLite is Clientele on a SQLite book of its own, empty at each start but for a pool of customers when
// the workload updates.
type clienteleSQLite struct{ bench *bench }

func (c clienteleSQLite) prepare(context.Context) error { return nil }

func (c clienteleSQLite) start(ctx context.Context, w workload) (*server, error) {
	dir, err := os.MkdirTemp(c.bench.dir, "book-")
	if err != nil {
		return nil, fmt.Errorf("make data directory: %w", err)
	}
	credentials, err := c.bench.createProject(ctx, dir, w.dialect)
	if err != nil {
		return nil, err
	}
	s, err := c.bench.serve(ctx, dir, credentials)
	if err != nil {
		return nil, err
	}
	s.cleanUp = func() error { return os.RemoveAll(dir) }
	s.pool = c.bench.numbers.poolOf(poolSize)
	if !w.usesPool {
		return s, nil
	}
	if err := c.bench.fill(ctx, s, poolSize); err != nil {
		return nil, errors.Join(err, s.stop())
	}
	return s, nil
}

// createProject makes a project in a data directory and a credential for it, and returns the credential's parts by
// the names that the dialect's document gives them.
func (b *bench) createProject(ctx context.Context, dir, dialect string) (map[string]string, error) {
	var project struct{}
	err := runJSON(ctx, &project, nil, b.binary, "project", "create", "bench", "--data-dir", dir, "--json")
	if err != nil {
		return nil, err
	}
	var key struct {
		Credentials map[string]string `json:"credentials"`
	}
	err = runJSON(ctx, &key, nil, b.binary, "key", "issue", "--project", "bench", "--dialect", dialect,
		"--name", "bench", "--data-dir", dir, "--json")
	return key.Credentials, err
}

// serve starts Clientele on a data directory that has a project.
func (b *bench) serve(ctx context.Context, dir string, credentials map[string]string) (*server, error) {
	child, err := startChild(ctx, b.binary, "serve", "--listen", "127.0.0.1:0", "--data-dir", dir)
	if err != nil {
		return nil, err
	}
	return &server{child: child, credentials: credentials}, nil
}

// probe asks a fresh Clientele once what each workload will ask, so that a broken build fails before the rounds
// begin, and keeps the answers for the bare server to repeat: same status, same headers, same bytes.
func (b *bench) probe(ctx context.Context, workloads []workload) error {
	dir, err := os.MkdirTemp(b.dir, "probe-")
	if err != nil {
		return fmt.Errorf("make data directory: %w", err)
	}
	for _, w := range workloads {
		if b.credentials[w.dialect] != nil {
			continue
		}
		if b.credentials[w.dialect], err = b.createProject(ctx, dir, w.dialect); err != nil {
			return err
		}
	}
	s, err := b.serve(ctx, dir, nil)
	if err != nil {
		return err
	}
	for i, w := range workloads {
		if b.probed[w.name], err = b.probeOne(ctx, s, w, int64(i)); err != nil {
			return errors.Join(fmt.Errorf("probe %s: %w", w.name, err), s.stop())
		}
	}
	return s.stop()
}

// probeOne asks about a customer that no other probe asks about; a workload of updates asks twice, because the
// first time creates.
func (b *bench) probeOne(ctx context.Context, s *server, w workload, number int64) (bareRoute, error) {
	request := parseTemplate(requestText(w, s.child.address, b.credentials[w.dialect]))
	asks := int64(1)
	if w.usesPool {
		asks = 2
	}
	var response *http.Response
	var body []byte
	for ask := range asks {
		var err error
		request.fill(request.bytes, firstID+number, 2*number+ask)
		if response, body, err = exchange(ctx, s.child.address, request.bytes); err != nil {
			return bareRoute{}, err
		}
	}
	if response.StatusCode != w.wantStatus {
		return bareRoute{}, fmt.Errorf("status %d, want %d: %s", response.StatusCode, w.wantStatus, body)
	}
	header := maps.Clone(response.Header)
	maps.DeleteFunc(header, func(name string, _ []string) bool {
		return slices.Contains([]string{"Date", "Content-Length", "Connection"}, name) // net/http writes these itself
	})
	return bareRoute{Method: w.method, Path: w.path, Status: w.wantStatus, Header: header, Body: string(body)}, nil
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
