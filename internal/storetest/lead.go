package storetest

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"clientele"

	"github.com/google/uuid"
)

func leadChecks() []check {
	return []check{
		{"Register_KeepsEverything", testRegisterLead},
		{"Register_EveryChunkSize", testLeadChunkSizes},
		{"Register_TakenUUIDFailsAlone", testLeadUUIDTaken},
		{"Report_KeepsEverything", testReportLead},
		{"Report_InOneBatch", testReportInOneBatch},
		{"Report_RefusedWritesNothing", testReportRefused},
		{"Report_UnknownAndForeignAreMissing", testReportMissing},
		{"Report_UnchangedWritesNothing", testReportUnchanged},
		{"Report_FromManyGoroutines", testConcurrentReports},
		{"Find_ByUUIDAlone", testFindLeadProject},
		{"Find_UnknownIsNotFound", testFindUnknownLead},
		{"Idempotency_RegistersOnce", testLeadIdempotency},
		{"Visitors_AreForgotten", testForgetVisitors},
		{"Visitors_StayForgottenAfterAReport", testForgottenStaysForgotten},
	}
}

// leadFixture is a book with what leads need.
type leadFixture struct {
	*fixture
	campaign  clientele.Campaign
	foreign   clientele.Campaign // of the other project
	publisher clientele.Publisher
}

func newLeadFixture(t tester, f *fixture) *leadFixture {
	t.Helper()
	return &leadFixture{
		fixture: f, campaign: f.newCampaign(t, f.project, "spring"), foreign: f.newCampaign(t, f.other, "autumn"),
		publisher: f.newPublisher(t, "Kestrel Media"),
	}
}

// register returns a write that registers a lead of the campaign; n is its moment and its name.
func (f *leadFixture) register(c clientele.Campaign, n int) clientele.Write {
	return leadWrite(c.ProjectID, n, clientele.LeadWrite{Register: &clientele.Lead{
		UUID: uuid.NewString(), CampaignID: c.ID, PublisherID: f.publisher.ID, ActionAt: at(n),
	}})
}

// report returns a write that reports on a lead.
func report(project int64, n int, lead string, r clientele.LeadReport) clientele.Write {
	return leadWrite(project, n, clientele.LeadWrite{UUID: lead, Report: r})
}

func leadWrite(project int64, n int, lw clientele.LeadWrite) clientele.Write {
	return clientele.Write{ProjectID: project, At: at(n), Origin: origin(fmt.Sprintf("r-%d", n)), Lead: &lw}
}

// reached states that stages were reached, each at a moment of its own from n on.
func reached(n int, stages ...clientele.Stage) clientele.LeadReport {
	var r clientele.LeadReport
	for i, s := range stages {
		r.Reached[s] = at(n + i)
	}
	return r
}

func (f *fixture) lead(t tester, project int64, uuid string) clientele.Lead {
	t.Helper()
	l, err := f.FindLead(t.Context(), project, uuid)
	if err != nil {
		t.Fatalf("FindLead in project %d: %v", project, err)
	}
	return l
}

// wantLead holds a lead and its history to want, of which it takes the id.
func (f *fixture) wantLead(t tester, want clientele.Lead) {
	t.Helper()
	got := f.lead(t, want.ProjectID, want.UUID)
	want.ID = got.ID
	wantSame(t, "lead", want, got)
	f.wantLeadReplays(t, got)
}

