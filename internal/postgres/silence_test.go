package postgres_test

import (
	"log/slog"
	"net"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"clientele/internal/postgres"
	"clientele/internal/postgres/pgtest"
)

// forgetful is a network that forgets connections: nothing passes any more, not even their end.
type forgetful struct {
	listener net.Listener
	target   string

	mu   sync.Mutex
	open map[net.Conn]bool
	gone chan struct{} // closed when the connections of this moment are forgotten
}

func newForgetful(t testing.TB, database string) (*forgetful, string) {
	t.Helper()
	u, err := url.Parse(database)
	if err != nil {
		t.Fatal(err)
	}
	f := &forgetful{target: u.Host, open: map[net.Conn]bool{}, gone: make(chan struct{})}
	if f.listener, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(f.close)
	go f.accept()
	u.Host = f.listener.Addr().String()
	return f, u.String()
}

func (f *forgetful) close() {
	_ = f.listener.Close()
	f.mu.Lock()
	defer f.mu.Unlock()
	for c := range f.open {
		_ = c.Close()
	}
}

func (f *forgetful) forget() {
	f.mu.Lock()
	defer f.mu.Unlock()
	close(f.gone)
	f.gone = make(chan struct{})
}

func (f *forgetful) accept() {
	for {
		client, err := f.listener.Accept()
		if err != nil {
			return
		}
		server, err := net.Dial("tcp", f.target)
		if err != nil {
			_ = client.Close()
			continue
		}
		f.mu.Lock()
		f.open[client], f.open[server] = true, true
		gone := f.gone
		f.mu.Unlock()
		go carry(client, server, gone)
		go carry(server, client, gone)
	}
}

// carry passes on what one side says, until the connection is forgotten.
func carry(from, to net.Conn, gone <-chan struct{}) {
	buffer := make([]byte, 16<<10)
	for {
		n, err := from.Read(buffer)
		select {
		case <-gone:
			if err != nil {
				return
			}
			continue
		default:
		}
		if err != nil {
			_ = to.Close()
			return
		}
		if _, err := to.Write(buffer[:n]); err != nil {
			return
		}
	}
}

// TestForgottenConnections: when the network has forgotten all connections, one attempt is lost, and not one for each.
func TestForgottenConnections(t *testing.T) {
	const readers = 8
	network, url := newForgetful(t, pgtest.New(t))
	var log logged
	s := open(t, postgres.Options{
		URL: url, Readers: readers, AttemptTimeout: 500 * time.Millisecond, Timeout: 30 * time.Second,
		Log: slog.New(slog.NewTextHandler(&log, nil)),
	})
	project := newProject(t, s, "forgotten")
	mustCommit(t, s, upsert(project, "a", "1@example.com"))
	if err := s.FillReaders(t.Context(), readers); err != nil {
		t.Fatal(err)
	}
	network.forget()
	if _, err := s.FindProject(t.Context(), "forgotten"); err != nil {
		t.Fatal(err)
	}
	mustCommit(t, s, upsert(project, "a", "2@example.com"))
	// The pools are renewed together; a busy machine may lose another attempt.
	if n := strings.Count(log.String(), "tried again"); n < 1 || n > 3 {
		t.Errorf("it was tried again %d times:\n%s", n, log.String())
	}
}

// logged is what a log says.
type logged struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *logged) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}
