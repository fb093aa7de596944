package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"clientele"
)

// ListLeadCountings returns for each project that may have leads how far they are counted: from the beginning of the
// history where nothing was yet. Behind is not told.
func (s *Store) ListLeadCountings(ctx context.Context) ([]clientele.LeadCounting, error) {
	rows, err := s.read.QueryContext(ctx, `SELECT p.id, coalesce(c.seq, 0), coalesce(c.time_zone, p.time_zone), c.at
		FROM project p LEFT JOIN lead_counting c ON c.project_id = p.id
		WHERE EXISTS (SELECT 1 FROM campaign WHERE project_id = p.id) ORDER BY p.id`)
	if err != nil {
		return nil, fmt.Errorf("list countings of leads: %w", classify(err))
	}
	var list []clientele.LeadCounting
	err = collect(rows, func(rows *sql.Rows) error {
		var c clientele.LeadCounting
		err := rows.Scan(&c.ProjectID, &c.Seq, &c.TimeZone, instant{&c.At})
		list = append(list, c)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list countings of leads: %w", classify(err))
	}
	return list, nil
}

// FindLeadCounting returns how far the leads of a project are counted.
func (s *Store) FindLeadCounting(ctx context.Context, project int64) (clientele.LeadCounting, error) {
	c := clientele.LeadCounting{ProjectID: project}
	err := s.read.QueryRowContext(ctx, "SELECT seq, time_zone, at FROM lead_counting WHERE project_id = ?", project).
		Scan(&c.Seq, &c.TimeZone, instant{&c.At})
	if err == nil || errors.Is(err, sql.ErrNoRows) {
		err = s.read.QueryRowContext(ctx, "SELECT coalesce(max(seq), 0) - ? FROM change", c.Seq).Scan(&c.Behind)
	}
	if err != nil {
		return clientele.LeadCounting{}, fmt.Errorf("find counting of leads of project %d: %w", project, classify(err))
	}
	return c, nil
}

// readLeadChanges goes along the history, whatever lies in between.
const readLeadChanges = "SELECT " + changeValues + " FROM change AS c WHERE c.seq > ?2 AND c.seq <= ?3 AND +c.project_id = ?1 AND +c.subject = 'lead'"

// ReadLeadChanges returns the changes of leads of one project with a sequence above after and up to upTo, in order of lead
// and sequence.
func (s *Store) ReadLeadChanges(ctx context.Context, project, after, upTo int64) ([]clientele.Change, error) {
	changes, err := s.changes(ctx, readLeadChanges, project, after, upTo)
	if err != nil {
		return nil, fmt.Errorf("read changes of leads: %w", err)
	}
	clientele.SortChanges(changes)
	return changes, nil
}

// CountLeads takes a counting further, in one transaction, and reports whether it did: not when it does not stand at the
// step's From any more, since another server was quicker.
func (s *Store) CountLeads(ctx context.Context, step clientele.LeadCountStep) (done bool, err error) {
	from, to := &step.From, &step.To
	err = s.transact(ctx, func(t *tx) error {
		query := "UPDATE lead_counting SET seq = ?2, at = ?4 WHERE project_id = ?1 AND time_zone = ?3 AND seq = ?5"
		if from.Seq == 0 {
			query = "INSERT INTO lead_counting (project_id, seq, time_zone, at) VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING"
		}
		args := []any{to.ProjectID, to.Seq, to.TimeZone, micros(to.At), from.Seq}
		if from.Seq == 0 {
			args = args[:4]
		}
		r, err := t.execResult(query, args...)
		if err != nil {
			return err
		}
		n, err := r.RowsAffected()
		if done = n == 1; err != nil || !done {
			return err
		}
		var values []any
		for i := range step.Cells {
			values = appendLeadCell(values, to.ProjectID, &step.Cells[i])
		}
		return t.insertRows("INSERT INTO lead_count ("+leadCellColumns+")", addLeadCells, numLeadCellColumns, values)
	})
	if err != nil {
		return false, fmt.Errorf("count leads of project %d: %w", to.ProjectID, err)
	}
	return done, nil
}

const (
	leadCellColumns = `project_id, span, day, campaign_id, publisher_id, clicks, no_stage, wide_contact, narrow_contact,
		application, contract, contract_canceled, net_value, nominal_value, canceled_net_value, canceled_nominal_value`
	numLeadCellColumns = 16

	addLeadCells = ` ON CONFLICT (project_id, span, day, campaign_id, publisher_id) DO UPDATE SET clicks = clicks + excluded.clicks,
		no_stage = no_stage + excluded.no_stage, wide_contact = wide_contact + excluded.wide_contact,
		narrow_contact = narrow_contact + excluded.narrow_contact, application = application + excluded.application,
		contract = contract + excluded.contract, contract_canceled = contract_canceled + excluded.contract_canceled,
		net_value = net_value + excluded.net_value, nominal_value = nominal_value + excluded.nominal_value,
		canceled_net_value = canceled_net_value + excluded.canceled_net_value,
		canceled_nominal_value = canceled_nominal_value + excluded.canceled_nominal_value`
)

func appendLeadCell(values []any, project int64, c *clientele.LeadCell) []any {
	values = append(values, project, int64(c.Span), int64(c.Day), c.CampaignID, c.PublisherID, c.Clicks)
	for _, n := range c.At {
		values = append(values, n)
	}
	return append(values, int64(c.NetValue), int64(c.NominalValue), int64(c.CanceledNetValue), int64(c.CanceledNominalValue))
}

// ForgetLeadCounts makes the counting of a project begin anew.
func (s *Store) ForgetLeadCounts(ctx context.Context, project int64) error {
	err := s.transact(ctx, func(t *tx) error {
		return errors.Join(t.exec("DELETE FROM lead_counting WHERE project_id = ?", project),
			t.exec("DELETE FROM lead_count WHERE project_id = ?", project))
	})
	if err != nil {
		return fmt.Errorf("forget counts of leads of project %d: %w", project, err)
	}
	return nil
}

// ListLeadCounts returns the counts of the leads that a query selects, one for each campaign and publisher that has any, in
// that order.
func (s *Store) ListLeadCounts(ctx context.Context, q clientele.LeadCountQuery) ([]clientele.LeadCount, error) {
	var sums clientele.LeadSums
	for _, r := range q.Ranges() {
		rows, err := s.read.QueryContext(ctx, leadCountsSQL, q.ProjectID, int64(r.Span), int64(r.From), int64(r.To))
		if err == nil {
			err = collect(rows, func(rows *sql.Rows) error {
				var c clientele.LeadCount
				dest := []any{&c.CampaignID, &c.PublisherID, &c.Clicks}
				for stage := range c.At {
					dest = append(dest, &c.At[stage])
				}
				err := rows.Scan(append(dest, &c.NetValue, &c.NominalValue, &c.CanceledNetValue, &c.CanceledNominalValue)...)
				sums.Add(&c)
				return err
			})
		}
		if err != nil {
			return nil, fmt.Errorf("list counts of leads of project %d: %w", q.ProjectID, classify(err))
		}
	}
	return sums.List(), nil
}

const leadCountsSQL = `SELECT campaign_id, publisher_id, sum(clicks), sum(no_stage), sum(wide_contact), sum(narrow_contact),
		sum(application), sum(contract), sum(contract_canceled), sum(net_value), sum(nominal_value), sum(canceled_net_value),
		sum(canceled_nominal_value)
	FROM lead_count WHERE project_id = ? AND span = ? AND day BETWEEN ? AND ? GROUP BY campaign_id, publisher_id`

// LastLeadDay returns the newest day, or month, of a range on which there are leads that a query selects, as far as counts
// tell: by campaign, publisher and stage. 0 for none.
func (s *Store) LastLeadDay(ctx context.Context, q clientele.LeadQuery, r clientele.CellRange) (clientele.Day, error) {
	query, args := lastLeadDaySQL(q, r)
	var day clientele.Day
	err := s.read.QueryRowContext(ctx, query, args...).Scan(&day)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return 0, fmt.Errorf("look for a day of leads of project %d: %w", q.ProjectID, classify(err))
	}
	return day, nil
}

func lastLeadDaySQL(q clientele.LeadQuery, r clientele.CellRange) (query string, args []any) {
	query = "SELECT day FROM lead_count WHERE project_id = ? AND span = ? AND day BETWEEN ? AND ?"
	args = []any{q.ProjectID, int64(r.Span), int64(r.From), int64(r.To)}
	if q.CampaignID != 0 {
		query, args = query+" AND campaign_id = ?", append(args, q.CampaignID)
	}
	if q.PublisherID != 0 {
		query, args = query+" AND publisher_id = ?", append(args, q.PublisherID)
	}
	if q.Stages != 0 {
		query += " AND " + stageSum(q.Stages) + " > 0"
	}
	return query + " ORDER BY day DESC LIMIT 1", args
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
