package postgres

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"clientele"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// ListLeads returns the leads that a query selects, the newest first, and where the list goes on. It looks at no more than
// q.Scanned leads.
func (s *Store) ListLeads(ctx context.Context, q clientele.LeadQuery) (clientele.LeadPage, error) {
	var page clientele.LeadPage
	query, args := leadListSQL(q)
	err := s.query(ctx, "list leads", func(ctx context.Context, pool *pgxpool.Pool) error {
		page = clientele.LeadPage{}
		rows, err := pool.Query(ctx, query, args...)
		if err == nil {
			err = scanLeads(rows, func(l clientele.Lead) { page.Leads = append(page.Leads, l) })
		}
		if err != nil {
			return err
		}
		return findNext(ctx, pool, q, &page)
	})
	if err != nil {
		return clientele.LeadPage{}, fmt.Errorf("list leads of project %d: %w", q.ProjectID, err)
	}
	return page, nil
}

// findNext sets where the list goes on. The page has one lead more than its limit where there are more.
func findNext(ctx context.Context, pool *pgxpool.Pool, q clientele.LeadQuery, page *clientele.LeadPage) error {
	if len(page.Leads) > q.Limit {
		page.Leads = page.Leads[:q.Limit]
		last := &page.Leads[q.Limit-1]
		page.Next = &clientele.Position{At: last.ActionAt, ID: last.ID}
		return nil
	}
	if !q.Filters() {
		return nil
	}
	query, args := lastScannedSQL(q)
	var p clientele.Position
	err := pool.QueryRow(ctx, query, args...).Scan((*instant)(&p.At), &p.ID)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil
	}
	page.Next = &p
	return err
}

// lastScannedSQL finds the last of the leads that leadListSQL looks at, if there are so many.
func lastScannedSQL(q clientele.LeadQuery) (query string, args []any) {
	b := leadListBuilder{}
	return "SELECT action_at, id" + b.within(q) + " LIMIT 1 OFFSET " + b.arg(q.Scanned()-1), b.args
}

// leadListSQL looks at the newest of the range one after the other until it has enough of them.
func leadListSQL(q clientele.LeadQuery) (query string, args []any) {
	b := leadListBuilder{}
	query = "SELECT " + leadColumns + b.within(q)
	if q.Filters() {
		query = "SELECT " + leadColumns + " FROM (" + query + " LIMIT " + b.arg(q.Scanned()) + ") AS recent WHERE true" +
			b.filters(q) + leadOrder
	}
	return query + " LIMIT " + b.arg(q.Limit+1), b.args
}

const leadOrder = " ORDER BY action_at DESC, id DESC"

// leadListBuilder collects the arguments of a list.
type leadListBuilder struct{ args []any }

func (b *leadListBuilder) arg(v any) string {
	b.args = append(b.args, v)
	return fmt.Sprintf("$%d", len(b.args))
}

// within is what the order of the list knows: it reads one index.
func (b *leadListBuilder) within(q clientele.LeadQuery) string {
	from := " FROM lead WHERE project_id = " + b.arg(q.ProjectID)
	if q.IP.Valid {
		from += " AND ip = " + b.arg(q.IP.V)
	}
	if !q.From.IsZero() {
		from += " AND action_at >= " + b.arg(q.From)
	}
	if !q.Before.IsZero() {
		from += " AND action_at < " + b.arg(q.Before)
	}
	if q.After != nil {
		from += " AND (action_at, id) < (" + b.arg(q.After.At) + ", " + b.arg(q.After.ID) + ")"
	}
	return from + leadOrder
}

// filters is what has to be looked at lead by lead.
func (b *leadListBuilder) filters(q clientele.LeadQuery) (where string) {
	if q.CampaignID != 0 {
		where += " AND campaign_id = " + b.arg(q.CampaignID)
	}
	if q.PublisherID != 0 {
		where += " AND publisher_id = " + b.arg(q.PublisherID)
	}
	if q.Stages != 0 {
		var names []string
		for stage := range clientele.NumStages {
			if q.Stages.Has(stage) {
				names = append(names, stage.String())
			}
		}
		where += " AND stage = ANY(" + b.arg(names) + "::text[])"
	}
	if q.CustomerType.Valid && q.CustomerType.V == "" {
		where += " AND customer_type IS NULL"
	} else if q.CustomerType.Valid {
		where += " AND customer_type = " + b.arg(q.CustomerType.V)
	}
	for i, sub := range q.Subs {
		if sub.Valid {
			where += fmt.Sprintf(" AND sub%d = ", i+1) + b.arg(sub.V)
		}
	}
	return where
}

