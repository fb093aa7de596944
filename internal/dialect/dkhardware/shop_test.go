package dkhardware_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"clientele"
	"clientele/internal/access"
	"clientele/internal/book"
	"clientele/internal/dialect/dialecttest"
	"clientele/internal/dialect/dkhardware"
	"clientele/internal/httpd"
	"clientele/internal/intake"
	"clientele/internal/work"

	"github.com/go-chi/chi/v5"
	"github.com/go-json-experiment/json"
)

// tester is what a test and a run of a property have in common.
type tester interface {
	Helper()
	Context() context.Context
	Fatalf(format string, args ...any)
}

// shop is a book with the dialect in front of it, called without a network.
type shop struct {
	store   dialecttest.Store
	access  *access.Access
	tokens  *access.Tokens
	book    *book.Book
	line    *intake.Intake
	api     *dkhardware.API
	handler http.Handler
	names   atomic.Int64
}

// newShop returns a shop over a store; wrap, if any, stands between the dialect and what it reads.
func newShop(t testing.TB, m dialecttest.StoreMaker, wrap func(dkhardware.Shelf) dkhardware.Shelf) *shop {
	t.Helper()
	s := &shop{store: m.New(t)}
	s.line = intake.New(s.store, intake.Options{})
	s.book = book.New(s.line, time.Now)
	s.access = access.New(s.store, time.Now)
	s.tokens = access.NewTokens(s.access, s.store, clientele.DKHardware)
	t.Cleanup(func() {
		if err := s.line.Close(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
		if err := s.access.Close(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	})
	var shelf dkhardware.Shelf = s.store
	if wrap != nil {
		shelf = wrap(shelf)
	}
	r := chi.NewRouter()
	s.api = dkhardware.New(s.access, s.tokens, s.book, shelf)
	s.api.Routes(r)
	s.handler = r
	return s
}

// onEveryStore runs a test on every store.
func onEveryStore(t *testing.T, test func(*testing.T, dialecttest.StoreMaker)) {
	t.Helper()
	t.Parallel()
	for _, m := range dialecttest.Stores() {
		t.Run(m.Name, func(t *testing.T) { test(t, m) })
	}
}

// project makes a project and returns it with the token of a client of it.
func (s *shop) project(t tester) (project int64, token string) {
	t.Helper()
	n := s.names.Add(1)
	p, err := s.store.CreateProject(t.Context(), clientele.Project{
		Name: fmt.Sprintf("shop %d", n), TimeZone: clientele.DefaultTimeZone, CreatedAt: time.Now(),
	})
	if err != nil {
		t.Fatalf("project: %v", err)
	}
	c := clientele.Credential{
		Dialect: clientele.DKHardware, Name: "partner", ClientID: clientele.Some(fmt.Sprintf("client %d", n)), Scopes: allScopes,
		Grants: []clientele.Grant{{ProjectID: p.ID}}, CreatedAt: time.Now(),
	}
	secret := access.NewSecret(clientele.DKHardware)
	if c, err = s.store.CreateCredential(t.Context(), c, clientele.HashSecret(clientele.DKHardware, secret)); err != nil {
		t.Fatalf("credential: %v", err)
	}
	issued, err := s.tokens.Issue(t.Context(), &c, nil)
	if err != nil {
		t.Fatalf("token: %v", err)
	}
	return p.ID, issued.Text
}

// commit carries out writes of a project in one transaction and returns the ids of their customers.
func (s *shop) commit(t tester, project int64, writes ...clientele.Write) []int64 {
	t.Helper()
	for i := range writes {
		writes[i].ProjectID, writes[i].Origin = project, clientele.Origin{Dialect: clientele.ViaImport, RequestID: "test"}
	}
	outcomes, err := s.store.Commit(t.Context(), writes)
	if err != nil {
		t.Fatalf("commit: %v", err)
	}
	ids := make([]int64, len(outcomes))
	for i, o := range outcomes {
		if o.Err != nil {
			t.Fatalf("commit: %v", o.Err)
		}
		ids[i] = o.SubjectID
	}
	return ids
}

// creation is a write of a new customer, with addresses.
func creation(at time.Time, addresses int) clientele.Write {
	return clientele.Write{At: at, Customer: &clientele.CustomerWrite{
		Mode: clientele.CreateCustomer, Addresses: make([]clientele.Address, addresses),
	}}
}

// change is a write that gives a customer a company that it did not have.
func (s *shop) change(at time.Time, id int64) clientele.Write {
	cw := &clientele.CustomerWrite{Mode: clientele.UpdateCustomer, ID: id}
	cw.Patch.Put(clientele.FieldCompany, clientele.Some(fmt.Sprint(s.names.Add(1))))
	return clientele.Write{At: at, Customer: cw}
}

// times returns n things.
func times[T any](n int, make func(i int) T) []T {
	list := []T{}
	for i := range n {
		list = append(list, make(i))
	}
	return list
}

// work carries out the submissions that wait.
func (s *shop) work(t tester) {
	t.Helper()
	w := &work.Submissions{Store: s.store, Book: s.book, Commit: s.line, Now: time.Now, Log: slog.New(slog.DiscardHandler)}
	for {
		again, err := w.CarryOut(t.Context())
		if err != nil {
			t.Fatalf("work: %v", err)
		}
		if again != work.AtOnce {
			return
		}
	}
}

// send sends a request and returns the answer.
func (s *shop) send(method, target, token, body string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer "+token)
	w := httptest.NewRecorder()
	s.handler.ServeHTTP(w, r)
	return w
}

// listed is what these tests read of a page.
type listed struct {
	Payload []struct {
		CustomerID string `json:"customerId"`
		UpdatedAt  string `json:"updatedAt"`
		Addresses  []struct {
			CustomerID string `json:"customerId"`
		} `json:"addresses"`
	} `json:"payload"`
}

// list returns a page and the target of the next one, if there is one.
func (s *shop) list(t tester, target, token string) (page listed, next string) {
	t.Helper()
	w := s.send(http.MethodGet, target, token, "")
	if w.Code != http.StatusOK {
		t.Fatalf("GET %s: %d %s", target, w.Code, w.Body)
	}
	if err := json.Unmarshal(w.Body.Bytes(), &page); err != nil {
		t.Fatalf("GET %s: %v in %s", target, err, w.Body)
	}
	link := w.Header().Get("Link")
	next, ok := strings.CutSuffix(strings.TrimPrefix(link, "<"), `>; rel="next"`)
	if link != "" && !ok {
		t.Fatalf("Link: %s", link)
	}
	return page, next
}

// walk follows the links from a target to the end and returns the ids on all pages. No link leads to an empty page.
func (s *shop) walk(t tester, target, token string) []string {
	t.Helper()
	pages := s.pages(t, target, token)
	for i, page := range pages {
		if len(page) == 0 && i > 0 {
			t.Fatalf("page %d is empty", i)
		}
	}
	return slices.Concat(pages...)
}

// pages follows the links from a target to the end and returns the ids on each page. While others write, a page may be empty
// by the time its link is followed.
func (s *shop) pages(t tester, target, token string) (pages [][]string) {
	t.Helper()
	for target != "" {
		var page listed
		page, target = s.list(t, target, token)
		var ids []string
		for _, c := range page.Payload {
			ids = append(ids, c.CustomerID)
		}
		pages = append(pages, ids)
	}
	return pages
}

// serve serves the shop on loopback, with the middleware of the real server.
func (s *shop) serve(t testing.TB, log io.Writer) *httptest.Server {
	t.Helper()
	metrics := httpd.NewMetrics("test", func() int { return 0 })
	server := httptest.NewServer(httpd.Middleware(slog.New(slog.NewJSONHandler(log, nil)), metrics, time.Now)(s.handler))
	t.Cleanup(server.Close)
	return server
}
