package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"clientele"
)

// ListLeads returns the leads that a query selects, the newest first, and where the list goes on. It looks at no more than
// q.Scanned leads.
func (s *Store) ListLeads(ctx context.Context, q clientele.LeadQuery) (clientele.LeadPage, error) {
	var page clientele.LeadPage
	query, args := leadListSQL(q)
	rows, err := s.read.QueryContext(ctx, query, args...)
	if err == nil {
		err = collect(rows, func(rows *sql.Rows) error {
			l, err := scanLead(rows)
			page.Leads = append(page.Leads, l)
			return err
		})
	}
	if err == nil {
		err = s.findNext(ctx, q, &page)
	}
	if err != nil {
		return clientele.LeadPage{}, fmt.Errorf("list leads of project %d: %w", q.ProjectID, classify(err))
	}
	return page, nil
}

// findNext sets where the list goes on. The page has one lead more than its limit where there are more.
func (s *Store) findNext(ctx context.Context, q clientele.LeadQuery, page *clientele.LeadPage) error {
	if len(page.Leads) > q.Limit {
		page.Leads = page.Leads[:q.Limit]
		last := &page.Leads[q.Limit-1]
		page.Next = &clientele.Position{At: last.ActionAt, ID: last.ID}
		return nil
	}
	if !q.Filters() {
		return nil
	}
	from, args := leadRangeSQL(q)
	var p clientele.Position
	err := s.read.QueryRowContext(ctx, "SELECT action_at, id"+from+" LIMIT 1 OFFSET ?",
		append(args, q.Scanned()-1)...).Scan(instant{&p.At}, &p.ID)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	page.Next = &p
	return err
}

// leadListSQL looks at the newest of the range one after the other until it has enough of them, and reads those whole.
func leadListSQL(q clientele.LeadQuery) (query string, args []any) {
	if !q.Filters() {
		from, args := leadRangeSQL(q)
		return "SELECT " + leadColumns + from + " LIMIT ?", append(args, q.Limit+1)
	}
	from, args := leadRangeSQL(q)
	args = append(args, q.Scanned())
	where, filters := leadFilterSQL(q)
	args = append(append(args, filters...), q.Limit+1)
	return "SELECT " + leadColumns + " FROM (SELECT id AS n, campaign_id AS c, publisher_id AS p," +
		" stage AS st, customer_type AS ct, sub1 AS s1, sub2 AS s2, sub3 AS s3, sub4 AS s4, sub5 AS s5" + from + " LIMIT ?) AS r" +
		" CROSS JOIN lead WHERE id = r.n" + where + " LIMIT ?", args
}

// leadRangeSQL is what the order of the list knows: it reads one index.
func leadRangeSQL(q clientele.LeadQuery) (from string, args []any) {
	from, args = " FROM lead WHERE project_id = ?", []any{q.ProjectID}
	if q.IP.Valid { // there are few of an address, however long the time; the planner does not know
		from, args = " FROM lead INDEXED BY lead_ip WHERE project_id = ? AND ip = ?", []any{q.ProjectID, q.IP.V}
	}
	and := func(condition string, values ...any) {
		from, args = from+" AND "+condition, append(args, values...)
	}
	if !q.From.IsZero() {
		and("action_at >= ?", q.From.UnixMicro())
	}
	if !q.Before.IsZero() {
		and("action_at < ?", q.Before.UnixMicro())
	}
	if q.After != nil {
		and("(action_at, id) < (?, ?)", q.After.At.UnixMicro(), q.After.ID)
	}
	return from + " ORDER BY action_at DESC, id DESC", args
}

// leadFilterSQL is what has to be looked at lead by lead.
func leadFilterSQL(q clientele.LeadQuery) (where string, args []any) {
	and := func(condition string, values ...any) {
		where, args = where+" AND "+condition, append(args, values...)
	}
	if q.CampaignID != 0 {
		and("r.c = ?", q.CampaignID)
	}
	if q.PublisherID != 0 {
		and("r.p = ?", q.PublisherID)
	}
	if q.Stages != 0 {
		var names []any
		for stage := range clientele.NumStages {
			if q.Stages.Has(stage) {
				names = append(names, stage.String())
			}
		}
		and("r.st IN (?"+strings.Repeat(", ?", len(names)-1)+")", names...)
	}
	if q.CustomerType.Valid && q.CustomerType.V == "" {
		and("r.ct IS NULL")
	} else if q.CustomerType.Valid {
		and("r.ct = ?", q.CustomerType.V)
	}
	for i, sub := range q.Subs {
		if sub.Valid {
			and(fmt.Sprintf("r.s%d = ?", i+1), sub.V)
		}
	}
	return where, args
}

// FindLeadByID returns the project's lead with that id; kind not_found when there is none.
func (s *Store) FindLeadByID(ctx context.Context, project, id int64) (clientele.Lead, error) {
	l, err := scanLead(s.read.QueryRowContext(ctx,
		"SELECT "+leadColumns+" FROM lead WHERE id = ? AND project_id = ?", id, project))
	if errors.Is(err, sql.ErrNoRows) {
		return l, clientele.Errorf(clientele.KindNotFound, "there is no such lead")
	}
	if err != nil {
		return l, fmt.Errorf("find lead %d of project %d: %w", id, project, classify(err))
	}
	return l, nil
}

// CountSameIP returns for each of the leads how many leads of its project, itself included, are of the same visitor's
// address with an action within IPWindow before or after its own: at most limit, and 0 where the address is not known.
func (s *Store) CountSameIP(ctx context.Context, leads []clientele.Lead, limit int) ([]int, error) {
	type visit struct {
		Project int64  `json:"p"`
		IP      string `json:"ip"`
		From    int64  `json:"f"`
		To      int64  `json:"t"`
	}
	visits := make([]visit, len(leads))
	for i := range leads {
		l := &leads[i]
		visits[i] = visit{
			l.ProjectID, l.IP.V, l.ActionAt.Add(-clientele.IPWindow).UnixMicro(), l.ActionAt.Add(clientele.IPWindow).UnixMicro(),
		}
	}
	list, err := json.Marshal(visits)
	if err != nil {
		return nil, err
	}
	rows, err := s.read.QueryContext(ctx, countSameIPSQL, limit, string(list))
	if err != nil {
		return nil, fmt.Errorf("count leads of an address: %w", classify(err))
	}
	counts := make([]int, len(leads))
	err = collect(rows, func(rows *sql.Rows) error {
		var i, n int
		err := rows.Scan(&i, &n)
		counts[i] = n
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("count leads of an address: %w", classify(err))
	}
	return counts, nil
}

const countSameIPSQL = `SELECT v.key, (SELECT count(*) FROM (SELECT 1 FROM lead WHERE project_id = v.value ->> 'p'
		AND ip = v.value ->> 'ip' AND action_at >= v.value ->> 'f' AND action_at <= v.value ->> 't' LIMIT ?))
	FROM json_each(?) AS v WHERE v.value ->> 'ip' <> ''`

// ListLeadHistory returns the changes of one lead, the newest first, at most limit, and with a sequence below before unless
// that is 0.
func (s *Store) ListLeadHistory(ctx context.Context, project, lead, before int64, limit int) ([]clientele.Change, error) {
	return s.ListHistory(ctx, clientele.HistoryQuery{
		ProjectID: project, Subject: clientele.SubjectLead, SubjectID: lead, Before: before, Limit: limit,
	})
}