const findLeadByID = "SELECT " + leadColumns + " FROM lead WHERE project_id = $1 AND id = $2"

// FindLeadByID returns the project's lead with that id; kind not_found when there is none.
func (s *Store) FindLeadByID(ctx context.Context, project, id int64) (clientele.Lead, error) {
	var found []clientele.Lead
	err := s.query(ctx, "find lead", func(ctx context.Context, pool *pgxpool.Pool) error {
		found = nil
		rows, err := pool.Query(ctx, findLeadByID, project, id)
		if err != nil {
			return err
		}
		return scanLeads(rows, func(l clientele.Lead) { found = append(found, l) })
	})
	if err != nil {
		return clientele.Lead{}, fmt.Errorf("find lead %d of project %d: %w", id, project, err)
	}
	if len(found) == 0 {
		return clientele.Lead{}, errNoLead()
	}
	return found[0], nil
}

// countSameIP is about one project and makes one descent for each lead. It compares the time beside the address, so that no
// other index looks as good to a planner that knows nothing of the table yet.
const countSameIP = `SELECT n - 1, (SELECT count(*) FROM (SELECT 1 FROM lead WHERE project_id = $1 AND ip = v.ip
		AND (ip, action_at) >= (v.ip, v.first) AND (ip, action_at) <= (v.ip, v.last) LIMIT $5) AS found)
	FROM unnest($2::text[], $3::timestamptz[], $4::timestamptz[]) WITH ORDINALITY AS v (ip, first, last, n)`

// CountSameIP returns for each of the leads, all of one project, how many leads of the project, itself included, are of the
// same visitor's address with an action within IPWindow before or after its own: at most limit, and 0 where the address is
// not known.
func (s *Store) CountSameIP(ctx context.Context, leads []clientele.Lead, limit int) ([]int, error) {
	counts := make([]int, len(leads))
	if len(leads) == 0 {
		return counts, nil
	}
	ips, first, last := make([]*string, len(leads)), make([]time.Time, len(leads)), make([]time.Time, len(leads))
	for i := range leads {
		l := &leads[i]
		if l.IP.Valid {
			ips[i] = &l.IP.V
		}
		first[i], last[i] = l.ActionAt.Add(-clientele.IPWindow), l.ActionAt.Add(clientele.IPWindow)
	}
	err := s.query(ctx, "count leads of an address", func(ctx context.Context, pool *pgxpool.Pool) error {
		rows, err := pool.Query(ctx, countSameIP, leads[0].ProjectID, ips, first, last, limit)
		if err != nil {
			return err
		}
		var i, n int
		return eachRow(rows, []any{&i, &n}, func() { counts[i] = n })
	})
	if err != nil {
		return nil, fmt.Errorf("count leads of an address: %w", err)
	}
	return counts, nil
}

const leadHistory = "SELECT seq, " + changeColumns + ` FROM change
	WHERE project_id = $1 AND subject = 'lead' AND subject_id = $2 AND seq < $3 ORDER BY seq DESC LIMIT $4`

// ListLeadHistory returns the changes of one lead, the newest first, at most limit, and with a sequence below before unless
// that is 0.
func (s *Store) ListLeadHistory(ctx context.Context, project, lead, before int64, limit int) ([]clientele.Change, error) {
	var list []clientele.Change
	err := s.query(ctx, "list history of a lead", func(ctx context.Context, pool *pgxpool.Pool) error {
		rows, err := pool.Query(ctx, leadHistory, project, lead, cmp.Or(before, math.MaxInt64), limit)
		if err != nil {
			return err
		}
		list, err = pgx.CollectRows(rows, scanChange)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list history of lead %d: %w", lead, err)
	}
	return list, nil
}
