package postgres

import (
	"time"

	"clientele"
)

// leadStatements are the lists of leads with every combination of filters, and what else is asked about leads.
func leadStatements(project int64) (list []Statement) {
	add := func(name, sql string, args []any, want map[string][]string) {
		list = append(list, Statement{name, sql, args, want})
	}
	for bits := range 1 << 6 {
		q := clientele.LeadQuery{ProjectID: project, Limit: 50}
		if bits&1 != 0 {
			q.CampaignID, q.CustomerType = 1, clientele.Some("new")
		}
		if bits&2 != 0 {
			q.PublisherID, q.Subs[1] = 1, clientele.Some("s")
		}
		if bits&4 != 0 {
			q.Stages = clientele.StagesOf(clientele.StageContract)
		}
		if bits&8 != 0 {
			q.From, q.Before = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), time.Now()
		}
		if bits&16 != 0 {
			q.After = &clientele.Position{At: time.Now(), ID: 1}
		}
		want := map[string][]string{"lead_action_at": {"project_id"}}
		if bits&32 != 0 {
			q.IP, want = clientele.Some("192.0.2.1"), map[string][]string{"lead_ip": {"project_id", "ip"}}
		}
		sql, args := leadListSQL(q)
		add("list leads", sql, args, want)
		sql, args = lastScannedSQL(q)
		add("list leads, last scanned", sql, args, want)
		sql, args = lastLeadDaySQL(q, clientele.CellRange{Span: clientele.SpanDay, To: 2030_01_01})
		add("list leads, last day", sql, args, map[string][]string{"lead_count_pk": {"project_id", "span", "day"}})
	}
	ids, times := []int64{5, 6, 7}, []time.Time{{}, {}, {}}
	add("lead by id", findLeadByID, []any{project, ids[0]}, map[string][]string{"lead_pk": {"project_id", "id"}})
	add("count the same address", countSameIP, []any{project, []string{"a", "b", "c"}, times, times, 1000},
		map[string][]string{"lead_ip": {"project_id", "ip", "action_at"}})
	add("read changes of leads", readLeadChanges, []any{project, 5, 1000}, map[string][]string{"change_pk": {"project_id", "seq"}})
	add("read histories of leads", readLeadHistories, []any{project, ids, 1000},
		map[string][]string{"change_of_subject": {"project_id", "subject", "subject_id", "seq"}})
	add("history of a lead", leadHistory, []any{project, ids[0], 1000, 10},
		map[string][]string{"change_of_subject": {"project_id", "subject", "subject_id", "seq"}})
	add("counts of leads", leadCounts, []any{project, 1, 20260101, 20260131}, map[string][]string{"lead_count_pk": {"project_id", "span", "day"}})
	cells := []clientele.LeadCell{{Span: clientele.SpanDay, Day: 20260101}}
	add("add counts of leads", addLeadCells, leadCellArrays(project, cells), nil)
	return list
}
