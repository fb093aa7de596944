package storetest

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"clientele"

	"github.com/google/uuid"
)

func leadListChecks() []check {
	return []check{
		{"ByID_OfTheProjectOnly", testFindLeadByID},
		{"List_EveryFilterAndItsPages", testListLeads},
		{"List_LooksAtSoManyOnly", testListLeadsScans},
		{"List_ByAddressUntilItIsForgotten", testListLeadsByIP},
		{"SameIP_WithinTheWindow", testCountSameIP},
		{"History_NewestFirstInPieces", testLeadHistory},
	}
}

// leadsOfAll registers so many leads of either project with few values of each kind, some of them at the same moment, and
// returns them as they are stored.
func (f *leadFixture) leadsOfAll(t *testing.T, n int) []clientele.Lead {
	t.Helper()
	random := rand.New(rand.NewPCG(7, uint64(n)))
	second, other := f.newCampaign(t, f.project, "second"), f.newPublisher(t, "Other Media")
	campaigns, publishers := []clientele.Campaign{f.campaign, second, f.foreign}, []clientele.Publisher{f.publisher, other}
	texts := []clientele.Text{{}, {}, clientele.Some("a"), clientele.Some("")}
	var writes []clientele.Write
	for range n {
		c := campaigns[random.IntN(len(campaigns))]
		l := clientele.Lead{
			UUID: uuid.NewString(), CampaignID: c.ID, PublisherID: publishers[random.IntN(2)].ID, ActionAt: at(random.IntN(40)),
			Stage: clientele.Stage(random.IntN(int(clientele.NumStages))), IP: texts[random.IntN(4)],
			CustomerType: []clientele.Text{{}, clientele.Some("new"), clientele.Some("returning")}[random.IntN(3)],
		}
		l.Subs[0], l.Subs[4] = texts[random.IntN(4)], texts[random.IntN(4)]
		writes = append(writes, leadWrite(c.ProjectID, random.IntN(1000), clientele.LeadWrite{Register: &l}))
	}
	var leads []clientele.Lead
	for i, o := range f.commit(t, writes...) {
		leads = append(leads, f.lead(t, writes[i].ProjectID, o.Reference))
	}
	slices.SortFunc(leads, func(a, b clientele.Lead) int {
		return cmp.Or(b.ActionAt.Compare(a.ActionAt), cmp.Compare(b.ID, a.ID))
	})
	return leads
}

// selects is a plain opinion about what a query selects.
func selects(q clientele.LeadQuery, l *clientele.Lead) bool {
	subs := true
	for i, sub := range q.Subs {
		subs = subs && (!sub.Valid || l.Subs[i] == sub)
	}
	return subs && l.ProjectID == q.ProjectID && (q.CampaignID == 0 || l.CampaignID == q.CampaignID) &&
		(q.PublisherID == 0 || l.PublisherID == q.PublisherID) && (q.Stages == 0 || q.Stages.Has(l.Stage)) &&
		(!q.CustomerType.Valid || l.CustomerType.V == q.CustomerType.V) && (!q.IP.Valid || l.IP == q.IP) &&
		(q.From.IsZero() || !l.ActionAt.Before(q.From)) && (q.Before.IsZero() || l.ActionAt.Before(q.Before))
}

// pages reads a list to its end and returns it with the number of calls that it took.
func (f *fixture) pages(t tester, q clientele.LeadQuery) (list []clientele.Lead, calls int) {
	t.Helper()
	for {
		page, err := f.ListLeads(t.Context(), q)
		if err != nil {
			t.Fatalf("ListLeads(%+v): %v", q, err)
		}
		calls++
		if len(page.Leads) > q.Limit || calls > 1000 {
			t.Fatalf("ListLeads(%+v): %d leads in call %d", q, len(page.Leads), calls)
		}
		list = append(list, page.Leads...)
		if page.Next == nil {
			return list, calls
		}
		q.After = page.Next
	}
}

func (f *fixture) wantLeads(t *testing.T, q clientele.LeadQuery, all []clientele.Lead) {
	t.Helper()
	var want []clientele.Lead
	for i := range all {
		if selects(q, &all[i]) {
			want = append(want, all[i])
		}
	}
	got, _ := f.pages(t, q)
	wantSame(t, "leads", want, got)
}

func testListLeads(t *testing.T, fx *fixture) {
	f := newLeadFixture(t, fx)
	all := f.leadsOfAll(t, 120)
	random := rand.New(rand.NewPCG(1, 1))
	some := func(do func()) {
		if random.IntN(4) == 0 {
			do()
		}
	}
	found := 0
	for range 150 {
		q := clientele.LeadQuery{ProjectID: []int64{f.project, f.other}[random.IntN(2)], Limit: 1 + random.IntN(30)}
		like := all[random.IntN(len(all))]
		some(func() { q.CampaignID = like.CampaignID })
		some(func() { q.PublisherID = like.PublisherID })
		some(func() { q.Stages = clientele.StagesFrom(like.Stage) })
		some(func() { q.Stages = clientele.StagesOf(like.Stage, clientele.StageNone) })
		some(func() { q.CustomerType = clientele.Some(like.CustomerType.V) })
		some(func() { q.Subs = like.Subs })
		some(func() { q.IP = like.IP })
		some(func() { q.From = at(random.IntN(40)) })
		some(func() { q.Before = at(random.IntN(40)) })
		some(func() { q.Scan = 1 + random.IntN(20) })
		f.wantLeads(t, q, all)
		if got, _ := f.pages(t, q); len(got) > 0 {
			found++
		}
	}
	if found < 50 {
		t.Errorf("only %d queries found anything", found)
	}
}

