package sqlite

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"clientele"
)

// everyLeadQuery calls do with lists of leads of every combination of filters.
func everyLeadQuery(project int64, do func(clientele.LeadQuery)) {
	for bits := range 1 << 6 {
		q := clientele.LeadQuery{ProjectID: project, Limit: 50}
		if bits&1 != 0 {
			q.CampaignID, q.CustomerType = 1, clientele.Some("new")
		}
		if bits&2 != 0 {
			q.PublisherID, q.Subs[1] = 1, clientele.Some("s")
		}
		if bits&4 != 0 {
			q.Stages = clientele.StagesOf(clientele.StageContract, clientele.StageContractCanceled)
		}
		if bits&8 != 0 {
			q.From, q.Before = moment(), moment().Add(time.Hour)
		}
		if bits&16 != 0 {
			q.After = &clientele.Position{At: moment(), ID: 1}
		}
		if bits&32 != 0 {
			q.IP = clientele.Some("192.0.2.1")
		}
		do(q)
	}
}

// TestQueries_OfLeadPagesUseAnIndex looks at the plan of each statement that pages about leads and their counting run: they
// search an index that has the order already. Only counts are put together by campaign and publisher afterwards.
func TestQueries_OfLeadPagesUseAnIndex(t *testing.T) {
	s, project := newStore(t)
	before := maps.Clone(s.stmts)
	r := recordReads(t, s)
	ctx := t.Context()
	everyLeadQuery(project, func(q clientele.LeadQuery) {
		_, err := s.ListLeads(ctx, q)
		if err == nil {
			_, err = s.LastLeadDay(ctx, q, clientele.CellRange{Span: clientele.SpanDay, To: 2030_01_01})
		}
		if err != nil {
			t.Fatal(err)
		}
	})
	from := clientele.LeadCounting{ProjectID: project, Seq: 1, TimeZone: "UTC"}
	for _, do := range []func() error{
		func() error { _, err := s.FindLeadByID(ctx, project, 1); return ignoreNotFound(err) },
		func() error { _, err := s.CountSameIP(ctx, make([]clientele.Lead, 2), 10); return err },
		func() error { _, err := s.ListLeadHistory(ctx, project, 1, 0, 10); return err },
		func() error { _, err := s.FindLeadCounting(ctx, project); return err },
		func() error { _, err := s.ReadLeadChanges(ctx, project, 0, 10); return err },
		func() error { _, err := s.ReadLeadHistories(ctx, project, []int64{1, 2}, 10); return err },
		func() error { _, err := s.CountLeads(ctx, clientele.LeadCountStep{From: from, To: from}); return err },
		func() error {
			_, err := s.ListLeadCounts(ctx, clientele.LeadCountQuery{ProjectID: project, From: 2026_01_02})
			return err
		},
	} {
		if err := do(); err != nil {
			t.Fatal(err)
		}
	}
	queries := slices.Sorted(maps.Keys(r.queries))
	for query := range s.stmts {
		if before[query] == nil {
			queries = append(queries, query)
		}
	}
	for _, query := range queries {
		plan := explain(t, s, query)
		for _, step := range plan {
			if step != "SCAN r" && !strings.HasPrefix(step, "SCAN (subquery") && !strings.Contains(step, "VIRTUAL TABLE") /* json_each */ && scansTable(step) ||
				strings.Contains(step, "TEMP B-TREE") && !strings.Contains(query, "GROUP BY") {
				t.Errorf("%s\n  in %s", step, query)
			}
		}
		index := "lead_action_at"
		if strings.Contains(query, "ip = ") {
			index = "lead_ip"
		}
		list := strings.Contains(query, "ORDER BY action_at") || strings.Contains(query, "ip = ")
		if list && !slices.ContainsFunc(plan, func(step string) bool { return strings.Contains(step, "INDEX "+index) }) {
			t.Errorf("not by %s: %v\n  in %s", index, plan, query)
		}
		if slices.Contains(plan, "SCAN r") && !slices.Contains(plan, "CO-ROUTINE r") {
			t.Errorf("all that may be looked at is read before the first is taken: %v\n  in %s", plan, query)
		}
	}
	if len(queries) < 64 {
		t.Errorf("only %d queries were looked at", len(queries))
	}
}

func ignoreNotFound(err error) error {
	if clientele.KindOf(err) == clientele.KindNotFound {
		return nil
	}
	return err
}
