//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/go-json-experiment/json"
)

// TestMain lets the test binary stand in for the programs that the bench starts: itself under its hidden
// subcommands, and clientele.
func TestMain(m *testing.M) {
	var err error
	switch {
	case len(os.Args) > 1 && slices.Contains([]string{"project", "key", "import", "serve"}, os.Args[1]):
		err = fakeClientele(os.Args[1])
	case len(os.Args) > 1 && !strings.HasPrefix(os.Args[1], "-"):
		err = run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
	default:
		// Under the race detector each process would otherwise wait a second at its end, and there are many.
		err = os.Setenv("GORACE", "atexit_sleep_ms=0 "+os.Getenv("GORACE"))
		if err == nil {
			os.Exit(m.Run())
		}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

const fakeKey = "fake-key"

// fakeClientele answers the commands that the bench uses.
func fakeClientele(command string) error {
	switch command {
	case "project":
		fmt.Println(`{"id":1,"name":"bench"}`)
		return nil
	case "key":
		fmt.Printf(`{"id":1,"project":"bench","dialect":"opm","credentials":{"x-api-key":%q}}`, fakeKey)
		return nil
	}
	book, err := openFakeBook(os.Args[slices.Index(os.Args, "--data-dir")+1])
	if err != nil {
		return err
	}
	if command == "import" {
		return book.load(os.Args[2])
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Printf("fake\nAPI      http://%s\n", listener.Addr())
	ctx, cancel := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer cancel()
	server := &http.Server{Handler: book.handler()}
	drained := make(chan error, 1)
	go func() {
		<-ctx.Done()
		drained <- server.Shutdown(context.Background())
	}()
	if err := server.Serve(listener); err != http.ErrServerClosed {
		return err
	}
	return errors.Join(<-drained, book.save())
}

// fakeBook keeps the ids of customers, in a file between two servers.
type fakeBook struct {
	file   string
	mu     sync.Mutex
	ids    map[string]bool
	emails map[string]bool
}

func openFakeBook(dir string) (*fakeBook, error) {
	b := &fakeBook{file: filepath.Join(dir, "ids"), ids: map[string]bool{}, emails: map[string]bool{}}
	text, err := os.ReadFile(b.file)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	for id := range strings.FieldsSeq(string(text)) {
		b.ids[id] = true
	}
	return b, nil
}

func (b *fakeBook) save() error {
	return os.WriteFile(b.file, []byte(strings.Join(slices.Collect(maps.Keys(b.ids)), " ")), 0o600)
}

// load takes the customers of a CSV file.
func (b *fakeBook) load(file string) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	created := 0
	for line := range strings.Lines(string(text)) {
		if id, _, _ := strings.Cut(line, ","); id != "external_id" {
			b.ids[id] = true
			created++
		}
	}
	fmt.Printf(`{"created":%d,"refused":0}`, created)
	return b.save()
}

func (b *fakeBook) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /readyz", func(http.ResponseWriter, *http.Request) {})
	mux.HandleFunc("GET /ping", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-Fake", "yes")
		fmt.Fprint(w, `{"statusCode":200,"message":"pong"}`)
	})
	mux.HandleFunc("POST /entry", b.entry)
	return mux
}

// entry demands the key, and an e-mail address that never came before.
func (b *fakeBook) entry(w http.ResponseWriter, r *http.Request) {
	var entry bareEntry
	if err := json.UnmarshalRead(r.Body, &entry); err != nil || r.Header.Get("x-api-key") != fakeKey {
		http.Error(w, "refused", http.StatusBadRequest)
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.emails[entry.Email] {
		http.Error(w, "this e-mail address came before", http.StatusConflict)
		return
	}
	b.emails[entry.Email] = true
	status := http.StatusCreated
	if b.ids[string(entry.ID)] {
		status = http.StatusAccepted
	}
	b.ids[string(entry.ID)] = true
	w.WriteHeader(status)
	fmt.Fprintf(w, `{"statusCode":%d,"message":"OK"}`, status)
}
