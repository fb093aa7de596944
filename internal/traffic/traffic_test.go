package traffic

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"clientele"
)

// memory is a store that notes what it is handed.
type memory struct {
	mu       sync.Mutex
	counts   map[clientele.CallCount]int64
	refusals []clientele.Refusal
	failure  error
}

func (m *memory) AddCallCounts(_ context.Context, counts []clientele.CallCount) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.failure != nil {
		return m.failure
	}
	if m.counts == nil {
		m.counts = map[clientele.CallCount]int64{}
	}
	for _, c := range counts {
		n := c.Calls
		c.Calls = 0
		m.counts[c] += n
	}
	return nil
}

func (m *memory) PutRefusals(_ context.Context, list []clientele.Refusal, _ clientele.RefusalBounds) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.failure != nil {
		return m.failure
	}
	m.refusals = append(m.refusals, list...)
	return nil
}

func noon() time.Time { return time.Date(2026, time.November, 22, 12, 0, 30, 0, time.UTC) }

// callOf returns a call with an answer of a status.
func callOf(status int, info clientele.Request) Call {
	r := httptest.NewRequest(http.MethodPost, "/entry", nil)
	info.TraceID = "5b0c4d7a-54a6-4b06-9c0c-6a3c1d3f4e5a"
	if info.ID == "" {
		info.ID = info.TraceID
	}
	return Call{At: noon(), Request: r, Info: &info, Route: "/entry", Status: status}
}

func flush(t *testing.T, w *Traffic) {
	t.Helper()
	if err := w.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func TestOutcomeOf(t *testing.T) {
	failed := func(k clientele.Kind) clientele.Request { return clientele.Request{Err: &clientele.Error{Kind: k}} }
	for _, c := range []struct {
		status int
		info   clientele.Request
		want   clientele.CallOutcome
	}{
		{201, clientele.Request{Result: clientele.Created}, clientele.CallCreated},
		{202, clientele.Request{Result: clientele.Updated}, clientele.CallUpdated},
		{202, clientele.Request{Result: clientele.Unchanged}, clientele.CallUnchanged},
		{200, clientele.Request{Result: clientele.Submitted}, clientele.CallAccepted},
		{302, clientele.Request{Result: clientele.Created}, clientele.CallCreated},
		{200, clientele.Request{}, clientele.CallRead},
		{400, failed(clientele.KindInvalid), clientele.CallRefused},
		{409, failed(clientele.KindConflict), clientele.CallRefused},
		{409, failed(clientele.KindInternal), clientele.CallFailed}, // Prime Lead's answer to the unforeseen
		{409, clientele.Request{Err: errors.New("odd")}, clientele.CallFailed},
		{503, failed(clientele.KindUnavailable), clientele.CallFailed},
		{401, failed(clientele.KindUnauthorized), clientele.CallDenied},
		{403, failed(clientele.KindForbidden), clientele.CallDenied},
		{429, failed(clientele.KindRateLimited), clientele.CallLimited},
		{404, clientele.Request{}, clientele.CallRefused},
		{405, clientele.Request{}, clientele.CallRefused},
		{403, clientele.Request{}, clientele.CallDenied},
		{429, clientele.Request{}, clientele.CallLimited},
		{500, clientele.Request{}, clientele.CallFailed},
		{499, clientele.Request{Result: clientele.Created}, ""},
	} {
		if got := OutcomeOf(&c.info, c.status); got != c.want {
			t.Errorf("%d %+v: %q, want %q", c.status, c.info, got, c.want)
		}
	}
}

// TestCounts_AddUp over many goroutines, in each span, of each project and of all.
func TestCounts_AddUp(t *testing.T) {
	m := &memory{}
	w := New(m)
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for n := range 500 {
				c := callOf(201, clientele.Request{Dialect: clientele.OPM, ProjectID: int64(n % 2), Result: clientele.Created})
				c.At = c.At.Add(time.Duration(n%3) * time.Hour)
				w.Observe(c)
				if n%100 == 0 {
					if err := w.Flush(t.Context()); err != nil {
						t.Error(err)
					}
				}
			}
		})
	}
	all.Wait()
	flush(t, w)
	sums := map[string]int64{}
	for c, n := range m.counts {
		sums[fmt.Sprint(c.Span, c.ProjectID)] += n
		if c.At.Unix()%int64(c.Span.Seconds()) != 0 || c.Dialect != clientele.OPM || c.Outcome != clientele.CallCreated {
			t.Errorf("count %+v", c)
		}
	}
	for _, span := range clientele.CallSpans {
		if all, own := sums[fmt.Sprint(span, 0)], sums[fmt.Sprint(span, 1)]; all != 4000 || own != 2000 {
			t.Errorf("by %s: %d calls and %d of the project, want 4000 and 2000", span, all, own)
		}
	}
	if n := len(m.counts); n != 3*2*3 {
		t.Errorf("%d counts, want one for each hour, span and project or all", n)
	}
}

