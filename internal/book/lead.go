package book

import (
	"context"
	"errors"
	"fmt"
	"time"

	"clientele"
)

// LeadStore is what leads need to look up. Both stores are one. Each error is of kind not_found when there is no such
// thing.
type LeadStore interface {
	// FindCampaign and FindPublisher return what has the UUID, paused or not, of whichever project.
	FindCampaign(ctx context.Context, uuid string) (clientele.Campaign, error)
	FindPublisher(ctx context.Context, uuid string) (clientele.Publisher, error)
	// FindLeadProject returns the project of the lead with the UUID.
	FindLeadProject(ctx context.Context, uuid string) (int64, error)
	FindProjectByID(ctx context.Context, id int64) (clientele.Project, error)
}

// Leads registers leads and reports on them. Its methods may be called from any goroutine. UUIDs that it is given are in
// canonical form, and none of its errors holds one: that of a lead is a secret.
type Leads struct {
	book       *Book
	store      LeadStore
	newUUID    func() string
	campaigns  *recent[string, clientele.Campaign]
	publishers *recent[string, clientele.Publisher]
	zones      *recent[int64, *time.Location]
}

// NewLeads returns the leads of a book. newUUID makes the UUID of each new lead: random and canonical, since whoever knows
// it may report on the lead.
func NewLeads(b *Book, s LeadStore, newUUID func() string) *Leads {
	l := &Leads{book: b, store: s, newUUID: newUUID}
	l.campaigns = newRecent(s.FindCampaign, b.now)
	l.publishers = newRecent(s.FindPublisher, b.now)
	l.zones = newRecent(l.findZone, b.now)
	return l
}

// Zone returns the time zone in which dates of the project are meant. It is believed for five seconds.
func (l *Leads) Zone(ctx context.Context, project int64) (*time.Location, error) {
	zone, found, err := l.zones.get(ctx, project, func(**time.Location) bool { return true })
	if err == nil && !found {
		err = fmt.Errorf("project %d is gone", project)
	}
	if err != nil {
		return nil, fmt.Errorf("time zone of project %d: %w", project, err)
	}
	return zone, nil
}

func (l *Leads) findZone(ctx context.Context, project int64) (*time.Location, error) {
	p, err := l.store.FindProjectByID(ctx, project)
	if err != nil {
		return nil, err
	}
	return time.LoadLocation(p.TimeZone)
}

// Reported is what became of a report.
type Reported struct {
	ProjectID int64
	// Result is Updated or Unchanged.
	Result clientele.Result
}

// errNoLead is how a lead that does not exist is answered, and one of another project.
var errNoLead = clientele.Errorf(clientele.KindNotFound, "there is no such lead")

// Find returns the project of the lead; kind not_found when there is no such lead.
func (l *Leads) Find(ctx context.Context, uuid string) (project int64, err error) {
	return l.store.FindLeadProject(ctx, uuid)
}

// ReportNow reports that a lead, of whichever project, reached a stage just now, with the values of r. Kinds: not_found when
// there is no such lead, invalid on "net_value" when a contract has none, conflict when the stage cannot follow.
func (l *Leads) ReportNow(ctx context.Context, o clientele.Origin, uuid string, s clientele.Stage, r clientele.LeadReport) (Reported, error) {
	project, err := l.store.FindLeadProject(ctx, uuid)
	if err != nil {
		return Reported{}, err
	}
	w := l.book.write(Call{ProjectID: project, Origin: o})
	r.Reached[s] = w.At
	result, err := l.report(ctx, w, uuid, r)
	return Reported{ProjectID: project, Result: result}, err
}

// Report reports on a lead of the call's project: its stages in order, all or nothing. It returns Updated or Unchanged. Kinds
// as for ReportNow; a lead of another project is not found.
func (l *Leads) Report(ctx context.Context, call Call, uuid string, r clientele.LeadReport) (clientele.Result, error) {
	return l.report(ctx, l.book.write(call), uuid, r)
}

func (l *Leads) report(ctx context.Context, w clientele.Write, uuid string, r clientele.LeadReport) (clientele.Result, error) {
	w.Lead = &clientele.LeadWrite{UUID: uuid, Report: r}
	o, err := l.book.commit.Commit(ctx, w)
	if err != nil {
		return 0, fmt.Errorf("report on a lead of project %d: %w", w.ProjectID, err)
	}
	if o.Result == clientele.Missing {
		return 0, errNoLead
	}
	return o.Result, nil
}

// parties are the campaign and the publisher of a lead. ok says whether both are there and take leads.
type parties struct {
	campaign    clientele.Campaign
	publisher   clientele.Publisher
	campaignOK  bool
	publisherOK bool
}

func (p *parties) ok() bool { return p.campaignOK && p.publisherOK }

// findParties looks both up, whatever becomes of the first. project is whose campaign it must be; 0 for anybody's.
func (l *Leads) findParties(ctx context.Context, project int64, campaign, publisher string) (parties, error) {
	var p parties
	var err, publisherErr error
	p.campaign, p.campaignOK, err = l.campaigns.get(ctx, campaign, func(c *clientele.Campaign) bool {
		return c.PausedAt.IsZero() && (project == 0 || c.ProjectID == project)
	})
	p.publisher, p.publisherOK, publisherErr = l.publishers.get(ctx, publisher, func(p *clientele.Publisher) bool {
		return p.PausedAt.IsZero()
	})
	if err := errors.Join(err, publisherErr); err != nil {
		return p, fmt.Errorf("look up campaign and publisher: %w", err)
	}
	return p, nil
}
