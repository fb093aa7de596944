package console

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"clientele"
	"clientele/internal/access"
	"clientele/internal/book"
	"clientele/internal/httpd"
	"clientele/internal/intake"
	"clientele/internal/postgres"
	"clientele/internal/postgres/pgtest"
	"clientele/internal/sqlite"
	"clientele/internal/traffic"
	"clientele/internal/webhook"
	"clientele/internal/work"

	"github.com/alexedwards/argon2id"
	"github.com/go-chi/chi/v5"
)

// bookStore is what the fixture needs of a store besides what the console does.
type bookStore interface {
	Store
	intake.Store
	access.Directory
	access.OperatorStore
	book.LeadStore
	webhook.Store
	traffic.Store
	work.CustomerTermStore
	work.OldCustomerStore

	Migrate(ctx context.Context) (from, to int64, err error)
	Close() error
}

// onBothStores runs a test over SQLite and over PostgreSQL.
func onBothStores(t *testing.T, test func(t *testing.T, f *fixture)) {
	t.Run("sqlite", func(t *testing.T) { test(t, newFixture(t)) })
	t.Run("postgres", func(t *testing.T) {
		s, err := postgres.Open(t.Context(), postgres.Options{URL: pgtest.New(t), Lanes: 2})
		if err != nil {
			t.Fatal(err)
		}
		test(t, furnish(t, s))
	})
}

// fixture is a console over a real store, behind a real listener.
type fixture struct {
	*Console
	store   bookStore
	book    *book.Book
	guard   *access.Access
	hooks   *webhook.Service
	project clientele.Project
	handler http.Handler
	url     string
	clock   *clock
	log     *syncBuffer
}

