package httpd

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"clientele"

	"github.com/go-chi/chi/v5"
	"github.com/go-json-experiment/json"
	"github.com/google/go-cmp/cmp"
)

// lines gathers a log. Its methods may be called from any goroutine.
type lines struct {
	mu    sync.Mutex
	bytes bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.bytes.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.bytes.String()
}

// house is the middleware around some routes, with a clock that goes on by 1.5 ms each time it is looked at.
type house struct {
	http.Handler
	log     lines
	metrics *Metrics
}

func newHouse(routes func(chi.Router)) *house {
	h := &house{metrics: NewMetrics("v1", func() int { return 3 })}
	r := chi.NewRouter()
	routes(r)
	at := time.Unix(1_800_000_000, 0)
	var mu sync.Mutex
	now := func() time.Time {
		mu.Lock()
		defer mu.Unlock()
		at = at.Add(1500 * time.Microsecond)
		return at
	}
	h.Handler = Middleware(slog.New(slog.NewJSONHandler(&h.log, nil)), h.metrics, now)(r)
	return h
}

// call serves one request in memory.
func (h *house) call(method, target, body string, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	for i := 0; i < len(header); i += 2 {
		r.Header.Add(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// lastLine returns the last line of the log, without its time.
func (h *house) lastLine(t *testing.T) map[string]any {
	t.Helper()
	text := strings.TrimSpace(h.log.String())
	var v map[string]any
	if err := json.Unmarshal([]byte(text[strings.LastIndexByte(text, '\n')+1:]), &v); err != nil {
		t.Fatalf("the log's last line: %v\n%s", err, text)
	}
	delete(v, "time")
	return v
}

// numbers returns the metrics as they are served.
func (h *house) numbers() string {
	w := httptest.NewRecorder()
	h.metrics.Handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	return w.Body.String()
}

var uuidPattern = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)

// TestMiddleware_RequestID: the caller's if it sent one sane one, otherwise ours (rulings, "Rules that hold in all four").
func TestMiddleware_RequestID(t *testing.T) {
	var seen string
	h := newHouse(func(r chi.Router) {
		r.Get("/", func(_ http.ResponseWriter, r *http.Request) { seen = clientele.RequestOf(r.Context()).ID })
	})
	const sane = "AZaz09._-"
	for _, c := range []struct {
		sent []string
		kept bool
	}{
		{nil, false},
		{[]string{sane}, true},
		{[]string{"x"}, true},
		{[]string{strings.Repeat("x", 128)}, true},
		{[]string{strings.Repeat("x", 129)}, false},
		{[]string{""}, false},
		{[]string{sane, sane}, false},
		{[]string{"two words"}, false},
		{[]string{"a/b"}, false},
		{[]string{"a@example.com"}, false},
		{[]string{"é"}, false},
		{[]string{"a\x7f"}, false},
		{[]string{"a,b"}, false},
	} {
		var header []string
		for _, id := range c.sent {
			header = append(header, "x-request-id", id)
		}
		got := h.call("GET", "/", "", header...).Result().Header["X-Request-Id"]
		if len(got) != 1 || got[0] != seen || h.lastLine(t)["request_id"] != seen {
			t.Fatalf("sent %q: answered %q, handler saw %q, logged %v", c.sent, got, seen, h.lastLine(t))
		}
		trace, _ := h.lastLine(t)["trace_id"].(string)
		switch {
		case c.kept && (seen != c.sent[0] || !uuidPattern.MatchString(trace)):
			t.Errorf("sent %q: request %q, trace %q; want the caller's, and ours beside it", c.sent, seen, trace)
		case !c.kept && (!uuidPattern.MatchString(seen) || trace != ""):
			t.Errorf("sent %q: request %q, trace %q; want ours alone", c.sent, seen, trace)
		}
	}
}

// TestMiddleware_RequestIDThatIsASecret is not taken over: it would stand in the log.
func TestMiddleware_RequestIDThatIsASecret(t *testing.T) {
	h := newHouse(func(r chi.Router) { r.Get("/*", func(http.ResponseWriter, *http.Request) {}) })
	const uuid, hex = "9b2d7c1e-54a6-4b06-9c0c-6a3c1d3f4e5a", "0123456789abcdef0123456789abcdef"
	basic := "Basic " + base64.StdEncoding.EncodeToString([]byte("client:open-sesame"))
	for _, c := range []struct {
		path, id string
		header   []string
		kept     bool
	}{
		{"/", "open-sesame", []string{"x-api-key", "open-sesame"}, false},
		{"/", "Call-OPEN-sesame", []string{"x-api-key", "open-sesame"}, false},
		{"/", "sesame", []string{"x-api-key", "open-sesame"}, false},
		{"/", uuid, []string{"apikey", "x", "CustomerKey", uuid}, false},
		{"/", "a.b-c_d", []string{"Authorization", "Bearer a.b-c_d"}, false},
		{"/", "open-sesame", []string{"Authorization", basic}, false},
		{"/", "abcdefgh", []string{"Cookie", "__Host-clientele=abcdefgh; x=y"}, false},
		{"/api/v1/actions/" + strings.ToUpper(uuid), uuid, nil, false},
		{"/?action_uuid=" + uuid, uuid, nil, false},
		{"/", "opm_" + hex, nil, false},
		{"/", "call-OWR_" + hex, nil, false},
		{"/", "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln", nil, false},

		{"/", uuid, []string{"x-api-key", "open-sesame", "CustomerKey", ""}, true},
		{"/", "k-1", []string{"x-api-key", "k"}, true},
		{"/customers", "customers", nil, true},
		{"/click?sub1=backup-1-0-2-of-many", "backup-1-0-2-of-many", nil, true},
		{"/", "opm_7519", nil, true},
		{"/", "dkh_order-" + hex, nil, true},
		{"/", "eyJ-1", nil, true},
	} {
		w := h.call("GET", c.path, "", append(c.header, "X-Request-Id", c.id)...)
		line := h.lastLine(t)
		if got := w.Header().Get("X-Request-Id"); (got == c.id) != c.kept || line["request_id"] != got {
			t.Errorf("%s sent as %v: answered %s, logged %v; want it kept: %t", c.id, c.header, got, line, c.kept)
		}
	}
}

// TestMiddleware_PanicBeforeTheAnswer: 500, the cause goes to the log only, and the next request is served.
func TestMiddleware_PanicBeforeTheAnswer(t *testing.T) {
	h := newHouse(func(r chi.Router) {
		r.Get("/panic", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "5")
			panic("the cause")
		})
		r.Get("/error", func(http.ResponseWriter, *http.Request) { panic(errors.New("the cause")) })
		r.Get("/abort", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
		r.Get("/fine", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "fine") })
	})
	for path, logged := range map[string]bool{"/panic": true, "/error": true, "/abort": false} {
		w := h.call("GET", path, "")
		if w.Code != 500 || w.Body.String() != "Internal Server Error\n" || w.Header().Get("Content-Length") == "5" || w.Header().Get("X-Request-Id") == "" {
			t.Errorf("%s: %d %q %v", path, w.Code, w.Body, w.Header())
		}
		line := h.lastLine(t)
		cause, _ := line["cause"].(string)
		if line["status"] != 500.0 || line["route"] != path ||
			logged != (line["level"] == "ERROR" && strings.Contains(cause, "panic: the cause") && strings.Contains(cause, "middleware_test.go")) {
			t.Errorf("%s: logged %v", path, line)
		}
	}
	if w := h.call("GET", "/fine", ""); w.Code != 200 || w.Body.String() != "fine" {
		t.Errorf("after the panics: %d %q", w.Code, w.Body)
	}
}

