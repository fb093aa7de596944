package httpd

import (
	"bufio"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"
)

// smuggled is the request that must not be found in another one's body.
const smuggled = "GET /smuggled HTTP/1.1\r\nHost: test\r\n\r\n"

// TestServer_Smuggling: what a proxy in front might read otherwise than this server does is refused, or is the last that is
// read of its connection (RFC 9112, 6.1 and 11.2).
func TestServer_Smuggling(t *testing.T) {
	const post = "POST / HTTP/1.1\r\nHost: test\r\n"
	for name, c := range map[string]struct {
		sent string
		want int // the status of the one answer
	}{
		"both lengths, the chunks shorter": {post + "Content-Length: 60\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + smuggled, 200},
		"both lengths, the chunks longer":  {post + "Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n1\r\nx\r\n0\r\n\r\n" + smuggled, 200},
		"chunks alone":                     {post + "Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n" + smuggled, 200},
		"two lengths":                      {post + "Content-Length: 0\r\nContent-Length: 40\r\n\r\n" + smuggled, 400},
		"a list of lengths":                {post + "Content-Length: 0, 40\r\n\r\n" + smuggled, 400},
		"a length with a sign":             {post + "Content-Length: +0\r\n\r\n" + smuggled, 400},
		"a negative length":                {post + "Content-Length: -1\r\n\r\n" + smuggled, 400},
		"an unknown encoding":              {post + "Transfer-Encoding: xchunked\r\n\r\n" + smuggled, 501},
		"two encodings":                    {post + "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n" + smuggled, 501},
		"a list of encodings":              {post + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n" + smuggled, 501},
		"a blank before the colon":         {post + "Content-Length : 40\r\n\r\n" + smuggled, 400},
		"a name with a control character":  {post + "Transfer-Encoding\x0b: chunked\r\n\r\n0\r\n\r\n" + smuggled, 400},
		"a value with a NUL":               {post + "X: a\x00b\r\n\r\n" + smuggled, 400},
		"a value with a bare CR":           {post + "X: a\rContent-Length: 40\r\n\r\n" + smuggled, 400},
		"no Host":                          {"GET / HTTP/1.1\r\n\r\n" + smuggled, 400},
		"two Hosts":                        {"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n" + smuggled, 400},
		"a chunk whose size is no number":  {post + "Transfer-Encoding: chunked\r\n\r\nzz\r\nx\r\n0\r\n\r\n" + smuggled, 200},
		"a chunk whose size is signed":     {post + "Transfer-Encoding: chunked\r\n\r\n+1\r\nx\r\n0\r\n\r\n" + smuggled, 200},
		"a chunk whose size overflows":     {post + "Transfer-Encoding: chunked\r\n\r\n10000000000000001\r\nx\r\n0\r\n\r\n" + smuggled, 200},
		"a chunk longer than its size":     {post + "Transfer-Encoding: chunked\r\n\r\n1\r\nxyz\r\n0\r\n\r\n" + smuggled, 200},
		"a chunk that ends with a bare LF": {post + "Transfer-Encoding: chunked\r\n\r\n1\nx\n0\n\n" + smuggled, 200},
	} {
		t.Run(name, func(t *testing.T) {
			var paths []string
			s := serve(t, wide, around(func(w http.ResponseWriter, r *http.Request) {
				paths = append(paths, r.URL.Path)
				_, err := io.ReadAll(r.Body)
				fmt.Fprint(w, err)
			}))
			start := time.Now()
			conn := dial(t, s)
			write(t, conn, c.sent)
			in := bufio.NewReader(conn)
			res, _ := readAnswer(t, in)
			if res.StatusCode != c.want || !res.Close {
				t.Errorf("status %d, close %t; want %d and the end", res.StatusCode, res.Close, c.want)
			}
			wantClosed(t, in, start, 0)
			if strings.Contains(strings.Join(paths, " "), "smuggled") || c.want == 200 != (len(paths) == 1) {
				t.Errorf("served: %q", paths)
			}
		})
	}
}

// around is the handler in the middleware of the server.
func around(h http.HandlerFunc) http.HandlerFunc {
	return Middleware(slog.New(slog.DiscardHandler), NewMetrics("test", func() int { return 0 }), time.Now)(h).ServeHTTP
}

// TestServer_BadChunks: a body that is not what its chunks say is an error to who reads it, never a shorter body.
func TestServer_BadChunks(t *testing.T) {
	for _, chunks := range []string{"zz\r\nx\r\n0\r\n\r\n", "+1\r\nx\r\n0\r\n\r\n", "10000000000000001\r\nx\r\n0\r\n\r\n", "1\r\nxyz\r\n0\r\n\r\n"} {
		read := make(chan error, 1)
		s := serve(t, wide, around(func(_ http.ResponseWriter, r *http.Request) {
			_, err := io.ReadAll(r.Body)
			read <- err
		}))
		write(t, dial(t, s), "POST / HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n"+chunks)
		if err := <-read; err == nil {
			t.Errorf("the chunks %q are a body", chunks)
		}
	}
}

// TestServer_FoldedHeader: a header that goes on in the next line (obs-fold, RFC 9112, 5.2) is one header, as RFC allows,
// and no second one.
func TestServer_FoldedHeader(t *testing.T) {
	got := make(chan http.Header, 1)
	s := serve(t, wide, around(func(_ http.ResponseWriter, r *http.Request) { got <- r.Header }))
	conn := dial(t, s)
	write(t, conn, "POST / HTTP/1.1\r\nHost: test\r\nX: a\r\n Transfer-Encoding: chunked\r\n\r\n"+smuggled)
	if h := <-got; len(h) != 1 || h.Get("X") != "a Transfer-Encoding: chunked" {
		t.Errorf("the headers are %q", h)
	}
}

// TestServer_ManyHeaders: many small headers count as one large one does.
func TestServer_ManyHeaders(t *testing.T) {
	s := serve(t, wide, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	for n, want := range map[int]int{100: http.StatusNoContent, 10_000: http.StatusRequestHeaderFieldsTooLarge} {
		conn := dial(t, s)
		write(t, conn, "GET / HTTP/1.1\r\nHost: test\r\n"+strings.Repeat("a: b\r\n", n)+"\r\n")
		if res, _ := readAnswer(t, bufio.NewReader(conn)); res.StatusCode != want {
			t.Errorf("%d headers: status %d, want %d", n, res.StatusCode, want)
		}
	}
}

// TestServer_DribbledBody: a body that comes in drops is cut off when its time is over, however steadily it drips.
func TestServer_DribbledBody(t *testing.T) {
	t.Parallel()
	l := wide
	l.request = tight
	read := make(chan error, 1)
	s := serve(t, l, func(_ http.ResponseWriter, r *http.Request) {
		_, err := io.ReadAll(r.Body)
		read <- err
	})
	conn := dial(t, s)
	write(t, conn, "POST / HTTP/1.1\r\nHost: test\r\nContent-Length: 100000\r\n\r\n")
	go func() {
		for pause := time.NewTicker(20 * time.Millisecond); ; <-pause.C {
			if _, err := conn.Write([]byte("x")); err != nil {
				pause.Stop()
				return
			}
		}
	}()
	if err := <-read; err == nil {
		t.Error("the body came to an end")
	}
}
