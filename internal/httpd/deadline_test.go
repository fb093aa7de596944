package httpd

import (
	"errors"
	"io"
	"log/slog"
	"net"
	"os"
	"strings"
	"testing"
	"time"
)

// timedPair returns both ends of a connection on this machine.
func timedPair(t *testing.T) (*timedConn, *net.TCPConn) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	client, err := net.Dial("tcp", listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	server, err := listener.Accept()
	if err != nil {
		t.Fatal(err)
	}
	c := newPlaces(patient(), slog.New(slog.DiscardHandler)).take(server.(*net.TCPConn)).timedConn
	t.Cleanup(func() { _, _ = c.Close(), client.Close() })
	return c, client.(*net.TCPConn)
}

// readOne reads as net/http does while it serves a request.
func readOne(c *timedConn) <-chan error {
	done := make(chan error, 1)
	go func() {
		_, err := c.Read(make([]byte, 1))
		done <- err
	}()
	return done
}

func TestTimedConnHearsOfAHangUp(t *testing.T) {
	c, client := timedPair(t)
	done := readOne(c)
	client.Close()
	if err := <-done; !errors.Is(err, io.EOF) {
		t.Errorf("the caller hung up, and Read returned %v", err)
	}
}

func TestTimedConnReadsWhatComesWhileItListens(t *testing.T) {
	c, client := timedPair(t)
	done := readOne(c)
	if _, err := client.Write([]byte("ab")); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	var rest [4]byte
	if n, err := c.Read(rest[:]); err != nil || string(rest[:n]) != "b" {
		t.Errorf("after one byte of two Read returned %q, %v", rest[:n], err)
	}
}

// This is what net/http does at the end of each request.
func TestTimedConnStopsListening(t *testing.T) {
	c, client := timedPair(t)
	for range 3 {
		done := readOne(c)
		if err := c.SetReadDeadline(time.Unix(1, 0)); err != nil {
			t.Fatal(err)
		}
		if err := <-done; !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Fatalf("stopped, Read returned %v", err)
		}
		if err := c.SetReadDeadline(time.Time{}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := client.Write([]byte("next")); err != nil {
		t.Fatal(err)
	}
	next := make([]byte, 8)
	if n, err := c.Read(next); err != nil || string(next[:n]) != "next" {
		t.Errorf("the next request is %q, %v", next[:n], err)
	}
}

func TestTimedConnIsClosedWhileItListens(t *testing.T) {
	c, _ := timedPair(t)
	done := readOne(c)
	c.Close()
	if err := <-done; !errors.Is(err, net.ErrClosed) {
		t.Errorf("closed, Read returned %v", err)
	}
	if err := <-readOne(c); !errors.Is(err, net.ErrClosed) { // nobody urges it any more
		t.Errorf("after that, Read returned %v", err)
	}
}

func TestTimedConnKeepsItsDeadlines(t *testing.T) {
	soon := func() time.Time { return time.Now().Add(20 * time.Millisecond) }
	many := strings.Repeat("x", 64<<20) // more than the buffers of a connection hold
	for name, test := range map[string]struct {
		set func(*timedConn, time.Time) error
		do  func(*timedConn) error
	}{
		"read":  {(*timedConn).SetReadDeadline, func(c *timedConn) error { _, err := c.Read(make([]byte, 8)); return err }},
		"write": {(*timedConn).SetWriteDeadline, func(c *timedConn) error { _, err := c.Write([]byte(many)); return err }},
		"file": {(*timedConn).SetWriteDeadline, func(c *timedConn) error {
			_, err := c.ReadFrom(strings.NewReader(many))
			return err
		}},
		"both, read":  {(*timedConn).SetDeadline, func(c *timedConn) error { _, err := c.Read(make([]byte, 8)); return err }},
		"both, write": {(*timedConn).SetDeadline, func(c *timedConn) error { _, err := c.Write([]byte(many)); return err }},
	} {
		t.Run(name, func(t *testing.T) {
			wait := func(c *timedConn) <-chan error {
				done := make(chan error, 1)
				go func() { done <- test.do(c) }()
				return done
			}
			must := func(err error) {
				t.Helper()
				if err != nil {
					t.Fatal(err)
				}
			}
			timeout := func(done <-chan error) {
				t.Helper()
				if err := <-done; !errors.Is(err, os.ErrDeadlineExceeded) {
					t.Fatalf("got %v", err)
				}
			}
			c, _ := timedPair(t)
			must(test.set(c, soon()))
			timeout(wait(c)) // set before
			timeout(wait(c)) // still over

			must(test.set(c, time.Now().Add(time.Hour)))
			done := wait(c)
			must(test.set(c, soon()))
			timeout(done) // brought nearer, before or while it waits

			must(test.set(c, time.Time{}))
			done = wait(c)
			must(test.set(c, time.Unix(1, 0)))
			timeout(done)

			// A deadline that the connection has by itself is over when it is put off, or taken away.
			must(test.set(c, soon()))
			timeout(wait(c))
			for _, later := range []time.Time{time.Now().Add(time.Hour), {}} {
				must(test.set(c, later))
				done = wait(c)
				select {
				case err := <-done:
					t.Fatalf("ended with %v, though the deadline is put off to %v", err, later)
				case <-time.After(5 * time.Millisecond):
				}
				must(test.set(c, time.Unix(1, 0)))
				timeout(done)
			}
		})
	}
}

// What is set for each request is handed on when it makes a difference.
func TestDeadlineIsHandedOnWhenItDiffers(t *testing.T) {
	var d deadline
	var set []time.Time
	note := func(t time.Time) error { set = append(set, t); return nil }
	start := time.Now()
	for _, step := range []struct {
		deadline time.Time
		calls    int
	}{
		{time.Time{}, 0},
		{start.Add(120 * time.Second), 1},
		{start.Add(121 * time.Second), 1},
		{start.Add(123 * time.Second), 1},
		{start.Add(125 * time.Second), 2},
		{start.Add(5 * time.Second), 3},
		{time.Time{}, 4},
	} {
		if err := d.move(step.deadline, note); err != nil {
			t.Fatal(err)
		}
		if err := d.begin(note); err != nil {
			t.Fatal(err)
		}
		d.end()
		if len(set) != step.calls {
			t.Errorf("deadline in %v: the connection was told %d times, want %d", step.deadline.Sub(start), len(set), step.calls)
		}
	}
}
