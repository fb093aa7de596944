package storetest

import (
	"context"
	"fmt"
	"testing"
	"time"

	"clientele"
	"clientele/internal/work"

	"github.com/google/uuid"
	"pgregory.net/rapid"
)

func leadCountChecks() []check {
	return []check{
		{"RandomWritesAreCounted", testLeadCountsModel},
		{"Known_LeadsAreNotReadAgain", testLeadCountsKnown},
		{"Step_TwiceIsOnce", testLeadCountStepTwice},
		{"Step_OfThePlaceOnly", testLeadCountStepElsewhere},
		{"Zone_ChangedBeginsAnew", testLeadCountsZone},
		{"Forgotten_AreMadeAnew", testLeadCountsMadeAnew},
		{"Visitors_ForgottenChangeNothing", testLeadCountsForgotten},
		{"Values_BeyondReasonDoNotOverflow", testLeadCountsOverflow},
		{"State_TellsHowFar", testLeadCountingState},
		{"LastDay_OfCampaignPublisherAndStage", testLastLeadDay},
	}
}

// countAll counts until nothing is left to count.
func (f *fixture) countAll(t tester, c *work.LeadCounts) {
	t.Helper()
	if c.Store == nil {
		c.Store = f.Store
	}
	if _, err := c.Count(t.Context()); err != nil {
		t.Fatalf("count: %v", err)
	}
}

// wantCounts holds what a query counts to what its leads are.
func (f *fixture) wantCounts(t tester, q clientele.LeadCountQuery, leads []clientele.Lead) {
	t.Helper()
	zone, err := time.LoadLocation(clientele.DefaultTimeZone)
	if err != nil {
		t.Fatalf("%v", err)
	}
	var sums clientele.LeadSums
	for i := range leads {
		l := &leads[i]
		day := clientele.DayOf(l.ActionAt, zone)
		if l.ProjectID == q.ProjectID && day >= q.From && (q.To == 0 || day <= q.To) {
			count := clientele.CountOf(l)
			sums.Add(&count)
		}
	}
	got, err := f.ListLeadCounts(t.Context(), q)
	if err != nil {
		t.Fatalf("ListLeadCounts(%+v): %v", q, err)
	}
	wantSame(t, fmt.Sprintf("counts of %+v", q), sums.List(), got)
}

// countRun makes random writes about leads while two servers count, each a little.
type countRun struct {
	f        *leadFixture
	parties  []clientele.Campaign
	senders  []int64
	uuids    map[int64][]string
	counters [2]work.LeadCounts
}

// testLeadCountsModel: whatever is written in whatever order, and however often somebody counts meanwhile, in the end the
// counts are those of the leads as they are.
func testLeadCountsModel(t *testing.T, fx *fixture) {
	f := newLeadFixture(t, fx)
	r := &countRun{
		f: f, parties: []clientele.Campaign{f.campaign, f.newCampaign(t, f.project, "second"), f.foreign},
		senders: []int64{f.publisher.ID, f.newPublisher(t, "Other Media").ID}, uuids: map[int64][]string{},
	}
	r.counters[0].ReadAtOnce, r.counters[1].ReadAtOnce = 3, 7
	rapid.Check(t, func(rt *rapid.T) {
		for range rapid.IntRange(1, 6).Draw(rt, "rounds") {
			r.write(rt)
			if i := rapid.IntRange(-1, 1).Draw(rt, "who counts"); i >= 0 {
				f.countAll(rt, &r.counters[i])
			}
		}
		f.countAll(rt, &r.counters[0])
		r.compare(rt)
	})
}

func (r *countRun) write(rt *rapid.T) {
	var writes []clientele.Write
	for range rapid.IntRange(1, 8).Draw(rt, "writes") {
		c := rapid.SampledFrom(r.parties).Draw(rt, "campaign")
		n := rapid.IntRange(1, 999).Draw(rt, "moment")
		known := r.uuids[c.ProjectID]
		switch kind := rapid.IntRange(0, 6).Draw(rt, "kind"); {
		case kind == 0:
			writes = append(writes, upsert(c.ProjectID, n, "a", email(uuid.NewString()+"@example.com")))
		case kind < 3 || len(known) == 0:
			writes = append(writes, r.registration(rt, c, n))
		default:
			writes = append(writes, report(c.ProjectID, n, rapid.SampledFrom(known).Draw(rt, "lead"), r.report(rt, n)))
		}
	}
	for _, o := range r.f.commit(rt, writes...) {
		if o.Err != nil && clientele.KindOf(o.Err) == clientele.KindInternal {
			rt.Fatalf("commit: %v", o.Err)
		}
	}
}

