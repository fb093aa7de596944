package httpd

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// patience is how long a test waits for what must come, on a busy machine.
const patience = 10 * time.Second

// wide are limits that no test waits for; those that do make one of them tight.
var wide = limits{header: patience, request: patience, answer: patience, idle: patience, crowdedIdle: patience, headerBytes: 32 << 10, connections: 100}

// tight is a time that a test can wait for, and long enough for what is to happen within it.
const tight = 500 * time.Millisecond

// serve serves the handler within limits until the test ends.
func serve(t *testing.T, l limits, handler http.HandlerFunc) *Server {
	t.Helper()
	s, err := listen("127.0.0.1:0", handler, slog.New(slog.DiscardHandler), l)
	if err != nil {
		t.Fatal(err)
	}
	s.Serve()
	t.Cleanup(func() {
		ended, cancel := context.WithCancel(context.Background())
		cancel() // nobody waits for what a test left open
		_ = s.Shutdown(ended)
		if err := <-s.Failed(); !errors.Is(err, http.ErrServerClosed) {
			t.Errorf("serving ended with %v", err)
		}
	})
	return s
}

// dial connects to the server.
func dial(t *testing.T, s *Server) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", s.listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	return conn
}

func write(t *testing.T, conn net.Conn, text string) {
	t.Helper()
	if _, err := io.WriteString(conn, text); err != nil {
		t.Fatal(err)
	}
}

// readAnswer reads one answer with its body.
func readAnswer(t *testing.T, in *bufio.Reader) (*http.Response, string) {
	t.Helper()
	res, err := http.ReadResponse(in, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res, string(body)
}

// wantClosed fails the test unless the server closes the connection, not before least, with no other word than that the
// request was a bad one.
func wantClosed(t *testing.T, in io.Reader, since time.Time, least time.Duration) {
	t.Helper()
	rest, err := io.ReadAll(in)
	if err, ok := errors.AsType[net.Error](err); ok && err.Timeout() {
		t.Fatal("the connection stays open")
	}
	if len(rest) > 0 && !strings.HasPrefix(string(rest), "HTTP/1.1 400 Bad Request\r\n") {
		t.Errorf("before the end of the connection came %q", rest)
	}
	if took := time.Since(since); took < least {
		t.Errorf("the connection was closed after %s, want %s", took, least)
	}
}

// TestListen_Limits holds the limits that are promised (issue: headers 5 s, body 15 s, idle 120 s; 3 s while crowded).
func TestListen_Limits(t *testing.T) {
	s, err := Listen("127.0.0.1:0", http.NotFoundHandler(), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	s.Serve()
	if err := s.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
	if err := <-s.Failed(); !errors.Is(err, http.ErrServerClosed) {
		t.Errorf("serving ended with %v", err)
	}
	got := limits{s.http.ReadHeaderTimeout, s.http.ReadTimeout, s.http.WriteTimeout, s.http.IdleTimeout, s.places.limits.crowdedIdle, s.http.MaxHeaderBytes, s.places.limits.connections, nil}
	if want := (limits{5 * time.Second, 15 * time.Second, time.Minute, 2 * time.Minute, 3 * time.Second, 32 << 10, 8192, nil}); got != want {
		t.Errorf("limits %+v, want %+v", got, want)
	}
}

func TestServer_SlowHeaders(t *testing.T) {
	t.Parallel()
	l := wide
	l.header = tight
	s := serve(t, l, func(http.ResponseWriter, *http.Request) { t.Error("the handler is called without headers") })
	start := time.Now()
	conn := dial(t, s)
	write(t, conn, "GET / HTTP/1.1\r\nHost: test\r\nX-")
	wantClosed(t, conn, start, tight)
}

// TestServer_DribbledHeaders: sending a little all the time does not help.
func TestServer_DribbledHeaders(t *testing.T) {
	t.Parallel()
	l := wide
	l.header = tight
	s := serve(t, l, func(http.ResponseWriter, *http.Request) { t.Error("the handler is called without headers") })
	start := time.Now()
	conn := dial(t, s)
	write(t, conn, "GET / HTTP/1.1\r\nX: ")
	go func() {
		for pause := time.NewTicker(20 * time.Millisecond); ; <-pause.C {
			if _, err := conn.Write([]byte("x")); err != nil {
				return
			}
		}
	}()
	wantClosed(t, conn, start, tight)
}

func TestServer_SlowBody(t *testing.T) {
	t.Parallel()
	l := wide
	l.request = tight
	read := make(chan error, 1)
	s := serve(t, l, func(w http.ResponseWriter, r *http.Request) {
		_, err := io.ReadAll(r.Body)
		read <- err
		w.WriteHeader(http.StatusBadRequest)
	})
	start := time.Now()
	conn := dial(t, s)
	write(t, conn, "POST / HTTP/1.1\r\nHost: test\r\nContent-Length: 10\r\n\r\nhalf")
	in := bufio.NewReader(conn)
	if res, _ := readAnswer(t, in); res.StatusCode != http.StatusBadRequest {
		t.Errorf("status %d", res.StatusCode)
	}
	if err, ok := errors.AsType[net.Error](<-read); !ok || !err.Timeout() {
		t.Errorf("reading the body fails with %v, want a time-out", err)
	}
	wantClosed(t, in, start, tight)
}

func TestServer_Idle(t *testing.T) {
	t.Parallel()
	l := wide
	l.idle = tight
	s := serve(t, l, func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "hello") })
	conn := dial(t, s)
	in := bufio.NewReader(conn)
	for range 3 { // between requests that follow each other nothing is closed
		write(t, conn, "GET / HTTP/1.1\r\nHost: test\r\n\r\n")
		if res, body := readAnswer(t, in); res.StatusCode != http.StatusOK || body != "hello" || res.Close {
			t.Errorf("answer %d %q, close %t", res.StatusCode, body, res.Close)
		}
	}
	wantClosed(t, in, time.Now(), tight-20*time.Millisecond) // the server's clock started a little before
}

