package webhook

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"clientele"
	"clientele/internal/postgres"
	"clientele/internal/postgres/pgtest"
	"clientele/internal/sqlite"

	"github.com/go-json-experiment/json"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// clock is a clock that a test moves by hand.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) Add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// fixture is a book with a project, and a service over it that reaches loopback.
type fixture struct {
	*Service
	book    book
	project int64
	clock   *clock
	names   int
	// again opens the book once more.
	again func(t testing.TB) book
}

var template = sync.OnceValue(func() []byte {
	dir, err := os.MkdirTemp("", "webhook")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	ctx := context.Background()
	s, err := sqlite.Open(ctx, dir)
	if err == nil {
		_, _, err = s.Migrate(ctx)
	}
	if err == nil {
		_, err = s.CreateProject(ctx, clientele.Project{Name: "Harbour Outfitters", TimeZone: "UTC", CreatedAt: time.Unix(1, 0)})
	}
	if err == nil {
		err = s.Close()
	}
	b, readErr := os.ReadFile(filepath.Join(dir, sqlite.FileName))
	if err != nil || readErr != nil {
		panic(fmt.Sprint(err, readErr))
	}
	return b
})

// book is a store as these tests use it.
type book interface {
	Store
	Commit(ctx context.Context, writes []clientele.Write) ([]clientele.Outcome, error)
	Close() error
}

// opener opens a new book with project 1, and returns what opens it once more, as another server would.
type opener func(t testing.TB) (again func(t testing.TB) book)

// eachStore runs a test on every kind of store.
func eachStore(t *testing.T, test func(t *testing.T, open opener)) {
	t.Parallel()
	for name, open := range map[string]opener{"SQLite": openSQLite, "PostgreSQL": openPostgres} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, open)
		})
	}
}

func openSQLite(t testing.TB) func(testing.TB) book {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, sqlite.FileName), template(), 0o600); err != nil {
		t.Fatal(err)
	}
	return func(t testing.TB) book {
		t.Helper()
		s, err := sqlite.Open(t.Context(), dir)
		return closed(t, s, err)
	}
}

