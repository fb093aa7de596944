package storetest

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"clientele"
)

func auditChecks() []check {
	return []check{
		{"Append_IsListedAsItIs", testAppendAudit},
		{"List_Filters", testListAudit},
		{"Forget_TheOldestFirst", testForgetAudit},
	}
}

func (f *fixture) appendAudit(t tester, e clientele.AuditEntry) {
	t.Helper()
	if err := f.AppendAudit(t.Context(), e); err != nil {
		t.Fatalf("AppendAudit: %v", err)
	}
}

func (f *fixture) listAudit(t tester, filter clientele.AuditFilter) []clientele.AuditEntry {
	t.Helper()
	list, err := f.ListAudit(t.Context(), filter)
	if err != nil {
		t.Fatalf("ListAudit: %v", err)
	}
	return list
}

func testAppendAudit(t *testing.T, f *fixture) {
	if list := f.listAudit(t, clientele.AuditFilter{Limit: 10}); len(list) != 0 {
		t.Fatalf("in a new book: %v", list)
	}
	want := []clientele.AuditEntry{
		{
			At: at(2), OperatorID: 7, Operator: "ada@example.com", Action: "customer.edit", ProjectID: f.project,
			Subject: "customer 7519", RequestID: "r-1",
		},
		{At: at(1), Operator: "nobody'\"%@example.com", Action: "login_failed"},
	}
	f.appendAudit(t, want[1])
	f.appendAudit(t, want[0])
	got := f.listAudit(t, clientele.AuditFilter{Limit: 10})
	if len(got) != 2 || got[0].Seq <= got[1].Seq || got[1].Seq <= 0 {
		t.Fatalf("listed %v; want two, the newest first, with numbers", got)
	}
	for i := range got {
		got[i].Seq = 0
	}
	wantSame(t, "entries", want, got)
}

func testListAudit(t *testing.T, f *fixture) {
	const entries = 24
	for i := range entries {
		f.appendAudit(t, clientele.AuditEntry{
			At: at(entries - i), OperatorID: int64(i % 3), ProjectID: int64(i % 4), Subject: fmt.Sprint(i), Action: "x",
		})
	}
	all := f.listAudit(t, clientele.AuditFilter{Limit: clientele.MaxPage})
	if len(all) != entries {
		t.Fatalf("%d entries, want %d", len(all), entries)
	}
	for operator := range int64(4) {
		for project := range int64(5) {
			want := slices.DeleteFunc(slices.Clone(all), func(e clientele.AuditEntry) bool {
				return operator != 0 && e.OperatorID != operator || project != 0 && e.ProjectID != project
			})
			filter := clientele.AuditFilter{OperatorID: operator, ProjectID: project, Limit: 2}
			var got []clientele.AuditEntry
			for page := f.listAudit(t, filter); len(page) > 0; page = f.listAudit(t, filter) {
				if len(page) > filter.Limit {
					t.Fatalf("a page of %d", len(page))
				}
				got = append(got, page...)
				filter.Before = page[len(page)-1].Seq
			}
			wantSame(t, fmt.Sprintf("of operator %d in project %d", operator, project), want, got)
		}
	}
}

func testForgetAudit(t *testing.T, f *fixture) {
	for i := range 6 {
		f.appendAudit(t, clientele.AuditEntry{At: at(5 - i), Action: fmt.Sprint(5 - i)})
	}
	for _, step := range []struct {
		before      time.Time
		limit, want int
		left        string
	}{
		{at(4), 3, 3, "[3 4 5]"}, {at(4), 3, 1, "[4 5]"}, {at(4), 3, 0, "[4 5]"}, {at(900), 100, 2, "[]"},
	} {
		got, err := f.ForgetAudit(t.Context(), step.before, step.limit)
		if err != nil || got != int64(step.want) {
			t.Errorf("forget before %s, at most %d: %d, %v; want %d", step.before, step.limit, got, err, step.want)
		}
		left := []string{}
		for _, e := range f.listAudit(t, clientele.AuditFilter{Limit: 10}) {
			left = append(left, e.Action)
		}
		if fmt.Sprint(left) != step.left {
			t.Errorf("left are %v, want %s", left, step.left)
		}
	}
}
