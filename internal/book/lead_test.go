package book

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"clientele"
)

const (
	someCampaign  = "c0000000-0000-4000-8000-000000000001"
	somePublisher = "b0000000-0000-4000-8000-000000000001"
	someLead      = "d0000000-0000-4000-8000-000000000001"
)

// registry is a LeadStore and a Committer with one of each.
type registry struct {
	campaign  clientele.Campaign
	publisher clientele.Publisher
	zone      string
	err       error // of every call
	outcome   clientele.Outcome
	writes    []clientele.Write
}

func newRegistry() *registry {
	return &registry{
		campaign:  clientele.Campaign{ID: 5, ProjectID: 3, UUID: someCampaign, LandingURL: "https://shop.example.com"},
		publisher: clientele.Publisher{ID: 6, UUID: somePublisher}, zone: "Europe/Warsaw",
		outcome: clientele.Outcome{Result: clientele.Created, Reference: someLead},
	}
}

var errNone = clientele.Errorf(clientele.KindNotFound, "none")

func (r *registry) FindCampaign(_ context.Context, id string) (clientele.Campaign, error) {
	if r.err == nil && id != r.campaign.UUID {
		return clientele.Campaign{}, errNone
	}
	return r.campaign, r.err
}

func (r *registry) FindPublisher(_ context.Context, id string) (clientele.Publisher, error) {
	if r.err == nil && id != r.publisher.UUID {
		return clientele.Publisher{}, errNone
	}
	return r.publisher, r.err
}

func (r *registry) FindLeadProject(_ context.Context, id string) (int64, error) {
	if r.err == nil && id != someLead {
		return 0, errNone
	}
	return 3, r.err
}

func (r *registry) FindProjectByID(_ context.Context, id int64) (clientele.Project, error) {
	if r.err == nil && id != 3 {
		return clientele.Project{}, errNone
	}
	return clientele.Project{ID: 3, TimeZone: r.zone}, r.err
}

func (r *registry) Commit(_ context.Context, w clientele.Write) (clientele.Outcome, error) {
	r.writes = append(r.writes, w)
	return r.outcome, r.err
}

// noon is a clock that shows more than the book keeps.
func noon() time.Time {
	return time.Date(2026, 11, 20, 12, 0, 0, 123_456_789, time.FixedZone("", 3600))
}

func leadsOf(r *registry) *Leads { return NewLeads(New(r, noon), r, func() string { return someLead }) }

func TestClick_BuildsALead(t *testing.T) {
	r := newRegistry()
	visit := Visit{IP: clientele.Some("192.0.2.1"), UserAgent: clientele.Some("browser"), Subs: [5]clientele.Text{clientele.Some("mark")}}
	got, err := leadsOf(r).Click(t.Context(), clientele.Origin{RequestID: "r"}, Link{someCampaign, somePublisher}, visit)
	if err != nil || got != (Clicked{ProjectID: 3, LeadUUID: someLead, LandingURL: "https://shop.example.com"}) {
		t.Fatalf("%+v, %v", got, err)
	}
	at := noon().UTC().Truncate(time.Microsecond)
	w := r.writes[0]
	want := clientele.Lead{
		UUID: someLead, CampaignID: 5, PublisherID: 6, ActionAt: at, Subs: visit.Subs, IP: visit.IP, UserAgent: visit.UserAgent,
	}
	if w.ProjectID != 3 || w.Origin.RequestID != "r" || !w.At.Equal(at) || *w.Lead.Register != want {
		t.Errorf("write %+v of %+v", w, *w.Lead.Register)
	}
}

// TestReportNow_TakesTheTimeOfTheWrite: a postback has no date of its own.
func TestReportNow_TakesTheTimeOfTheWrite(t *testing.T) {
	r := newRegistry()
	r.outcome = clientele.Outcome{Result: clientele.Unchanged}
	got, err := leadsOf(r).ReportNow(t.Context(), clientele.Origin{}, someLead, clientele.StageApplication, clientele.LeadReport{NetValue: 5})
	if err != nil || got != (Reported{ProjectID: 3, Result: clientele.Unchanged}) {
		t.Fatalf("%+v, %v", got, err)
	}
	want := clientele.LeadReport{NetValue: 5}
	want.Reached[clientele.StageApplication] = r.writes[0].At
	if w := r.writes[0]; w.Lead.Report != want || w.Lead.UUID != someLead || w.Lead.Register != nil || w.ProjectID != 3 {
		t.Errorf("write %+v of %+v", w, w.Lead)
	}
}

