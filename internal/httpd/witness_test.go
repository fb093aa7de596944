package httpd

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"clientele"

	"github.com/go-chi/chi/v5"
)

// witnessed serves one request and returns what a witness hears of it.
func witnessed(t *testing.T, handler http.HandlerFunc) Exchange {
	t.Helper()
	r := chi.NewRouter()
	r.Get("/things/{id}", handler)
	var heard []Exchange
	tell := func(e Exchange) { heard = append(heard, e) }
	h := Middleware(slog.New(slog.DiscardHandler), NewMetrics("v1", func() int { return 0 }), time.Now, tell)(r)
	func() {
		defer func() { _ = recover() }() // an answer that broke off
		h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/things/7?x=1", nil))
	}()
	if len(heard) != 1 {
		t.Fatalf("the witness heard of %d exchanges", len(heard))
	}
	return heard[0]
}

func TestMiddleware_WitnessHearsOfAnError(t *testing.T) {
	e := witnessed(t, func(w http.ResponseWriter, r *http.Request) {
		clientele.RequestOf(r.Context()).CredentialID = 3
		w.WriteHeader(http.StatusTeapot)
		fmt.Fprint(w, "short ")
		fmt.Fprint(w, "and stout")
	})
	if e.Status != http.StatusTeapot || string(e.Answer) != "short and stout" || e.AnswerBytes != 15 || e.Route != "/things/{id}" || !e.Matched() ||
		e.Info.CredentialID != 3 || e.Request.RequestURI != "/things/7?x=1" || e.At.IsZero() {
		t.Errorf("heard %+v", e)
	}
}

func TestMiddleware_WitnessHearsTheBeginning(t *testing.T) {
	const pieces = 10
	e := witnessed(t, func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusInternalServerError)
		for range pieces {
			fmt.Fprint(w, strings.Repeat("x", 1000))
		}
	})
	if len(e.Answer) != maxKeptAnswer || e.AnswerBytes != pieces*1000 {
		t.Errorf("heard %d bytes of %d", len(e.Answer), e.AnswerBytes)
	}
}

func TestMiddleware_WitnessHearsNothingOfASuccess(t *testing.T) {
	e := witnessed(t, func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "fine") })
	if e.Answer != nil || e.Status != http.StatusOK || e.AnswerBytes != 4 {
		t.Errorf("heard %+v", e)
	}
}

func TestMiddleware_WitnessHearsOfAPanic(t *testing.T) {
	e := witnessed(t, func(http.ResponseWriter, *http.Request) { panic(errors.New("odd")) })
	if e.Status != http.StatusInternalServerError || e.Info.Err == nil || !strings.Contains(string(e.Answer), "Internal Server Error") {
		t.Errorf("heard %+v", e)
	}
}

// TestMiddleware_AWitnessCostsASuccessNoMemory beyond what the middleware needs anyway.
func TestMiddleware_AWitnessCostsASuccessNoMemory(t *testing.T) {
	next := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("fine")) })
	measure := func(witnesses ...func(Exchange)) float64 {
		h := Middleware(slog.New(slog.DiscardHandler), NewMetrics("v1", func() int { return 0 }), time.Now, witnesses...)(next)
		r, w := httptest.NewRequest(http.MethodGet, "/", nil), &nowhere{header: http.Header{}}
		return testing.AllocsPerRun(200, func() { h.ServeHTTP(w, r) })
	}
	seen := 0
	without, with := measure(), measure(func(e Exchange) { seen += e.Status })
	if with > without || seen == 0 {
		t.Errorf("%v allocations with a witness, %v without", with, without)
	}
}

// nowhere is an answer that nobody reads.
type nowhere struct{ header http.Header }

func (n *nowhere) Header() http.Header         { return n.header }
func (n *nowhere) Write(b []byte) (int, error) { return len(b), nil }
func (n *nowhere) WriteHeader(int)             {}