func openPostgres(t testing.TB) func(testing.TB) book {
	t.Helper()
	url := pgtest.New(t)
	again := func(t testing.TB) book {
		t.Helper()
		s, err := postgres.Open(t.Context(), postgres.Options{URL: url})
		return closed(t, s, err)
	}
	s, err := postgres.Open(t.Context(), postgres.Options{URL: url})
	if err == nil {
		_, err = s.CreateProject(t.Context(), clientele.Project{Name: "Harbour Outfitters", TimeZone: "UTC", CreatedAt: time.Unix(1, 0)})
	}
	if err == nil {
		err = s.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return again
}

// closed has a book closed when the test ends.
func closed(t testing.TB, b book, err error) book {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := b.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return b
}

func newFixture(t testing.TB, open opener, o Options) *fixture {
	t.Helper()
	c := &clock{now: time.Date(2026, time.November, 22, 10, 0, 0, 0, time.UTC)}
	again := open(t)
	f := newFixtureOn(t, again(t), c, o)
	f.again = again
	return f
}

// newFixtureOn returns another server on a book.
func newFixtureOn(t testing.TB, b book, c *clock, o Options) *fixture {
	t.Helper()
	o.Client.anyAddress = true
	if o.Now == nil {
		o.Now = c.Now
	}
	f := &fixture{Service: New(b, o), book: b, project: 1, clock: c}
	t.Cleanup(func() {
		if err := f.Stop(context.Background()); err != nil {
			t.Errorf("stop: %v", err)
		}
	})
	return f
}

// change commits a change of the customer with this key.
func (f *fixture) change(t testing.TB, key string) int64 {
	t.Helper()
	outcomes, err := f.book.Commit(t.Context(), []clientele.Write{f.write(key)})
	if err != nil || outcomes[0].Err != nil {
		t.Fatalf("commit: %v %v", err, outcomes)
	}
	return outcomes[0].SubjectID
}

// write returns a write that changes the customer with this key.
func (f *fixture) write(key string) clientele.Write {
	f.names++
	var p clientele.Patch
	p.Put(clientele.FieldExternalID, clientele.Some(key))
	p.Put(clientele.FieldFirstName, clientele.Some(fmt.Sprint("name ", f.names)))
	return clientele.Write{
		ProjectID: f.project, At: f.now(), Customer: &clientele.CustomerWrite{Mode: clientele.UpsertCustomer, Patch: p},
	}
}

func (f *fixture) subscribe(t testing.TB, url string, retry ...time.Duration) clientele.Subscription {
	t.Helper()
	s, err := f.Create(t.Context(), clientele.SubscriptionOrder{
		ProjectID: f.project, EventType: clientele.CustomerChanged, URL: url, Secret: "40158583e9bd9d122014907b57a60c12",
		Retry: retry, RequestTimeout: time.Second,
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// pass gathers what is complete, sends what is due, and returns when all of it is recorded.
func (f *fixture) pass(t testing.TB) {
	t.Helper()
	if _, err := f.Gather(t.Context()); err != nil {
		t.Fatalf("gather: %v", err)
	}
	for {
		if _, err := f.Deliver(t.Context()); err != nil {
			t.Fatalf("deliver: %v", err)
		}
		if f.slots.used() == 0 {
			return
		}
		f.slots.wait(0)
	}
}

// changed makes a change, lets its event become complete and sends it.
func (f *fixture) changed(t testing.TB, key string) int64 {
	t.Helper()
	id := f.change(t, key)
	f.clock.Add(defaultWindow)
	f.pass(t)
	return id
}

func (f *fixture) deliveries(t testing.TB, s clientele.Subscription) []clientele.Delivery {
	t.Helper()
	list, err := f.Deliveries(t.Context(), clientele.DeliveryFilter{ProjectID: f.project, SubscriptionID: s.ID, Limit: 1000})
	if err != nil {
		t.Fatal(err)
	}
	slices.Reverse(list)
	return list
}

func (f *fixture) find(t testing.TB, s clientele.Subscription) clientele.Subscription {
	t.Helper()
	got, err := f.Find(t.Context(), s.ProjectID, s.ID)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// event is the body of a delivery.
type event struct {
	Event   string  `json:"event"`
	Secret  *string `json:"secret"`
	Payload struct {
		CustomerIDs []string  `json:"customerIds"`
		Date        time.Time `json:"date"`
	} `json:"payload"`
}

// message is a delivery as it arrived.
type message struct {
	header http.Header
	body   []byte
	event  event
}

// receiver takes deliveries.
type receiver struct {
	*httptest.Server
	mu       sync.Mutex
	messages []message
	answer   http.HandlerFunc
}

// newReceiver starts a receiver that answers 200, or what answer does.
func newReceiver(t testing.TB, answer http.HandlerFunc) *receiver {
	t.Helper()
	r := &receiver{answer: answer}
	r.Server = httptest.NewServer(r)
	t.Cleanup(r.Close)
	return r
}

func (r *receiver) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	body, _ := io.ReadAll(q.Body)
	m := message{header: q.Header, body: body}
	_ = json.Unmarshal(body, &m.event)
	r.mu.Lock()
	r.messages = append(r.messages, m)
	answer := r.answer
	r.mu.Unlock()
	if answer != nil {
		answer(w, q)
	}
}

func (r *receiver) set(answer http.HandlerFunc) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.answer = answer
}

func (r *receiver) got() []message {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.messages)
}

func status(code int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) }
}

// trusting returns options whose client trusts the server's certificate.
func trusting(s *httptest.Server) ClientOptions {
	pool := x509.NewCertPool()
	pool.AddCert(s.Certificate())
	return ClientOptions{tls: &tls.Config{RootCAs: pool}}
}