// TestMiddleware_PanicWithinTheAnswer: the connection is cut, so that half an answer does not look whole, and the others
// go on.
func TestMiddleware_PanicWithinTheAnswer(t *testing.T) {
	h := newHouse(func(r chi.Router) {
		r.Get("/panic", func(w http.ResponseWriter, _ *http.Request) {
			fmt.Fprint(w, "half an ")
			_ = http.NewResponseController(w).Flush() // which needs the connection behind the middleware
			panic("the cause")
		})
		r.Get("/fine", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "fine") })
	})
	s := serve(t, wide, h.ServeHTTP)
	res, err := http.Get(s.URL() + "/panic")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if string(body) != "half an " || !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("body %q, error %v; want half, and that it broke off", body, err)
	}
	line := h.lastLine(t)
	if line["status"] != 200.0 || line["level"] != "ERROR" || line["bytes_out"] != 8.0 || !strings.Contains(fmt.Sprint(line["cause"]), "panic: the cause") {
		t.Errorf("logged %v", line)
	}
	fine, err := http.Get(s.URL() + "/fine")
	if err != nil || fine.StatusCode != 200 {
		t.Fatalf("after the panic: %v, %v", fine, err)
	}
	fine.Body.Close()
}

// TestMiddleware_LogLine: one wide line, with all that is known and nothing that a caller sent.
func TestMiddleware_LogLine(t *testing.T) {
	h := newHouse(func(r chi.Router) {
		r.Post("/things/{id}", func(w http.ResponseWriter, r *http.Request) {
			info := clientele.RequestOf(r.Context())
			info.Dialect, info.ProjectID, info.CredentialID, info.Result = clientele.OPM, 7, 8, clientele.Created
			w.WriteHeader(http.StatusCreated)
			fmt.Fprint(w, "12345")
		})
	})
	h.call("POST", "/things/secret-path?secret=query", "secret body", "X-Secret", "secret header", "User-Agent", "secret agent",
		"Cookie", "secret=cookie", "Content-Type", "text/secret", "X-Request-Id", "r1", "X-Forwarded-For", "secret")
	line := h.lastLine(t)
	delete(line, "trace_id")
	want := map[string]any{
		"level": "INFO", "msg": "request", "request_id": "r1", "method": "POST", "route": "/things/{id}", "status": 201.0, "ms": 1.5,
		"bytes_in": 11.0, "bytes_out": 5.0, "dialect": "opm", "project": 7.0, "credential": 8.0, "result": "created",
	}
	if diff := cmp.Diff(want, line); diff != "" {
		t.Errorf("the line (-want +got):\n%s", diff)
	}
	if log := h.log.String(); strings.Contains(log, "secret") || strings.Contains(log, "192.0.2.1") || strings.Count(log, "\n") != 1 {
		t.Errorf("the log:\n%s", log)
	}
}

