package primelead_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"clientele"
	"clientele/internal/access"
	"clientele/internal/book"
	"clientele/internal/dialect/dialecttest"
	"clientele/internal/dialect/primelead"
	"clientele/internal/httpd"
	"clientele/internal/intake"

	"github.com/go-chi/chi/v5"
	"github.com/google/uuid"
)

// start is when everything begins in these tests: 11:00 in Warsaw.
func start() time.Time { return time.Date(2026, time.November, 20, 10, 0, 0, 0, time.UTC) }

// world is a server of the dialect as the program wires it, over a new store, with what it asks of the store counted.
type world struct {
	store   leadStore
	leads   *book.Leads
	metrics *httpd.Metrics
	url     string
	log     safeBuffer
	now     atomic.Int64 // microseconds
	counts  counts

	project, other int64
	advertiser     string
	foreigner      string // an advertiser of the other project
	revoked        string
	expired        string
	campaign       clientele.Campaign
	foreign        clientele.Campaign // of the other project
	paused         clientele.Campaign
	publisher      clientele.Publisher
	resting        clientele.Publisher // paused
}

// counts are what the dialect asked of the store.
type counts struct{ credentials, campaigns, publishers, leads, projects, commits atomic.Int64 }

func (c *counts) String() string {
	return fmt.Sprintf("%d credentials, %d campaigns, %d publishers, %d leads, %d projects, %d commits", c.credentials.Load(),
		c.campaigns.Load(), c.publishers.Load(), c.leads.Load(), c.projects.Load(), c.commits.Load())
}

func (c *counts) reset() {
	for _, n := range []*atomic.Int64{&c.credentials, &c.campaigns, &c.publishers, &c.leads, &c.projects, &c.commits} {
		n.Store(0)
	}
}

// countingStore counts look-ups.
type countingStore struct {
	book.LeadStore
	n *counts
}

func (s countingStore) FindCampaign(ctx context.Context, id string) (clientele.Campaign, error) {
	s.n.campaigns.Add(1)
	return s.LeadStore.FindCampaign(ctx, id)
}

func (s countingStore) FindPublisher(ctx context.Context, id string) (clientele.Publisher, error) {
	s.n.publishers.Add(1)
	return s.LeadStore.FindPublisher(ctx, id)
}

func (s countingStore) FindLeadProject(ctx context.Context, id string) (int64, error) {
	s.n.leads.Add(1)
	return s.LeadStore.FindLeadProject(ctx, id)
}

func (s countingStore) FindProjectByID(ctx context.Context, id int64) (clientele.Project, error) {
	s.n.projects.Add(1)
	return s.LeadStore.FindProjectByID(ctx, id)
}

// countingDirectory counts questions for credentials.
type countingDirectory struct {
	access.Directory
	n *counts
}

func (d countingDirectory) FindCredentialBySecret(ctx context.Context, h clientele.SecretHash) (clientele.Credential, time.Time, error) {
	d.n.credentials.Add(1)
	return d.Directory.FindCredentialBySecret(ctx, h)
}

// countingCommitter counts commits. When gate is there, each waits for it.
type countingCommitter struct {
	book.Committer
	n    *counts
	gate atomic.Pointer[gate]
}

// gate holds commits back: entered hears of each, and open lets them all go on.
type gate struct{ entered, open chan struct{} }

func (c *countingCommitter) Commit(ctx context.Context, w clientele.Write) (clientele.Outcome, error) {
	c.n.commits.Add(1)
	if g := c.gate.Load(); g != nil {
		g.entered <- struct{}{}
		<-g.open
	}
	return c.Committer.Commit(ctx, w)
}

// safeBuffer gathers a log.
type safeBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *safeBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *safeBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

// onEveryStore runs a test in a world of its own on each store.
func onEveryStore(t *testing.T, do func(*testing.T, *world)) {
	for _, m := range dialecttest.Stores() {
		t.Run(m.Name, func(t *testing.T) {
			t.Parallel()
			w, _ := newWorld(t, m)
			do(t, w)
		})
	}
}

