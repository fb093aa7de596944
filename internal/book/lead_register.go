package book

import (
	"context"
	"errors"
	"fmt"
	"time"

	"clientele"
)

// Link is what a click is on.
type Link struct {
	// CampaignUUID and PublisherUUID are canonical.
	CampaignUUID  string
	PublisherUUID string
}

// Visit is what a click tells of the visitor and the publisher's own marks.
type Visit struct {
	// Subs are at most 255 characters each.
	Subs      [5]clientele.Text
	IP        clientele.Text
	UserAgent clientele.Text
}

// Clicked is what a click led to.
type Clicked struct {
	ProjectID int64
	// LeadUUID names the new lead, which is durable.
	LeadUUID string
	// LandingURL is the campaign's, as it was given.
	LandingURL string
}

// errNoLink is how a link is answered that leads nowhere, for whatever reason.
var errNoLink = clientele.Errorf(clientele.KindNotFound, "this link leads nowhere")

// Landing returns where a link leads to; kind not_found when its campaign or its publisher is unknown or paused.
func (l *Leads) Landing(ctx context.Context, link Link) (Clicked, error) {
	p, err := l.findParties(ctx, 0, link.CampaignUUID, link.PublisherUUID)
	if err != nil {
		return Clicked{}, err
	}
	if !p.ok() {
		return Clicked{}, errNoLink
	}
	return Clicked{ProjectID: p.campaign.ProjectID, LandingURL: p.campaign.LandingURL}, nil
}

// Click registers a new lead for a click on the link, and returns when the lead is durable. Kind not_found as for Landing.
func (l *Leads) Click(ctx context.Context, o clientele.Origin, link Link, v Visit) (Clicked, error) {
	p, err := l.findParties(ctx, 0, link.CampaignUUID, link.PublisherUUID)
	if err != nil {
		return Clicked{}, err
	}
	if !p.ok() {
		return Clicked{}, errNoLink
	}
	w := l.book.write(Call{ProjectID: p.campaign.ProjectID, Origin: o})
	lead := l.newLead(&p, w.At)
	lead.Subs, lead.IP, lead.UserAgent = v.Subs, v.IP, v.UserAgent
	w.Lead = &clientele.LeadWrite{Register: &lead}
	out, err := l.book.commit.Commit(ctx, w)
	if err != nil {
		return Clicked{}, fmt.Errorf("register click in project %d: %w", w.ProjectID, err)
	}
	return Clicked{ProjectID: w.ProjectID, LeadUUID: out.Reference, LandingURL: p.campaign.LandingURL}, nil
}

// NewLead is a lead that is registered without a click.
type NewLead struct {
	Link
	// ActionAt is when it came about.
	ActionAt time.Time
	Report   clientele.LeadReport
}

// Register registers a lead in the call's project, with what is reported of it already, and returns its UUID when it is
// durable.
//
// The error is of kind invalid on "campaign_uuid" and "publisher_uuid", joined when both are at fault, when the campaign is
// unknown, paused or another project's, or the publisher unknown or paused; on "net_value" and of kind conflict as for
// ReportNow.
func (l *Leads) Register(ctx context.Context, call Call, n NewLead) (string, error) {
	p, err := l.findParties(ctx, call.ProjectID, n.CampaignUUID, n.PublisherUUID)
	if err != nil {
		return "", err
	}
	w := l.book.write(call)
	lead, refusal := l.newLead(&p, n.ActionAt).Report(n.Report)
	if !p.ok() {
		refusal = p.refusal()
	}
	if refusal != nil {
		return l.registeredBefore(ctx, w, refusal)
	}
	w.Lead = &clientele.LeadWrite{Register: &lead}
	o, err := l.book.commit.Commit(ctx, w)
	if err != nil {
		return "", fmt.Errorf("register lead in project %d: %w", w.ProjectID, err)
	}
	return o.Reference, nil
}

func (l *Leads) newLead(p *parties, at time.Time) clientele.Lead {
	return clientele.Lead{
		UUID: l.newUUID(), CampaignID: p.campaign.ID, PublisherID: p.publisher.ID, ActionAt: at,
	}
}

// refusal says which of the parties does not take a registration.
func (p *parties) refusal() error {
	var errs []error
	if !p.campaignOK {
		errs = append(errs, &clientele.Error{Kind: clientele.KindInvalid, Field: "campaign_uuid", Message: "names no campaign"})
	}
	if !p.publisherOK {
		errs = append(errs, &clientele.Error{Kind: clientele.KindInvalid, Field: "publisher_uuid", Message: "names no publisher"})
	}
	return errors.Join(errs...)
}

// registeredBefore answers a registration that is refused now. When the call has a name under which it succeeded before,
// a campaign that was paused since makes no difference: it is answered as it was then. The write concerns no lead, so
// there is nothing to it but the look-up of the name.
func (l *Leads) registeredBefore(ctx context.Context, w clientele.Write, refusal error) (string, error) {
	if w.Idempotency == nil {
		return "", refusal
	}
	w.Lead = &clientele.LeadWrite{}
	o, err := l.book.commit.Commit(ctx, w)
	switch {
	case err != nil && clientele.KindOf(err) != clientele.KindConflict:
		return "", fmt.Errorf("look up registration in project %d: %w", w.ProjectID, err)
	case err == nil && o.Result == clientele.Created:
		return o.Reference, nil
	default: // never seen, or under this name with another body
		return "", refusal
	}
}
