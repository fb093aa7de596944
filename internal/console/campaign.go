package console

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"clientele"

	"github.com/google/uuid"
)

type campaignStore interface {
	CreateCampaign(ctx context.Context, c clientele.Campaign) (clientele.Campaign, error)
	ListCampaigns(ctx context.Context) ([]clientele.Campaign, error)
	PauseCampaign(ctx context.Context, project, id int64, at time.Time) error
}

// campaignsPage lists the campaigns of a project, and has the form for one more.
type campaignsPage struct {
	Campaigns []clientele.Campaign
	// Name, LandingURL and Problems are of the form, when it was not good.
	Name, LandingURL string
	Problems         map[string]string
}

func (c *Console) showCampaigns(r *request) (answer, error) {
	return c.campaigns(r, campaignsPage{}, http.StatusOK)
}

func (c *Console) campaigns(r *request, p campaignsPage, status int) (answer, error) {
	all, err := c.Store.ListCampaigns(r.Context())
	if err != nil {
		return answer{}, err
	}
	for _, one := range all {
		if one.ProjectID == r.Project.ID {
			p.Campaigns = append(p.Campaigns, one)
		}
	}
	return view("Campaigns", campaignsView(r, p)).withStatus(status), nil
}

// saveCampaign creates a campaign of the project.
func (c *Console) saveCampaign(r *request) (answer, error) {
	p := campaignsPage{
		Name: strings.TrimSpace(r.PostFormValue("name")), LandingURL: strings.TrimSpace(r.PostFormValue("landing_url")),
		Problems: map[string]string{},
	}
	noteProblem(p.Problems, clientele.CheckName(p.Name))
	noteProblem(p.Problems, clientele.CheckLandingURL(p.LandingURL))
	if len(p.Problems) > 0 {
		return c.campaigns(r, p, http.StatusUnprocessableEntity)
	}
	created, err := c.Store.CreateCampaign(r.Context(), clientele.Campaign{
		ProjectID: r.Project.ID, UUID: uuid.NewString(), Name: p.Name, LandingURL: p.LandingURL, CreatedAt: c.moment(),
	})
	if err != nil {
		return answer{}, err
	}
	if err := r.audit("campaign.create", campaignSubject(created.ID)); err != nil {
		return answer{}, err
	}
	r.flash("The campaign " + created.Name + " was created. These are its links.")
	return seeOther(r.campaignURL(created.ID)), nil
}

func campaignSubject(id int64) string { return fmt.Sprintf("campaign %d", id) }

func (r *request) campaignURL(id int64) string {
	return r.projectURL(fmt.Sprintf("/campaigns/%d", id))
}

// campaignPage shows a campaign with the links of every publisher.
type campaignPage struct {
	Campaign clientele.Campaign
	Links    []clickLink
}

// clickLink is the address that brings a publisher's visitors to a campaign.
type clickLink struct {
	Campaign  *clientele.Campaign
	Publisher *clientele.Publisher
	URL       string
}

func (r *request) clickLink(c *clientele.Campaign, p *clientele.Publisher) clickLink {
	return clickLink{c, p, r.serverURL() + "/click/" + c.UUID + "/" + p.UUID}
}

// IsPaused reports whether a click on it is refused.
func (l clickLink) IsPaused() bool {
	return !l.Campaign.PausedAt.IsZero() || !l.Publisher.PausedAt.IsZero()
}

func (c *Console) showCampaign(r *request) (answer, error) {
	one, err := c.campaign(r)
	if err != nil {
		return answer{}, err
	}
	publishers, err := c.Store.ListPublishers(r.Context())
	if err != nil {
		return answer{}, err
	}
	p := campaignPage{Campaign: one}
	for i := range publishers {
		p.Links = append(p.Links, r.clickLink(&one, &publishers[i]))
	}
	return view(one.Name, campaignView(r, p)), nil
}

// campaign returns the one that the URL names, of its project.
func (c *Console) campaign(r *request) (clientele.Campaign, error) {
	id, err := r.id("campaign")
	if err != nil {
		return clientele.Campaign{}, err
	}
	all, err := c.Store.ListCampaigns(r.Context())
	if err != nil {
		return clientele.Campaign{}, err
	}
	for _, one := range all {
		if one.ID == id && one.ProjectID == r.Project.ID {
			return one, nil
		}
	}
	return clientele.Campaign{}, clientele.Errorf(clientele.KindNotFound, "There is no campaign %d in this project", id)
}

// pauseCampaign pauses a campaign, or resumes it.
func (c *Console) pauseCampaign(r *request) (answer, error) {
	one, err := c.campaign(r)
	if err != nil {
		return answer{}, err
	}
	p, err := c.readPause(r)
	if err != nil {
		return answer{}, err
	}
	if err := r.audit("campaign."+p.verb, campaignSubject(one.ID)); err != nil {
		return answer{}, err
	}
	if err := c.Store.PauseCampaign(r.Context(), one.ProjectID, one.ID, p.at); err != nil {
		return answer{}, err
	}
	r.flash(one.Name + p.done)
	return seeOther(r.campaignURL(one.ID)), nil
}

// pause is what a form does to something that can be paused.
type pause struct {
	verb string
	at   time.Time // zero to resume
	done string
}

func (c *Console) readPause(r *request) (pause, error) {
	switch do := r.PostFormValue("do"); do {
	case "pause":
		return pause{do, c.moment(), " is paused. Running servers know it within five seconds."}, nil
	case "resume":
		return pause{do, time.Time{}, " is active again. Running servers know it within five seconds."}, nil
	default:
		return pause{}, clientele.Errorf(clientele.KindInvalid, "there is no such action")
	}
}