func TestFlush_AfterAFailureCountsStay(t *testing.T) {
	m := &memory{failure: errors.New("no disk")}
	w := New(m)
	w.Observe(callOf(400, clientele.Request{CredentialID: 1, ProjectID: 1}))
	if err := w.Flush(t.Context()); err == nil {
		t.Error("a store that fails is not told of")
	}
	if _, lost := w.Dropped(); lost != 1 {
		t.Errorf("%d refused calls lost, want 1", lost)
	}
	m.failure = nil
	news := w.Flushed()
	flush(t, w)
	if len(m.counts) != 6 || len(m.refusals) != 0 {
		t.Errorf("%d counts and %d refusals after the failure, want 6 and 0", len(m.counts), len(m.refusals))
	}
	select {
	case <-news:
	default:
		t.Error("nobody hears of what was flushed")
	}
	news = w.Flushed()
	flush(t, w)
	select {
	case <-news:
		t.Error("a flush of nothing is news")
	default:
	}
}

func TestInbox_KeepsWhatWasSeen(t *testing.T) {
	m := &memory{}
	w := New(m)
	c := callOf(422, clientele.Request{
		ID: "mine-1", Dialect: clientele.PrimeLead, CredentialID: 3, ProjectID: 4, Body: []byte(`{"contract":"x"}`),
		Err: fmt.Errorf("report: %w", &clientele.Error{Kind: clientele.KindInvalid, Field: "contract"}),
	})
	c.Request = httptest.NewRequest(http.MethodPost, "/api/v1/actions/12?x=1", strings.NewReader(`{"contract":"x"}`))
	c.Request.Header.Set("Content-Type", "application/json")
	c.Route, c.Answer, c.AnswerBytes = "/api/v1/actions/{advertiserUUID}", []byte(`{"success":false}`), 17
	w.Observe(c)
	w.Observe(callOf(200, clientele.Request{}))
	w.Observe(callOf(499, clientele.Request{Err: context.Canceled}))
	flush(t, w)
	want := clientele.Refusal{
		At: noon(), Dialect: clientele.PrimeLead, CredentialID: 3, ProjectID: 4, Method: "POST", Route: c.Route, Target: "/api/v1/actions/12?x=1",
		Status: 422, Kind: "invalid", Field: "contract", RequestID: "mine-1", TraceID: c.Info.TraceID, Media: "application/json",
		Body: `{"contract":"x"}`, BodyState: clientele.BodyWhole, BodyBytes: 16, Answer: `{"success":false}`, AnswerBytes: 17,
	}
	if len(m.refusals) != 1 || m.refusals[0] != want {
		t.Errorf("kept %+v\nwant %+v", m.refusals, want)
	}
}

func TestInbox_BodyStates(t *testing.T) {
	long := `{"a":"` + strings.Repeat("words and more ", 3000) + `"}`
	for _, c := range []struct {
		name   string
		length int64
		body   []byte
		state  clientele.BodyState
		bytes  int64
		kept   func(string) bool
	}{
		{"none", 0, nil, clientele.BodyNone, 0, func(s string) bool { return s == "" }},
		{"empty", 0, []byte{}, clientele.BodyNone, 0, func(s string) bool { return s == "" }},
		{"unread", 99, nil, clientele.BodyUnread, 99, func(s string) bool { return s == "" }},
		{"unread, of unknown length", -1, nil, clientele.BodyUnread, -1, func(s string) bool { return s == "" }},
		{"not UTF-8", 3, []byte("a\xff\xfe"), clientele.BodyBinary, 3, func(s string) bool { return s == "" }},
		{"UTF-16", 6, []byte("a\x00b\x00c\x00"), clientele.BodyBinary, 6, func(s string) bool { return s == "" }},
		{"long", int64(len(long)), []byte(long), clientele.BodyCut, int64(len(long)), func(s string) bool {
			return len(s) <= MaxBody && len(s) > MaxBody-100 && strings.HasPrefix(long, s)
		}},
		{"long, cut within a character", 9300, []byte("x" + strings.Repeat("ż", 5000)), clientele.BodyCut, 10001, func(s string) bool {
			return len(s) <= MaxBody && len(s) > MaxBody-100
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := &memory{}
			w := New(m)
			call := callOf(400, clientele.Request{Body: c.body})
			call.Request.ContentLength = c.length
			w.Observe(call)
			flush(t, w)
			if r := m.refusals[0]; r.BodyState != c.state || r.BodyBytes != c.bytes || !c.kept(r.Body) {
				t.Errorf("%s of %d bytes, kept %d: %.40q", r.BodyState, r.BodyBytes, len(r.Body), r.Body)
			}
		})
	}
}