func testRegisterLead(t *testing.T, fx *fixture) {
	f := newLeadFixture(t, fx)
	full := reached(1, clientele.StageWideContact, clientele.StageNarrowContact, clientele.StageApplication, clientele.StageContract,
		clientele.StageContractCanceled)
	for i, want := range []clientele.Lead{
		{ActionAt: at(3)},
		{
			Stage: clientele.StageContractCanceled, ReachedAt: full.Reached, NetValue: 99_999_999_999_999, NominalValue: 1,
			CustomerType: clientele.Some("returning"), IP: clientele.Some("2001:db8::5"),
			UserAgent: clientele.Some(strings.Repeat("ż", 512)), ActionAt: time.Date(1999, 12, 31, 23, 59, 59, 0, time.UTC),
			Subs: [5]clientele.Text{clientele.Some(""), {}, clientele.Some(strings.Repeat("🏺", 255)), clientele.Some("a'b\"c\\"), clientele.Some(" ")},
		},
	} {
		want.UUID, want.CampaignID, want.PublisherID = uuid.NewString(), f.campaign.ID, f.publisher.ID
		registered := want
		o := f.commit(t, leadWrite(f.project, i, clientele.LeadWrite{Register: &registered}))[0]
		wantSame(t, "outcome", clientele.Outcome{Result: clientele.Created, SubjectID: o.SubjectID, Reference: want.UUID}, o)
		want.ProjectID, want.Source, want.CredentialID, want.Version = f.project, clientele.OPM, 7, 1
		want.CreatedAt, want.UpdatedAt = at(i), at(i)
		f.wantLead(t, want)
		if o.SubjectID <= 0 {
			t.Errorf("id %d", o.SubjectID)
		}
	}
}

func testLeadChunkSizes(t *testing.T, fx *fixture) {
	f := newLeadFixture(t, fx)
	for _, size := range []int{1, 7, 8, 9, 63, 64, 65, 513} {
		var registrations, reports []clientele.Write
		for i := range size {
			w := f.register(f.campaign, i)
			registrations = append(registrations, w)
			reports = append(reports, report(f.project, i+1, w.Lead.Register.UUID, reached(i, clientele.Stage(1+i%3))))
		}
		ids := map[int64]bool{}
		for i, o := range f.commit(t, registrations...) {
			if o.Result != clientele.Created || o.Err != nil || o.Reference != registrations[i].Lead.Register.UUID {
				t.Fatalf("registration %d of %d: %s, %v", i, size, o.Result, o.Err)
			}
			ids[o.SubjectID] = true
		}
		if len(ids) != size {
			t.Errorf("%d leads have %d ids", size, len(ids))
		}
		for i, o := range f.commit(t, reports...) {
			if o.Result != clientele.Updated || o.Err != nil || !ids[o.SubjectID] {
				t.Fatalf("report %d of %d: %s of lead %d, %v", i, size, o.Result, o.SubjectID, o.Err)
			}
		}
		for _, i := range []int{0, size / 2, size - 1} {
			l := f.lead(t, f.project, registrations[i].Lead.Register.UUID)
			if l.Stage != clientele.Stage(1+i%3) || !l.ReachedAt[l.Stage].Equal(at(i)) || l.Version != 2 || !l.ActionAt.Equal(at(i)) {
				t.Errorf("lead %d of %d: %+v", i, size, l)
			}
			f.wantLeadReplays(t, l)
		}
	}
}

// testLeadUUIDTaken: a UUID is random, so this says that something is wrong. The batch fails, and nothing of it is written.
func testLeadUUIDTaken(t *testing.T, fx *fixture) {
	f := newLeadFixture(t, fx)
	first, second := f.register(f.campaign, 1), f.register(f.campaign, 2)
	f.commit(t, first)
	again := f.register(f.campaign, 3)
	again.Lead.Register.UUID = first.Lead.Register.UUID
	if _, err := f.Commit(t.Context(), []clientele.Write{second, again}); err == nil || clientele.KindOf(err) == clientele.KindUnavailable {
		t.Errorf("a second lead of one UUID: %v", err)
	}
	_, err := f.FindLead(t.Context(), f.project, second.Lead.Register.UUID)
	wantKind(t, "the write beside it", err, clientele.KindNotFound)
	f.commit(t, second)
	if l := f.lead(t, f.project, first.Lead.Register.UUID); !l.CreatedAt.Equal(at(1)) {
		t.Errorf("the first lead was replaced: %+v", l)
	}
}

