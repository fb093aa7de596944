//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"

	"github.com/go-json-experiment/json"
)

// bareRoute is one request that the bare server answers, and the answer: what Clientele itself was seen to answer.
type bareRoute struct {
	Method string `json:"method"`
	Path   string `json:"path"` // names in braces stand for anything
	// Decodes names the body that is decoded and checked, see bareBodies; "" decodes none.
	Decodes string      `json:"decodes"`
	Status  int         `json:"status"`
	Header  http.Header `json:"header"`
	Body    string      `json:"body"`
}

// answer writes the route's answer, whose body the caller has as bytes.
func (r *bareRoute) answer(w http.ResponseWriter, body []byte) {
	header := w.Header()
	for name, values := range r.Header {
		header[name] = values
	}
	w.WriteHeader(r.Status)
	_, _ = w.Write(body) // a caller that went away is the generator's business
}

// serveBare is the ceiling of every HTTP row: a plain net/http server that decodes the body, answers and stores
// nothing. It prints its URL like `clientele serve` and runs until its standard input ends.
func serveBare(routesJSON string, stdin io.Reader, stdout io.Writer) error {
	var routes []bareRoute
	if err := json.Unmarshal([]byte(routesJSON), &routes); err != nil {
		return fmt.Errorf("read routes: %w", err)
	}
	return serveUntilEnd(bareHandler(routes), stdin, stdout)
}

// serveUntilEnd serves on a free port and prints the URL, until the input ends.
func serveUntilEnd(handler http.Handler, stdin io.Reader, stdout io.Writer) error {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	server := &http.Server{Handler: handler}
	fmt.Fprintf(stdout, "http://%s\n", listener.Addr())
	go func() {
		_, _ = io.Copy(io.Discard, stdin) // the end of the input, however it comes, ends the server
		_ = server.Shutdown(context.Background())
	}()
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve: %w", err)
	}
	return nil
}

func bareHandler(routes []bareRoute) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /readyz", func(http.ResponseWriter, *http.Request) {})
	for _, route := range routes {
		body := []byte(route.Body)
		mux.HandleFunc(route.Method+" "+route.Path, func(w http.ResponseWriter, r *http.Request) {
			if route.Decodes != "" && !bareBodies[route.Decodes](r.Body) {
				http.Error(w, "not what was expected", http.StatusBadRequest)
				return
			}
			route.answer(w, body)
		})
	}
	return mux
}

// bare is the contender that serveBare serves.
type bare struct{ bench *bench }

func (c bare) prepare(context.Context) error { return nil }

func (c bare) start(ctx context.Context, w workload) (*server, error) {
	return c.bench.startBare(ctx, w, commandBare)
}

// startBare starts a server of this program's that answers the workload as Clientele was seen to answer it.
func (b *bench) startBare(ctx context.Context, w workload, command string, args ...string) (*server, error) {
	answer := b.probed[w.name]
	routes, err := json.Marshal([]bareRoute{answer.route})
	if err != nil {
		return nil, fmt.Errorf("write routes: %w", err)
	}
	child, err := startChild(ctx, b.self, append([]string{command, string(routes)}, args...)...)
	if err != nil {
		return nil, err
	}
	return &server{
		child: child, credentials: answer.credentials, values: answer.values, pool: b.numbers.poolOf(poolSize),
	}, nil
}
