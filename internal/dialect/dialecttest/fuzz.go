package dialecttest

import (
	"bufio"
	"bytes"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"clientele/internal/httpd"

	"github.com/go-chi/chi/v5"
)

// maxSeedBytes bounds the bodies of seeds: large ones only slow the fuzzer down.
const maxSeedBytes = 4 << 10

// Fuzz sends to a server of the dialect what the fuzzer makes of the requests of the cases, in testdata/contract and in
// testdata/fuzz: method, target, header lines and body, with the variables of the cases. Whatever is sent, the answer is no
// failure of the server, it is as described, and the log holds no secret and nothing personal. When it runs as a test, every
// route of the dialect must have been called with success by one of the seeds: a new route without a case fails.
func Fuzz(f *testing.F, d *Dialect) {
	s := Start(f, d, Stores()[0])
	seeds := s.rehearse(f, d)
	for _, seed := range seeds {
		f.Add(seed.method, seed.target, seed.header, seed.body)
	}
	routes := chi.NewRouter()
	routes.NotFound(notOurs)
	routes.MethodNotAllowed(notOurs)
	d.Routes(routes, s)
	reached := &reached{routes: map[string]bool{}}
	handler := httpd.Middleware(
		slog.New(slog.NewJSONHandler(&s.log, nil)), httpd.NewMetrics("test", s.intake.Waiting), time.Now, reached.note,
	)(routes)
	var played atomic.Int64 // fewer than the seeds with go test -run
	f.Fuzz(func(t *testing.T, method, target, header, body string) {
		if n := played.Add(1); n%100 == 1 && d.Renew != nil {
			if err := d.Renew(s); err != nil {
				t.Fatal(err)
			}
		}
		r := &Request{Method: s.fill(method), Target: s.fill(target), Header: s.fillLines(header), Body: []byte(s.fill(body))}
		a := exchangeWithin(handler, r)
		if a == nil {
			return // net/http answers for itself what it cannot read
		}
		if a.Status >= http.StatusInternalServerError {
			t.Errorf("the server failed: %s", a)
		}
		if a.Header.Get(notOursHeader) != "" {
			return
		}
		if err := d.Description.checkAnswer(r, a); err != nil {
			t.Errorf("the API description disagrees: %v\nwhole answer:\n%s", err, a)
		}
	})
	if !f.Failed() && int(played.Load()) >= len(seeds) && flag.Lookup("test.fuzz").Value.String() == "" {
		reached.wantAll(f, routes)
	}
}

// notOurs answers what is below no path of the dialect: in a whole server that is for another one.
func notOurs(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set(notOursHeader, "1")
	w.WriteHeader(http.StatusNotFound)
}

const notOursHeader = "X-Not-Ours"

// seed is a request of a case, its variables by name.
type seed struct{ method, target, header, body string }

// rehearse plays the cases, so that the book holds what their requests are about and their variables have values, and returns
// their requests. Cases that break something for those behind them are not played.
func (s *Server) rehearse(t testing.TB, d *Dialect) []seed {
	t.Helper()
	seen := map[seed]bool{}
	var seeds []seed
	files := loadCases(t)
	for _, name := range slices.Sorted(maps.Keys(files)) {
		for i := range files[name] {
			c := &files[name][i]
			if !c.breaksSomething() {
				_ = s.play(t.Context(), d, c) // the cases were written for a server of each file's own: not all succeed
			}
			for _, step := range c.steps {
				if one, ok := seedOf(&step); ok && !seen[one] {
					seen[one] = true
					seeds = append(seeds, one)
				}
			}
		}
	}
	isDelete := func(s seed) int { return strings.Count(s.target, "/delete") }
	slices.SortStableFunc(seeds, func(a, b seed) int { return isDelete(a) - isDelete(b) })
	return seeds
}

// breaksSomething reports whether a case changes the clock, keys or credentials, or makes something fail.
func (c *contractCase) breaksSomething() bool {
	return slices.ContainsFunc(c.steps, func(s step) bool {
		return s.kind == other && breaking.MatchString(s.words)
	})
}

var breaking = regexp.MustCompile(`^(clock|store|shelf|hooks|look-ups|revoke|rotate|replace|fail|pause)\b`)

// seedOf returns the request of a step with its actions expanded and its variables left.
func seedOf(s *step) (seed, bool) {
	if s.kind != request {
		return seed{}, false
	}
	ok := true
	expand := func(text string) string {
		t, err := parseTemplate(text)
		ok = ok && err == nil
		for i, p := range t {
			if p.kind == variable {
				t[i] = part{kind: literal, text: "$" + p.text}
			}
		}
		expanded, err := t.expand(nil)
		ok = ok && err == nil
		return expanded
	}
	var header strings.Builder
	for _, h := range s.headers {
		fmt.Fprintf(&header, "%s: %s\n", h.name, expand(h.value))
	}
	one := seed{expand(s.method), expand(s.target), header.String(), expand(s.body)}
	return one, ok && len(one.header)+len(one.body)+len(one.target) < maxSeedBytes
}

var variableInText = regexp.MustCompile(`\$[A-Z][A-Z0-9_]*`)

// fill puts the values of the variables that there are into a text.
func (s *Server) fill(text string) string {
	return variableInText.ReplaceAllStringFunc(text, func(name string) string {
		if v, ok := s.Vars[name[1:]]; ok {
			return v
		}
		return name
	})
}

func (s *Server) fillLines(text string) (list []HeaderLine) {
	for line := range strings.Lines(text) {
		name, value, _ := strings.Cut(s.fill(strings.TrimRight(line, "\r\n")), ":")
		list = append(list, HeaderLine{name, strings.Trim(value, " ")})
	}
	return list
}

// exchangeWithin has a handler answer a request as a server of net/http would; nil when such a server would not hand it on.
func exchangeWithin(handler http.Handler, r *Request) *Answer {
	var wire bytes.Buffer
	fmt.Fprintf(&wire, "%s %s HTTP/1.1\r\nHost: localhost\r\n", r.Method, r.Target)
	for _, h := range r.Header {
		if !slices.Contains([]string{"host", "transfer-encoding", "content-length", "expect"}, strings.ToLower(h.Name)) {
			fmt.Fprintf(&wire, "%s: %s\r\n", h.Name, h.Value)
		}
	}
	fmt.Fprintf(&wire, "Content-Length: %d\r\n\r\n%s", len(r.Body), r.Body)
	in, err := http.ReadRequest(bufio.NewReader(&wire))
	if err != nil || in.Host != "localhost" {
		return nil
	}
	in.RemoteAddr = "192.0.2.1:1234"
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, in)
	out := w.Result()
	a := &Answer{Status: out.StatusCode, Header: out.Header}
	if r.Method != http.MethodHead {
		a.Body, _ = io.ReadAll(out.Body) // a buffer
	}
	return a
}

// reached are the routes that were called with success.
type reached struct {
	mu     sync.Mutex
	routes map[string]bool
}

func (r *reached) note(e httpd.Exchange) {
	if e.Status < http.StatusBadRequest {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.routes[e.Request.Method+" "+strings.TrimRight(e.Route, "/")] = true
	}
}

func (r *reached) wantAll(t testing.TB, routes chi.Routes) {
	r.mu.Lock()
	defer r.mu.Unlock()
	_ = chi.Walk(routes, func(method, route string, _ http.Handler, _ ...func(http.Handler) http.Handler) error {
		if !r.routes[method+" "+strings.TrimRight(route, "/")] {
			t.Errorf("no seed calls %s %s with success", method, route)
		}
		return nil
	})
}
