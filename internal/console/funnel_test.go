package console

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"clientele"
)

// funnelWorld has two campaigns and two publishers with leads in every stage, of today and of forty days ago.
func funnelWorld(t *testing.T, f *fixture) *leadWorld {
	w := withLeads(t, f)
	spring, autumn := w.campaign("Spring"), w.campaign("Autumn")
	kestrel, heron := w.publisher("Kestrel Media"), w.publisher("Heron Ads")
	old := w.clock.Now().Add(-40 * 24 * time.Hour)
	for _, l := range []struct {
		campaign   clientele.Campaign
		publisher  clientele.Publisher
		credential int64
		stage      clientele.Stage
		net        clientele.Amount
		at         time.Time
	}{
		{spring, kestrel, 0, clientele.StageNone, 0, time.Time{}},
		{spring, kestrel, 0, clientele.StageNarrowContact, 0, time.Time{}},
		{spring, kestrel, 0, clientele.StageContract, 123_456_789, time.Time{}},
		{spring, heron, 7, clientele.StageContract, 211, time.Time{}},
		{spring, heron, 7, clientele.StageContractCanceled, 5_000, time.Time{}},
		{autumn, heron, 0, clientele.StageApplication, 0, time.Time{}},
		{autumn, heron, 0, clientele.StageContract, 100, old},
	} {
		w.lead(l.campaign, l.publisher, clientele.Lead{
			CredentialID: l.credential, Stage: l.stage, NetValue: l.net, NominalValue: 2 * l.net, ActionAt: l.at,
		})
	}
	w.count()
	return w
}

func TestFunnel_Numbers(t *testing.T) {
	onBothStores(t, func(t *testing.T, f *fixture) {
		w := funnelWorld(t, f)
		b := f.as(t, viewer)
		all := b.get(w.path("/funnel?range=all")).want(http.StatusOK).says(
			"Clicks 5", "Registered 2", "Contracts 3 42.9 % of all leads", "Value of contracts 1 234 571.00 net; nominal 2 469 142.00",
			"Cancelled 1 25.0 % of all contracts", "Cancelled value 50.00 net; nominal 100.00",
			"Clicked or registered 7 100.0 % 100.0 %", "Wide contact 6 85.7 % 85.7 %", "Narrow contact 6 85.7 % 100.0 %",
			"Application 5 71.4 % 83.3 %", "Contract 4 57.1 % 80.0 %", "Contract cancelled 1 14.3 % 25.0 %",
			"Spring 5 3 60.0 % 4 80.0 % 4 80.0 % 3 60.0 % 3 60.0 % 1 33.3 % 1 234 570.00 nominal 2 469 140.00 50.00 nominal 100.00",
			"Autumn 2 2 100.0 % 2 100.0 % 2 100.0 % 2 100.0 % 1 50.0 % 0 0.0 % 1.00 nominal 2.00 0.00 nominal 0.00",
			"Heron Ads 4 2 50.0 % 4 100.0 % 4 100.0 % 4 100.0 % 3 75.0 % 1 33.3 % 3.11 nominal 6.22 50.00 nominal 100.00",
			"Kestrel Media 3 3 100.0 % 2 66.7 % 2 66.7 % 1 33.3 % 1 33.3 % 0 0.0 % 1 234 567.89 nominal 2 469 135.78 0.00",
		)
		if strings.Index(all.body, ">Spring<") > strings.Index(all.body, ">Autumn</a>") {
			t.Error("the campaign with the most leads is not the first")
		}
		b.get(w.path("/funnel")).says("Clicks 4", "Autumn 1 1 100.0 %", "Contracts 2", "Value of contracts 1 234 570.00") // of thirty days
		b.get(w.path("/funnel?range=today")).says("Clicks 4", "Registered 2")
		day := w.clock.Now().Add(-40 * 24 * time.Hour).Format(time.DateOnly)
		b.get(w.path("/funnel?from=%s&to=%s", day, day)).says("Clicks 1", "Autumn 1 1 100.0 % 1 100.0 %").lacks(">Spring</a>")
		b.get(w.path("/funnel?from=2031-01-01&to=")).says("No lead in this time.")
	})
}