// newFixture returns a console over a new SQLite book with one project.
func newFixture(t testing.TB) *fixture {
	t.Helper()
	s, err := sqlite.Open(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return furnish(t, s)
}

// furnish returns a console over a new book with one project.
func furnish(t testing.TB, s bookStore) *fixture {
	t.Helper()
	f := furnishEmpty(t, s)
	var err error
	f.project, err = s.CreateProject(t.Context(), clientele.Project{
		Name: "Harbour Outfitters", TimeZone: clientele.DefaultTimeZone, CreatedAt: f.clock.Now(),
	})
	check(t, err)
	return f
}

func furnishEmpty(t testing.TB, s bookStore) *fixture {
	t.Helper()
	t.Cleanup(func() { check(t, s.Close()) })
	_, _, err := s.Migrate(t.Context())
	check(t, err)
	f := &fixture{store: s, log: &syncBuffer{}, clock: &clock{now: time.Date(2026, time.November, 22, 10, 0, 0, 0, time.UTC)}}
	line := intake.New(s, intake.Options{Lanes: 1})
	t.Cleanup(func() { check(t, line.Close(context.Background())) })
	f.book = book.New(line, f.clock.Now)
	f.guard = access.New(s, f.clock.Now)
	t.Cleanup(func() { check(t, f.guard.Close(context.Background())) })
	log := slog.New(slog.NewJSONHandler(f.log, nil))
	f.hooks = webhook.New(s, webhook.Options{Now: f.clock.Now, Client: webhook.ClientOptions{AllowLoopbackHTTP: true}})
	t.Cleanup(func() { _ = f.hooks.Stop(context.Background()) }) // a test may have closed the store
	f.Console = New(Options{
		Store:     s,
		Operators: access.NewOperators(s, f.clock.Now),
		Guard:     f.guard,
		Book:      f.book,
		Submitter: f.book,
		Hooks:     f.hooks,
		Log:       log,
		Now:       f.clock.Now,
		Version:   "test",
		Traffic:   traffic.New(s),
		Waiting:   line.Waiting,
	})
	routes := chi.NewRouter()
	routes.Use(httpd.KnowClient(func(r *http.Request) netip.Addr {
		address, _ := netip.ParseAddr(r.Header.Get("X-Forwarded-For")) // unknown where a test does not say it
		return address
	}))
	f.Routes(routes)
	f.handler = httpd.Middleware(log, httpd.NewMetrics("test", line.Waiting), time.Now)(routes)
	server := httptest.NewServer(f.handler)
	t.Cleanup(server.Close)
	f.url = server.URL
	return f
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// browser is somebody with a cookie jar. It follows no redirects, so that tests see them.
type browser struct {
	t      *testing.T
	f      *fixture
	client *http.Client
	// email and password are the operator's, once there is one.
	email, password string
}

func (f *fixture) browser(t *testing.T) *browser {
	t.Helper()
	jar, err := cookiejar.New(nil)
	check(t, err)
	return &browser{t: t, f: f, client: &http.Client{
		Jar: jar, Timeout: 30 * time.Second,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// ownPassword is that of every operator of the fixture, and cheapHash its hash at the least cost: a test of a page is none of
// how long a login takes.
const ownPassword = "a harbour full of boats"

var cheapHash = sync.OnceValues(func() (string, error) {
	return argon2id.CreateHash(ownPassword, &argon2id.Params{Memory: 64, Iterations: 1, Parallelism: 1, SaltLength: 16, KeyLength: 32})
})

// as returns the browser of a new operator with a role, who is logged in.
func (f *fixture) as(t *testing.T, role clientele.Role) *browser {
	t.Helper()
	b := f.browser(t)
	b.email, b.password = string(role)+"@example.com", ownPassword
	hash, err := cheapHash()
	check(t, err)
	_, err = f.store.CreateOperator(t.Context(), clientele.Operator{Email: b.email, Role: role, PasswordHash: hash, CreatedAt: f.clock.Now()})
	check(t, err)
	b.login(b.password)
	return b
}

func (b *browser) login(password string) *page {
	b.t.Helper()
	return b.post(loginPath, "email", b.email, "password", password).want(http.StatusSeeOther)
}

// page is what a browser was answered.
type page struct {
	*http.Response
	t    *testing.T
	body string
}

func (b *browser) get(path string) *page {
	b.t.Helper()
	req, err := http.NewRequestWithContext(b.t.Context(), http.MethodGet, b.f.url+path, nil)
	check(b.t, err)
	return b.do(req)
}

// post sends a form of names and values.
func (b *browser) post(path string, namesAndValues ...string) *page {
	b.t.Helper()
	form := url.Values{}
	for i := 0; i < len(namesAndValues); i += 2 {
		form.Add(namesAndValues[i], namesAndValues[i+1])
	}
	req, err := http.NewRequestWithContext(b.t.Context(), http.MethodPost, b.f.url+path, strings.NewReader(form.Encode()))
	check(b.t, err)
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Origin", b.f.url)
	req.Header.Set("Sec-Fetch-Site", "same-origin")
	return b.do(req)
}

func (b *browser) do(req *http.Request) *page {
	b.t.Helper()
	res, err := b.client.Do(req)
	check(b.t, err)
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	check(b.t, err)
	return &page{Response: res, t: b.t, body: string(body)}
}

// main is the part of the page that is its own.
func (p *page) main() string {
	if _, main, found := strings.Cut(p.body, "<main"); found {
		return main
	}
	return p.body
}

// want fails the test when the page has another status.
func (p *page) want(status int) *page {
	p.t.Helper()
	if p.StatusCode != status {
		p.t.Fatalf("%s %s: status %d, want %d\n%s", p.Request.Method, p.Request.URL.Path, p.StatusCode, status, p.main())
	}
	return p
}

// has fails the test when a text is not on the page, as HTML source.
func (p *page) has(texts ...string) *page {
	p.t.Helper()
	for _, text := range texts {
		if !strings.Contains(p.body, text) {
			p.t.Errorf("%s: the page lacks %q\n%s", p.Request.URL.Path, text, p.main())
		}
	}
	return p
}

// lacks fails the test when a text is on the page.
func (p *page) lacks(texts ...string) *page {
	p.t.Helper()
	for _, text := range texts {
		if strings.Contains(p.body, text) {
			p.t.Errorf("%s: the page has %q\n%s", p.Request.URL.Path, text, p.main())
		}
	}
	return p
}

// goesTo fails the test when the answer is no redirect to the path.
func (p *page) goesTo(path string) *page {
	p.t.Helper()
	if got := p.want(http.StatusSeeOther).Header.Get("Location"); got != path {
		p.t.Errorf("%s: goes to %q, want %q", p.Request.URL.Path, got, path)
	}
	return p
}

// clock is moved by hand.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) move(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// syncBuffer is a log that is read while it is written.
type syncBuffer struct {
	mu   sync.Mutex
	text strings.Builder
}

func (b *syncBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *syncBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}