// TestServer_SlowReader: a client that does not take its answer does not hold a handler forever.
func TestServer_SlowReader(t *testing.T) {
	t.Parallel()
	l := wide
	l.answer = tight
	wrote := make(chan error, 1)
	s := serve(t, l, func(w http.ResponseWriter, _ *http.Request) {
		piece := make([]byte, 1<<20)
		for {
			if _, err := w.Write(piece); err != nil {
				wrote <- err
				return
			}
		}
	})
	write(t, dial(t, s), "GET / HTTP/1.1\r\nHost: test\r\n\r\n")
	select {
	case <-wrote:
	case <-time.After(patience):
		t.Error("the handler is still writing")
	}
}

func TestServer_LargeHeaders(t *testing.T) {
	s := serve(t, wide, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	for size, want := range map[int]int{16 << 10: http.StatusNoContent, 64 << 10: http.StatusRequestHeaderFieldsTooLarge} {
		conn := dial(t, s)
		write(t, conn, "GET / HTTP/1.1\r\nHost: test\r\nX: "+strings.Repeat("x", size)+"\r\n\r\n")
		if res, _ := readAnswer(t, bufio.NewReader(conn)); res.StatusCode != want {
			t.Errorf("headers of %d bytes: status %d, want %d", size, res.StatusCode, want)
		}
	}
}

func TestServer_URL(t *testing.T) {
	for addr, want := range map[string]string{
		"127.0.0.1:0": "http://127.0.0.1:", "localhost:0": "http://127.0.0.1:", ":0": "http://localhost:", "0.0.0.0:0": "http://localhost:",
	} {
		s, err := Listen(addr, http.NotFoundHandler(), slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		if got := s.URL(); !strings.HasPrefix(got, want) || strings.HasSuffix(got, ":0") {
			t.Errorf("listening on %s: %s, want %s and a port", addr, got, want)
		}
		if err := s.Shutdown(t.Context()); err != nil {
			t.Error(err)
		}
	}
}

func TestListen_AddressInUse(t *testing.T) {
	s := serve(t, wide, http.NotFound)
	address := s.listener.Addr().String()
	if second, err := Listen(address, http.NotFoundHandler(), slog.New(slog.DiscardHandler)); err == nil || !strings.Contains(err.Error(), address) {
		t.Errorf("listening twice: %v, %v; want an error with the address", second, err)
	}
}

// TestListen_ServesLater: who connects before Serve is answered after it, and Shutdown gives back an address that was never served.
func TestListen_ServesLater(t *testing.T) {
	s, err := Listen("127.0.0.1:0", http.NotFoundHandler(), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	conn := dial(t, s)
	write(t, conn, "GET / HTTP/1.1\r\nHost: test\r\n\r\n")
	s.Serve()
	if res, _ := readAnswer(t, bufio.NewReader(conn)); res.StatusCode != http.StatusNotFound {
		t.Errorf("status %d, want 404", res.StatusCode)
	}
	if err := s.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
	address := s.listener.Addr().String()
	for range 2 {
		again, err := Listen(address, http.NotFoundHandler(), slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		if err := again.Shutdown(t.Context()); err != nil {
			t.Error(err)
		}
	}
}

// TestServer_Shutdown waits for a request under way, and cuts it off when it takes too long.
func TestServer_Shutdown(t *testing.T) {
	begun, goOn := make(chan struct{}), make(chan struct{})
	s := serve(t, wide, func(w http.ResponseWriter, r *http.Request) {
		begun <- struct{}{}
		select {
		case <-goOn:
		case <-r.Context().Done():
		}
		fmt.Fprint(w, "done")
	})
	conn := dial(t, s)
	write(t, conn, "GET / HTTP/1.1\r\nHost: test\r\n\r\n")
	<-begun
	short, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := s.Shutdown(short); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("with a request under way: %v, want that the time ran out", err)
	}
	wantClosed(t, conn, time.Now(), 0)

	second := serve(t, wide, s.http.Handler.ServeHTTP)
	conn = dial(t, second)
	write(t, conn, "GET / HTTP/1.1\r\nHost: test\r\n\r\n")
	<-begun
	ended := make(chan error)
	go func() { ended <- second.Shutdown(context.Background()) }()
	close(goOn)
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if _, body := readAnswer(t, bufio.NewReader(conn)); body != "done" {
		t.Errorf("the request under way was answered %q", body)
	}
}
