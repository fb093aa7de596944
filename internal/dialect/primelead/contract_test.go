package primelead_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
	_ "time/tzdata"

	"clientele"
	"clientele/internal/book"
	"clientele/internal/dialect/dialecttest"
	"clientele/internal/dialect/primelead"

	"github.com/go-chi/chi/v5"
	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
)

// TestContract runs every example and table row of the document and every row of the rulings, on every store.
func TestContract(t *testing.T) {
	dialecttest.Run(t, dialect(t))
}

// leadStore is what the cases need of a store besides what those of every dialect do.
type leadStore interface {
	book.LeadStore
	CreateCampaign(ctx context.Context, c clientele.Campaign) (clientele.Campaign, error)
	PauseCampaign(ctx context.Context, project, id int64, at time.Time) error
	CreatePublisher(ctx context.Context, p clientele.Publisher) (clientele.Publisher, error)
	PausePublisher(ctx context.Context, id int64, at time.Time) error
	FindLead(ctx context.Context, project int64, uuid string) (clientele.Lead, error)
	ListChanges(ctx context.Context, project int64, subject clientele.Subject, id int64) ([]clientele.Change, error)
}

// rig is what this dialect adds to a server.
type rig struct {
	store leadStore
	leads *book.Leads
	fails atomic.Bool // look-ups fail
}

// rigs are those of all servers of a test.
type rigs struct {
	mu sync.Mutex
	of map[*dialecttest.Server]*rig
}

func (r *rigs) get(s *dialecttest.Server) *rig {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.of[s] == nil {
		one := &rig{store: s.Store.(leadStore)}
		one.leads = book.NewLeads(s.Book, failingStore{one.store, &one.fails}, uuid.NewString)
		r.of[s] = one
	}
	return r.of[s]
}

// failingStore is a store whose look-ups fail while fails is set.
type failingStore struct {
	book.LeadStore
	fails *atomic.Bool
}

var errLookUp = clientele.Unavailable("The book cannot be reached", errors.New("a cause for the log only"))

func (f failingStore) FindCampaign(ctx context.Context, id string) (clientele.Campaign, error) {
	if f.fails.Load() {
		return clientele.Campaign{}, errLookUp
	}
	return f.LeadStore.FindCampaign(ctx, id)
}

func (f failingStore) FindLeadProject(ctx context.Context, id string) (int64, error) {
	if f.fails.Load() {
		return 0, errLookUp
	}
	return f.LeadStore.FindLeadProject(ctx, id)
}

func (f failingStore) FindProjectByID(ctx context.Context, id int64) (clientele.Project, error) {
	if f.fails.Load() {
		return clientele.Project{}, errLookUp
	}
	return f.LeadStore.FindProjectByID(ctx, id)
}

func dialect(t testing.TB) *dialecttest.Dialect {
	t.Helper()
	description, err := dialecttest.LoadDescription(primelead.Description, map[int]string{
		403: "PermissionDenied", 404: "DeadLink",
	})
	if err != nil {
		t.Fatal(err)
	}
	all := &rigs{of: map[*dialecttest.Server]*rig{}}
	return &dialecttest.Dialect{
		Name: clientele.PrimeLead,
		Routes: func(r chi.Router, s *dialecttest.Server) {
			primelead.New(s.Access, all.get(s).leads, primelead.Options{Now: s.Clock.Now}).Routes(r)
		},
		Prepare: func(t testing.TB, s *dialecttest.Server) {
			issueKeys(t, s)
			prepareLinks(t, s, all.get(s).store)
		},
		Description: description,
		Always: map[string]string{
			"Content-Type": "application/json; charset=utf-8", "Cache-Control": "no-store", "Retry-After": "{{none}}",
		},
		Steps: steps(all),
	}
}

func issueKeys(t testing.TB, s *dialecttest.Server) {
	t.Helper()
	now := s.Clock.Now()
	for name, c := range map[string]clientele.Credential{
		"ADVERTISER":         {},
		"SECOND_ADVERTISER":  {}, // of the same project
		"OTHER_ADVERTISER":   {Grants: []clientele.Grant{{ProjectID: s.OtherProject}}},
		"EXPIRED_ADVERTISER": {ExpiresAt: now},
		"REVOKED_ADVERTISER": {RevokedAt: now},
		"LIMITED_ADVERTISER": {WritesPerMinute: 2},
	} {
		s.Vars[name] = s.Issue(t, c)
	}
	s.Vars["UNKNOWN"] = uuid.NewString()
	s.Vars["DENIED"] = `{"success":false,"message":"Permission denied","errors":[]}`
	s.Vars["CONFLICT"] = `{"success":false,"message":"Conflict","errors":[]}`
	s.Vars["OK"] = `{"success":true,"message":"","errors":[]}`
}

