package console

import (
	"bufio"
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"clientele"

	"github.com/go-chi/chi/v5"
)

// listener hears one live stream.
type listener struct {
	t      *testing.T
	lines  *bufio.Scanner
	status int
}

// listen opens a stream, which ends with the test.
func (b *browser) listen() *listener {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.t.Context(), time.Minute)
	b.t.Cleanup(cancel)
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, b.f.url+root+"live", nil)
	check(b.t, err)
	client := *b.client
	client.Timeout = 0
	res, err := client.Do(req)
	check(b.t, err)
	b.t.Cleanup(func() { _ = res.Body.Close() })
	return &listener{t: b.t, lines: bufio.NewScanner(res.Body), status: res.StatusCode}
}

// next returns the next event; "" when the stream has ended.
func (l *listener) next() string {
	for l.lines.Scan() {
		if name, ok := strings.CutPrefix(l.lines.Text(), "event: "); ok {
			return name
		}
	}
	return ""
}

func (l *listener) want(events ...string) {
	l.t.Helper()
	for _, want := range events {
		if got := l.next(); got != want {
			l.t.Fatalf("heard %q, want %q", got, want)
		}
	}
}

func TestLive_TellsOfARefusedCall(t *testing.T) {
	onBothStores(t, func(t *testing.T, f *fixture) {
		b := f.as(t, viewer)
		l := b.listen()
		l.want("hello")
		f.called(t, 400, clientele.Request{Dialect: clientele.OPM}, nil)
		l.want("news")
		b.get("/console/inbox").want(http.StatusOK).has(`href="/console/inbox/1"`)
		f.called(t, 201, clientele.Request{Dialect: clientele.OPM, Result: clientele.Created}, nil)
		l.want("news")
	})
}

func TestLive_EndsWithTheSession(t *testing.T) {
	f := newFixture(t)
	b, other := f.as(t, viewer), f.as(t, editor)
	l, stays := b.listen(), other.listen()
	l.want("hello")
	stays.want("hello")
	b.post(logoutPath).goesTo(loginPath)
	l.want("end", "")
	f.called(t, 201, clientele.Request{Dialect: clientele.OPM}, nil)
	stays.want("news")
}

// TestLive_LooksAgainWhoItIs: a disabled operator's stream ends with the next beat, whichever server disabled them.
func TestLive_LooksAgainWhoItIs(t *testing.T) {
	f := newFixture(t)
	f.live.beat = 10 * time.Millisecond
	b := f.as(t, viewer)
	l := b.listen()
	l.want("hello", "beat", "beat")
	operators, err := f.Operators.List(t.Context())
	check(t, err)
	check(t, f.Operators.Disable(t.Context(), operators[0].ID))
	for event := l.next(); event != "end"; event = l.next() {
		if event != "beat" {
			t.Fatalf("heard %q before the end", event)
		}
	}
	l.want("")
}

// TestLive_EndsWithALogoutElsewhere: the stream of a session ends with the next beat when another server took the logout.
func TestLive_EndsWithALogoutElsewhere(t *testing.T) {
	onBothStores(t, func(t *testing.T, f *fixture) {
		f.live.beat = 10 * time.Millisecond
		b := f.as(t, viewer)
		l := b.listen()
		l.want("hello", "beat")
		routes := chi.NewRouter()
		New(f.Options).Routes(routes)
		second := httptest.NewServer(routes)
		t.Cleanup(second.Close)
		elsewhere := b.twin()
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, second.URL+logoutPath, nil)
		check(t, err)
		elsewhere.do(req).goesTo(loginPath)
		for event := l.next(); event != "end"; event = l.next() {
			if event != "beat" {
				t.Fatalf("heard %q before the end", event)
			}
		}
		l.want("")
	})
}

func TestLive_EndsWhenTheServerDrains(t *testing.T) {
	f := newFixture(t)
	b := f.as(t, viewer)
	l := b.listen()
	l.want("hello")
	f.EndStreams()
	l.want("end", "")
	if late := b.listen(); late.status != http.StatusServiceUnavailable {
		t.Errorf("a stream that begins while the server drains is answered %d", late.status)
	}
	f.EndStreams() // again has no effect
}

func TestLive_IsBounded(t *testing.T) {
	f := newFixture(t)
	b := f.as(t, viewer)
	for range maxStreamsPerOperator {
		b.listen().want("hello")
	}
	if l := b.listen(); l.status != http.StatusTooManyRequests {
		t.Errorf("one stream more is answered %d", l.status)
	}
	f.as(t, editor).listen().want("hello")
}

// TestLive_IsNotCutByTheServersTimeouts: neither the time for a request nor that for an answer ends a stream.
func TestLive_IsNotCutByTheServersTimeouts(t *testing.T) {
	f := newFixture(t)
	f.live.beat = 20 * time.Millisecond
	routes := chi.NewRouter()
	f.Routes(routes)
	s := httptest.NewUnstartedServer(routes)
	const timeout = 100 * time.Millisecond
	s.Config.ReadTimeout, s.Config.WriteTimeout = timeout, timeout
	s.Start()
	t.Cleanup(s.Close)
	t.Cleanup(f.EndStreams)
	b := f.as(t, viewer)
	f.url = s.URL // another port of the same host: cookies are for both
	l := b.listen()
	l.want("hello")
	for begun := time.Now(); time.Since(begun) < 4*timeout; {
		l.want("beat")
	}
}

// TestLive_AnOpenPageIsNoActivity: a page that refreshes itself does not keep a session from ending.
func TestLive_AnOpenPageIsNoActivity(t *testing.T) {
	f := newFixture(t)
	b := f.as(t, viewer)
	refresh := func() *page {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, f.url+root, nil)
		check(t, err)
		req.Header.Set("X-Live", "1")
		return b.do(req)
	}
	for range 5 {
		f.clock.move(11 * time.Minute)
		refresh().want(http.StatusOK)
	}
	f.clock.move(11 * time.Minute)
	refresh().want(http.StatusSeeOther)
}
