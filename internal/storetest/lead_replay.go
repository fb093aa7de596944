package storetest

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"testing"
	"time"

	"clientele"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// wantLeadReplays holds a lead to its history: applied in order it gives the lead as it stands, but for the UUID, which is a
// secret, and what the visitor is known by, which is kept for a time only.
func (f *fixture) wantLeadReplays(t tester, l clientele.Lead) {
	t.Helper()
	history, err := f.ListChanges(t.Context(), l.ProjectID, clientele.SubjectLead, l.ID)
	if err != nil {
		t.Fatalf("ListChanges of lead %d: %v", l.ID, err)
	}
	want := l
	want.UUID, want.IP, want.UserAgent = "", clientele.Text{}, clientele.Text{}
	wantSame(t, "replayed history of the lead", want, replayLead(t, history))
}

// replayLead builds a lead from nothing but its history.
func replayLead(t tester, history []clientele.Change) clientele.Lead {
	t.Helper()
	var l clientele.Lead
	for i := range history {
		h := &history[i]
		if (h.Action == clientele.ActionCreated) != (i == 0) {
			t.Errorf("change %d of lead %d is %q", i, h.SubjectID, h.Action)
		}
		if i == 0 {
			l.ID, l.ProjectID, l.CreatedAt, l.UpdatedAt = h.SubjectID, h.ProjectID, h.At, h.At
			l.Source, l.CredentialID = h.Origin.Dialect, h.Origin.CredentialID
		}
		if h.Subject != clientele.SubjectLead || h.SubjectID != l.ID || h.ProjectID != l.ProjectID {
			t.Errorf("the history of lead %d holds a change of %s %d in project %d", l.ID, h.Subject, h.SubjectID, h.ProjectID)
		}
		if h.At.After(l.UpdatedAt) {
			l.UpdatedAt = h.At
		}
		l.Version++
		replayLeadValues(t, &l, h)
	}
	return l
}

// replayLeadValues applies the values of one change. Each of an update must be news.
func replayLeadValues(t tester, l *clientele.Lead, h *clientele.Change) {
	t.Helper()
	var members map[string]jsontext.Value
	if err := json.Unmarshal(h.Values, &members); err != nil { // also when a name occurs twice
		t.Fatalf("values of change %d: %v", h.Seq, err)
	}
	before, stated := *l, len(members)
	take := func(name string, to any) {
		if raw, ok := members[name]; ok {
			delete(members, name)
			mustUnmarshal(t, raw, to)
		}
	}
	text := func(name string, to *clientele.Text) {
		if raw, ok := members[name]; ok {
			delete(members, name)
			*to = textOf(t, raw)
		}
	}
	stage := l.Stage.String()
	take("stage", &stage)
	l.Stage, _ = clientele.ParseStage(stage)
	take("campaign_id", &l.CampaignID)
	take("publisher_id", &l.PublisherID)
	take("action_at", &l.ActionAt)
	for s := clientele.StageWideContact; s < clientele.NumStages; s++ {
		take(s.String()+"_at", &l.ReachedAt[s])
	}
	take("net_value", &l.NetValue)
	take("nominal_value", &l.NominalValue)
	text("customer_type", &l.CustomerType)
	for i := range l.Subs {
		text(fmt.Sprintf("sub%d", i+1), &l.Subs[i])
	}
	if len(members) > 0 {
		t.Errorf("change %d states %v, which are none of a lead's", h.Seq, slices.Sorted(maps.Keys(members)))
	}
	if h.Action == clientele.ActionUpdated && (*l == before || stated == 0) {
		t.Errorf("change %d changes nothing: %s", h.Seq, h.Values)
	}
}

