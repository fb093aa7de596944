// Package httpd is the server around the dialects: listener, middleware, health and metrics. It knows no dialect.
package httpd

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"runtime/debug"
	"time"

	"clientele"

	"github.com/go-chi/chi/v5"
	"github.com/google/uuid"
)

// unmatched stands for the route of a request that no route matches, so that nobody can fill the metrics with paths.
const unmatched = "none"

// Exchange is a request with its answer, as a witness hears of it.
type Exchange struct {
	At      time.Time
	Request *http.Request
	Info    *clientele.Request
	// Route is the pattern of the route that served it; Status is 499 when the caller hung up before its answer.
	Route  string
	Status int
	// Answer is the beginning of the answer's body, at most 4 KiB of AnswerBytes, when the status is 400 or more; otherwise
	// nil. It is the witness's to keep.
	Answer      []byte
	AnswerBytes int64
}

// Matched reports whether a route served the request.
func (e *Exchange) Matched() bool { return e.Route != unmatched }

// Middleware returns the handler around everything that is served: it names the request, catches what panics, writes the
// one log line, and counts. Calls that were refused with a clientele.Busy share one line a second. now is the clock. Each
// witness hears of every exchange before the end of the answer is sent: it must not block.
func Middleware(log *slog.Logger, m *Metrics, now func() time.Time, witnesses ...func(Exchange)) func(http.Handler) http.Handler {
	busy := &busy{log: log, metrics: m, now: now, witnesses: witnesses}
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			start := now()
			info := &clientele.Request{TraceID: uuid.NewString()}
			info.ID = requestID(r, info.TraceID)
			w.Header()["X-Request-Id"] = []string{info.ID}
			if r.ProtoMajor == 1 && len(r.TransferEncoding) > 0 {
				// net/http believes the chunks and forgets a Content-Length beside them. Whoever reads that instead takes the
				// rest for another request: it is not read (RFC 9112, 6.1).
				w.Header()["Connection"] = []string{"close"}
			}
			answer := &recorder{ResponseWriter: w, keepErrors: len(witnesses) > 0}
			routing := chi.NewRouteContext()
			routing.RouteMethod = routeMethod(r.Method)
			ctx := context.WithValue(clientele.WithRequest(r.Context(), info), chi.RouteCtxKey, routing)
			aborted := serveSafely(next, answer, r.WithContext(ctx), info)
			route := routing.RoutePattern()
			if route == "" || route == "/*" {
				route = unmatched
			}
			end := now()
			took := end.Sub(start)
			status := answer.code()
			if isCallerGone(info.Err) {
				status = statusCallerGone
			}
			m.observe(info.Dialect, route, status, took)
			exchange := Exchange{start, r, info, route, status, answer.kept, answer.bytes}
			if b, ok := errors.AsType[*clientele.Busy](info.Err); ok {
				busy.refused()
				shedAgain(answer, b, exchange, busy.again(exchange))
			} else {
				logRequest(log, info, line{r.Method, route, status, r.ContentLength, answer.bytes, took, end})
			}
			for _, tell := range witnesses {
				tell(exchange)
			}
			if aborted {
				panic(http.ErrAbortHandler)
			}
		})
	}
}

// routeMethod returns the method by which a request is routed. One that HTTP does not define would be answered before the path
// decides which dialect answers; it goes the way of TRACE, which nobody serves.
func routeMethod(method string) string {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions:
		return method
	default:
		return http.MethodTrace
	}
}

// KnowClient notes the address that address tells of a request, for those who count by it.
func KnowClient(address func(*http.Request) netip.Addr) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			clientele.RequestOf(r.Context()).Client = address(r)
			next.ServeHTTP(w, r)
		})
	}
}

// statusCallerGone is what the log and the metrics tell of a call whose caller hung up before its answer. No answer
// arrived, and it is no failure of ours; the number is nginx's.
const statusCallerGone = 499

// isCallerGone reports whether a call failed because its caller hung up. A commit that the server itself gave up also has
// a cancelled context for its cause, but a kind of its own.
func isCallerGone(err error) bool {
	return errors.Is(err, context.Canceled) && clientele.KindOf(err) == clientele.KindInternal
}