// TestInbox_FloodIsBounded: one caller's flood takes no more than its share of a minute, and neither another's place nor the
// queue's.
func TestInbox_FloodIsBounded(t *testing.T) {
	m := &memory{}
	w := New(m)
	for n := range 10_000 {
		w.Observe(callOf(400, clientele.Request{CredentialID: 1, ProjectID: 1}))
		stranger := callOf(401, clientele.Request{})
		stranger.Request.RemoteAddr = fmt.Sprintf("198.51.100.%d:1000", n%200)
		w.Observe(stranger)
	}
	w.Observe(callOf(400, clientele.Request{CredentialID: 2, ProjectID: 1}))
	flush(t, w)
	kept := map[int64]int{}
	for _, r := range m.refusals {
		kept[r.CredentialID]++
	}
	if kept[1] != capCredential || kept[0] != capUnknown || kept[2] != 1 {
		t.Errorf("kept %v", kept)
	}
	if capped, lost := w.Dropped(); capped != 20_000-capCredential-capUnknown || lost != 0 {
		t.Errorf("%d capped, %d lost", capped, lost)
	}
	later := callOf(400, clientele.Request{CredentialID: 1, ProjectID: 1})
	later.At = later.At.Add(time.Minute)
	w.Observe(later)
	flush(t, w)
	if last := m.refusals[len(m.refusals)-1]; !last.At.Equal(later.At) {
		t.Error("the next minute's first is not kept")
	}
}

func TestInbox_OneAddressDoesNotTakeAll(t *testing.T) {
	m := &memory{}
	w := New(m)
	for range 1000 {
		w.Observe(callOf(401, clientele.Request{}))
	}
	other := callOf(401, clientele.Request{ID: "other"})
	other.Request.RemoteAddr = "203.0.113.9:7"
	w.Observe(other)
	flush(t, w)
	if n := len(m.refusals); n != capAddress+1 || m.refusals[n-1].RequestID != "other" {
		t.Errorf("%d kept, want %d and the other's", n, capAddress)
	}
}

// TestInbox_AddressIsThatOfTheCaller: behind a proxy each caller has its own bound, and who has a /64 has one for all of it.
func TestInbox_AddressIsThatOfTheCaller(t *testing.T) {
	for name, c := range map[string]struct {
		addresses [2]string
		want      int
	}{
		"two callers":         {[2]string{"192.0.2.1", "192.0.2.2"}, 2 * capAddress},
		"one, written in two": {[2]string{"192.0.2.1", "::ffff:192.0.2.1"}, capAddress},
		"two of one /64":      {[2]string{"2001:db8::1", "2001:db8::ffff:1"}, capAddress},
		"of two /64":          {[2]string{"2001:db8::1", "2001:db8:0:1::1"}, 2 * capAddress},
		"nobody looked":       {[2]string{"", ""}, capAddress},
	} {
		m := &memory{}
		w := New(m)
		for n := range 4 * capAddress {
			client, _ := netip.ParseAddr(c.addresses[n%2]) // the zero Addr for none
			w.Observe(callOf(401, clientele.Request{Client: client}))
		}
		flush(t, w)
		if n := len(m.refusals); n != c.want {
			t.Errorf("%s: %d kept, want %d", name, n, c.want)
		}
	}
}

// TestInbox_NeverWaits: what nobody takes out of the queue is counted as lost.
func TestInbox_NeverWaits(t *testing.T) {
	w := New(&memory{})
	for n := range maxQueue + 10 {
		w.Observe(callOf(400, clientele.Request{CredentialID: int64(n + 1), ProjectID: 1}))
	}
	if _, lost := w.Dropped(); lost != 10 {
		t.Errorf("%d lost, want 10", lost)
	}
}

// TestObserve_CostsASuccessNothing but the count: no memory.
func TestObserve_CostsASuccessNothing(t *testing.T) {
	w := New(&memory{})
	c := callOf(201, clientele.Request{Dialect: clientele.OPM, ProjectID: 1, Result: clientele.Created})
	for range 1000 { // every shard has its entry
		w.Observe(c)
	}
	if n := testing.AllocsPerRun(1000, func() { w.Observe(c) }); n != 0 {
		t.Errorf("%v allocations for each call", n)
	}
}

func TestCommits(t *testing.T) {
	w := New(&memory{})
	if got := w.Commits(noon()); got != (CommitHealth{}) {
		t.Errorf("before any commit: %+v", got)
	}
	for n := range 99 {
		w.ObserveCommit(noon().Add(-time.Duration(n)*time.Second), 3, time.Millisecond, nil)
	}
	w.ObserveCommit(noon(), 1, 2*time.Second, errors.New("slow"))
	w.ObserveCommit(noon().Add(-time.Hour), 1, time.Hour, errors.New("old"))
	got := w.Commits(noon())
	want := CommitHealth{
		Commits: 100, Writes: 298, Failed: 1, Longest: 2 * time.Second, Median: 1023 * time.Microsecond, P99: 1023 * time.Microsecond,
	}
	if got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	if got := w.Commits(noon().Add(4 * time.Minute)); got.Commits != 57 || got.Failed != 1 {
		t.Errorf("four minutes later: %+v", got)
	}
	if got := w.Commits(noon().Add(6 * time.Minute)); got != (CommitHealth{}) {
		t.Errorf("six minutes later: %+v", got)
	}
}

func BenchmarkObserve(b *testing.B) {
	w := New(&memory{})
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		c := callOf(201, clientele.Request{Dialect: clientele.OPM, ProjectID: 1, Result: clientele.Created})
		for pb.Next() {
			w.Observe(c)
		}
	})
}
