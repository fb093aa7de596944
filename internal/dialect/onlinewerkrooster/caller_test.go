package onlinewerkrooster_test

import (
	"bytes"
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"clientele"
	"clientele/internal/access"
	"clientele/internal/book"
	"clientele/internal/dialect/dialecttest"
	"clientele/internal/dialect/onlinewerkrooster"
	"clientele/internal/httpd"
	"clientele/internal/intake"

	"github.com/go-chi/chi/v5"
	"github.com/google/go-cmp/cmp"
)

// countingDirectory counts how often the store is asked for a credential.
type countingDirectory struct {
	access.Directory
	asked atomic.Int64
}

func (d *countingDirectory) FindCredentialBySecret(
	ctx context.Context, hash clientele.SecretHash,
) (clientele.Credential, time.Time, error) {
	d.asked.Add(1)
	return d.Directory.FindCredentialBySecret(ctx, hash)
}

// front is the dialect behind the real middleware, without a listener, over a directory that counts.
type front struct {
	handler   http.Handler
	access    *access.Access
	directory *countingDirectory
	log       bytes.Buffer
}

// credentials of the tests in this file, by what is odd about them; all open the first project.
var credentials = map[string]clientele.Credential{
	"good": {}, "other": {}, "revoked": {RevokedAt: time.Now().Add(-time.Hour)}, "expired": {ExpiresAt: time.Now().Add(-time.Hour)},
	"opm": {Dialect: clientele.OPM},
}

// apikeyOf returns the apikey of a credential.
func apikeyOf(name string) string { return "apikey-of-" + name }

// customerKeyOf returns the CustomerKey of a credential.
func customerKeyOf(name string) string {
	return map[string]string{"good": companyKey, "other": otherKey, "revoked": secondKey, "expired": bothFirstKey, "opm": bothOtherKey}[name]
}

func newFront(t *testing.T, m dialecttest.StoreMaker) *front {
	t.Helper()
	s := m.New(t)
	p, err := s.CreateProject(t.Context(), clientele.Project{Name: "first", TimeZone: "UTC", CreatedAt: time.Now()})
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range credentials {
		if c.Dialect == "" {
			c.Dialect = clientele.Onlinewerkrooster
		}
		c.Name, c.CreatedAt, c.Grants = name, time.Now(), []clientele.Grant{grant(p.ID, customerKeyOf(name))}
		revokedAt := c.RevokedAt
		c, err := s.CreateCredential(t.Context(), c, clientele.HashSecret(c.Dialect, apikeyOf(name)))
		if err == nil && !revokedAt.IsZero() {
			err = s.RevokeCredential(t.Context(), c.ID, revokedAt)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	line := intake.New(s, intake.Options{})
	f := &front{directory: &countingDirectory{Directory: s}}
	f.access = access.New(f.directory, time.Now)
	t.Cleanup(func() {
		ctx := context.WithoutCancel(t.Context())
		if err := line.Close(ctx); err != nil {
			t.Error(err)
		}
		if err := f.access.Close(ctx); err != nil {
			t.Error(err)
		}
	})
	routes := chi.NewRouter()
	onlinewerkrooster.New(f.access, book.New(line, time.Now), s.(onlinewerkrooster.Shelf)).Routes(routes)
	log := slog.New(slog.NewJSONHandler(&f.log, nil))
	f.handler = httpd.Middleware(log, httpd.NewMetrics("test", line.Waiting), time.Now)(routes)
	return f
}

// send sends a request under one X-Request-Id and returns the answer with all its headers.
func (f *front) send(t *testing.T, method, target, body string, header map[string]string) string {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), method, target, strings.NewReader(body))
	r.Header.Set("X-Request-Id", "same")
	for name, value := range header {
		r.Header.Set(name, value)
	}
	w := httptest.NewRecorder()
	f.handler.ServeHTTP(w, r)
	var b strings.Builder
	b.WriteString(http.StatusText(w.Code) + "\n")
	if err := w.Result().Header.Write(&b); err != nil {
		t.Fatal(err)
	}
	return b.String() + "\n" + w.Body.String()
}

// refusals are the headers of callers that are refused, by the reason.
func refusals() map[string]map[string]string {
	return map[string]map[string]string{
		"unknown":                             {"apikey": "apikey-of-nobody"},
		"unknown, with a good CustomerKey":    {"apikey": "apikey-of-nobody", "CustomerKey": customerKeyOf("good")},
		"unknown, with an unknown one":        {"apikey": "apikey-of-nobody", "CustomerKey": documentKey},
		"revoked":                             {"apikey": apikeyOf("revoked")},
		"revoked, with its CustomerKey":       {"apikey": apikeyOf("revoked"), "CustomerKey": customerKeyOf("revoked")},
		"expired":                             {"apikey": apikeyOf("expired")},
		"of another dialect":                  {"apikey": apikeyOf("opm")},
		"of another dialect, with its key":    {"apikey": apikeyOf("opm"), "CustomerKey": customerKeyOf("opm")},
		"known, with an unknown CustomerKey":  {"apikey": apikeyOf("good"), "CustomerKey": documentKey},
		"known, with another's CustomerKey":   {"apikey": apikeyOf("good"), "CustomerKey": customerKeyOf("other")},
		"known, with a malformed CustomerKey": {"apikey": apikeyOf("good"), "CustomerKey": "x"},
		"known, with an empty CustomerKey":    {"apikey": apikeyOf("good"), "CustomerKey": ""},
	}
}

// eachStore runs a test on every store.
func eachStore(t *testing.T, test func(*testing.T, dialecttest.StoreMaker)) {
	for _, m := range dialecttest.Stores() {
		t.Run(m.Name, func(t *testing.T) {
			t.Parallel()
			test(t, m)
		})
	}
}