// serveSafely answers 500 when next panics before it answered anything. It reports whether the connection has to be
// cut: an answer that broke off must not look whole.
func serveSafely(next http.Handler, w *recorder, r *http.Request, info *clientele.Request) (aborted bool) {
	defer func() {
		p := recover()
		if p == nil {
			return
		}
		if err, ok := p.(error); !ok || !errors.Is(err, http.ErrAbortHandler) {
			info.Err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
		if w.status != 0 {
			aborted = true
			return
		}
		http.Error(w, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
	}()
	next.ServeHTTP(w, r)
	return false
}

// line is what the log line of a request tells of HTTP.
type line struct {
	method   string
	route    string
	status   int
	bytesIn  int64
	bytesOut int64
	took     time.Duration
	end      time.Time
}

// logRequest writes the one line of a request. It holds no path, no address and no text that a caller sent, but for its
// request id: those may be personal data or secrets.
func logRequest(log *slog.Logger, info *clientele.Request, l line) {
	level := slog.LevelInfo
	attrs := make([]slog.Attr, 0, 14)
	attrs = append(attrs,
		slog.String("request_id", info.ID),
		slog.String("method", method(l.method)),
		slog.String("route", l.route),
		slog.Int("status", l.status),
		slog.Float64("ms", float64(l.took.Microseconds())/1000),
		slog.Int64("bytes_in", max(0, l.bytesIn)),
		slog.Int64("bytes_out", l.bytesOut),
	)
	if info.TraceID != info.ID {
		attrs = append(attrs, slog.String("trace_id", info.TraceID))
	}
	if info.Dialect != "" {
		attrs = append(attrs, slog.String("dialect", string(info.Dialect)))
	}
	if info.CredentialID != 0 {
		attrs = append(attrs, slog.Int64("credential", info.CredentialID))
	}
	if info.OperatorID != 0 {
		attrs = append(attrs, slog.Int64("operator", info.OperatorID))
	}
	if info.ProjectID != 0 {
		attrs = append(attrs, slog.Int64("project", info.ProjectID))
	}
	if info.Result != 0 {
		attrs = append(attrs, slog.String("result", info.Result.String()))
	}
	if isCallerGone(info.Err) {
		attrs = append(attrs, slog.String("error_kind", "caller_gone"))
	} else if info.Err != nil {
		kind := clientele.KindOf(info.Err)
		attrs = append(attrs, slog.String("error_kind", kind.String()))
		if kind == clientele.KindInternal || kind == clientele.KindUnavailable {
			level = slog.LevelError // the cause of the others is the caller's, and may quote what it sent
			attrs = append(attrs, slog.String("cause", info.Err.Error()))
		}
	}
	if ctx := context.Background(); log.Enabled(ctx, level) {
		record := slog.NewRecord(l.end, level, "request", 0) // at the handler itself: nobody wants to know the caller's line
		record.AddAttrs(attrs...)
		_ = log.Handler().Handle(ctx, record) // there is nowhere to report it
	}
}

// method returns a request's method if it is a known one: a caller may send anything.
func method(m string) string {
	switch m {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete,
		http.MethodOptions, http.MethodConnect, http.MethodTrace:
		return m
	default:
		return "other"
	}
}

// maxKeptAnswer is how much of an error's body a witness hears, in bytes.
const maxKeptAnswer = 4 << 10

// recorder remembers what was answered, and of an error how its body begins if keepErrors is set.
type recorder struct {
	http.ResponseWriter
	status     int
	bytes      int64
	keepErrors bool
	kept       []byte
}

func (w *recorder) WriteHeader(status int) {
	if w.status == 0 && status >= http.StatusOK {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *recorder) Write(b []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	if w.status >= http.StatusBadRequest && w.keepErrors {
		w.kept = append(w.kept, b[:min(len(b), maxKeptAnswer-len(w.kept))]...)
	}
	n, err := w.ResponseWriter.Write(b)
	w.bytes += int64(n)
	return n, err
}

// Unwrap lets http.ResponseController reach the connection.
func (w *recorder) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func (w *recorder) code() int {
	if w.status == 0 {
		return http.StatusOK
	}
	return w.status
}
