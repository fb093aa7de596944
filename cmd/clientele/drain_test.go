package main

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"
)

// exchange is one connection on which a test decides byte by byte what is sent when.
type exchange struct {
	t    testing.TB
	conn net.Conn
	in   *bufio.Reader
}

func (s *server) exchange() *exchange {
	s.t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(s.url, "http://"))
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { conn.Close() })
	_ = conn.SetDeadline(time.Now().Add(patience))
	return &exchange{s.t, conn, bufio.NewReader(conn)}
}

func (e *exchange) send(text string) {
	e.t.Helper()
	if _, err := io.WriteString(e.conn, text); err != nil {
		e.t.Fatal(err)
	}
}

func (e *exchange) receive() answer {
	e.t.Helper()
	res, err := http.ReadResponse(e.in, nil)
	if err != nil {
		e.t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		e.t.Fatal(err)
	}
	return answer{res.StatusCode, string(body), res.Header}
}

// underWay sends a request but for its body, and returns when the server has begun to read that.
func (s *server) underWay(key, body string) *exchange {
	s.t.Helper()
	e := s.exchange()
	e.send(fmt.Sprintf("POST /entry HTTP/1.1\r\nHost: test\r\nx-api-key: %s\r\nContent-Length: %d\r\nExpect: 100-continue\r\n\r\n", key, len(body)))
	if a := e.receive(); a.status != http.StatusContinue {
		s.t.Fatalf("answer %d before the body", a.status)
	}
	return e
}

// drain asks the server to end and returns when it has begun to.
func (s *server) drain() {
	s.t.Helper()
	s.signal(syscall.SIGTERM)
	eventually(s.t, patience, "the server drains", func() bool { return strings.Contains(s.stderr.String(), `"draining"`) })
}

// TestDrain_AnswersWhatIsUnderWay: requests that were begun are answered, nobody new is let in, and the status is 0.
func TestDrain_AnswersWhatIsUnderWay(t *testing.T) {
	dir, key := newBook(t)
	s := startServer(t, dir)
	bodies := make([]string, 10)
	begun := make([]*exchange, len(bodies))
	for i := range begun {
		bodies[i] = fmt.Sprintf(`{"customerId":%d,"customerPhone":"+12125550100"}`, i)
		begun[i] = s.underWay(key, bodies[i])
		begun[i].send(bodies[i][:10])
	}
	s.drain()
	eventually(t, patience, "nobody new is let in", func() bool {
		_, err := send(request{url: s.url + "/ping"})
		return err != nil
	})
	if s.hasExited() {
		t.Fatal("the server ended with requests under way")
	}
	for i, e := range begun {
		e.send(bodies[i][10:])
		e.receive().wants(t, 201, createdBody)
		if rest, err := io.ReadAll(e.in); len(rest) > 0 || err != nil {
			t.Errorf("the connection goes on after the answer: %q, %v", rest, err)
		}
	}
	s.waitExit(patience, exitOK)
	b := readBook(t, dir)
	b.checkHistory(t)
	if len(b.customers) != len(bodies) {
		t.Errorf("%d customers, want %d", len(b.customers), len(bodies))
	}
}

// TestDrain_StuckClient does not hold a server up for longer than it was told, and is no failure of the server's.
func TestDrain_StuckClient(t *testing.T) {
	dir, key := newBook(t)
	s := startServer(t, dir, "--drain-timeout", "300ms")
	stuck := s.underWay(key, `{"customerId":1,"customerPhone":"1"}`)
	s.drain()
	start := time.Now()
	s.waitExit(10*time.Second, exitOK) // the server would wait 15 s for the body
	if took := time.Since(start); took > 5*time.Second {
		t.Errorf("the server took %s to end", took)
	}
	if rest, err := io.ReadAll(stuck.in); len(rest) > 0 {
		t.Errorf("the stuck client was answered %q, %v", rest, err)
	}
	again := startServer(t, dir)
	again.entry(key, `{"customerId":1,"customerPhone":"1"}`).wants(t, 201, createdBody)
	again.stop()
}

// TestDrain_StuckLog: a server whose log nobody reads goes on answering, and ends when it is asked to.
func TestDrain_StuckLog(t *testing.T) {
	dir, key := newBook(t)
	unread, log, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer unread.Close()
	cmd := program(nil, serveArgs(dir, "--drain-timeout", "1s")...)
	s := launchWith(t, dir, cmd, log)
	log.Close()
	s.waitReady()
	client := kept(t)
	for range 1000 { // each makes a line of more than 100 bytes; a pipe takes 64 KiB
		if a := s.ask(request{client: client, url: "/ping", key: key}); a.status != 200 {
			t.Fatalf("answer %d", a.status)
		}
	}
	s.signal(syscall.SIGTERM)
	s.waitExit(10*time.Second, exitOK)
}

// TestDrain_Idle: without anything to do the server ends at once, and so it does on an interrupt.
func TestDrain_Idle(t *testing.T) {
	for _, sig := range []os.Signal{syscall.SIGTERM, os.Interrupt} {
		dir, key := newBook(t)
		s := startServer(t, dir)
		client := kept(t) // its connection stays open
		s.ask(request{client: client, url: "/ping", key: key}).wants(t, 200, pongBody)
		start := time.Now()
		s.signal(sig)
		s.waitExit(patience, exitOK)
		if took := time.Since(start); took > 5*time.Second {
			t.Errorf("%v: the server took %s to end", sig, took)
		}
	}
}