// registration registers a lead near the ends of days, of months and of daylight saving time.
func (r *countRun) registration(rt *rapid.T, c clientele.Campaign, n int) clientele.Write {
	start := rapid.SampledFrom([]time.Time{
		time.Date(2026, 3, 28, 23, 0, 0, 0, time.UTC), time.Date(2026, 10, 31, 23, 0, 0, 0, time.UTC),
		time.Date(2025, 12, 31, 23, 0, 0, 0, time.UTC),
	}).Draw(rt, "when")
	l := clientele.Lead{
		UUID: uuid.NewString(), CampaignID: c.ID, PublisherID: rapid.SampledFrom(r.senders).Draw(rt, "publisher"),
		ActionAt: start.Add(time.Duration(rapid.IntRange(-30, 30).Draw(rt, "hours")) * time.Hour),
	}
	l, _ = l.Report(r.report(rt, n)) // where it is refused, without it
	w := leadWrite(c.ProjectID, n, clientele.LeadWrite{Register: &l})
	w.Origin.CredentialID = int64(n % 2)
	r.uuids[c.ProjectID] = append(r.uuids[c.ProjectID], l.UUID)
	return w
}

func (r *countRun) report(rt *rapid.T, n int) clientele.LeadReport {
	lr := reached(n, rapid.SliceOfNDistinct(rapid.Map(rapid.IntRange(1, 5),
		func(s int) clientele.Stage { return clientele.Stage(s) }), 0, 3, rapid.ID[clientele.Stage]).Draw(rt, "stages")...)
	lr.NetValue = clientele.Amount(rapid.IntRange(0, 3).Draw(rt, "net"))
	lr.NominalValue = clientele.Amount(rapid.IntRange(0, 3).Draw(rt, "nominal"))
	return lr
}

func (r *countRun) compare(rt *rapid.T) {
	var leads []clientele.Lead
	for _, project := range []int64{r.f.project, r.f.other} {
		list, _ := r.f.pages(rt, clientele.LeadQuery{ProjectID: project, Limit: clientele.MaxPage})
		if len(list) != len(r.uuids[project]) {
			rt.Fatalf("project %d lists %d leads, want %d", project, len(list), len(r.uuids[project]))
		}
		leads = append(leads, list...)
	}
	for _, q := range []clientele.LeadCountQuery{
		{},
		{From: 2026_03_28},
		{From: 2026_03_29, To: 2026_10_31},
		{To: 2025_12_31},
		{From: 2026_01_01, To: 2026_12_31},
		{From: 2026_03_28, To: 2026_03_28},
	} {
		for _, q.ProjectID = range []int64{r.f.project, r.f.other} {
			r.f.wantCounts(rt, q, leads)
		}
	}
}

// historyReader counts the changes of leads that are read: as the history goes on, and from the beginning.
type historyReader struct {
	Store
	changes, histories int
}

func (h *historyReader) ReadLeadChanges(ctx context.Context, project, after, upTo int64) ([]clientele.Change, error) {
	list, err := h.Store.ReadLeadChanges(ctx, project, after, upTo)
	h.changes += len(list)
	return list, err
}

func (h *historyReader) ReadLeadHistories(ctx context.Context, project int64, leads []int64, upTo int64) ([]clientele.Change, error) {
	list, err := h.Store.ReadLeadHistories(ctx, project, leads, upTo)
	h.histories += len(list)
	return list, err
}

// testLeadCountsKnown: whoever corrects the values of one lead over and over does not have its history read over and over,
// but by another server that has not seen it yet.
func testLeadCountsKnown(t *testing.T, fx *fixture) {
	f := newLeadFixture(t, fx)
	id := f.commit(t, f.register(f.campaign, 0))[0].Reference
	first, second := &historyReader{Store: f.Store}, &historyReader{Store: f.Store}
	counts := work.LeadCounts{Store: first}
	const corrections = 20
	for i := range corrections {
		f.commit(t, report(f.project, i, id, clientele.LeadReport{NetValue: clientele.Amount(i + 1)}))
		f.countAll(t, &counts)
	}
	if first.changes != corrections+1 || first.histories != 0 {
		t.Errorf("%d changes were read of a history of %d, and %d once more", first.changes, corrections+1, first.histories)
	}
	f.commit(t, report(f.project, 1, id, reached(1, clientele.StageContract)))
	f.countAll(t, &work.LeadCounts{Store: second})
	if second.changes != 1 || second.histories != corrections+1 {
		t.Errorf("another server read %d changes and %d before, of %d", second.changes, second.histories, corrections+2)
	}
	f.commit(t, report(f.project, 1, id, reached(1, clientele.StageContractCanceled)))
	f.countAll(t, &counts) // what it knows is of an earlier place
	f.wantCounts(t, clientele.LeadCountQuery{ProjectID: f.project}, []clientele.Lead{f.lead(t, f.project, id)})
}

