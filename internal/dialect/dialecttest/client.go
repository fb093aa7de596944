package dialecttest

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Request is a request as it goes over the wire, header by header in its order.
type Request struct {
	Method string
	Target string
	Header []HeaderLine
	Body   []byte
}

// HeaderLine is one header line.
type HeaderLine struct{ Name, Value string }

// Answer is what came back.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte
}

// String returns the answer as it came, headers in order of name.
func (a *Answer) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d\n", a.Status)
	_ = a.Header.Write(&b)
	fmt.Fprintf(&b, "\n%s", a.Body)
	return b.String()
}

// exchangeTimeout bounds one exchange, so that a server that hangs fails its test.
const exchangeTimeout = 30 * time.Second

// chunkBytes is how much of a body goes into one chunk.
const chunkBytes = 7

// Send sends a request to addr (host:port) on a connection of its own and returns the answer. It sends what net/http
// would refuse to send: headers twice, odd targets, a body that does not arrive whole.
func Send(addr string, r *Request) (*Answer, error) {
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(exchangeTimeout)); err != nil {
		return nil, err
	}
	written := make(chan error, 1)
	go func() { written <- r.write(conn, addr) }() // a server may answer before it has read everything
	a, err := readAnswer(bufio.NewReader(conn), r.Method)
	if err != nil {
		conn.Close() // ends the writing
		if writeErr := <-written; writeErr != nil {
			err = fmt.Errorf("%w (and while sending: %v)", err, writeErr)
		}
		return nil, fmt.Errorf("%s %s: %w", r.Method, r.Target, err)
	}
	return a, nil
}

// readAnswer reads the answer to a request of the method, and skips those that only say that there will be one.
func readAnswer(from *bufio.Reader, method string) (*Answer, error) {
	for {
		resp, err := http.ReadResponse(from, &http.Request{Method: method})
		if err != nil {
			return nil, err
		}
		body, err := io.ReadAll(resp.Body)
		if err != nil {
			return nil, err
		}
		resp.Body.Close()
		if resp.StatusCode >= http.StatusOK {
			return &Answer{Status: resp.StatusCode, Header: resp.Header, Body: body}, nil
		}
	}
}

func (r *Request) write(conn net.Conn, host string) error {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s %s HTTP/1.1\r\n", r.Method, r.Target)
	for _, h := range r.headers(host) {
		fmt.Fprintf(&b, "%s: %s\r\n", h.Name, h.Value)
	}
	b.WriteString("\r\n")
	if strings.EqualFold(r.header("Transfer-Encoding"), "chunked") {
		writeChunks(&b, r.Body)
	} else {
		b.Write(r.Body)
	}
	if _, err := conn.Write(b.Bytes()); err != nil {
		return err
	}
	if stated, err := strconv.Atoi(r.header("Content-Length")); err == nil && stated > len(r.Body) {
		return conn.(interface{ CloseWrite() error }).CloseWrite()
	}
	return nil
}

// headers returns the headers of the request, and those that it does not state and needs.
func (r *Request) headers(host string) []HeaderLine {
	var added []HeaderLine
	if !r.states("Host") {
		added = append(added, HeaderLine{"Host", host})
	}
	if !r.states("Connection") {
		added = append(added, HeaderLine{"Connection", "close"})
	}
	if len(r.Body) > 0 && !r.states("Content-Length") && !r.states("Transfer-Encoding") {
		added = append(added, HeaderLine{"Content-Length", strconv.Itoa(len(r.Body))})
	}
	return append(added, r.Header...)
}

func (r *Request) states(name string) bool {
	for _, h := range r.Header {
		if strings.EqualFold(h.Name, name) {
			return true
		}
	}
	return false
}

// header returns the first value of the header; "" when the request does not state it.
func (r *Request) header(name string) string {
	for _, h := range r.Header {
		if strings.EqualFold(h.Name, name) {
			return h.Value
		}
	}
	return ""
}

func writeChunks(b *bytes.Buffer, body []byte) {
	for len(body) > 0 {
		n := min(chunkBytes, len(body))
		fmt.Fprintf(b, "%x\r\n%s\r\n", n, body[:n])
		body = body[n:]
	}
	b.WriteString("0\r\n\r\n")
}
