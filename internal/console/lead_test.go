package console

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"clientele"
)

func TestLeads_FiltersAndPages(t *testing.T) {
	onBothStores(t, func(t *testing.T, f *fixture) {
		w := withLeads(t, f)
		spring, autumn := w.campaign("Spring"), w.campaign("Autumn")
		kestrel, heron := w.publisher("Kestrel Media"), w.publisher("Heron Ads")
		var ids []string
		for i := range leadPageSize + 2 {
			l := clientele.Lead{ActionAt: w.clock.Now().Add(-time.Duration(i) * time.Minute)}
			ids = append(ids, idText(w.lead(spring, kestrel, l).ID))
		}
		odd := w.lead(autumn, heron, clientele.Lead{
			Stage: clientele.StageContract, NetValue: 100, CustomerType: clientele.Some("new"), Subs: [5]clientele.Text{1: clientele.Some("a b")},
			ActionAt: w.clock.Now().Add(-30 * 24 * time.Hour),
		})
		w.count()
		b := f.as(t, viewer)
		first := b.get(w.path("/leads")).want(http.StatusOK).says("53 leads")
		wantLeads(t, first, ids[:leadPageSize])
		second := b.get(first.path("Older"))
		wantLeads(t, second, append(slices.Clone(ids[leadPageSize:]), idText(odd.ID)))
		wantLeads(t, b.get(second.path("Newest")), ids[:leadPageSize])
		day := odd.ActionAt.Format(time.DateOnly)
		for _, query := range []string{
			"campaign=" + idText(autumn.ID), "publisher=" + idText(heron.ID), "stage=contract", "stage=from-application", "type=new",
			"mark=2&text=a+b", "to=" + day, "from=" + day + "&to=" + day, "stage=contract&type=new&campaign=" + idText(autumn.ID),
		} {
			wantLeads(t, b.get(w.path("/leads?%s", query)).want(http.StatusOK).says("Contract", "sub2=a b", "1.00"), []string{idText(odd.ID)})
		}
		for _, query := range []string{
			"campaign=999", "stage=contract_canceled", "type=returning", "mark=2&text=a", "to=2001-01-01", "from=2031-01-01",
			"stage=contract&campaign=" + idText(spring.ID), "mark=1&text=a+b", "same_ip=" + idText(odd.ID),
		} {
			b.get(w.path("/leads?%s", query)).want(http.StatusOK).says("No lead matches.")
		}
		b.get(w.path("/leads?stage=none&type=none")).says("Spring")
		b.get(w.path("/leads?after=nonsense&stage=nonsense&mark=77&campaign=x")).want(http.StatusOK)
		b.get(w.path("/leads?uuid=%s", strings.ToUpper(odd.UUID))).goesTo(w.path("/leads/%d", odd.ID))
		b.get(w.path("/leads?uuid=%s", spring.UUID)).want(http.StatusOK).says("no lead with this UUID")
		b.get(w.path("/leads?same_ip=999999")).want(http.StatusNotFound)
	})
}

// wantLeads holds a list of leads to the ids of its rows.
func wantLeads(t *testing.T, p *page, ids []string) {
	t.Helper()
	var got []string
	for part := range strings.SplitSeq(p.main(), "/leads/") {
		if id, _, found := strings.Cut(part, `"`); found && strings.Trim(id, "0123456789") == "" && id != "" {
			got = append(got, id)
		}
	}
	if !slices.Equal(got, ids) {
		t.Errorf("%s lists %v, want %v", p.Request.URL, got, ids)
	}
}