func prepareLinks(t testing.TB, s *dialecttest.Server, store leadStore) {
	t.Helper()
	now := s.Clock.Now()
	for name, c := range map[string]clientele.Campaign{
		"CAMPAIGN":        {LandingURL: "https://shop.example.com/offer?from=ads&q=a%20b#form"},
		"PLAIN_CAMPAIGN":  {LandingURL: "https://shop.example.com"},
		"OTHER_CAMPAIGN":  {LandingURL: "https://other.example.com/", ProjectID: s.OtherProject},
		"PAUSED_CAMPAIGN": {LandingURL: "https://shop.example.com/", PausedAt: now},
		"PAUSING":         {LandingURL: "https://shop.example.com/pausing"},
	} {
		c.UUID, c.Name, c.CreatedAt = uuid.NewString(), strings.ToLower(name), now
		if c.ProjectID == 0 {
			c.ProjectID = s.Project
		}
		c, err := store.CreateCampaign(t.Context(), c)
		if err != nil {
			t.Fatal(err)
		}
		s.Vars[name] = c.UUID
		s.Vars[name+"_ID"] = fmt.Sprint(c.ID)
	}
	s.Vars["UPPER_CAMPAIGN"] = strings.ToUpper(s.Vars["PLAIN_CAMPAIGN"])
	s.Vars["ENCODED_CAMPAIGN"] = strings.ReplaceAll(s.Vars["PLAIN_CAMPAIGN"], "-", "%2D")
	for name, pausedAt := range map[string]time.Time{"PUBLISHER": {}, "PAUSED_PUBLISHER": now, "PAUSING_PUBLISHER": {}} {
		p, err := store.CreatePublisher(t.Context(), clientele.Publisher{
			UUID: uuid.NewString(), Name: strings.ToLower(name), CreatedAt: now, PausedAt: pausedAt,
		})
		if err != nil {
			t.Fatal(err)
		}
		s.Vars[name] = p.UUID
		s.Vars[name+"_ID"] = fmt.Sprint(p.ID)
	}
}

// steps are this dialect's own:
//
//	--- action NAME [of other]   a click made an action, of the first project or the other one; its UUID is in $NAME
//	--- lead UUID                the book holds this lead of the first project: one line for each thing it has
//	--- pause campaign ID, resume campaign ID, pause publisher ID, resume publisher ID
//	--- look-ups fail, look-ups work
func steps(all *rigs) map[string]dialecttest.Step {
	return map[string]dialecttest.Step{
		"action": func(ctx context.Context, s *dialecttest.Server, args, _ string) error {
			name, other := strings.CutSuffix(args, " of other")
			link := book.Link{CampaignUUID: s.Vars["CAMPAIGN"], PublisherUUID: s.Vars["PUBLISHER"]}
			if other {
				link.CampaignUUID = s.Vars["OTHER_CAMPAIGN"]
			}
			clicked, err := all.get(s).leads.Click(ctx, clientele.Origin{Dialect: clientele.PrimeLead}, link, book.Visit{})
			s.Vars[name] = clicked.LeadUUID
			s.Vars["UPPER_"+name] = strings.ToUpper(clicked.LeadUUID)
			return err
		},
		"lead": func(ctx context.Context, s *dialecttest.Server, id, want string) error {
			return compareLead(ctx, s, all.get(s).store, id, want)
		},
		"look-ups": func(_ context.Context, s *dialecttest.Server, args, _ string) error {
			all.get(s).fails.Store(args == "fail")
			return nil
		},
		"pause": func(ctx context.Context, s *dialecttest.Server, args, _ string) error {
			return all.get(s).pause(ctx, s, args, s.Clock.Now())
		},
		"resume": func(ctx context.Context, s *dialecttest.Server, args, _ string) error {
			return all.get(s).pause(ctx, s, args, time.Time{})
		},
	}
}

func (r *rig) pause(ctx context.Context, s *dialecttest.Server, args string, at time.Time) error {
	var what string
	var id int64
	if _, err := fmt.Sscan(args, &what, &id); err != nil {
		return err
	}
	if what == "campaign" {
		return r.store.PauseCampaign(ctx, s.Project, id, at)
	}
	return r.store.PausePublisher(ctx, id, at)
}

func compareLead(ctx context.Context, s *dialecttest.Server, store leadStore, id, want string) error {
	l, err := store.FindLead(ctx, s.Project, strings.ToLower(id))
	if err != nil {
		return err
	}
	if err := replaysTo(ctx, store, l); err != nil {
		return err
	}
	var wantLines []string
	for line := range strings.Lines(want) {
		wantLines = append(wantLines, strings.TrimSpace(line))
	}
	if diff := cmp.Diff(wantLines, leadLines(s, &l)); diff != "" {
		return fmt.Errorf("lead (-want +got):\n%s", diff)
	}
	return nil
}

// leadLines returns a lead as the cases write it. Times are in UTC, and left out where they are the server's start.
func leadLines(s *dialecttest.Server, l *clientele.Lead) []string {
	var lines []string
	add := func(format string, args ...any) { lines = append(lines, fmt.Sprintf(format, args...)) }
	text := func(name string, t clientele.Text) {
		if t.Valid {
			add("%s: %s", name, t.AppendJSON(nil))
		}
	}
	for _, name := range []string{"CAMPAIGN", "PLAIN_CAMPAIGN", "PAUSING"} {
		if fmt.Sprint(l.CampaignID) == s.Vars[name+"_ID"] && name != "CAMPAIGN" {
			add("campaign: %s", name)
		}
	}
	if l.Stage != clientele.StageNone {
		add("stage: %s", l.Stage)
	}
	for stage := clientele.StageWideContact; stage < clientele.NumStages; stage++ {
		if at := l.ReachedAt[stage]; !at.IsZero() {
			add("%s_at: %s", stage, at.Format(time.RFC3339))
		}
	}
	if l.NetValue != 0 {
		add("net_value: %d", l.NetValue)
	}
	if l.NominalValue != 0 {
		add("nominal_value: %d", l.NominalValue)
	}
	text("customer_type", l.CustomerType)
	for i, sub := range l.Subs {
		text(fmt.Sprintf("sub%d", i+1), sub)
	}
	text("ip", l.IP)
	text("user_agent", l.UserAgent)
	if !l.ActionAt.Equal(l.CreatedAt) {
		add("action_at: %s", l.ActionAt.Format(time.RFC3339))
	}
	add("version: %d", l.Version)
	return lines
}
