package postgres

import (
	"context"
	"errors"
	"fmt"

	"clientele"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// Neither of these names a project: each reads one small table on each node.
const (
	projectsWithLeads = "SELECT DISTINCT project_id FROM campaign"
	leadCountings     = "SELECT project_id, seq, time_zone, at FROM lead_counting"
)

// ListLeadCountings returns for each project that may have leads how far they are counted: from the beginning of the
// history where nothing was yet. Behind is not told.
func (s *Store) ListLeadCountings(ctx context.Context) ([]clientele.LeadCounting, error) {
	projects, err := s.ListProjects(ctx)
	if err != nil {
		return nil, fmt.Errorf("list countings of leads: %w", err)
	}
	var list []clientele.LeadCounting
	err = s.query(ctx, "list countings of leads", func(ctx context.Context, pool *pgxpool.Pool) error {
		list = nil
		withLeads, countings := map[int64]bool{}, map[int64]clientele.LeadCounting{}
		p := &pgx.Batch{}
		p.Queue(projectsWithLeads).Query(func(rows pgx.Rows) error {
			var project int64
			return eachRow(rows, []any{&project}, func() { withLeads[project] = true })
		})
		p.Queue(leadCountings).Query(func(rows pgx.Rows) error {
			var c clientele.LeadCounting
			return eachRow(rows, []any{&c.ProjectID, &c.Seq, &c.TimeZone, (*instant)(&c.At)}, func() { countings[c.ProjectID] = c })
		})
		if err := pool.SendBatch(ctx, p).Close(); err != nil {
			return err
		}
		for _, project := range projects {
			c, counted := countings[project.ID]
			if !counted {
				c = clientele.LeadCounting{ProjectID: project.ID, TimeZone: project.TimeZone}
			}
			if withLeads[project.ID] {
				list = append(list, c)
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("list countings of leads: %w", err)
	}
	return list, nil
}

// FindLeadCounting returns how far the leads of a project are counted.
func (s *Store) FindLeadCounting(ctx context.Context, project int64) (clientele.LeadCounting, error) {
	var c clientele.LeadCounting
	err := s.query(ctx, "find counting of leads", func(ctx context.Context, pool *pgxpool.Pool) error {
		c = clientele.LeadCounting{ProjectID: project}
		var end int64
		p := &pgx.Batch{}
		p.Queue("SELECT seq, time_zone, at FROM lead_counting WHERE project_id = $1", project).QueryRow(func(row pgx.Row) error {
			err := row.Scan(&c.Seq, &c.TimeZone, (*instant)(&c.At))
			if errors.Is(err, pgx.ErrNoRows) {
				return nil
			}
			return err
		})
		p.Queue(historyEnd, project).QueryRow(func(row pgx.Row) error { return row.Scan(&end) })
		err := pool.SendBatch(ctx, p).Close()
		c.Behind = max(0, end-c.Seq)
		return err
	})
	if err != nil {
		return clientele.LeadCounting{}, fmt.Errorf("find counting of leads of project %d: %w", project, err)
	}
	return c, nil
}

const (
	leadChangeColumns = "SELECT subject_id, seq, action, new_values, credential_id, at FROM change WHERE project_id = $1"

	// readLeadChanges goes along the history, whatever lies in between: the index by subject would be gone through whole.
	readLeadChanges = leadChangeColumns + " AND subject || '' = 'lead' AND seq > $2 AND seq <= $3"

	// readLeadHistories makes one descent for each lead (see lockCustomers).
	readLeadHistories = "SELECT c.* FROM unnest($2::bigint[]) AS k CROSS JOIN LATERAL (" +
		leadChangeColumns + " AND subject = 'lead' AND subject_id = k AND seq <= $3 ORDER BY seq) AS c"
)

// ReadLeadChanges returns the changes of leads of one project with a sequence above after and up to upTo, in order of lead
// and sequence.
func (s *Store) ReadLeadChanges(ctx context.Context, project, after, upTo int64) ([]clientele.Change, error) {
	return s.leadChanges(ctx, "read changes of leads", readLeadChanges, project, after, upTo)
}

// ReadLeadHistories returns the changes of some leads of one project with a sequence up to upTo, in order of lead and sequence.
func (s *Store) ReadLeadHistories(ctx context.Context, project int64, leads []int64, upTo int64) ([]clientele.Change, error) {
	return s.leadChanges(ctx, "read histories of leads", readLeadHistories, project, notNil(leads), upTo)
}

func (s *Store) leadChanges(ctx context.Context, op, query string, project int64, args ...any) ([]clientele.Change, error) {
	var changes []clientele.Change
	err := s.queryReplicated(ctx, op, project, func(p *pgx.Batch) {
		p.Queue(query, append([]any{project}, args...)...).Query(func(rows pgx.Rows) (err error) {
			changes, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (clientele.Change, error) {
				c := clientele.Change{ProjectID: project, Subject: clientele.SubjectLead}
				err := row.Scan(&c.SubjectID, &c.Seq, (*string)(&c.Action), &c.Values, &c.Origin.CredentialID, (*instant)(&c.At))
				return c, err
			})
			return err
		})
	})
	if err != nil {
		return nil, fmt.Errorf("%s of project %d: %w", op, project, err)
	}
	clientele.SortChanges(changes)
	return changes, nil
}

const (
	beginLeadCounting = "INSERT INTO lead_counting (project_id, seq, time_zone, at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING"

	moveLeadCounting = "UPDATE lead_counting SET seq = $2, at = $4 WHERE project_id = $1 AND time_zone = $3 AND seq = $5"

	addLeadCells = `INSERT INTO lead_count (project_id, span, day, campaign_id, publisher_id, clicks, no_stage, wide_contact,
			narrow_contact, application, contract, contract_canceled, net_value, nominal_value, canceled_net_value, canceled_nominal_value)
		SELECT $1::bigint, v.* FROM unnest($2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[], $8::bigint[],
			$9::bigint[], $10::bigint[], $11::bigint[], $12::bigint[], $13::bigint[], $14::bigint[], $15::bigint[], $16::bigint[]) AS v
		ON CONFLICT (project_id, span, day, campaign_id, publisher_id) DO UPDATE SET clicks = lead_count.clicks + excluded.clicks,
			no_stage = lead_count.no_stage + excluded.no_stage, wide_contact = lead_count.wide_contact + excluded.wide_contact,
			narrow_contact = lead_count.narrow_contact + excluded.narrow_contact,
			application = lead_count.application + excluded.application, contract = lead_count.contract + excluded.contract,
			contract_canceled = lead_count.contract_canceled + excluded.contract_canceled,
			net_value = lead_count.net_value + excluded.net_value, nominal_value = lead_count.nominal_value + excluded.nominal_value,
			canceled_net_value = lead_count.canceled_net_value + excluded.canceled_net_value,
			canceled_nominal_value = lead_count.canceled_nominal_value + excluded.canceled_nominal_value`
)

// CountLeads takes a counting further, in one transaction, and reports whether it did: not when it does not stand at the
// step's From any more, since another server was quicker.
func (s *Store) CountLeads(ctx context.Context, step clientele.LeadCountStep) (done bool, err error) {
	from, to := &step.From, &step.To
	err = s.transactSafely(ctx, "count leads", func(ctx context.Context, tx pgx.Tx) error {
		query, args := moveLeadCounting, []any{to.ProjectID, to.Seq, to.TimeZone, at(to.At), from.Seq}
		if from.Seq == 0 {
			query, args = beginLeadCounting, args[:4]
		}
		tag, err := tx.Exec(ctx, query, args...)
		if done = tag.RowsAffected() == 1; err != nil || !done || len(step.Cells) == 0 {
			return err
		}
		_, err = tx.Exec(ctx, addLeadCells, leadCellArrays(to.ProjectID, step.Cells)...)
		return err
	})
	if err != nil {
		return false, fmt.Errorf("count leads of project %d: %w", to.ProjectID, err)
	}
	return done, nil
}

// leadCellArrays returns the cells as the arguments of addLeadCells.
func leadCellArrays(project int64, cells []clientele.LeadCell) []any {
	columns := make([][]int64, 15)
	for i := range cells {
		c := &cells[i]
		row := append([]int64{int64(c.Span), int64(c.Day), c.CampaignID, c.PublisherID, c.Clicks}, c.At[:]...)
		row = append(row, int64(c.NetValue), int64(c.NominalValue), int64(c.CanceledNetValue), int64(c.CanceledNominalValue))
		for j, n := range row {
			columns[j] = append(columns[j], n)
		}
	}
	args := []any{project}
	for _, column := range columns {
		args = append(args, column)
	}
	return args
}

// ForgetLeadCounts makes the counting of a project begin anew.
func (s *Store) ForgetLeadCounts(ctx context.Context, project int64) error {
	err := s.transactSafely(ctx, "forget counts of leads", func(ctx context.Context, tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, "DELETE FROM lead_counting WHERE project_id = $1", project); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, "DELETE FROM lead_count WHERE project_id = $1", project)
		return err
	})
	if err != nil {
		return fmt.Errorf("forget counts of leads of project %d: %w", project, err)
	}
	return nil
}

const leadCounts = `SELECT campaign_id, publisher_id, sum(clicks)::bigint, sum(no_stage)::bigint, sum(wide_contact)::bigint,
		sum(narrow_contact)::bigint, sum(application)::bigint, sum(contract)::bigint, sum(contract_canceled)::bigint,
		sum(net_value)::bigint, sum(nominal_value)::bigint, sum(canceled_net_value)::bigint, sum(canceled_nominal_value)::bigint
	FROM lead_count WHERE project_id = $1 AND span = $2 AND day BETWEEN $3 AND $4 GROUP BY campaign_id, publisher_id`

// ListLeadCounts returns the counts of the leads that a query selects, one for each campaign and publisher that has any, in
// that order.
func (s *Store) ListLeadCounts(ctx context.Context, q clientele.LeadCountQuery) ([]clientele.LeadCount, error) {
	var sums clientele.LeadSums
	err := s.query(ctx, "list counts of leads", func(ctx context.Context, pool *pgxpool.Pool) error {
		sums = clientele.LeadSums{}
		p := &pgx.Batch{}
		for _, r := range q.Ranges() {
			p.Queue(leadCounts, q.ProjectID, int64(r.Span), int64(r.From), int64(r.To)).Query(func(rows pgx.Rows) error {
				var c clientele.LeadCount
				dest := []any{&c.CampaignID, &c.PublisherID, &c.Clicks}
				for stage := range c.At {
					dest = append(dest, &c.At[stage])
				}
				dest = append(dest, (*int64)(&c.NetValue), (*int64)(&c.NominalValue), (*int64)(&c.CanceledNetValue),
					(*int64)(&c.CanceledNominalValue))
				return eachRow(rows, dest, func() { sums.Add(&c) })
			})
		}
		return pool.SendBatch(ctx, p).Close()
	})
	if err != nil {
		return nil, fmt.Errorf("list counts of leads of project %d: %w", q.ProjectID, err)
	}
	return sums.List(), nil
}

// LastLeadDay returns the newest day, or month, of a range on which there are leads that a query selects, as far as counts
// tell: by campaign, publisher and stage. 0 for none.
func (s *Store) LastLeadDay(ctx context.Context, q clientele.LeadQuery, r clientele.CellRange) (day clientele.Day, err error) {
	query, args := lastLeadDaySQL(q, r)
	err = s.query(ctx, "look for a day of leads", func(ctx context.Context, pool *pgxpool.Pool) error {
		err := pool.QueryRow(ctx, query, args...).Scan((*int64)(&day))
		if errors.Is(err, pgx.ErrNoRows) {
			day, err = 0, nil
		}
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("look for a day of leads of project %d: %w", q.ProjectID, err)
	}
	return day, nil
}

func lastLeadDaySQL(q clientele.LeadQuery, r clientele.CellRange) (query string, args []any) {
	b := leadListBuilder{}
	query = "SELECT day FROM lead_count WHERE project_id = " + b.arg(q.ProjectID) + " AND span = " + b.arg(int64(r.Span)) +
		" AND day BETWEEN " + b.arg(int64(r.From)) + " AND " + b.arg(int64(r.To))
	if q.CampaignID != 0 {
		query += " AND campaign_id = " + b.arg(q.CampaignID)
	}
	if q.PublisherID != 0 {
		query += " AND publisher_id = " + b.arg(q.PublisherID)
	}
	if q.Stages != 0 {
		query += " AND " + stageSum(q.Stages) + " > 0"
	}
	return query + " ORDER BY day DESC LIMIT 1", b.args
}

// stageSum adds up the columns of the stages.
func stageSum(stages clientele.StageSet) string {
	sum := "0"
	for stage, column := range [clientele.NumStages]string{
		"no_stage", "wide_contact", "narrow_contact", "application", "contract", "contract_canceled",
	} {
		if stages.Has(clientele.Stage(stage)) {
			sum += " + " + column
		}
	}
	return sum
}