func TestLead_TimeLineAndFlags(t *testing.T) {
	onBothStores(t, func(t *testing.T, f *fixture) {
		w := withLeads(t, f)
		spring, kestrel := w.campaign("Spring"), w.publisher("Kestrel Media")
		partner, err := w.book.CreateCredential(t.Context(), clientele.Credential{
			Dialect: clientele.PrimeLead, Name: "Maple Tools", CreatedAt: w.clock.Now(), Grants: []clientele.Grant{{ProjectID: w.project.ID}},
		}, clientele.HashSecret(clientele.PrimeLead, "secret"))
		check(t, err)
		start := time.Date(2026, 11, 20, 8, 0, 0, 0, time.UTC)
		l := w.lead(spring, kestrel, clientele.Lead{
			ActionAt: start, IP: clientele.Some("192.0.2.7"), UserAgent: clientele.Some("Browser 1"), Subs: [5]clientele.Text{clientele.Some("mark one")},
		})
		w.report(l, map[clientele.Stage]int{clientele.StageNarrowContact: 26}, clientele.LeadReport{CustomerType: clientele.Some("returning")})
		w.report(l, map[clientele.Stage]int{clientele.StageContract: 3}, clientele.LeadReport{NetValue: 123_450, NominalValue: 150_000})
		w.report(l, nil, clientele.LeadReport{NetValue: 99})
		registered := w.lead(spring, kestrel, clientele.Lead{CredentialID: partner.ID, ActionAt: start, IP: clientele.Some("192.0.2.7")})
		b := f.as(t, editor)
		page := b.get(w.path("/leads/%d", l.ID)).want(http.StatusOK).says(
			"Dates out of order: Contract has a date before that of an earlier stage.",
			"Furthest stage Contract", "Net value 0.99", "Nominal value 1 500.00", "Customer returning", "sub1 mark one", "sub2 –",
			"IP address 192.0.2.7", "User agent Browser 1", "UUID "+l.UUID, "Came through Prime Lead, click", "Version 4",
			"Wide contact – – skipped", "Narrow contact 21 Nov 2026 11:00:00 after 1 d 2 h", "Contract 20 Nov 2026 12:00:00 earlier by 23 h out of order",
			"Reported 22 Nov 2026 11:00:00 Prime Lead, postback request req-1 Net value: 0.99",
			"Contract: 20 Nov 2026 12:00:00 Furthest stage: Contract Net value: 1 234.50 Nominal value: 1 500.00",
			"Narrow contact: 21 Nov 2026 11:00:00 Furthest stage: Narrow contact Customer: returning",
			"Clicked 22 Nov 2026 11:00:00 Prime Lead, click request req-1",
		).lacks("Repeated IP")
		if strings.Index(page.text(), "Net value: 0.99") > strings.Index(page.text(), "Clicked 22 Nov") {
			t.Error("the newest change is not the first")
		}
		third := w.lead(spring, kestrel, clientele.Lead{ActionAt: start.Add(23 * time.Hour), IP: clientele.Some("192.0.2.7")})
		far := w.lead(spring, kestrel, clientele.Lead{ActionAt: start.Add(-90 * time.Hour), IP: clientele.Some("192.0.2.7")})
		page = b.get(w.path("/leads/%d", l.ID)).says("Repeated IP: 3 leads of this project came from the same address")
		same := page.path("Show the leads from this address")
		if strings.Contains(same, "192") {
			t.Errorf("the address stands in a URL: %s", same)
		}
		wantLeads(t, b.get(same), []string{idText(third.ID), idText(registered.ID), idText(l.ID), idText(far.ID)})
		b.get(w.path("/leads")).says("dates out of order repeated IP")
		b.get(w.path("/leads/%d", far.ID)).lacks("Repeated IP")
		b.get(w.path("/leads/%d", registered.ID)).says("Came through Prime Lead, credential Maple Tools",
			"Registered 22 Nov 2026 11:00:00 Prime Lead, credential Maple Tools")
		b.get(w.path("/leads/999999999")).want(http.StatusNotFound)
		b.get(w.path("/leads/x")).want(http.StatusNotFound)
	})
}

// TestLead_UUIDIsNotForViewers: with the UUID anybody may report on the lead.
func TestLead_UUIDIsNotForViewers(t *testing.T) {
	f := newFixture(t)
	w := withLeads(t, f)
	l := w.lead(w.campaign("Spring"), w.publisher("Kestrel Media"), clientele.Lead{})
	w.count()
	b := f.as(t, viewer)
	b.get(w.path("/leads/%d", l.ID)).says(l.UUID[:8] + "…").lacks(l.UUID)
	b.get(w.path("/leads")).lacks(l.UUID, l.UUID[:8])
	for _, role := range []clientele.Role{editor, owner} {
		f.as(t, role).get(w.path("/leads/%d", l.ID)).has(l.UUID)
	}
	if strings.Contains(f.log.String(), l.UUID) {
		t.Error("the log has the UUID of a lead")
	}
}