func testReportLead(t *testing.T, fx *fixture) {
	f := newLeadFixture(t, fx)
	w := f.register(f.campaign, 1)
	w.Lead.Register.IP, w.Lead.Register.UserAgent = clientele.Some("192.0.2.1"), clientele.Some("browser")
	f.commit(t, w)
	want := *w.Lead.Register
	want.ProjectID, want.Source, want.CredentialID, want.CreatedAt = f.project, clientele.OPM, 7, at(1)
	for i, r := range []clientele.LeadReport{
		{CustomerType: clientele.Some("new"), NetValue: 5},
		reached(10, clientele.StageApplication),
		reached(20, clientele.StageWideContact, clientele.StageContract),
		{NetValue: 7, NominalValue: 99_999_999_999_999, CustomerType: clientele.Some("returning")},
		reached(30, clientele.StageNarrowContact),
		reached(40, clientele.StageContractCanceled),
	} {
		o := f.commit(t, report(f.project, i+2, want.UUID, r))[0]
		wantSame(t, "outcome", clientele.Outcome{Result: clientele.Updated, SubjectID: o.SubjectID, Reference: want.UUID}, o)
		var err error
		if want, err = want.Report(r); err != nil {
			t.Fatal(err)
		}
		want.Version, want.UpdatedAt = int64(i+2), at(i+2)
		f.wantLead(t, want)
	}
	f.wantLead(t, want)
}

func testReportInOneBatch(t *testing.T, fx *fixture) {
	f := newLeadFixture(t, fx)
	w := f.register(f.campaign, 1)
	id := w.Lead.Register.UUID
	other := f.register(f.foreign, 1)
	outcomes := f.commit(t, report(f.project, 1, id, reached(1, clientele.StageWideContact)), w,
		report(f.project, 2, id, reached(2, clientele.StageApplication)), other,
		report(f.other, 2, other.Lead.Register.UUID, reached(2, clientele.StageNarrowContact)),
		report(f.project, 3, id, reached(3, clientele.StageWideContact)), report(f.project, 4, id, reached(4, clientele.StageWideContact)))
	wantResults(t, outcomes, clientele.Missing, clientele.Created, clientele.Updated, clientele.Created, clientele.Updated,
		clientele.Updated, clientele.Unchanged)
	l := f.lead(t, f.project, id)
	if l.Version != 3 || l.Stage != clientele.StageApplication || !l.ReachedAt[clientele.StageWideContact].Equal(at(3)) {
		t.Errorf("%+v", l)
	}
	f.wantLeadReplays(t, l)
	f.wantLeadReplays(t, f.lead(t, f.other, other.Lead.Register.UUID))
}

func testReportRefused(t *testing.T, fx *fixture) {
	f := newLeadFixture(t, fx)
	w := f.register(f.campaign, 1)
	id := w.Lead.Register.UUID
	f.commit(t, w)
	before := f.lead(t, f.project, id)
	outcomes := f.commit(t, report(f.project, 2, id, reached(1, clientele.StageContract)),
		report(f.project, 3, id, reached(1, clientele.StageWideContact, clientele.StageContractCanceled)))
	wantKind(t, "a contract without its value", outcomes[0].Err, clientele.KindInvalid)
	wantKind(t, "a cancellation without a contract", outcomes[1].Err, clientele.KindConflict)
	wantSame(t, "lead", before, f.lead(t, f.project, id))
	f.wantLeadReplays(t, before)
}

func testReportMissing(t *testing.T, fx *fixture) {
	f := newLeadFixture(t, fx)
	w := f.register(f.foreign, 1)
	f.commit(t, w)
	before := f.lead(t, f.other, w.Lead.Register.UUID)
	for what, id := range map[string]string{
		"unknown": uuid.NewString(), "another project's": before.UUID, "none": "", "of another letter case": strings.ToUpper(before.UUID),
	} {
		r := reached(1, clientele.StageContractCanceled) // which the stage machine would refuse
		o := f.commit(t, report(f.project, 2, id, r))[0]
		wantSame(t, what, clientele.Outcome{Result: clientele.Missing}, o)
	}
	wantSame(t, "the other project's lead", before, f.lead(t, f.other, before.UUID))
}

