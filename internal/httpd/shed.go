package httpd

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	"clientele"

	"github.com/google/uuid"
)

// A server that has too much to do refuses, and refusing by way of net/http, routing and credentials costs a good part of what
// serving does: at twice the load it could do, a server would do half of it. So a connection remembers how a write was refused
// because too many waited. As long as its caller has no room in the line, and sends the same head again on the same connection,
// it hears the same answer without any of that, for a fifth of the time. Only HTTP/1.1 without TLS, and requests that come in
// one piece, are refused so; all others take the long way.

// boundedListener holds so many connections and no more, and makes them remember.
type boundedListener struct {
	net.Listener
	places *places
}

// fullAnswer is for a connection that is one too many: what each holds is memory.
var fullAnswer = []byte("HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")

// Accept implements net.Listener.
func (l boundedListener) Accept() (net.Conn, error) {
	for {
		c, err := l.Listener.Accept()
		tcp, ok := c.(*net.TCPConn)
		if err != nil || !ok {
			return c, err
		}
		if placed := l.places.take(tcp); placed != nil {
			return placed, nil
		}
		if l.places.limits.tls == nil {
			_, _ = tcp.Write(fullAnswer) // there is room for it in an empty buffer
		}
		_ = tcp.Close() // nothing was promised
	}
}

// sheddingConn is a connection as net/http reads it. Read is never called twice at once.
type sheddingConn struct {
	*timedConn

	limits limits
	left   func() // gives its place back
	// astray is set once anything was read that is not just one whole request: from then on nobody knows where one begins.
	astray atomic.Bool
	first  []byte // of the next request, when net/http has it already
	head   uint64 // hash of the head that was read last
	shed   atomic.Pointer[shed]
	// idleSince is when its last answer ended, in nanoseconds since 1970; 0 while one is under way and before the first.
	idleSince atomic.Int64
}

// shed is how a write was refused.
type shed struct {
	head   uint64
	room   func() bool
	before []byte // the answer up to where the date is
	after  []byte // the rest of the answer, from the end of its request id on
	body   int    // where in after the body begins
	traces []int  // where in after our own name for the request is, which each answer has another one of
	tell   func(again)
}

// again is what is another than before when a request is refused like the one before.
type again struct {
	id, traceID string
	answer      []byte // the body
}

// Close implements net.Conn.
func (c *sheddingConn) Close() error {
	c.left()
	return c.timedConn.Close()
}

type connKey struct{}

// rememberConn is for http.Server.ConnContext.
func rememberConn(ctx context.Context, c net.Conn) context.Context {
	if s, ok := c.(*sheddingConn); ok {
		return context.WithValue(ctx, connKey{}, s)
	}
	return ctx
}

// Read implements net.Conn. What is refused here net/http never sees.
func (c *sheddingConn) Read(p []byte) (int, error) {
	for {
		n, err := c.timedConn.Read(p)
		if n == 0 || c.limits.tls != nil || c.astray.Load() {
			return n, err
		}
		if len(p) == 1 && len(c.first) == 0 {
			c.first = append(c.first, p[0]) // which net/http reads while it serves, to hear of a caller that hangs up
			return n, err
		}
		whole, hasAll := p[:n], len(c.first) == 0
		if !hasAll {
			whole, c.first = append(c.first, whole...), nil
		}
		h, ok := readHead(whole)
		if !ok {
			c.astray.Store(true)
			c.shed.Store(nil)
			return n, err
		}
		c.head = h.hash
		s := c.shed.Load()
		if err != nil || !hasAll || s == nil || s.head != h.hash || s.room() {
			return n, err
		}
		if err := c.refuse(s, h); err != nil {
			return 0, err
		}
	}
}

// refuse answers a request as before.
func (c *sheddingConn) refuse(s *shed, h head) error {
	now := time.Now()
	c.idleSince.Store(now.UnixNano()) // net/http knows nothing of it
	if err := c.SetReadDeadline(now.Add(c.limits.idle)); err != nil {
		return err
	}
	if err := c.SetWriteDeadline(now.Add(c.limits.answer)); err != nil {
		return err
	}
	trace := uuid.NewString()
	id := cmp.Or(h.requestID, trace)
	answer := make([]byte, 0, 512)
	answer = append(answer, s.before...)
	answer = now.UTC().AppendFormat(answer, http.TimeFormat)
	answer = append(append(answer, "\r\nX-Request-Id: "...), id...)
	start := len(answer)
	answer = append(answer, s.after...)
	after := answer[start:]
	for _, at := range s.traces {
		copy(after[at:], trace) // as long as the one before, so the body's length stays
	}
	if _, err := c.Write(answer); err != nil {
		return err
	}
	s.tell(again{id, trace, after[s.body:]})
	return nil
}

// shedAgain lets the connection of a request that was refused remember how. It does nothing where the answer could be another
// the next time, or nobody knows it.
func shedAgain(w *recorder, b *clientele.Busy, e Exchange, tell func(again)) {
	r := e.Request
	c, ok := r.Context().Value(connKey{}).(*sheddingConn)
	if !ok || c.astray.Load() || b.Room == nil || r.Close || r.ProtoMinor != 1 || r.Method == http.MethodHead || w.bytes != int64(len(w.kept)) {
		return
	}
	var after bytes.Buffer
	after.WriteString("\r\n")
	header := w.Header()
	if header["Connection"] != nil || header["Content-Length"] == nil {
		return
	}
	if err := header.WriteSubset(&after, map[string]bool{"X-Request-Id": true, "Date": true}); err != nil {
		return
	}
	after.WriteString("\r\n")
	body := after.Len()
	after.Write(w.kept)
	c.shed.Store(&shed{
		head: c.head, room: b.Room, tell: tell, after: after.Bytes(), body: body, traces: occurrences(after.Bytes(), e.Info.TraceID),
		before: fmt.Appendf(nil, "HTTP/1.1 %d %s\r\nDate: ", w.status, http.StatusText(w.status)),
	})
}

// occurrences returns where a text that is not empty stands in another.
func occurrences(in []byte, text string) (list []int) {
	for from := 0; ; {
		i := bytes.Index(in[from:], []byte(text))
		if i < 0 {
			return list
		}
		list = append(list, from+i)
		from += i + len(text)
	}
}
