//go:build linux

package main

import (
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/go-json-experiment/json"
)

// received is what a receiver of events has seen.
type received struct {
	Count   int64   `json:"count"`
	Seconds float64 `json:"seconds"` // from the first until the last
	Body    string  `json:"body"`    // of the longest
}

// receiver is what serveReceiver serves.
type receiver struct {
	mu          sync.Mutex
	received    received
	first, last time.Time
}

// serveReceiver takes events and answers 200 at once. GET /received tells what came. It prints its URL and ends like serveBare.
func serveReceiver(stdin io.Reader, stdout io.Writer) error {
	r := &receiver{}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /readyz", func(http.ResponseWriter, *http.Request) {})
	mux.HandleFunc("GET /received", r.tell)
	mux.HandleFunc("POST /", r.take)
	return serveUntilEnd(mux, stdin, stdout)
}

func (r *receiver) take(w http.ResponseWriter, request *http.Request) {
	body, err := io.ReadAll(request.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	now := time.Now()
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.received.Count == 0 {
		r.first = now
	}
	r.received.Count++
	r.last = now
	if len(body) > len(r.received.Body) {
		r.received.Body = string(body)
	}
}

func (r *receiver) tell(w http.ResponseWriter, _ *http.Request) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.received.Seconds = r.last.Sub(r.first).Seconds()
	if err := json.MarshalWrite(w, r.received); err != nil {
		fmt.Fprint(w, err) // which is no JSON either
	}
}