// counted registers one lead and counts it; it returns the lead and how far the counting is then.
func (f *leadFixture) counted(t *testing.T) (clientele.Lead, clientele.LeadCounting) {
	t.Helper()
	l := f.lead(t, f.project, f.commit(t, f.register(f.campaign, 1))[0].Reference)
	f.countAll(t, &work.LeadCounts{})
	return l, f.counting(t, f.project)
}

func (f *fixture) counting(t *testing.T, project int64) clientele.LeadCounting {
	t.Helper()
	c, err := f.FindLeadCounting(t.Context(), project)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// oneMore is a step that counts one lead more.
func oneMore(from clientele.LeadCounting, l clientele.Lead) clientele.LeadCountStep {
	step := clientele.LeadCountStep{From: from, To: from}
	step.To.Seq++
	step.Cells = []clientele.LeadCell{{Span: clientele.SpanMonth, Day: 2026_11_00, LeadCount: clientele.CountOf(&l)}}
	return step
}

func (f *fixture) wantStep(t *testing.T, step clientele.LeadCountStep, want bool) {
	t.Helper()
	if done, err := f.CountLeads(t.Context(), step); done != want || err != nil {
		t.Errorf("CountLeads from %d to %d = %t, %v; want %t", step.From.Seq, step.To.Seq, done, err, want)
	}
}

func testLeadCountStepTwice(t *testing.T, fx *fixture) {
	f := newLeadFixture(t, fx)
	l, c := f.counted(t)
	for i := range 3 { // as several servers would
		f.wantStep(t, oneMore(c, l), i == 0)
	}
	f.wantCounts(t, clientele.LeadCountQuery{ProjectID: f.project}, []clientele.Lead{l, l})
	start := clientele.LeadCounting{ProjectID: f.other, TimeZone: "UTC"}
	l.ProjectID = f.other
	for i := range 3 {
		f.wantStep(t, oneMore(start, l), i == 0)
	}
	f.wantCounts(t, clientele.LeadCountQuery{ProjectID: f.other}, []clientele.Lead{l})
}

func testLeadCountStepElsewhere(t *testing.T, fx *fixture) {
	f := newLeadFixture(t, fx)
	l, c := f.counted(t)
	for _, change := range []func(*clientele.LeadCounting){
		func(c *clientele.LeadCounting) { c.Seq-- },
		func(c *clientele.LeadCounting) { c.Seq++ },
		func(c *clientele.LeadCounting) { c.Seq = 0 },
		func(c *clientele.LeadCounting) { c.TimeZone = "UTC" },
		func(c *clientele.LeadCounting) { c.ProjectID = f.other },
	} {
		from := c
		change(&from)
		f.wantStep(t, oneMore(from, l), false)
	}
	f.wantCounts(t, clientele.LeadCountQuery{ProjectID: f.project}, []clientele.Lead{l})
}

// testLeadCountsZone: what was counted in days of another zone is counted anew.
func testLeadCountsZone(t *testing.T, fx *fixture) {
	f := newLeadFixture(t, fx)
	l := f.lead(t, f.project, f.commit(t, f.register(f.campaign, 1))[0].Reference)
	f.wantStep(t, oneMore(clientele.LeadCounting{ProjectID: f.project, TimeZone: "UTC"}, l), true)
	var counts work.LeadCounts
	for range 2 {
		f.countAll(t, &counts)
		f.wantCounts(t, clientele.LeadCountQuery{ProjectID: f.project}, []clientele.Lead{l})
	}
	if c := f.counting(t, f.project); c.TimeZone != clientele.DefaultTimeZone {
		t.Errorf("counted in days of %s", c.TimeZone)
	}
}

// testLeadCountsMadeAnew: whoever has counted makes counts that somebody else forgot anew, however far it read in vain meanwhile.
func testLeadCountsMadeAnew(t *testing.T, fx *fixture) {
	f := newLeadFixture(t, fx)
	l := f.lead(t, f.project, f.commit(t, f.register(f.campaign, 1))[0].Reference)
	var counts work.LeadCounts
	f.countAll(t, &counts)
	more := func(n int) {
		var writes []clientele.Write
		for range n {
			writes = append(writes, upsert(f.project, 1, uuid.NewString(), email("a@example.com")))
		}
		f.commit(t, writes...)
	}
	more(1)
	f.countAll(t, &counts) // nothing about leads
	if err := f.ForgetLeadCounts(t.Context(), f.project); err != nil {
		t.Fatal(err)
	}
	for range 6 { // until the place is moved on although there is nothing about leads
		more(1000)
	}
	f.countAll(t, &counts)
	f.wantCounts(t, clientele.LeadCountQuery{ProjectID: f.project}, []clientele.Lead{l})
}

func testLeadCountsForgotten(t *testing.T, fx *fixture) {
	f := newLeadFixture(t, fx)
	l := f.clickFrom(t, f.campaign, "192.0.2.1", 0)
	var counts work.LeadCounts
	f.countAll(t, &counts)
	if n, err := f.ForgetVisitors(t.Context(), at(1000), 10); n != 1 || err != nil {
		t.Fatalf("ForgetVisitors = %d, %v", n, err)
	}
	f.countAll(t, &counts)
	f.wantCounts(t, clientele.LeadCountQuery{ProjectID: f.project}, []clientele.Lead{l})
}

func testLeadCountsOverflow(t *testing.T, fx *fixture) {
	f := newLeadFixture(t, fx)
	var leads []clientele.Lead
	for i := range 4 {
		w := f.register(f.campaign, i)
		w.Lead.Register.Stage, w.Lead.Register.NetValue = clientele.StageContract, 1<<63-1
		leads = append(leads, f.lead(t, f.project, f.commit(t, w)[0].Reference))
	}
	f.countAll(t, &work.LeadCounts{})
	f.wantCounts(t, clientele.LeadCountQuery{ProjectID: f.project}, leads)
}

func testLeadCountingState(t *testing.T, fx *fixture) {
	f := newLeadFixture(t, fx)
	c := f.counting(t, f.project)
	wantSame(t, "before there is anything", clientele.LeadCounting{ProjectID: f.project}, c)
	_, c = f.counted(t)
	if c.Behind != 0 || c.Seq == 0 || !c.At.Equal(at(1)) || c.TimeZone != clientele.DefaultTimeZone {
		t.Errorf("after counting: %+v", c)
	}
	f.commit(t, f.register(f.campaign, 5))
	if c = f.counting(t, f.project); c.Behind != 1 || !c.At.Equal(at(1)) {
		t.Errorf("with a lead more: %+v", c)
	}
}

// testLastLeadDay asks for the last day of every selection and range of some leads of three days in two months.
func testLastLeadDay(t *testing.T, fx *fixture) {
	f := newLeadFixture(t, fx)
	second, other := f.newCampaign(t, f.project, "second"), f.newPublisher(t, "Other Media")
	days := []clientele.Day{2026_10_30, 2026_11_02, 2026_11_05}
	var leads []clientele.Lead
	for i, day := range []int{0, 0, 1, 2} {
		w := f.register([]clientele.Campaign{f.campaign, second}[i%2], 1)
		w.Lead.Register.ActionAt, w.Lead.Register.Stage = days[day].Start(time.UTC), clientele.Stage(i)
		w.Lead.Register.PublisherID = []int64{f.publisher.ID, other.ID}[i/2]
		leads = append(leads, f.lead(t, f.project, f.commit(t, w)[0].Reference))
	}
	f.countAll(t, &work.LeadCounts{})
	for _, campaign := range []int64{0, f.campaign.ID, second.ID} {
		for _, publisher := range []int64{0, f.publisher.ID, other.ID} {
			for _, stages := range []clientele.StageSet{0, clientele.StagesOf(2), clientele.StagesFrom(1), clientele.StagesOf(5)} {
				q := clientele.LeadQuery{ProjectID: f.project, CampaignID: campaign, PublisherID: publisher, Stages: stages}
				for _, to := range days {
					f.wantLastDay(t, q, clientele.CellRange{Span: clientele.SpanDay, From: 2026_10_31, To: to}, leads)
					f.wantLastDay(t, q, clientele.CellRange{Span: clientele.SpanDay, To: to}, leads)
					f.wantLastDay(t, q, clientele.CellRange{Span: clientele.SpanMonth, To: to}, leads)
				}
			}
		}
	}
	day, err := f.LastLeadDay(t.Context(), clientele.LeadQuery{ProjectID: f.other}, clientele.CellRange{Span: clientele.SpanDay, To: 2030_01_01})
	if day != 0 || err != nil {
		t.Errorf("of a project without leads: %d, %v", day, err)
	}
}

func (f *fixture) wantLastDay(t *testing.T, q clientele.LeadQuery, r clientele.CellRange, leads []clientele.Lead) {
	t.Helper()
	var want clientele.Day
	for i := range leads {
		day := clientele.DayOf(leads[i].ActionAt, time.UTC)
		if r.Span == clientele.SpanMonth {
			day = day.Month()
		}
		if selects(q, &leads[i]) && day >= r.From && day <= r.To {
			want = max(want, day)
		}
	}
	if got, err := f.LastLeadDay(t.Context(), q, r); got != want || err != nil {
		t.Errorf("LastLeadDay(%+v, %+v) = %d, %v; want %d", q, r, got, err, want)
	}
}