func TestZone(t *testing.T) {
	r := newRegistry()
	leads := leadsOf(r)
	if zone, err := leads.Zone(t.Context(), 3); err != nil || zone.String() != "Europe/Warsaw" {
		t.Errorf("%v, %v", zone, err)
	}
	if _, err := leads.Zone(t.Context(), 4); err == nil || clientele.KindOf(err) != clientele.KindInternal {
		t.Errorf("a project that is gone: %v", err)
	}
	r.zone = "Europe/Nowhere"
	if _, err := leadsOf(r).Zone(t.Context(), 3); err == nil {
		t.Error("a zone that does not exist is one")
	}
}

// TestLeads_ErrorsHoldNoUUID: they go to the log.
func TestLeads_ErrorsHoldNoUUID(t *testing.T) {
	link := Link{someCampaign, somePublisher}
	call := Call{ProjectID: 3, Idempotency: &clientele.Idempotency{CredentialID: 1, Key: "k"}}
	for what, failure := range map[string]error{
		"unavailable": clientele.Unavailable("gone", errors.New("cause")), "internal": errors.New("cause"),
		"conflict": clientele.Errorf(clientele.KindConflict, "cancelled"), "invalid": clientele.Errorf(clientele.KindInvalid, "no value"),
	} {
		for _, whole := range []bool{true, false} { // everything fails, or only the commit
			r := newRegistry()
			leads := leadsOf(r)
			if !whole {
				if _, err := leads.Landing(t.Context(), link); err != nil {
					t.Fatal(err)
				}
			}
			r.err = failure
			_, click := leads.Click(t.Context(), clientele.Origin{}, link, Visit{})
			_, now := leads.ReportNow(t.Context(), clientele.Origin{}, someLead, clientele.StageContract, clientele.LeadReport{})
			_, report := leads.Report(t.Context(), call, someLead, clientele.LeadReport{})
			_, register := leads.Register(t.Context(), call, NewLead{Link: link, ActionAt: noon()})
			for i, err := range []error{click, now, report, register} {
				if err == nil || !errors.Is(err, failure) {
					t.Errorf("%s, call %d: %v", what, i, err)
				}
				for _, id := range []string{someLead, someCampaign, somePublisher} {
					if strings.Contains(fmt.Sprint(err), id) {
						t.Errorf("%s, call %d: %v", what, i, err)
					}
				}
			}
		}
	}
}

// TestRegister_RefusedAndNeverSeen: without a name there is nothing to look up; under a name only what was registered counts.
func TestRegister_RefusedAndNeverSeen(t *testing.T) {
	refused := NewLead{Link: Link{"c0000000-0000-4000-8000-000000000002", somePublisher}, ActionAt: noon()}
	for what, c := range map[string]struct {
		named   bool
		outcome clientele.Outcome
		err     error
		want    clientele.Kind
		writes  int
	}{
		"without a name":          {false, clientele.Outcome{}, nil, clientele.KindInvalid, 0},
		"never seen":              {true, clientele.Outcome{Result: clientele.Missing}, nil, clientele.KindInvalid, 1},
		"seen with another body":  {true, clientele.Outcome{}, clientele.Errorf(clientele.KindConflict, "x"), clientele.KindInvalid, 1},
		"seen on an update":       {true, clientele.Outcome{Result: clientele.Updated}, nil, clientele.KindInvalid, 1},
		"when nobody can look up": {true, clientele.Outcome{}, clientele.Unavailable("x", nil), clientele.KindUnavailable, 1},
	} {
		r := newRegistry()
		leads := leadsOf(r)
		call := Call{ProjectID: 3}
		if c.named {
			call.Idempotency = &clientele.Idempotency{CredentialID: 1, Key: "k"}
		}
		r.outcome = c.outcome
		commit := committer(func(w clientele.Write) (clientele.Outcome, error) {
			r.writes = append(r.writes, w)
			return c.outcome, c.err
		})
		leads.book = New(commit, noon)
		if _, err := leads.Register(t.Context(), call, refused); clientele.KindOf(err) != c.want || len(r.writes) != c.writes {
			t.Errorf("%s: %v after %d writes; want %s after %d", what, err, len(r.writes), c.want, c.writes)
		}
	}
}

// committer is a Committer made of a function.
type committer func(clientele.Write) (clientele.Outcome, error)

func (c committer) Commit(_ context.Context, w clientele.Write) (clientele.Outcome, error) {
	return c(w)
}