func testReportUnchanged(t *testing.T, fx *fixture) {
	f := newLeadFixture(t, fx)
	w := f.register(f.campaign, 1)
	id := w.Lead.Register.UUID
	r := reached(5, clientele.StageWideContact)
	r.NetValue, r.CustomerType = 5, clientele.Some("new")
	f.commit(t, w, report(f.project, 2, id, r))
	before := f.lead(t, f.project, id)
	later := r
	later.Reached[clientele.StageWideContact] = at(99) // the first date stays
	wantResults(t, f.commit(t, report(f.project, 3, id, r), report(f.project, 4, id, later), report(f.project, 5, id, clientele.LeadReport{})),
		clientele.Unchanged, clientele.Unchanged, clientele.Unchanged)
	wantSame(t, "lead", before, f.lead(t, f.project, id))
	f.wantLeadReplays(t, before)
}

func testFindLeadProject(t *testing.T, fx *fixture) {
	f := newLeadFixture(t, fx)
	for _, c := range []clientele.Campaign{f.campaign, f.foreign} {
		w := f.register(c, 1)
		f.commit(t, w)
		project, err := f.FindLeadProject(t.Context(), w.Lead.Register.UUID)
		if err != nil || project != c.ProjectID {
			t.Errorf("FindLeadProject = %d, %v; want %d", project, err, c.ProjectID)
		}
	}
}

func testFindUnknownLead(t *testing.T, fx *fixture) {
	f := newLeadFixture(t, fx)
	w := f.register(f.foreign, 1)
	f.commit(t, w)
	for _, id := range []string{"", uuid.NewString(), strings.ToUpper(w.Lead.Register.UUID), "%"} {
		_, err := f.FindLeadProject(t.Context(), id)
		wantKind(t, "FindLeadProject", err, clientele.KindNotFound)
	}
	for _, project := range []int64{f.project, 0, math.MaxInt64} {
		_, err := f.FindLead(t.Context(), project, w.Lead.Register.UUID)
		wantKind(t, "FindLead", err, clientele.KindNotFound)
	}
}

func testLeadIdempotency(t *testing.T, fx *fixture) {
	f := newLeadFixture(t, fx)
	named := func(n int, key, body string) clientele.Write {
		w := f.register(f.campaign, n)
		w.Idempotency = &clientele.Idempotency{CredentialID: 7, Key: key, BodyHash: secretOf(body)}
		return w
	}
	outcomes := f.commit(t, named(1, "k", "one"), named(2, "k", "one"))
	outcomes = append(outcomes, f.commit(t, named(3, "k", "one"), named(4, "l", "one"), named(5, "k", "two"))...)
	for _, i := range []int{1, 2} {
		wantSame(t, "the same call again", outcomes[0], outcomes[i])
	}
	if outcomes[3].Result != clientele.Created || outcomes[3].Reference == outcomes[0].Reference {
		t.Errorf("another name: %+v", outcomes[3])
	}
	wantKind(t, "another body", outcomes[4].Err, clientele.KindConflict)
	lookUp := leadWrite(f.project, 6, clientele.LeadWrite{}) // of no lead: what became of the call of that name
	lookUp.Idempotency = &clientele.Idempotency{CredentialID: 7, Key: "k", BodyHash: secretOf("one")}
	wantSame(t, "a look-up of the call", outcomes[0], f.commit(t, lookUp)[0])
	lookUp.Idempotency.Key = "never"
	wantSame(t, "a look-up of no call", clientele.Outcome{Result: clientele.Missing}, f.commit(t, lookUp)[0])
}