// TestRefusals holds that nobody learns why a caller was refused: not from the answer, and not from the time it takes.
func TestRefusals(t *testing.T) {
	eachStore(t, func(t *testing.T, m dialecttest.StoreMaker) {
		f := newFront(t, m)
		t.Run("AreTheSame", func(t *testing.T) { testRefusalsAreTheSame(t, f) })
		t.Run("AskTheStoreAlike", func(t *testing.T) { testRefusalsAskAlike(t, f) })
	})
}

func testRefusalsAreTheSame(t *testing.T, f *front) {
	for _, call := range []struct{ method, target, body string }{
		{"POST", "/api/customers", "{"}, {"GET", "/api/customers?page=x", ""}, {"HEAD", "/api/customers", ""}, {"GET", "/api/customers/1", ""},
	} {
		want := f.send(t, call.method, call.target, call.body, nil)
		if !strings.HasPrefix(want, "Unauthorized\n") {
			t.Fatalf("%s %s without an apikey is answered\n%s", call.method, call.target, want)
		}
		for reason, header := range refusals() {
			if diff := cmp.Diff(want, f.send(t, call.method, call.target, call.body, header)); diff != "" {
				t.Errorf("%s %s, %s, is answered otherwise (-no apikey +this):\n%s", call.method, call.target, reason, diff)
			}
		}
	}
}

// testRefusalsAskAlike holds that no refusal is answered before the look-up that every other one waits for, whether the
// apikey is remembered or not.
func testRefusalsAskAlike(t *testing.T, f *front) {
	for reason, header := range refusals() {
		for _, remembered := range []bool{false, true} {
			f.access.ForgetAll()
			if remembered {
				f.send(t, "GET", "/api/customers", "", map[string]string{"apikey": header["apikey"]})
			}
			before := f.directory.asked.Load()
			f.send(t, "GET", "/api/customers", "", header)
			if asked := f.directory.asked.Load() - before; asked != 1 {
				t.Errorf("%s, remembered %t: the store was asked %d times, want once", reason, remembered, asked)
			}
		}
	}
}

// TestForeign_IsUnknown holds that a customer of another company is answered as one that there is not, byte for byte.
func TestForeign_IsUnknown(t *testing.T) {
	eachStore(t, func(t *testing.T, m dialecttest.StoreMaker) {
		f := newFront(t, m)
		good := map[string]string{"apikey": apikeyOf("good")}
		unknown := f.send(t, "GET", "/api/customers/4711", "", good)
		if !strings.HasPrefix(unknown, "Not Found\n") {
			t.Fatalf("an unknown customer is answered\n%s", unknown)
		}
		none := f.send(t, "GET", "/api/customers?extCustomerNumber=N1", "", good)
		shelf := f.directory.Directory.(interface {
			dialecttest.Store
			onlinewerkrooster.Shelf
		})
		id := createForeign(t, shelf)
		for target, want := range map[string]string{"/api/customers/" + id: unknown, "/api/customers?extCustomerNumber=N1": none} {
			if diff := cmp.Diff(want, f.send(t, "GET", target, "", good)); diff != "" {
				t.Errorf("%s (-unknown +foreign):\n%s", target, diff)
			}
		}
	})
}

// TestLog_NamesTheDialect holds that what this API answers counts as its own, also where nobody serves the path or method.
func TestLog_NamesTheDialect(t *testing.T) {
	eachStore(t, func(t *testing.T, m dialecttest.StoreMaker) {
		f := newFront(t, m)
		for _, call := range []struct{ method, target string }{
			{"GET", "/api/customers"}, {"PUT", "/api/customers"}, {"GET", "/api/customers/1/orders"}, {"DELETE", "/api/customers/1"},
		} {
			f.log.Reset()
			f.send(t, call.method, call.target, "", nil)
			if !strings.Contains(f.log.String(), `"dialect":"onlinewerkrooster"`) {
				t.Errorf("%s %s is logged as %s", call.method, call.target, f.log.String())
			}
		}
	})
}

// TestLog_HoldsNoKey holds that no credential and nothing of a body or a query appears in the log, whatever happens.
func TestLog_HoldsNoKey(t *testing.T) {
	eachStore(t, func(t *testing.T, m dialecttest.StoreMaker) {
		f := newFront(t, m)
		good := map[string]string{"apikey": apikeyOf("good"), "CustomerKey": customerKeyOf("good")}
		for _, header := range refusals() {
			f.send(t, "POST", "/api/customers", bakery(1, "SECRETNUMBER", "SECRETNAME"), header)
		}
		for _, body := range []string{
			bakery(1, "SECRETNUMBER", "SECRETNAME"), bakery(1, "SECRETNUMBER", "SECRETOTHER"), bakery(2, "SECRETNUMBER", "SECRETNAME"),
			`{"SECRETNAME": 1, "SECRETNAME": 2}`, `{"name": "SECRETNAME`,
		} {
			f.send(t, "POST", "/api/customers", body, good)
		}
		f.send(t, "GET", "/api/customers?extCustomerNumber=SECRETNUMBER&page=SECRET", "", good)
		f.send(t, "GET", "/api/customers/SECRET", "", good)
		log := f.log.String()
		if strings.Count(log, "\n") < len(refusals())+7 {
			t.Fatalf("the log has too few lines:\n%s", log)
		}
		for _, secret := range []string{"SECRET", "apikey-of", companyKey, secondKey, otherKey, bothFirstKey, bothOtherKey, documentKey} {
			if strings.Contains(log, secret) {
				t.Errorf("the log holds %s:\n%s", secret, log)
			}
		}
	})
}
