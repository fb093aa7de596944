package dialecttest

import (
	"io"
	"net"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestSend looks at every byte that goes over the wire.
func TestSend(t *testing.T) {
	for _, tt := range []struct {
		name string
		r    Request
		want string
	}{
		{"no body", Request{Method: "GET", Target: "/ping"}, "GET /ping HTTP/1.1\r\nHost: ADDR\r\nConnection: close\r\n\r\n"},
		{
			"headers twice, in their order and spelling",
			Request{Method: "GET", Target: "/\xff", Header: []HeaderLine{{"b", "1"}, {"A", "2"}, {"B", "\xfe"}}},
			"GET /\xff HTTP/1.1\r\nHost: ADDR\r\nConnection: close\r\nb: 1\r\nA: 2\r\nB: \xfe\r\n\r\n",
		},
		{
			"a body",
			Request{Method: "POST", Target: "/", Body: []byte("\x00\xff")},
			"POST / HTTP/1.1\r\nHost: ADDR\r\nConnection: close\r\nContent-Length: 2\r\n\r\n\x00\xff",
		},
		{
			"headers of its own instead of the added ones",
			Request{Method: "GET", Target: "/", Header: []HeaderLine{{"host", "h"}, {"connection", "c"}}},
			"GET / HTTP/1.1\r\nhost: h\r\nconnection: c\r\n\r\n",
		},
		{
			"chunks",
			Request{
				Method: "POST", Target: "/", Body: []byte("0123456789"),
				Header: []HeaderLine{{"transfer-encoding", "Chunked"}, {"connection", "close"}},
			},
			"POST / HTTP/1.1\r\nHost: ADDR\r\ntransfer-encoding: Chunked\r\nconnection: close\r\n\r\n" +
				"7\r\n0123456\r\n3\r\n789\r\n0\r\n\r\n",
		},
		{
			"half a body",
			Request{
				Method: "POST", Target: "/", Body: []byte("01"),
				Header: []HeaderLine{{"content-length", "9"}, {"connection", "close"}},
			},
			"POST / HTTP/1.1\r\nHost: ADDR\r\ncontent-length: 9\r\nconnection: close\r\n\r\n01",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, a := sendToListener(t, &tt.r, len(tt.want)-len("ADDR"))
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error("sent (-want +got):", diff)
			}
			if a.Status != 200 || string(a.Body) != "ab" || a.Header.Get("X") != "1" {
				t.Errorf("answer is\n%s", a)
			}
		})
	}
}

// sendToListener sends r to a listener that reads so many bytes beyond its address, or to the end, and answers. It returns
// what the listener read, with ADDR in the place of its address.
func sendToListener(t *testing.T, r *Request, size int) (string, *Answer) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	addr := l.Addr().String()
	if !r.states("Host") {
		size += len(addr)
	} else {
		size += len("ADDR")
	}
	read := make(chan []byte, 1)
	go func() {
		defer close(read)
		conn, err := l.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		b := make([]byte, size)
		n, _ := io.ReadFull(conn, b)
		_, _ = io.WriteString(conn, "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nX: 1\r\nContent-Length: 2\r\n\r\nab")
		read <- b[:n]
	}()
	a, err := Send(addr, r)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Replace(string(<-read), addr, "ADDR", 1), a
}

func TestSend_SaysThatNobodyAnswers(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() {
		if conn, err := l.Accept(); err == nil {
			conn.Close()
		}
	}()
	if a, err := Send(l.Addr().String(), &Request{Method: "GET", Target: "/"}); err == nil {
		t.Errorf("no error and the answer %v", a)
	}
}
