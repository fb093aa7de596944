package postgres

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"clientele"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

const leadColumns = `project_id, id, uuid, campaign_id, publisher_id, stage, wide_contact_at, narrow_contact_at,
	application_at, contract_at, contract_canceled_at, net_value, nominal_value, customer_type, sub1, sub2, sub3, sub4,
	sub5, ip, user_agent, action_at, source, credential_id, version, created_at, updated_at`

const insertLeads = "INSERT INTO lead (" + leadColumns + `) SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::text[],
	$4::bigint[], $5::bigint[], $6::text[], $7::timestamptz[], $8::timestamptz[], $9::timestamptz[], $10::timestamptz[],
	$11::timestamptz[], $12::bigint[], $13::bigint[], $14::text[], $15::text[], $16::text[], $17::text[], $18::text[],
	$19::text[], $20::text[], $21::text[], $22::timestamptz[], $23::text[], $24::bigint[], $25::bigint[],
	$26::timestamptz[], $27::timestamptz[])`

// updateLeads changes what a report changes, through the primary key like updateCustomers. The visitor's IP and user agent
// are not in it: what was dropped stays so.
const updateLeads = insertLeads + ` ON CONFLICT (project_id, id) DO UPDATE SET stage = excluded.stage,
	wide_contact_at = excluded.wide_contact_at, narrow_contact_at = excluded.narrow_contact_at,
	application_at = excluded.application_at, contract_at = excluded.contract_at,
	contract_canceled_at = excluded.contract_canceled_at, net_value = excluded.net_value,
	nominal_value = excluded.nominal_value, customer_type = excluded.customer_type, version = excluded.version,
	updated_at = excluded.updated_at`

// leadTexts returns the places of the texts of l that may be missing, in the order of their columns.
func leadTexts(l *clientele.Lead) [8]*clientele.Text {
	return [8]*clientele.Text{
		&l.CustomerType, &l.Subs[0], &l.Subs[1], &l.Subs[2], &l.Subs[3], &l.Subs[4], &l.IP, &l.UserAgent,
	}
}

// leadArrays returns the leads as the arguments of insertLeads.
func leadArrays(list []*clientele.Lead) []any {
	n := len(list)
	projects, ids, uuids := make([]int64, n), make([]int64, n), make([]string, n)
	campaigns, publishers, stages := make([]int64, n), make([]int64, n), make([]string, n)
	nets, nominals, sources := make([]int64, n), make([]int64, n), make([]string, n)
	credentials, versions := make([]int64, n), make([]int64, n)
	acted, created, updated := make([]time.Time, n), make([]time.Time, n), make([]time.Time, n)
	var reached [clientele.NumStages][]*time.Time
	var columns [8]texts
	for i, l := range list {
		projects[i], ids[i], uuids[i] = l.ProjectID, l.ID, l.UUID
		campaigns[i], publishers[i], stages[i] = l.CampaignID, l.PublisherID, l.Stage.String()
		for s := clientele.StageWideContact; s < clientele.NumStages; s++ {
			reached[s] = append(reached[s], at(l.ReachedAt[s]))
		}
		nets[i], nominals[i], sources[i] = int64(l.NetValue), int64(l.NominalValue), string(l.Source)
		for j, t := range leadTexts(l) {
			columns[j] = append(columns[j], t)
		}
		credentials[i], versions[i] = l.CredentialID, l.Version
		acted[i], created[i], updated[i] = l.ActionAt, l.CreatedAt, l.UpdatedAt
	}
	args := append(make([]any, 0, 27), projects, ids, uuids, campaigns, publishers, stages)
	for s := clientele.StageWideContact; s < clientele.NumStages; s++ {
		args = append(args, reached[s])
	}
	args = append(args, nets, nominals)
	for i := range columns {
		args = append(args, columns[i])
	}
	return append(args, acted, sources, credentials, versions, created, updated)
}

// scanLeads calls each with every lead of the rows.
func scanLeads(rows pgx.Rows, each func(clientele.Lead)) error {
	var l clientele.Lead
	var stage string
	dest := append(make([]any, 0, 27), &l.ProjectID, &l.ID, &l.UUID, &l.CampaignID, &l.PublisherID, &stage)
	for s := clientele.StageWideContact; s < clientele.NumStages; s++ {
		dest = append(dest, (*instant)(&l.ReachedAt[s]))
	}
	dest = append(dest, (*int64)(&l.NetValue), (*int64)(&l.NominalValue))
	for _, t := range leadTexts(&l) {
		dest = append(dest, (*text)(t))
	}
	dest = append(dest, (*instant)(&l.ActionAt), (*string)(&l.Source), &l.CredentialID, &l.Version,
		(*instant)(&l.CreatedAt), (*instant)(&l.UpdatedAt))
	return eachRow(rows, dest, func() {
		l.Stage, _ = clientele.ParseStage(stage) // "" is no stage
		each(l)
	})
}

