package httpd

import (
	"context"
	"net/http"
	"sync/atomic"
	"time"
)

// readyTimeout bounds how long the store may take to show that it answers.
const readyTimeout = 2 * time.Second

// Health answers whether the process is up and whether it is ready for requests.
type Health struct {
	// Ping reports whether the store answers.
	Ping     func(context.Context) error
	draining atomic.Bool
}

// Drain makes the server not ready from now on, so that nobody sends it new requests while it finishes the old ones.
func (h *Health) Drain() { h.draining.Store(true) }

// Live answers /healthz: 200 as long as the process runs.
func (h *Health) Live(w http.ResponseWriter, _ *http.Request) { answerHealth(w, http.StatusOK, "up") }

// Ready answers /readyz: 200 when the store answers and the server is not on its way down, otherwise 503.
func (h *Health) Ready(w http.ResponseWriter, r *http.Request) {
	if h.draining.Load() {
		answerHealth(w, http.StatusServiceUnavailable, "draining")
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), readyTimeout)
	defer cancel()
	if err := h.Ping(ctx); err != nil {
		answerHealth(w, http.StatusServiceUnavailable, "store does not answer")
		return
	}
	answerHealth(w, http.StatusOK, "ready")
}

func answerHealth(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write([]byte(`{"status":"` + text + `"}`))
}