// testConcurrentReports reports on the same leads from several goroutines: whatever the order, each change is in the history,
// each stage has the date of the first that reported it, and the later ones were told that nothing changed.
func testConcurrentReports(t *testing.T, fx *fixture) {
	const workers, numLeads = 6, 3
	f := newLeadFixture(t, fx)
	var ids []string
	for i := range numLeads {
		w := f.register(f.campaign, i)
		f.commit(t, w)
		ids = append(ids, w.Lead.Register.UUID)
	}
	var mu sync.Mutex
	results := map[clientele.Result]int{}
	var running sync.WaitGroup
	for worker := range workers {
		running.Go(func() {
			for s := clientele.StageWideContact; s <= clientele.StageApplication; s++ {
				var writes []clientele.Write
				for _, id := range ids {
					writes = append(writes, report(f.project, 50, id, reached(100*worker, s)))
				}
				outcomes, err := f.Commit(context.WithoutCancel(t.Context()), writes)
				if err != nil {
					t.Errorf("worker %d: %v", worker, err)
					return
				}
				mu.Lock()
				for _, o := range outcomes {
					results[o.Result]++
				}
				mu.Unlock()
			}
		})
	}
	running.Wait()
	wantSame(t, "results", map[clientele.Result]int{
		clientele.Updated: 3 * numLeads, clientele.Unchanged: 3 * numLeads * (workers - 1),
	}, results)
	for _, id := range ids {
		l := f.lead(t, f.project, id)
		if l.Version != 4 || l.Stage != clientele.StageApplication {
			t.Errorf("%+v", l)
		}
		f.wantLeadReplays(t, l)
	}
}

// testForgetVisitors drops what visitors are known by, of the oldest leads first.
func testForgetVisitors(t *testing.T, fx *fixture) {
	f := newLeadFixture(t, fx)
	var ids []string
	for i := range 6 {
		c := f.campaign
		if i%2 == 1 {
			c = f.foreign
		}
		w := f.register(c, i*10)
		w.Lead.Register.IP, w.Lead.Register.UserAgent = clientele.Some("192.0.2.1"), clientele.Some("browser")
		if i == 1 {
			w.Lead.Register.IP = clientele.Text{}
		}
		if i == 2 {
			w.Lead.Register.IP, w.Lead.Register.UserAgent = clientele.Text{}, clientele.Text{} // there is nothing to forget
		}
		f.commit(t, w)
		ids = append(ids, w.Lead.Register.UUID)
	}
	known := func() string {
		var list []byte
		for i, id := range ids {
			l := f.lead(t, []int64{f.project, f.other}[i%2], id)
			if l.IP.Valid || l.UserAgent.Valid {
				list = append(list, byte('0'+i))
			}
			if l.Version != 1 || !l.UpdatedAt.Equal(l.CreatedAt) {
				t.Errorf("forgetting counts as a change of lead %d: %+v", i, l)
			}
			f.wantLeadReplays(t, l)
		}
		return string(list)
	}
	for _, c := range []struct {
		before time.Time
		limit  int
		want   int64
		left   string
	}{
		{at(0), 100, 0, "01345"},
		{at(40), 2, 2, "345"},
		{at(40), 2, 1, "45"},
		{at(40), 2, 0, "45"},
		{at(41), 2, 1, "5"},
		{at(1000), 100, 1, ""},
		{at(1000), 100, 0, ""},
	} {
		n, err := f.ForgetVisitors(t.Context(), c.before, c.limit)
		if err != nil || n != c.want {
			t.Errorf("ForgetVisitors(%v, %d) = %d, %v; want %d", c.before, c.limit, n, err, c.want)
		}
		if got := known(); got != c.left {
			t.Errorf("after ForgetVisitors(%v, %d) the visitors of %q are known, want %q", c.before, c.limit, got, c.left)
		}
	}
}

// testForgottenStaysForgotten: a report does not write back what was forgotten.
func testForgottenStaysForgotten(t *testing.T, fx *fixture) {
	f := newLeadFixture(t, fx)
	w := f.register(f.campaign, 1)
	w.Lead.Register.IP, w.Lead.Register.UserAgent = clientele.Some("192.0.2.1"), clientele.Some("browser")
	f.commit(t, w)
	if n, err := f.ForgetVisitors(t.Context(), at(2), 10); n != 1 || err != nil {
		t.Fatalf("ForgetVisitors = %d, %v", n, err)
	}
	f.commit(t, report(f.project, 3, w.Lead.Register.UUID, reached(3, clientele.StageWideContact)))
	if l := f.lead(t, f.project, w.Lead.Register.UUID); l.IP.Valid || l.UserAgent.Valid || l.Version != 2 {
		t.Errorf("%+v", l)
	}
}