// TestMiddleware_LogError: the kind of every error, and the cause of those alone that are ours.
func TestMiddleware_LogError(t *testing.T) {
	var failure error
	h := newHouse(func(r chi.Router) {
		r.Get("/", func(w http.ResponseWriter, r *http.Request) {
			clientele.RequestOf(r.Context()).Err = failure
			w.WriteHeader(http.StatusTeapot)
		})
	})
	cause := errors.New("the cause")
	for _, c := range []struct {
		err   error
		level string
		kind  string
		cause any
	}{
		{nil, "INFO", "", nil},
		{cause, "ERROR", "internal", "the cause"},
		{fmt.Errorf("upsert: %w", clientele.Unavailable("full", cause)), "ERROR", "unavailable", "upsert: unavailable: full: the cause"},
		{&clientele.Error{Kind: clientele.KindInvalid, Message: "sent by the caller", Err: cause}, "INFO", "invalid", nil},
		{clientele.Errorf(clientele.KindUnauthorized, "no key"), "INFO", "unauthorized", nil},
		{fmt.Errorf("wait: %w", context.Canceled), "INFO", "caller_gone", nil},
		{clientele.Unavailable("shutting down", context.Canceled), "ERROR", "unavailable", "unavailable: shutting down: context canceled"},
	} {
		failure = c.err
		h.call("GET", "/", "")
		line := h.lastLine(t)
		kind, _ := line["error_kind"].(string)
		if line["level"] != c.level || kind != c.kind || line["cause"] != c.cause || strings.Contains(fmt.Sprint(line), "sent by") {
			t.Errorf("error %v: logged %v", c.err, line)
		}
	}
}

// TestMiddleware_CallerGone: a caller that hung up is no failure of the server's, neither in the log nor in the metrics.
func TestMiddleware_CallerGone(t *testing.T) {
	h := newHouse(func(r chi.Router) {
		r.Get("/", func(w http.ResponseWriter, r *http.Request) {
			clientele.RequestOf(r.Context()).Err = fmt.Errorf("wait for commit: %w", context.Canceled)
			w.WriteHeader(http.StatusInternalServerError)
		})
	})
	h.call("GET", "/", "")
	if got := h.lastLine(t)["status"]; got != 499.0 {
		t.Errorf("logged status %v, want 499", got)
	}
	if numbers := h.numbers(); !strings.Contains(numbers, `status="499"} 1`) || strings.Contains(numbers, `status="500"`) {
		t.Error("the metrics count a failure of the server's")
	}
}
