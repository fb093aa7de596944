package dossier_test

import (
	"fmt"
	"slices"
	"testing"

	"clientele"
	"clientele/internal/dossier"

	"github.com/google/uuid"
)

// click registers a visit from an address.
func click(t *testing.T, b book, c clientele.Campaign, ip string) int64 {
	t.Helper()
	return commit(t, b, clientele.Write{ProjectID: c.ProjectID, Lead: &clientele.LeadWrite{Register: &clientele.Lead{
		UUID: uuid.NewString(), CampaignID: c.ID, PublisherID: 1, ActionAt: start, IP: clientele.Some(ip), UserAgent: clientele.Some("browser"),
		Subs: [5]clientele.Text{clientele.Some("mark")},
	}}})
}

// newCampaign returns a campaign of a new project.
func newCampaign(t *testing.T, b book, project string) clientele.Campaign {
	t.Helper()
	p, err := b.CreateProject(t.Context(), clientele.Project{Name: project, TimeZone: "UTC", CreatedAt: start})
	must(t, err)
	c, err := b.CreateCampaign(t.Context(), clientele.Campaign{
		UUID: uuid.NewString(), ProjectID: p.ID, Name: "spring", LandingURL: "https://shop.example.com/", CreatedAt: start,
	})
	must(t, err)
	return c
}

// TestCollect_Visits: the visits from each address that the customer has or had are there, in whichever form it was stated, with
// nothing of theirs that is somebody else's; an erasure is told of the addresses.
func TestCollect_Visits(t *testing.T) {
	t.Parallel()
	onBothStores(t, func(t *testing.T, b book) {
		campaign, elsewhere := newCampaign(t, b, "shop"), newCampaign(t, b, "other")
		_, err := b.CreatePublisher(t.Context(), clientele.Publisher{UUID: uuid.NewString(), Name: "Kestrel Media", CreatedAt: start})
		must(t, err)
		now, former := click(t, b, campaign, "2001:db8::1"), click(t, b, campaign, "203.0.113.7")
		click(t, b, campaign, "203.0.113.8")
		click(t, b, elsewhere, "203.0.113.7")
		var id int64
		for _, ip := range []string{"::ffff:203.0.113.7", "none", "2001:DB8:0::1"} {
			w := clientele.Write{ProjectID: campaign.ProjectID, Customer: &clientele.CustomerWrite{Mode: clientele.UpsertCustomer, Patch: person("ada")}}
			w.Customer.Patch.Put(clientele.FieldIP, clientele.Some(ip))
			id = commit(t, b, w)
		}
		d, err := dossier.Collect(t.Context(), b, campaign.ProjectID, id)
		must(t, err)
		want := []dossier.Row{
			{"id": now, "action_at": "2026-03-01T12:00:00Z", "ip": "2001:db8::1", "user_agent": "browser"},
			{"id": former, "action_at": "2026-03-01T12:00:00Z", "ip": "203.0.113.7", "user_agent": "browser"},
		}
		if fmt.Sprint(d.Visits) != fmt.Sprint(want) {
			t.Errorf("visits: %v, want %v", d.Visits, want)
		}
		if ips := d.IPs(); !slices.Equal(ips, []string{"2001:db8::1", "203.0.113.7"}) {
			t.Errorf("addresses: %v", ips)
		}
		rest, err := dossier.CollectRest(t.Context(), b, campaign.ProjectID, id, &d)
		must(t, err)
		if rest.Visits == nil || len(rest.Visits) > 0 {
			t.Errorf("visits of somebody erased: %v", rest.Visits)
		}
	})
}
