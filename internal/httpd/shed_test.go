package httpd

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"clientele"

	"github.com/go-json-experiment/json"
)

// crowd is a server whose writes have no room in the line until the test makes some.
type crowd struct {
	*Server
	room    atomic.Bool
	reached atomic.Int64 // requests that the handler saw
	heard   atomic.Int64 // exchanges that the witness heard
	metrics *Metrics
}

func newCrowd(t *testing.T) *crowd {
	t.Helper()
	c := &crowd{metrics: NewMetrics("v1", func() int { return 0 })}
	full := &clientele.Busy{Room: c.room.Load}
	around := Middleware(slog.New(slog.DiscardHandler), c.metrics, time.Now, func(Exchange) { c.heard.Add(1) })
	c.Server = serve(t, wide, around(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c.reached.Add(1)
		body, status := "let in", http.StatusCreated
		if !c.room.Load() {
			clientele.RequestOf(r.Context()).Err = fmt.Errorf("commit: %w", full)
			body, status = `{"error":"full"}`, http.StatusServiceUnavailable
			w.Header().Set("Retry-After", "1")
		}
		w.Header().Set("Content-Length", strconv.Itoa(len(body)))
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	})).ServeHTTP)
	return c
}

const crowdBody = "12345"

// crowdRequest is a write with some header lines besides, each with its CRLF.
func crowdRequest(more string) string {
	return "POST /entry HTTP/1.1\r\nHost: x\r\nx-api-key: k\r\n" + more + "Content-Length: 5\r\n\r\n" + crowdBody
}

func TestShed_SaysTheSameAgainUntilThereIsRoom(t *testing.T) {
	c := newCrowd(t)
	conn := dial(t, c.Server)
	in := bufio.NewReader(conn)
	const calls = 100
	for i := range calls {
		id := fmt.Sprint("call-", i)
		write(t, conn, crowdRequest("X-Request-Id: "+id+"\r\n"))
		res, body := readAnswer(t, in)
		if res.StatusCode != 503 || body != `{"error":"full"}` || res.Header.Get("Retry-After") != "1" || res.Header.Get("X-Request-Id") != id {
			t.Fatalf("call %d is answered %s %v %s", i, res.Status, res.Header, body)
		}
		if at, err := http.ParseTime(res.Header.Get("Date")); err != nil || time.Since(at) > time.Minute {
			t.Errorf("call %d is dated %s", i, res.Header.Get("Date"))
		}
	}
	// net/http may have the first byte of a call already, which is too late: it sends an answer before it stops looking.
	if got := c.reached.Load(); got >= calls {
		t.Errorf("%d of %d calls reached the handler, want hardly more than the first", got, calls)
	}
	if got := c.heard.Load(); got != calls {
		t.Errorf("the witness heard of %d calls, want %d", got, calls)
	}
	var page bytes.Buffer
	scraped := dial(t, serve(t, wide, c.metrics.Handler().ServeHTTP))
	write(t, scraped, "GET / HTTP/1.0\r\n\r\n")
	_, _ = io.Copy(&page, scraped)
	if want := `clientele_requests_total{dialect="",route="none",status="503"} 100`; !strings.Contains(page.String(), want) {
		t.Errorf("the metrics lack %s", want)
	}
	c.room.Store(true)
	write(t, conn, crowdRequest(""))
	if res, body := readAnswer(t, in); res.StatusCode != 201 || body != "let in" {
		t.Errorf("with room: %s %s", res.Status, body)
	}
}

// TestShed_EachAnswerHasItsOwnTraceID, in the body and for the witness, whether the caller names its calls or not.
func TestShed_EachAnswerHasItsOwnTraceID(t *testing.T) {
	var heard []Exchange // one connection: one at a time, and before its answer
	full := &clientele.Busy{Room: func() bool { return false }}
	around := Middleware(slog.New(slog.DiscardHandler), NewMetrics("v1", func() int { return 0 }), time.Now, func(e Exchange) { heard = append(heard, e) })
	reached := 0
	s := serve(t, wide, around(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		reached++
		info := clientele.RequestOf(r.Context())
		info.Err = full
		body := fmt.Sprintf(`{"title":"full","traceId":%q,"see":%q}`, info.TraceID, "/"+info.TraceID)
		w.Header().Set("Content-Length", strconv.Itoa(len(body)))
		w.WriteHeader(http.StatusServiceUnavailable)
		_, _ = io.WriteString(w, body)
	})).ServeHTTP)
	conn := dial(t, s)
	in := bufio.NewReader(conn)
	const calls = 20
	traces := map[string]bool{}
	for i := range calls {
		write(t, conn, crowdRequest(strings.Repeat("X-Request-Id: mine\r\n", i%2)))
		res, body := readAnswer(t, in)
		var answer struct{ TraceID, See string }
		if err := json.Unmarshal([]byte(body), &answer, json.MatchCaseInsensitiveNames(true)); err != nil {
			t.Fatal(err)
		}
		if traces[answer.TraceID] || !uuidPattern.MatchString(answer.TraceID) || answer.See != "/"+answer.TraceID {
			t.Errorf("call %d is answered %s", i, body)
		}
		traces[answer.TraceID] = true
		if id := res.Header.Get("X-Request-Id"); id != "mine" && id != answer.TraceID {
			t.Errorf("call %d is named %s and traced as %s", i, id, answer.TraceID)
		}
	}
	write(t, conn, "GET / HTTP/1.1\r\nHost: x\r\n\r\n") // behind which all of them were heard
	readAnswer(t, in)
	for i, e := range heard[:calls] {
		if !traces[e.Info.TraceID] || !strings.Contains(string(e.Answer), e.Info.TraceID) || e.AnswerBytes != int64(len(e.Answer)) {
			t.Errorf("the witness heard of call %d as %s: %s", i, e.Info.TraceID, e.Answer)
		}
	}
	if reached >= calls {
		t.Error("no call was refused the short way")
	}
}

