//go:build linux

package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
)

func jobFor(t *testing.T, handler http.Handler) job {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	address := server.Listener.Addr().String()
	w := workload{method: "POST", path: "/", body: "{id} {seq}", headers: []string{"Content-Type: text/plain"}}
	return job{
		Address: address, Connections: 4, Request: requestText(w, address, nil), WantStatus: 200,
		ServerPID: os.Getpid(), IDs: idRange{First: 10}, FirstSequence: 500,
	}
}

func TestGenerate_SendsEachNumberOnce(t *testing.T) {
	var mu sync.Mutex
	seen := map[string]int{}
	j := jobFor(t, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		mu.Lock()
		defer mu.Unlock()
		seen[string(body)]++
	}))
	j.Count = 50
	got, err := generate(j)
	if err != nil {
		t.Fatal(err)
	}
	if got.Sent != 50 || got.Counted != 50 || got.Rate <= 0 || got.P99 <= 0 || got.RSS <= 0 {
		t.Errorf("got %+v", got)
	}
	if len(seen) != 50 || seen["1000000010 0000000500"] != 1 || seen["1000000059 0000000549"] != 1 {
		t.Errorf("the server saw %v", seen)
	}
}

func TestGenerate_OpenLoopKeepsItsRate(t *testing.T) {
	j := jobFor(t, http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	j.WarmupSeconds, j.Seconds, j.Rate = 0.02, 0.1, 500
	got, err := generate(j)
	if err != nil {
		t.Fatal(err)
	}
	if got.Sent != 60 || got.Counted < 49 || got.Counted > 51 {
		t.Errorf("sent %d, counted %d; want 60 and 50", got.Sent, got.Counted)
	}
}

func TestGenerate_ReadsAnswersLongerThanItsBuffer(t *testing.T) {
	j := jobFor(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "20000")
		_, _ = w.Write(make([]byte, 20_000))
	}))
	j.Count = 8
	if got, err := generate(j); err != nil || got.Counted != 8 {
		t.Errorf("counted %d, %v", got.Counted, err)
	}
}

func TestGenerator_CountsFromTheIntendedTime(t *testing.T) {
	for _, c := range []struct {
		name              string
		interval          float64
		intended, now     int64
		counted, duration int64
	}{
		{"closed loop, answered in time", 0, 90, 120, 1, 30},
		{"closed loop, answered in the warm-up", 0, 90, 99, 0, 0},
		{"closed loop, the first answer comes late", 0, 190, 200, 1, 10},
		{"open loop, due in the warm-up", 10, 90, 120, 0, 0},
		{"open loop, answered long after the end", 10, 190, 290, 1, 100},
	} {
		g := generator{job: job{WantStatus: 200}, pacer: &pacer{interval: c.interval}, from: 100, until: 200}
		g.count(&connection{intended: c.intended}, 200, c.now)
		if int64(g.latencies.total) != c.counted || g.latencies.max != c.duration {
			t.Errorf("%s: counted %d of %d ns", c.name, g.latencies.total, g.latencies.max)
		}
	}
}

func TestGenerate_FailsWithTheAnswer(t *testing.T) {
	j := jobFor(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "the book is closed", http.StatusServiceUnavailable)
	}))
	j.Count = 1
	_, err := generate(j)
	if err == nil || !strings.Contains(err.Error(), "status 503, want 200") ||
		!strings.Contains(err.Error(), "the book is closed") {
		t.Errorf("got %v", err)
	}
}

func TestGenerate_FailsWhenTheServerHangsUp(t *testing.T) {
	j := jobFor(t, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }))
	j.Count = 1
	if _, err := generate(j); err == nil || !strings.Contains(err.Error(), "closed the connection") {
		t.Errorf("got %v", err)
	}
}

func TestPacer_OpenLoopCatchesUpWithoutForgetting(t *testing.T) {
	p := newPacer(job{Rate: 1e6, Seconds: 5e-6}) // 5 requests, 1000 ns apart
	if at, ok := p.next(0); !ok || at != 0 {
		t.Fatalf("first: %d, %v", at, ok)
	}
	if _, ok := p.next(999); ok {
		t.Fatal("second sent early")
	}
	for want := int64(1000); want < 5000; want += 1000 {
		if at, ok := p.next(90_000); !ok || at != want {
			t.Errorf("late: %d, %v; want %d", at, ok, want)
		}
	}
	if _, ok := p.next(90_000); ok || !p.done(90_000) {
		t.Error("more than were scheduled")
	}
}

func TestPacer_ClosedLoopEnds(t *testing.T) {
	p := newPacer(job{WarmupSeconds: 1e-6, Seconds: 1e-6})
	if at, ok := p.next(1999); !ok || at != 1999 || p.done(1999) {
		t.Errorf("before the end: %d, %v", at, ok)
	}
	if _, ok := p.next(2000); ok || !p.done(2000) {
		t.Error("sent at the end")
	}
	counted := newPacer(job{Count: 1, Seconds: 1e-6})
	if _, ok := counted.next(5000); !ok {
		t.Error("a counted job stopped by time")
	}
	if _, ok := counted.next(5000); ok || !counted.done(5000) {
		t.Error("a counted job went on")
	}
}
