package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"clientele"
	"clientele/internal/book"
	"clientele/internal/config"

	"github.com/google/uuid"
)

// leadStore is what the commands and the demo need of a book that has leads.
type leadStore interface {
	book.LeadStore
	CreateCampaign(ctx context.Context, c clientele.Campaign) (clientele.Campaign, error)
	ListCampaigns(ctx context.Context) ([]clientele.Campaign, error)
	PauseCampaign(ctx context.Context, project, id int64, at time.Time) error
	CreatePublisher(ctx context.Context, p clientele.Publisher) (clientele.Publisher, error)
	ListPublishers(ctx context.Context) ([]clientele.Publisher, error)
	PausePublisher(ctx context.Context, id int64, at time.Time) error
	ForgetVisitors(ctx context.Context, before time.Time, limit int) (int64, error)
}

type campaignCommand struct {
	Create campaignCreate `cmd:"" help:"Create a campaign: clicks on it lead to its landing page."`
	List   campaignList   `cmd:"" help:"List the campaigns."`
	Pause  campaignPause  `cmd:"" help:"Refuse clicks and registrations of a campaign; takes effect within five seconds."`
	Resume campaignResume `cmd:"" help:"Take clicks and registrations of a paused campaign again."`
}

// campaignJSON is a campaign as the commands print it.
type campaignJSON struct {
	ID         int64  `json:"id"`
	Project    string `json:"project"`
	UUID       string `json:"uuid"`
	Name       string `json:"name"`
	LandingURL string `json:"landingUrl"`
	State      string `json:"state"`
	CreatedAt  string `json:"createdAt"`
	PausedAt   string `json:"pausedAt,omitzero"`
}

func campaignOutput(c clientele.Campaign, project string) campaignJSON {
	return campaignJSON{
		c.ID, project, c.UUID, c.Name, c.LandingURL, stateOf(c.PausedAt), stamp(c.CreatedAt), stamp(c.PausedAt),
	}
}

// stateOf names the state of something that can be paused.
func stateOf(pausedAt time.Time) string {
	if pausedAt.IsZero() {
		return "active"
	}
	return "paused"
}

type campaignCreate struct {
	config.Book
	Project    string `help:"Project that the campaign belongs to." required:"" placeholder:"NAME"`
	Name       string `help:"Name, 1 to 100 characters." required:"" placeholder:"N"`
	LandingURL string `help:"Where a click leads to: absolute, http or https. What stands in its query stays." name:"landing-url" required:"" placeholder:"URL"`
	JSON       bool   `help:"Print one JSON object."`
}

// Validate is called by the parser.
func (c *campaignCreate) Validate() error {
	c.Name = strings.TrimSpace(c.Name)
	if err := clientele.CheckName(c.Name); err != nil {
		return errors.New(explain(err))
	}
	if err := clientele.CheckLandingURL(c.LandingURL); err != nil {
		return fmt.Errorf("--landing-url: %s", explain(err))
	}
	return nil
}

// Run creates the campaign.
func (c *campaignCreate) Run(ctx context.Context, std streams) error {
	return withBook(ctx, c.Book, func(s store) error {
		p, err := s.FindProject(ctx, c.Project)
		if err != nil {
			return err
		}
		campaign, err := s.CreateCampaign(ctx, clientele.Campaign{
			ProjectID: p.ID, UUID: uuid.NewString(), Name: c.Name, LandingURL: c.LandingURL,
			CreatedAt: time.Now().UTC().Truncate(time.Microsecond),
		})
		if err != nil {
			return err
		}
		if c.JSON {
			return printJSON(std.out, campaignOutput(campaign, p.Name))
		}
		_, err = fmt.Fprintf(std.out, "Created campaign %d %q of project %s: %s\nIts links are /click/%s/PUBLISHER-UUID: clientele publisher list\n",
			campaign.ID, campaign.Name, p.Name, campaign.UUID, campaign.UUID)
		return err
	})
}

type campaignList struct {
	config.Book
	JSON bool `help:"Print one JSON object."`
}

// Run lists the campaigns.
func (c *campaignList) Run(ctx context.Context, std streams) error {
	return withBook(ctx, c.Book, func(s store) error {
		projects, err := s.ListProjects(ctx)
		if err != nil {
			return err
		}
		names := make(map[int64]string, len(projects))
		for _, p := range projects {
			names[p.ID] = p.Name
		}
		campaigns, err := s.ListCampaigns(ctx)
		if err != nil {
			return err
		}
		list := make([]campaignJSON, len(campaigns))
		rows := make([]string, len(campaigns))
		for i, one := range campaigns {
			o := campaignOutput(one, names[one.ProjectID])
			list[i] = o
			rows[i] = fmt.Sprintf("%d\t%s\t%s\t%s\t%s\t%s", o.ID, o.Project, o.Name, o.UUID, o.State, o.LandingURL)
		}
		if c.JSON {
			return printJSON(std.out, struct {
				Campaigns []campaignJSON `json:"campaigns"`
			}{list})
		}
		return printTable(std.out, "ID\tPROJECT\tNAME\tUUID\tSTATE\tLANDING PAGE", rows)
	})
}

type campaignPause struct {
	config.Book
	ID   string `arg:"" name:"id" help:"The campaign's id or UUID, as campaign list shows them."`
	JSON bool   `help:"Print one JSON object."`
}

// Run pauses the campaign.
func (c *campaignPause) Run(ctx context.Context, std streams) error {
	return pauseCampaign(ctx, c.Book, c.ID, time.Now(), printState(std, c.JSON, "Campaign"))
}

type campaignResume struct {
	config.Book
	ID   string `arg:"" name:"id" help:"The campaign's id or UUID, as campaign list shows them."`
	JSON bool   `help:"Print one JSON object."`
}

// Run resumes the campaign.
func (c *campaignResume) Run(ctx context.Context, std streams) error {
	return pauseCampaign(ctx, c.Book, c.ID, time.Time{}, printState(std, c.JSON, "Campaign"))
}

// pauseCampaign pauses the campaign that id names, or resumes it at the zero time.
func pauseCampaign(ctx context.Context, where config.Book, id string, at time.Time, done func(int64, string) error) error {
	return withBook(ctx, where, func(s store) error {
		campaigns, err := s.ListCampaigns(ctx)
		if err != nil {
			return err
		}
		for _, c := range campaigns {
			if names(id, c.ID, c.UUID) {
				if err := s.PauseCampaign(ctx, c.ProjectID, c.ID, at); err != nil {
					return err
				}
				return done(c.ID, stateOf(at))
			}
		}
		return clientele.Errorf(clientele.KindNotFound, "there is no campaign %s", id)
	})
}

// names reports whether what the operator typed is this id or this UUID.
func names(typed string, id int64, uuid string) bool {
	return typed == strconv.FormatInt(id, 10) || strings.EqualFold(typed, uuid)
}

// printState returns what tells that something is paused or active now.
func printState(std streams, asJSON bool, what string) func(id int64, state string) error {
	return func(id int64, state string) error {
		if asJSON {
			return printJSON(std.out, struct {
				ID    int64  `json:"id"`
				State string `json:"state"`
			}{id, state})
		}
		_, err := fmt.Fprintf(std.out, "%s %d is %s; running servers know it within five seconds.\n", what, id, state)
		return err
	}
}
