package console

import (
	"context"
	"net/http"
	"regexp"
	"testing"

	"clientele"
	"clientele/internal/book"
)

var uuidForm = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f-]{27}`)

func TestCampaigns_AreCreatedPausedAndResumed(t *testing.T) {
	onBothStores(t, func(t *testing.T, f *fixture) {
		b := f.as(t, owner)
		list := "/console/p/" + idText(f.project.ID) + "/campaigns"
		b.get(list).want(http.StatusOK).has("has no campaign yet")
		for _, c := range []struct{ name, url, problem string }{
			{"", "https://shop.example.com/", "1 to 100 characters"},
			{"Spring", "shop.example.com", "is absolute"},
			{"Spring", "javascript:alert(1)", "is absolute"},
			{"Spring", "https://shop.example.com/ä", "percent-encode"},
		} {
			b.post(list, "name", c.name, "landing_url", c.url).want(http.StatusUnprocessableEntity).has(c.problem)
		}
		path := list + "/1"
		b.post(list, "name", "Spring", "landing_url", "https://shop.example.com/offer?a=1").goesTo(path)
		b.get(path).want(http.StatusOK).has("Spring", "There is no publisher yet")
		b.post(publishersPath, "name", "").want(http.StatusUnprocessableEntity)
		b.post(publishersPath, "name", "Blog").goesTo(publishersPath + "/1")
		shown := b.get(path).want(http.StatusOK).values()["Link for Blog"]
		if onPublishers := b.get(publishersPath + "/1").values()["Link for Spring · Harbour Outfitters"]; onPublishers != shown {
			t.Errorf("the publisher's page has the link %q, the campaign's %q", onPublishers, shown)
		}
		ids := uuidForm.FindAllString(shown, -1)
		if len(ids) != 2 || shown != f.url+"/click/"+ids[0]+"/"+ids[1] {
			t.Fatalf("the link is %q", shown)
		}
		link := book.Link{CampaignUUID: ids[0], PublisherUUID: ids[1]}
		works := func() bool {
			leads := book.NewLeads(f.book, f.store, func() string { return "d0000000-0000-4000-8000-000000000001" })
			_, err := leads.Landing(context.WithoutCancel(t.Context()), link)
			return err == nil
		}
		if !works() {
			t.Error("the link leads nowhere")
		}
		for _, one := range []string{path, publishersPath + "/1"} {
			b.get(one).has(`data-confirm="Pause it?`)
			b.post(one, "do", "pause").goesTo(one)
			b.get(one).want(http.StatusOK).has("is paused", "paused: its links lead nowhere", "Resume").lacks("data-confirm")
			if works() {
				t.Errorf("the link works although %s is paused", one)
			}
			b.post(one, "do", "resume").goesTo(one)
			b.get(one).want(http.StatusOK).has("active again", "Pause").lacks("lead nowhere")
			b.post(one, "do", "explode").want(http.StatusUnprocessableEntity)
		}
		if !works() {
			t.Error("the link leads nowhere after all is resumed")
		}
		b.get(list).want(http.StatusOK).has("Spring", "https://shop.example.com/offer?a=1")
		b.get(publishersPath).want(http.StatusOK).has("Blog")
		b.get("/console/audit?project="+idText(f.project.ID)).has("campaign.create", "campaign.pause", "campaign.resume", "campaign 1")
		b.get("/console/audit").has("publisher.create", "publisher.pause", "publisher.resume", "publisher 1")
	})
}

func TestCampaigns_AreOfTheirProject(t *testing.T) {
	f := newFixture(t)
	other, err := f.store.CreateProject(t.Context(), clientele.Project{Name: "Maple Street", TimeZone: "UTC", CreatedAt: f.clock.Now()})
	check(t, err)
	_, err = f.store.CreateCampaign(t.Context(), clientele.Campaign{
		ProjectID: other.ID, UUID: "c0000000-0000-4000-8000-000000000001", Name: "Theirs", LandingURL: "https://a.example.com/", CreatedAt: f.clock.Now(),
	})
	check(t, err)
	b := f.as(t, owner)
	b.get("/console/p/1/campaigns").want(http.StatusOK).lacks("Theirs")
	b.get("/console/p/1/campaigns/1").want(http.StatusNotFound)
	b.post("/console/p/1/campaigns/1", "do", "pause").want(http.StatusNotFound)
	b.get("/console/p/2/campaigns/1").want(http.StatusOK).has("Theirs")
}

func TestPartners_NamesAreText(t *testing.T) {
	f := newFixture(t)
	b := f.as(t, owner)
	const evil = `"><script>alert(1)</script><img src=x onerror=alert(1)>`
	b.post(projectsPath, "name", evil, "time_zone", "UTC").goesTo(projectsPath)
	b.post("/console/p/2/campaigns", "name", evil, "landing_url", `https://shop.example.com/?q="><script>alert(1)</script>`).
		want(http.StatusSeeOther)
	b.post(publishersPath, "name", evil).want(http.StatusSeeOther)
	issued := b.post(keysPath, b.keyForm(clientele.OPM, "name", evil, "project", "2")...).want(http.StatusOK)
	pages := []*page{issued}
	for _, path := range []string{
		root, projectsPath, keysPath, keysPath + "?q=%22%3E%3Cscript%3Ealert(1)%3C/script%3E", keysPath + "/1", keysPath + "/1/revoke",
		keysPath + "/new", keysPath + "/new?dialect=onlinewerkrooster&project=%22%3E%3Cscript%3Ealert(1)", publishersPath, publishersPath + "/1",
		"/console/p/2/campaigns", "/console/p/2/campaigns/1", "/console/audit",
	} {
		pages = append(pages, b.get(path).want(http.StatusOK))
	}
	pages = append(pages,
		b.post(projectsPath, "name", evil, "time_zone", evil).want(http.StatusUnprocessableEntity),
		b.post("/console/p/2/campaigns", "name", evil, "landing_url", evil).want(http.StatusUnprocessableEntity),
		b.post(keysPath, b.keyForm(clientele.DKHardware, "name", evil, "project", evil, "client_id", evil, "expires", evil)...).want(http.StatusUnprocessableEntity),
	)
	for _, p := range pages {
		p.lacks("<script>alert", "<img src=x", `"><script>`)
	}
}