func newWorld(t *testing.T, m dialecttest.StoreMaker) (*world, *countingCommitter) {
	t.Helper()
	s := m.New(t)
	w := &world{store: s.(leadStore)}
	w.now.Store(start().UnixMicro())
	line := intake.New(s, intake.Options{})
	guard := access.New(countingDirectory{s, &w.counts}, w.clock)
	commit := &countingCommitter{Committer: line, n: &w.counts}
	w.leads = book.NewLeads(book.New(commit, w.clock), countingStore{w.store, &w.counts}, uuid.NewString)
	w.metrics = httpd.NewMetrics("test", line.Waiting)
	routes := chi.NewRouter()
	primelead.New(guard, w.leads, primelead.Options{Now: w.clock}).Routes(routes)
	log := slog.New(slog.NewJSONHandler(&w.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	server := httptest.NewServer(httpd.Middleware(log, w.metrics, time.Now)(routes))
	w.url = server.URL
	t.Cleanup(func() {
		server.Close()
		ctx := context.WithoutCancel(t.Context())
		if err := line.Close(ctx); err != nil {
			t.Error(err)
		}
		if err := guard.Close(ctx); err != nil {
			t.Error(err)
		}
	})
	w.fill(t, s)
	return w, commit
}

// clock is the time in the world.
func (w *world) clock() time.Time { return time.UnixMicro(w.now.Load()).UTC() }

// fill makes the projects and everything in them.
func (w *world) fill(t *testing.T, s dialecttest.Store) {
	t.Helper()
	w.project, w.other = w.newProject(t, s, "first", "Europe/Warsaw"), w.newProject(t, s, "second", "America/New_York")
	w.advertiser = w.newAdvertiser(t, s, clientele.Credential{Grants: []clientele.Grant{{ProjectID: w.project}}})
	w.foreigner = w.newAdvertiser(t, s, clientele.Credential{Grants: []clientele.Grant{{ProjectID: w.other}}})
	w.revoked = w.newAdvertiser(t, s, clientele.Credential{Grants: []clientele.Grant{{ProjectID: w.project}}, RevokedAt: start()})
	w.expired = w.newAdvertiser(t, s, clientele.Credential{Grants: []clientele.Grant{{ProjectID: w.project}}, ExpiresAt: start()})
	campaign := func(project int64, pausedAt time.Time) clientele.Campaign {
		c, err := w.store.CreateCampaign(t.Context(), clientele.Campaign{
			ProjectID: project, UUID: uuid.NewString(), Name: "campaign", LandingURL: "https://shop.example.com/", CreatedAt: start(),
			PausedAt: pausedAt,
		})
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	w.campaign, w.foreign, w.paused = campaign(w.project, time.Time{}), campaign(w.other, time.Time{}), campaign(w.project, start())
	publisher := func(pausedAt time.Time) clientele.Publisher {
		p, err := w.store.CreatePublisher(t.Context(), clientele.Publisher{
			UUID: uuid.NewString(), Name: "publisher", CreatedAt: start(), PausedAt: pausedAt,
		})
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	w.publisher, w.resting = publisher(time.Time{}), publisher(start())
}

func (w *world) newProject(t *testing.T, s dialecttest.Store, name, zone string) int64 {
	t.Helper()
	p, err := s.CreateProject(t.Context(), clientele.Project{Name: name, TimeZone: zone, CreatedAt: start()})
	if err != nil {
		t.Fatal(err)
	}
	return p.ID
}

func (w *world) newAdvertiser(t *testing.T, s dialecttest.Store, c clientele.Credential) string {
	t.Helper()
	secret := access.NewSecret(clientele.PrimeLead)
	c.Dialect, c.Name, c.CreatedAt = clientele.PrimeLead, "advertiser", start()
	revokedAt := c.RevokedAt
	c, err := s.CreateCredential(t.Context(), c, clientele.HashSecret(clientele.PrimeLead, secret))
	if err == nil && !revokedAt.IsZero() {
		err = s.RevokeCredential(t.Context(), c.ID, revokedAt)
	}
	if err != nil {
		t.Fatal(err)
	}
	return secret
}

// newLead makes a lead by a click on the campaign.
func (w *world) newLead(t testing.TB, c clientele.Campaign) string {
	t.Helper()
	link := book.Link{CampaignUUID: c.UUID, PublisherUUID: w.publisher.UUID}
	clicked, err := w.leads.Click(t.Context(), clientele.Origin{Dialect: clientele.PrimeLead}, link, book.Visit{})
	if err != nil {
		t.Fatal(err)
	}
	return clicked.LeadUUID
}

// reply is an answer without what differs by nature.
type reply struct {
	status int
	header string
	body   string
}

// send sends a request that must be answered.
func (w *world) send(t testing.TB, client *http.Client, method, path, body string, header ...string) reply {
	t.Helper()
	got, err := w.try(t.Context(), client, method, path, body, header...)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// try sends a request. header are names and values in turns.
func (w *world) try(ctx context.Context, client *http.Client, method, path, body string, header ...string) (reply, error) {
	r, err := http.NewRequestWithContext(ctx, method, w.url+path, strings.NewReader(body))
	if err != nil {
		return reply{}, err
	}
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	resp, err := client.Do(r)
	if err != nil {
		return reply{}, err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		return reply{}, err
	}
	var headers strings.Builder
	for _, name := range []string{"Date", "X-Request-Id", "Location"} {
		resp.Header.Del(name)
	}
	_ = resp.Header.Write(&headers)
	return reply{resp.StatusCode, headers.String(), string(text)}, nil
}

// follower is a client that does not follow redirects.
func follower() *http.Client {
	return &http.Client{
		Transport:     &http.Transport{},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}