// lockLeads makes one descent for each lead (see lockCustomers), in the order in which they are given.
const lockLeads = `SELECT l.* FROM unnest($2::text[]) AS k CROSS JOIN LATERAL
	(SELECT ` + leadColumns + ` FROM lead WHERE project_id = $1 AND uuid = k LIMIT 1 FOR NO KEY UPDATE) AS l`

// queueLoadLeads asks for the project's leads of the UUIDs, for the batch.
func queueLoadLeads(p *pgx.Batch, b *clientele.Batch, project int64, uuids []string) {
	if len(uuids) > 0 {
		uuids = slices.Compact(slices.Sorted(slices.Values(uuids)))
		p.Queue(lockLeads, project, uuids).Query(func(rows pgx.Rows) error { return scanLeads(rows, b.LoadLead) })
	}
}

// queueLeads stores the leads that the batch registered and those that it reported on. It returns how many are new.
func queueLeads(p *pgx.Batch, b *clientele.Batch) (added int) {
	if list := slices.Collect(b.NewLeads); len(list) > 0 {
		p.Queue(insertLeads, leadArrays(list)...)
		added = len(list)
	}
	if changed := slices.Collect(b.ChangedLeads); len(changed) > 0 {
		p.Queue(updateLeads, leadArrays(changed)...)
	}
	return added
}

// findLeadProject names no project, since a postback does not: in a distributed book it reads one small index on each node.
const findLeadProject = "SELECT project_id FROM lead WHERE uuid = $1 LIMIT 1"

// FindLeadProject returns the project of the lead with that UUID; kind not_found when there is none.
func (s *Store) FindLeadProject(ctx context.Context, uuid string) (int64, error) {
	var project int64
	err := s.query(ctx, "find project of a lead", func(ctx context.Context, pool *pgxpool.Pool) error {
		return pool.QueryRow(ctx, findLeadProject, uuid).Scan(&project)
	})
	if errors.Is(err, pgx.ErrNoRows) {
		return 0, errNoLead()
	}
	if err != nil {
		return 0, fmt.Errorf("find project of a lead: %w", err)
	}
	return project, nil
}

func errNoLead() error { return clientele.Errorf(clientele.KindNotFound, "there is no such lead") }

const findLead = "SELECT " + leadColumns + " FROM lead WHERE project_id = $1 AND uuid = $2"

// FindLead returns the project's lead with that UUID; kind not_found when there is none.
func (s *Store) FindLead(ctx context.Context, project int64, uuid string) (clientele.Lead, error) {
	var found []clientele.Lead
	err := s.query(ctx, "find lead", func(ctx context.Context, pool *pgxpool.Pool) error {
		found = nil
		rows, err := pool.Query(ctx, findLead, project, uuid)
		if err != nil {
			return err
		}
		return scanLeads(rows, func(l clientele.Lead) { found = append(found, l) })
	})
	if err != nil {
		return clientele.Lead{}, fmt.Errorf("find lead in project %d: %w", project, err)
	}
	if len(found) == 0 {
		return clientele.Lead{}, errNoLead()
	}
	return found[0], nil
}

// forgetVisitors passes over what somebody works on: the next time will do, and nobody ever waits for it.
const forgetVisitors = `UPDATE lead SET ip = NULL, user_agent = NULL WHERE project_id = $1 AND id = ANY(ARRAY(
	SELECT id FROM lead WHERE project_id = $1 AND (ip IS NOT NULL OR user_agent IS NOT NULL) AND created_at < $2
	ORDER BY created_at LIMIT $3 FOR NO KEY UPDATE SKIP LOCKED))`

// ForgetVisitors drops the IP address and the user agent of at most limit leads that were created before the given time,
// the oldest of each project first, and returns of how many. It is no change of a lead: neither its version nor its history
// tells of it.
func (s *Store) ForgetVisitors(ctx context.Context, before time.Time, limit int) (int64, error) {
	forgotten, err := s.forget(ctx, "forget visitors", limit, func(ctx context.Context, tx pgx.Tx, project int64, limit int) (int64, error) {
		tag, err := tx.Exec(ctx, forgetVisitors, project, before, limit)
		return tag.RowsAffected(), err
	})
	if err != nil {
		return 0, fmt.Errorf("forget visitors: %w", err)
	}
	return forgotten, nil
}
