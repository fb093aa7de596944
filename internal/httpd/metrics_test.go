package httpd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"clientele"

	"github.com/go-chi/chi/v5"
)

// TestMetrics_Labels: requests count under the pattern of their route, or none: nobody can fill the metrics with paths or
// methods.
func TestMetrics_Labels(t *testing.T) {
	h := newHouse(func(r chi.Router) {
		r.Get("/things/{id}", func(w http.ResponseWriter, r *http.Request) {
			clientele.RequestOf(r.Context()).Dialect = clientele.OPM
			w.WriteHeader(http.StatusAccepted)
		})
		r.Route("/deep", func(r chi.Router) { r.Get("/{a}/{b}", func(http.ResponseWriter, *http.Request) {}) })
		r.Post("/early", func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusEarlyHints)
			w.WriteHeader(http.StatusConflict)
			w.WriteHeader(http.StatusOK) // too late
		})
		r.NotFound(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNotFound) })
	})
	for _, c := range []struct{ method, target, route, logged string }{
		{"GET", "/things/1", "/things/{id}", "GET"},
		{"GET", "/things/2?x=1", "/things/{id}", "GET"},
		{"GET", "/deep/1/2", "/deep/{a}/{b}", "GET"},
		{"POST", "/early", "/early", "POST"},
		{"GET", "/nowhere/secret", "none", "GET"},
		{"DELETE", "/things/1", "none", "DELETE"},
		{"SECRET", "/things/1", "none", "other"},
		{"get", "/things/1", "none", "other"},
	} {
		h.call(c.method, c.target, "")
		if line := h.lastLine(t); line["route"] != c.route || line["method"] != c.logged {
			t.Errorf("%s %s: logged %v %v, want %s %s", c.method, c.target, line["method"], line["route"], c.logged, c.route)
		}
	}
	numbers := h.numbers()
	for _, want := range []string{
		`clientele_requests_total{dialect="opm",route="/things/{id}",status="202"} 2`,
		`clientele_requests_total{dialect="",route="/deep/{a}/{b}",status="200"} 1`,
		`clientele_requests_total{dialect="",route="/early",status="409"} 1`,
		`clientele_requests_total{dialect="",route="none",status="404"} 1`,
		`clientele_requests_total{dialect="",route="none",status="405"} 3`,
		`clientele_request_duration_seconds_sum{dialect="opm",route="/things/{id}"} 0.003`,
		`clientele_request_duration_seconds_count{dialect="opm",route="/things/{id}"} 2`,
		`clientele_request_duration_seconds_bucket{dialect="opm",route="/things/{id}",le="0.0025"} 2`,
		`clientele_request_duration_seconds_bucket{dialect="opm",route="/things/{id}",le="0.001"} 0`,
	} {
		if !strings.Contains(numbers, want+"\n") {
			t.Errorf("the metrics lack %s", want)
		}
	}
	if strings.Contains(numbers, "secret") || strings.Contains(strings.ToLower(numbers), `"secret`) {
		t.Errorf("the metrics hold what a caller sent")
	}
	if t.Failed() {
		for line := range strings.Lines(numbers) {
			if strings.HasPrefix(line, "clientele_") {
				t.Log(strings.TrimSpace(line))
			}
		}
	}
}

func TestMetrics_DroppedLines(t *testing.T) {
	h := newHouse(func(chi.Router) {})
	h.metrics.CountDropped(func() int { return 7 })
	if !strings.Contains(h.numbers(), "clientele_log_lines_dropped_total 7\n") {
		t.Error("the metrics do not tell of lines that were dropped")
	}
}

func TestMetrics_Commits(t *testing.T) {
	h := newHouse(func(chi.Router) {})
	h.metrics.ObserveCommit(3, 2*time.Millisecond, nil)
	h.metrics.ObserveCommit(100, time.Millisecond, fmt.Errorf("commit: %w", clientele.Unavailable("full", nil)))
	h.metrics.ObserveCommit(1, time.Millisecond, errors.New("odd"))
	numbers := h.numbers()
	for _, want := range []string{
		`clientele_commit_writes_sum 104`, `clientele_commit_writes_count 3`, `clientele_commit_writes_bucket{le="4"} 2`,
		`clientele_commit_duration_seconds_sum{outcome="committed"} 0.002`,
		`clientele_commit_duration_seconds_count{outcome="unavailable"} 1`,
		`clientele_commit_duration_seconds_count{outcome="internal"} 1`,
		`clientele_writes_waiting 3`, `clientele_build_info{version="v1"} 1`,
	} {
		if !strings.Contains(numbers, want+"\n") {
			t.Errorf("the metrics lack %s", want)
		}
	}
	for _, want := range []string{"go_goroutines ", "go_gc_duration_seconds", "process_start_time_seconds "} {
		if !strings.Contains(numbers, "\n"+want) {
			t.Errorf("the metrics lack %s", want)
		}
	}
}

func TestHealth(t *testing.T) {
	var failure error
	h := &Health{Ping: func(context.Context) error { return failure }}
	check := func(what string, handler http.HandlerFunc, status int, body string) {
		t.Helper()
		w := httptest.NewRecorder()
		handler(w, httptest.NewRequest(http.MethodGet, "/", nil))
		if w.Code != status || w.Body.String() != body || w.Header().Get("Cache-Control") != "no-store" {
			t.Errorf("%s: %d %s %v, want %d %s", what, w.Code, w.Body, w.Header(), status, body)
		}
	}
	check("ready", h.Ready, 200, `{"status":"ready"}`)
	failure = io.ErrUnexpectedEOF
	check("without a store", h.Ready, 503, `{"status":"store does not answer"}`)
	check("live without a store", h.Live, 200, `{"status":"up"}`)
	failure = nil
	h.Drain()
	check("draining", h.Ready, 503, `{"status":"draining"}`)
	check("live while draining", h.Live, 200, `{"status":"up"}`)
}

// TestHealth_SlowStore: whoever asks is not kept waiting for a store that hangs.
func TestHealth_SlowStore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := &Health{Ping: func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }}
		start, w := time.Now(), httptest.NewRecorder()
		h.Ready(w, httptest.NewRequest(http.MethodGet, "/", nil))
		if took := time.Since(start); w.Code != 503 || took != readyTimeout {
			t.Errorf("%d after %s, want 503 after %s", w.Code, took, readyTimeout)
		}
	})
}
