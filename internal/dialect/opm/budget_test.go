package opm_test

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"testing"
	"time"

	"clientele"
	"clientele/internal/access"
	"clientele/internal/book"
	"clientele/internal/dialect/opm"
	"clientele/internal/httpd"

	"github.com/go-chi/chi/v5"
)

// entryBudget is how many allocations an entry may cost from the middleware to the line of writes and back: the way of every
// request. net/http's own and the commit's are not in it. It costs 36; pools lose some of what they are given under the race
// detector.
const entryBudget = 44

// TestEntry_AllocationBudget fails when a request on the hot path costs more than its budget.
func TestEntry_AllocationBudget(t *testing.T) {
	send := newHotPath(t)
	if got := testing.AllocsPerRun(200, func() { send(t) }); got > entryBudget {
		t.Errorf("an entry costs %v allocations, more than its budget of %d", got, entryBudget)
	}
}

// BenchmarkEntry measures the same way.
func BenchmarkEntry(b *testing.B) {
	send := newHotPath(b)
	b.ReportAllocs()
	for b.Loop() {
		send(b)
	}
}

// newHotPath returns a function that sends one entry through all that serves it but the listener and the store.
func newHotPath(t testing.TB) func(testing.TB) {
	const key = "3f0c8a52-1f0e-4a43-9d1c-6b1f7a0d2e11"
	guard := access.New(oneKey{}, time.Now)
	routes := chi.NewRouter()
	routes.Use(httpd.KnowClient(func(*http.Request) netip.Addr { return netip.MustParseAddr("192.0.2.1") }))
	opm.New(guard, instantBook{}).Routes(routes)
	log := slog.New(slog.NewJSONHandler(io.Discard, nil))
	handler := httpd.Middleware(log, httpd.NewMetrics("test", func() int { return 0 }), time.Now, func(httpd.Exchange) {})(routes)
	body := []byte(`{"customerId":4711,"customerEmail":"c4711@example.com","customerPhone":"+15855550123",` +
		`"customerFirstName":"John","customerLastName":"Doe","customerIP":"192.0.2.10"}`)
	r := httptest.NewRequest(http.MethodPost, "/entry", nil)
	r.Header = http.Header{"X-Api-Key": {key}, "Content-Type": {"application/json"}}
	r.ContentLength = int64(len(body))
	reader := bytes.NewReader(nil)
	r.Body = io.NopCloser(reader)
	w := &discarded{header: http.Header{}}
	return func(t testing.TB) {
		reader.Reset(body)
		clear(w.header)
		handler.ServeHTTP(w, r)
		if w.status != http.StatusCreated {
			t.Fatalf("status %d", w.status)
		}
	}
}

// discarded is an answer that nobody reads.
type discarded struct {
	header http.Header
	status int
}

func (w *discarded) Header() http.Header         { return w.header }
func (w *discarded) WriteHeader(status int)      { w.status = status }
func (w *discarded) Write(b []byte) (int, error) { return len(b), nil }

// oneKey is a directory in which every secret is that of one credential.
type oneKey struct{}

func (oneKey) FindCredentialBySecret(context.Context, clientele.SecretHash) (clientele.Credential, time.Time, error) {
	return clientele.Credential{ID: 1, Dialect: clientele.OPM, Grants: []clientele.Grant{{ProjectID: 1}}}, time.Time{}, nil
}

func (oneKey) FindCredential(context.Context, int64) (clientele.Credential, error) {
	return clientele.Credential{}, clientele.Errorf(clientele.KindNotFound, "none")
}

func (oneKey) FindCredentialByClientID(context.Context, string) (clientele.Credential, error) {
	return clientele.Credential{}, clientele.Errorf(clientele.KindNotFound, "none")
}

func (oneKey) TouchCredentials(context.Context, map[int64]time.Time) error { return nil }

// instantBook normalises and commits to nowhere.
type instantBook struct{}

func (instantBook) Upsert(_ context.Context, _ book.Call, d clientele.Details) (clientele.Result, error) {
	if book.UpsertOf(&d).Patch.Set == 0 {
		return 0, clientele.Errorf(clientele.KindInvalid, "nothing to write")
	}
	return clientele.Created, nil
}