// TestShed_TakesTheLongWay: what is not the same request of the same caller, or not surely one request, reaches the handler.
func TestShed_TakesTheLongWay(t *testing.T) {
	same := crowdRequest("")
	for name, pieces := range map[string][]string{
		"another key":          {strings.Replace(same, "x-api-key: k", "x-api-key: l", 1)},
		"another path":         {strings.Replace(same, "/entry", "/entry2", 1)},
		"another header":       {crowdRequest("Idempotency-Key: 1\r\n")},
		"in two pieces":        {same[:60], same[60:]},
		"head before body":     {same[:len(same)-5], same[len(same)-5:]},
		"chunked":              {strings.Replace(same, "Content-Length: 5\r\n\r\n12345", "Transfer-Encoding: chunked\r\n\r\n5\r\n12345\r\n0\r\n\r\n", 1)},
		"two requests at once": {same + same},
	} {
		t.Run(name, func(t *testing.T) {
			c := newCrowd(t)
			conn := dial(t, c.Server)
			in := bufio.NewReader(conn)
			write(t, conn, same)
			readAnswer(t, in)
			want := int64(2)
			for i, piece := range pieces {
				write(t, conn, piece)
				if i == 0 && len(pieces) > 1 {
					eventuallyAstray(t, c)
				}
			}
			readAnswer(t, in)
			if name == "two requests at once" {
				want = 3
				readAnswer(t, in)
			}
			if got := c.reached.Load(); got != want {
				t.Errorf("%d calls reached the handler, want %d", got, want)
			}
		})
	}
}

// eventuallyAstray lets the server read the first piece by itself. It looks at what a client can see: another connection's
// answer comes after the server has had its turn, which is all that is needed on loopback.
func eventuallyAstray(t *testing.T, c *crowd) {
	t.Helper()
	other := dial(t, c.Server)
	write(t, other, "GET /other HTTP/1.1\r\nHost: x\r\n\r\n")
	readAnswer(t, bufio.NewReader(other))
	c.reached.Add(-1)
}

// TestListen_OneConnectionTooMany: it is refused at once, and there is a place again when another is closed.
func TestListen_OneConnectionTooMany(t *testing.T) {
	tight := wide
	tight.connections = 2
	s := serve(t, tight, func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "served") })
	ask := func() (string, io.Closer) {
		conn := dial(t, s)
		_, _ = io.WriteString(conn, "GET / HTTP/1.1\r\nHost: x\r\n\r\n") // or it is refused already
		res, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil {
			return err.Error(), conn
		}
		return res.Status, conn
	}
	first, held := ask()
	second, _ := ask()
	third, _ := ask()
	if first != "200 OK" || second != "200 OK" || third == "200 OK" {
		t.Errorf("answered %s, %s, %s; want the third refused", first, second, third)
	}
	held.Close()
	for deadline := time.Now().Add(patience); ; {
		if status, conn := ask(); status == "200 OK" {
			return
		} else if conn.Close(); time.Now().After(deadline) {
			t.Fatalf("after one was closed the next is answered %s", status)
		}
	}
}

// FuzzReadHead: what readHead takes for one whole request, net/http does too, and with nothing left over.
func FuzzReadHead(f *testing.F) {
	for _, seed := range []string{
		crowdRequest(""), crowdRequest("X-Request-Id: a\r\n"), crowdRequest("Content-Length: 5\r\n"), crowdRequest("Expect: 100-continue\r\n"),
		crowdRequest("Transfer-Encoding: chunked\r\n"), crowdRequest(" folded: 1\r\n"), crowdRequest("no colon\r\n"), crowdRequest("X: a\nb: c\r\n"),
		"GET / HTTP/1.1\r\nHost: x\r\n\r\n", "GET / HTTP/1.0\r\n\r\n", "GET / HTTP/1.1\r\nHost: x\r\nContent-Length : 5\r\n\r\n12345", "\r\n\r\n",
		crowdRequest("") + crowdRequest(""), "GET / HTTP/1.1\r\nHost: x\r\nContent-Length: +5\r\n\r\n12345",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if _, ok := readHead(b); !ok {
			return
		}
		in := bufio.NewReaderSize(bytes.NewReader(b), len(b)+16)
		r, err := http.ReadRequest(in)
		if err != nil {
			return // it is answered 400 and the connection closed: it never becomes what a later one is compared with
		}
		if len(r.TransferEncoding) > 0 {
			t.Fatalf("%q is chunked", b)
		}
		if n, err := io.Copy(io.Discard, r.Body); err != nil || n != max(r.ContentLength, 0) {
			t.Fatalf("%q: body of %d bytes, %v", b, n, err)
		}
		if left, _ := io.ReadAll(in); len(left) > 0 {
			t.Fatalf("%q leaves %q", b, left)
		}
	})
}