// TestFunnel_LeadsToItsLeads follows the numbers of the tables: each list has as many leads as its number says.
func TestFunnel_LeadsToItsLeads(t *testing.T) {
	f := newFixture(t)
	w := funnelWorld(t, f)
	b := f.as(t, viewer)
	funnel := b.get(w.path("/funnel?range=all"))
	spring := b.get(funnel.path("Spring")).says("Clicks 3", "Kestrel Media 3", "Heron Ads 2").lacks(">Autumn</a>")
	b.get(spring.path("Heron Ads")).says("Clicks 0", "Registered 2", "Spring 2 0 0.0 % 2 100.0 %")
	for _, label := range []string{"7", "6", "5"} {
		list := b.get(funnel.path(label)).says(label + " leads")
		if got := strings.Count(list.body, "<tr>") - 1; fmt.Sprint(got) != label {
			t.Errorf("the number %s leads to %d leads", label, got)
		}
	}
}

func TestFunnel_RefusesWhatIsNoDate(t *testing.T) {
	f := newFixture(t)
	w := funnelWorld(t, f)
	b := f.as(t, viewer)
	for query, says := range map[string]string{
		"from=yesterday":                "is no date",
		"to=2026-02-30":                 "is no date",
		"from=0000-01-01":               "is no date",
		"from=2026-03-02&to=2026-03-01": "is before the other date",
	} {
		for _, path := range []string{"/funnel?", "/leads?"} {
			b.get(w.path("%s", path+query)).want(http.StatusUnprocessableEntity).says(says)
		}
	}
}

// TestFunnel_TellsWhenItIsBehind: a book that is not counted yet does not look empty.
func TestFunnel_TellsWhenItIsBehind(t *testing.T) {
	f := newFixture(t)
	w := withLeads(t, f)
	c, p := w.campaign("Spring"), w.publisher("Kestrel Media")
	l := w.lead(c, p, clientele.Lead{})
	b := f.as(t, viewer)
	b.get(w.path("/leads?campaign=%d", c.ID)).says("0 leads", fmt.Sprint(l.ID)+" Spring") // found although it is not counted
	var writes []clientele.Write
	for i := range fewBehind {
		writes = append(writes, clientele.Write{ProjectID: w.project.ID, At: w.clock.Now(), Lead: &clientele.LeadWrite{
			UUID: l.UUID, Report: clientele.LeadReport{NetValue: clientele.Amount(i + 1)},
		}})
	}
	_, err := w.book.Commit(t.Context(), writes)
	check(t, err)
	b.get(w.path("/funnel")).says("about to be counted for the first time")
	w.count()
	b.get(w.path("/funnel")).says("Clicks 1").lacks("counted")
}

// TestFunnel_ManyRows: what is beyond the table's end stands together in its last row.
func TestFunnel_ManyRows(t *testing.T) {
	counts := make([]clientele.LeadCount, funnelRows+3)
	for i := range counts {
		counts[i].PublisherID = int64(i + 1)
		counts[i].At[clientele.StageNone] = int64(1000 - i)
	}
	rows := funnelTable(counts, func(n *clientele.LeadCount) (int64, string, leadFilter) {
		return n.PublisherID, idText(n.PublisherID), leadFilter{Publisher: n.PublisherID}
	})
	last := rows[len(rows)-1]
	if len(rows) != funnelRows+1 || last.Name != "3 others" || last.Leads() != 800+799+798 || last.Filter != (leadFilter{}) {
		t.Errorf("%d rows, the last is %+v", len(rows), last)
	}
	var sum int64
	for i := range rows {
		sum += rows[i].Leads()
	}
	if sum != 203*(1000+798)/2 {
		t.Errorf("the rows have %d leads", sum)
	}
}
