package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"clientele"
	"clientele/internal/access"
	"clientele/internal/book"

	"github.com/google/uuid"
)

// The demo's identifiers. Of a real advertiser and its leads they are random: they are secrets.
const (
	demoAdvertiserUUID = "a0000000-0000-4000-8000-000000000001"
	demoPublisherUUID  = "b0000000-0000-4000-8000-000000000001"
	demoCampaignUUID   = "c0000000-0000-4000-8000-000000000001"
	demoLeadPrefix     = "d0000000-0000-4000-8000-"
)

// demoLeads is how many made-up leads the demo has.
const demoLeads = 300

// demoLead returns the UUID of the demo's nth lead, from 1 on. The first three were only clicked, for the calls to paste.
func demoLead(n int64) string { return fmt.Sprintf("%s%012d", demoLeadPrefix, n) }

// fillLeads makes the demo's advertiser, its campaign, a publisher, and leads in every stage.
func fillLeads(ctx context.Context, s store, b *book.Book, p clientele.Project) error {
	now := time.Now().UTC().Truncate(time.Microsecond)
	issued, err := access.Issue(ctx, s, access.Order{
		Dialect: clientele.PrimeLead, Projects: []clientele.Project{p}, Name: "Demo advertiser", Secret: demoAdvertiserUUID,
	}, now)
	if err != nil {
		return err
	}
	links, err := createLinks(ctx, s, p, now)
	if err != nil {
		return err
	}
	var made atomic.Int64
	leads := book.NewLeads(b, s, func() string { return demoLead(made.Add(1)) })
	if err := fillClicks(ctx, leads, links[0]); err != nil {
		return err
	}
	return fillRegistrations(ctx, leads, links, book.Call{ProjectID: p.ID, Origin: clientele.Origin{
		Dialect: clientele.PrimeLead, CredentialID: issued.Credential.ID, RequestID: "demo",
	}}, now)
}

// createLinks makes the demo's campaigns and publishers and returns the links of each with each. The first are those of the
// calls to paste.
func createLinks(ctx context.Context, s store, p clientele.Project, now time.Time) (links []book.Link, err error) {
	campaigns, publishers := []string{demoCampaignUUID, uuid.NewString()}, []string{demoPublisherUUID, uuid.NewString(), uuid.NewString()}
	for i, name := range []string{"Demo publisher", "Kestrel Media", "Heron Newsletter"} {
		_, err := s.CreatePublisher(ctx, clientele.Publisher{UUID: publishers[i], Name: name, CreatedAt: now})
		if err != nil {
			return nil, err
		}
	}
	for i, name := range []string{"Demo campaign", "Autumn savings"} {
		_, err := s.CreateCampaign(ctx, clientele.Campaign{
			ProjectID: p.ID, UUID: campaigns[i], Name: name, CreatedAt: now, LandingURL: "https://shop.example.com/offer?from=demo#form",
		})
		if err != nil {
			return nil, err
		}
		for _, publisher := range publishers {
			links = append(links, book.Link{CampaignUUID: campaigns[i], PublisherUUID: publisher})
		}
	}
	return links, nil
}

// demoClicks is how many of the leads are clicks; they come first, and one by one, so that their UUIDs are known.
const demoClicks = 30

func fillClicks(ctx context.Context, leads *book.Leads, link book.Link) error {
	origin := clientele.Origin{Dialect: clientele.PrimeLead, RequestID: "demo"}
	for i := range demoClicks {
		visit := book.Visit{
			IP: clientele.Some(fmt.Sprintf("192.0.2.%d", 1+i)), UserAgent: clientele.Some("Mozilla/5.0 (made up)"),
			Subs: [5]clientele.Text{clientele.Some("newsletter"), clientele.Some(fmt.Sprintf("banner-%d", i%4))},
		}
		if _, err := leads.Click(ctx, origin, link, visit); err != nil {
			return fmt.Errorf("make up clicks: %w", err)
		}
	}
	return nil
}