func TestLead_OfAnotherProjectIsNone(t *testing.T) {
	f := newFixture(t)
	w := withLeads(t, f)
	l := w.lead(w.campaign("Spring"), w.publisher("Kestrel Media"), clientele.Lead{})
	other, err := f.store.CreateProject(t.Context(), clientele.Project{Name: "Maple Street Tools", TimeZone: "UTC", CreatedAt: f.clock.Now()})
	check(t, err)
	b := f.as(t, owner)
	b.get(projectURL(other.ID, "/leads/"+idText(l.ID))).want(http.StatusNotFound)
	b.get(projectURL(other.ID, "/leads?uuid="+l.UUID)).says("no lead with this UUID")
	b.get(projectURL(other.ID, "/leads")).says("No lead matches.")
	b.get(projectURL(other.ID, "/leads?same_ip="+idText(l.ID))).want(http.StatusNotFound)
}

// TestLead_LongHistoryHasPages: however often a lead is reported on, its page stays small.
func TestLead_LongHistoryHasPages(t *testing.T) {
	f := newFixture(t)
	w := withLeads(t, f)
	l := w.lead(w.campaign("Spring"), w.publisher("Kestrel Media"), clientele.Lead{})
	for i := range leadHistorySize {
		w.report(l, nil, clientele.LeadReport{NetValue: clientele.Amount(100 * (i + 1))})
	}
	b := f.as(t, viewer)
	page := b.get(w.path("/leads/%d", l.ID)).says(fmt.Sprintf("Net value: %d.00", leadHistorySize)).lacks("<strong>Clicked")
	b.get(page.path("Older")).has("<strong>Clicked").lacks("Net value: ")
}

// hostileMark is what a partner may write anywhere.
const hostileMark = `"'><script>alert(1)</script><img src=x onerror=alert(2)>{{7*7}}javascript:alert(3)`

// TestLeads_PartnersTextIsOnlyText: whatever a partner's text holds, it is no markup.
func TestLeads_PartnersTextIsOnlyText(t *testing.T) {
	f := newFixture(t)
	w := withLeads(t, f)
	spring, kestrel := w.campaign("c"+hostileMark), w.publisher("p"+hostileMark)
	partner, err := w.book.CreateCredential(t.Context(), clientele.Credential{
		Dialect: clientele.PrimeLead, Name: "k" + hostileMark, CreatedAt: w.clock.Now(), Grants: []clientele.Grant{{ProjectID: w.project.ID}},
	}, clientele.HashSecret(clientele.PrimeLead, "secret"))
	check(t, err)
	l := clientele.Lead{
		CredentialID: partner.ID, IP: clientele.Some("i" + hostileMark), UserAgent: clientele.Some("u" + hostileMark),
		CustomerType: clientele.Some("t" + hostileMark),
	}
	for i := range l.Subs {
		l.Subs[i] = clientele.Some(fmt.Sprintf("s%d%s", i+1, hostileMark))
	}
	l = w.lead(spring, kestrel, l)
	w.lead(spring, kestrel, clientele.Lead{IP: l.IP})
	w.lead(spring, kestrel, clientele.Lead{IP: l.IP})
	w.count()
	b := f.as(t, owner)
	shown := 0
	for _, path := range []string{
		w.path("/leads"), w.path("/leads/%d", l.ID), w.path("/funnel"), w.path("/leads?same_ip=%d", l.ID),
		w.path("/leads?uuid=%[1]s&text=%[1]s&from=%[1]s&to=%[1]s&range=%[1]s", "%22%3E%3Cscript%3Ealert(1)%3C/script%3E"),
		w.path("/leads?text=%[1]s&mark=1&stage=%[1]s&type=%[1]s", "%22%3E%3Cscript%3Ealert(1)%3C/script%3E"),
		w.path("/funnel?from=%[1]s&range=%[1]s", "%22%3E%3Cscript%3Ealert(1)%3C/script%3E"),
	} {
		p := b.get(path).lacks("<script>alert", "<img", `="javascript:`, "alert(1)</script>", " onerror=alert(2)>")
		shown += strings.Count(p.body, "&lt;script&gt;alert(1)")
	}
	if shown < 30 {
		t.Errorf("the hostile text is on the pages %d times: too few to be all of it", shown)
	}
}