// testListLeadsScans: a list whose filters select hardly anything ends each of its calls after so many leads.
func testListLeadsScans(t *testing.T, fx *fixture) {
	f := newLeadFixture(t, fx)
	var writes []clientele.Write
	for i := range 50 {
		writes = append(writes, f.register(f.campaign, i))
	}
	f.commit(t, writes...)
	q := clientele.LeadQuery{ProjectID: f.project, Stages: clientele.StagesOf(clientele.StageContract), Limit: 10, Scan: 10}
	page, err := f.ListLeads(t.Context(), q)
	if err != nil || len(page.Leads) != 0 || page.Next == nil || !page.Next.At.Equal(at(40)) {
		t.Errorf("the first ten: %d leads, next %+v, %v", len(page.Leads), page.Next, err)
	}
	if _, calls := f.pages(t, q); calls != 6 { // the last of them finds nothing at all
		t.Errorf("%d calls for 50 leads, ten at a time", calls)
	}
}

func testFindLeadByID(t *testing.T, fx *fixture) {
	f := newLeadFixture(t, fx)
	o := f.commit(t, f.register(f.campaign, 1))[0]
	got, err := f.FindLeadByID(t.Context(), f.project, o.SubjectID)
	if err != nil {
		t.Fatal(err)
	}
	wantSame(t, "lead", f.lead(t, f.project, o.Reference), got)
	for _, key := range [][2]int64{{f.other, o.SubjectID}, {f.project, o.SubjectID + 1}, {f.project, 0}} {
		_, err := f.FindLeadByID(t.Context(), key[0], key[1])
		wantKind(t, "a lead that the project has not", err, clientele.KindNotFound)
	}
}

// clickFrom registers a lead of an address, so many hours after the beginning.
func (f *leadFixture) clickFrom(t *testing.T, c clientele.Campaign, ip string, hours int) clientele.Lead {
	t.Helper()
	w := f.register(c, 1)
	w.Lead.Register.IP, w.Lead.Register.ActionAt = clientele.Some(ip), at(0).Add(time.Duration(hours)*time.Hour)
	return f.lead(t, c.ProjectID, f.commit(t, w)[0].Reference)
}

func testListLeadsByIP(t *testing.T, fx *fixture) {
	f := newLeadFixture(t, fx)
	var all []clientele.Lead
	for i := range 5 {
		all = append(all, f.clickFrom(t, f.campaign, []string{"192.0.2.1", "192.0.2.2"}[i%2], -i))
	}
	f.clickFrom(t, f.foreign, "192.0.2.1", 0)
	q := clientele.LeadQuery{ProjectID: f.project, IP: clientele.Some("192.0.2.1"), Limit: 2}
	f.wantLeads(t, q, all)
	if _, err := f.ForgetVisitors(t.Context(), at(1000), 100); err != nil {
		t.Fatal(err)
	}
	if got, _ := f.pages(t, q); len(got) != 0 {
		t.Errorf("%d leads of an address that was forgotten", len(got))
	}
}

func testCountSameIP(t *testing.T, fx *fixture) {
	f := newLeadFixture(t, fx)
	var leads []clientele.Lead
	for _, hours := range []int{0, 10, 24, 34, 100} {
		leads = append(leads, f.clickFrom(t, f.campaign, "192.0.2.1", hours))
	}
	leads = append(leads, f.clickFrom(t, f.campaign, "2001:db8::5", 0))
	f.clickFrom(t, f.foreign, "192.0.2.1", 1)
	unknown := leads[0]
	unknown.IP = clientele.Text{}
	leads = append(leads, unknown)
	for _, c := range []struct {
		limit int
		want  []int
	}{{100, []int{3, 4, 4, 3, 1, 1, 0}}, {2, []int{2, 2, 2, 2, 1, 1, 0}}} {
		got, err := f.CountSameIP(t.Context(), leads, c.limit)
		if err != nil {
			t.Fatal(err)
		}
		wantSame(t, "leads of the same address", c.want, got)
	}
	if got, err := f.CountSameIP(t.Context(), nil, 1); err != nil || len(got) != 0 {
		t.Errorf("of no leads: %v, %v", got, err)
	}
}

func testLeadHistory(t *testing.T, fx *fixture) {
	f := newLeadFixture(t, fx)
	f.commit(t, f.register(f.campaign, 0))
	o := f.commit(t, f.register(f.campaign, 1))[0]
	for i := range 5 {
		f.commit(t, report(f.project, i, o.Reference, clientele.LeadReport{NetValue: clientele.Amount(i + 1)}))
	}
	want, err := f.ListChanges(t.Context(), f.project, clientele.SubjectLead, o.SubjectID)
	if err != nil || len(want) != 6 {
		t.Fatalf("%d changes, %v", len(want), err)
	}
	slices.Reverse(want)
	var got []clientele.Change
	for before := int64(0); ; before = got[len(got)-1].Seq {
		list, err := f.ListLeadHistory(t.Context(), f.project, o.SubjectID, before, 4)
		if err != nil || len(list) > 4 {
			t.Fatalf("%d changes before %d, %v", len(list), before, err)
		}
		if len(list) == 0 {
			break
		}
		got = append(got, list...)
	}
	wantSame(t, "history", want, got)
	if list, err := f.ListLeadHistory(t.Context(), f.other, o.SubjectID, 0, 4); err != nil || len(list) != 0 {
		t.Errorf("in another project: %d changes, %v", len(list), err)
	}
}