// fillRegistrations registers the other leads all at once, of the last sixty days and in every stage.
func fillRegistrations(ctx context.Context, leads *book.Leads, links []book.Link, call book.Call, now time.Time) error {
	random := rand.New(rand.NewPCG(3, 4)) // the same leads every time
	errs := make([]error, demoLeads-demoClicks)
	var all sync.WaitGroup
	for i := range errs {
		lead := madeUpLead(random, i, now)
		lead.Link = links[random.IntN(1+random.IntN(len(links)))] // the first of them more often
		all.Go(func() { _, errs[i] = leads.Register(ctx, call, lead) })
	}
	all.Wait()
	for _, err := range errs {
		if err != nil {
			return fmt.Errorf("make up leads: %w", err)
		}
	}
	return nil
}

// madeUpLead returns a lead of the last sixty days, the first ones first, that came as far as the ith of the stages, if there
// was time for it; some have a stage left out.
func madeUpLead(random *rand.Rand, i int, now time.Time) book.NewLead {
	last := clientele.Stage(i % int(clientele.NumStages))
	at := now.Add(-time.Duration((demoLeads-demoClicks-i)*60*24/(demoLeads-demoClicks)) * time.Hour).Truncate(time.Second)
	n := book.NewLead{ActionAt: at}
	for s := clientele.StageWideContact; s <= last; s++ {
		if at = at.Add(time.Duration(1+random.IntN(48)) * time.Hour); at.After(now) {
			break // it has not come further yet
		}
		if s == last || s == clientele.StageContract || random.IntN(4) > 0 {
			n.Report.Reached[s] = at
		}
	}
	if !n.Report.Reached[clientele.StageContract].IsZero() {
		n.Report.NetValue = clientele.Amount(50_000 + random.IntN(5_000_000))
		n.Report.NominalValue = n.Report.NetValue * 123 / 100
	}
	if random.IntN(2) == 0 {
		n.Report.CustomerType = clientele.Some([]string{"new", "returning"}[random.IntN(2)])
	}
	return n
}

// leadCalls are calls for each part of the Prime Lead document.
func leadCalls(url string, now time.Time) []demoCall {
	date := now.UTC().Add(-time.Hour).Format(time.DateTime)
	api := url + "/api/v1"
	return []demoCall{
		{"a click: 302 to the landing page with utm_action", fmt.Sprintf("curl -si '%s/click/%s/%s?sub1=newsletter'", url, demoCampaignUUID, demoPublisherUUID)},
		{"a postback: first contact", fmt.Sprintf("curl -s '%s/postback/wide_contact/%s?customer_type=new'", api, demoLead(1))},
		{"a contract without its value: 422", fmt.Sprintf("curl -s '%s/postback/contract/%s'", api, demoLead(1))},
		{"a contract", fmt.Sprintf("curl -s '%s/postback/contract/%s?contract_net_value=1000.50&contract_nominal_value=1230.62'", api, demoLead(1))},
		{"cancelled", fmt.Sprintf("curl -s '%s/postback/contract_canceled/%s'", api, demoLead(1))},
		{"an update by POST, as JSON", fmt.Sprintf(`curl -s '%s/actions/%s' -H 'content-type: application/json' \
  -d '{"actionUuid":"%s","customerType":"returning","wideContact":"%s","contract":"%s","contractNetValue":1000.50}'`, api, demoAdvertiserUUID, demoLead(2), date, date)},
		{"the same as a form", fmt.Sprintf(`curl -s '%s/actions/%s' \
  --data-urlencode 'actionUuid=%s' --data-urlencode 'narrowContact=%s'`, api, demoAdvertiserUUID, demoLead(3), date)},
		{"registering an action by POST", fmt.Sprintf(`curl -s '%s/actions/%s' -H 'content-type: application/json' \
  -d '{"campaignUuid":"%s","publisherUuid":"%s","actionCreatedAt":"%s"}'`, api, demoAdvertiserUUID, demoCampaignUUID, demoPublisherUUID, date)},
		{"an action that nobody knows: 403", fmt.Sprintf("curl -s '%s/postback/application/%s'", api, strings.Replace(demoLead(1), "d", "e", 1))},
	}
}
