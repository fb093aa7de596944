package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"clientele"
)

const leadColumns = `id, project_id, uuid, campaign_id, publisher_id, stage, wide_contact_at, narrow_contact_at,
	application_at, contract_at, contract_canceled_at, net_value, nominal_value, customer_type, sub1, sub2, sub3, sub4,
	sub5, ip, user_agent, action_at, source, credential_id, version, created_at, updated_at`

// numLeadColumns are leadColumns and last_change.
const (
	numLeadColumns = 28
	insertLeadSQL  = "INSERT INTO lead (" + leadColumns + ", last_change)"
)

// leadUpdate is what a report changes. The visitor's IP and user agent are not in it: what was dropped stays so.
const leadUpdate = ` ON CONFLICT (id) DO UPDATE SET stage = excluded.stage, wide_contact_at = excluded.wide_contact_at,
	narrow_contact_at = excluded.narrow_contact_at, application_at = excluded.application_at,
	contract_at = excluded.contract_at, contract_canceled_at = excluded.contract_canceled_at,
	net_value = excluded.net_value, nominal_value = excluded.nominal_value, customer_type = excluded.customer_type,
	version = excluded.version, updated_at = excluded.updated_at, last_change = excluded.last_change`

func (t *tx) appendLead(values []any, l *clientele.Lead) []any {
	values = append(values, l.ID, l.ProjectID, l.UUID, l.CampaignID, l.PublisherID, l.Stage.String())
	for s := clientele.StageWideContact; s < clientele.NumStages; s++ {
		values = append(values, micros(l.ReachedAt[s]))
	}
	values = append(values, int64(l.NetValue), int64(l.NominalValue), value(l.CustomerType))
	for _, sub := range l.Subs {
		values = append(values, value(sub))
	}
	return append(values, value(l.IP), value(l.UserAgent), l.ActionAt.UnixMicro(), string(l.Source), l.CredentialID, l.Version,
		l.CreatedAt.UnixMicro(), l.UpdatedAt.UnixMicro(), t.last[record{clientele.SubjectLead, l.ID}])
}

func scanLead(row interface{ Scan(...any) error }) (clientele.Lead, error) {
	var l clientele.Lead
	var stage string
	dest := []any{&l.ID, &l.ProjectID, &l.UUID, &l.CampaignID, &l.PublisherID, &stage}
	for s := clientele.StageWideContact; s < clientele.NumStages; s++ {
		dest = append(dest, instant{&l.ReachedAt[s]})
	}
	dest = append(dest, &l.NetValue, &l.NominalValue, &l.CustomerType)
	for i := range l.Subs {
		dest = append(dest, &l.Subs[i])
	}
	err := row.Scan(append(dest, &l.IP, &l.UserAgent, instant{&l.ActionAt}, &l.Source, &l.CredentialID, &l.Version,
		instant{&l.CreatedAt}, instant{&l.UpdatedAt})...)
	l.Stage, _ = clientele.ParseStage(stage) // "" is no stage
	return l, err
}

// loadLeads hands the batch the project's leads of the UUIDs.
func (t *tx) loadLeads(b *clientele.Batch, project int64, uuids []string) error {
	if len(uuids) == 0 {
		return nil
	}
	list, err := json.Marshal(uuids)
	if err != nil {
		return err
	}
	rows, err := t.query(loadLeadsSQL, project, string(list))
	if err != nil {
		return fmt.Errorf("load leads: %w", err)
	}
	err = collect(rows, func(rows *sql.Rows) error {
		var row string
		if err := rows.Scan(&row); err != nil {
			return err
		}
		p := unpack(row)
		l := unpackLead(&p)
		t.note(record{clientele.SubjectLead, l.ID}, p.number())
		b.LoadLead(l)
		return p.end()
	})
	if err != nil {
		return fmt.Errorf("load leads: %w", err)
	}
	return nil
}

// unpackLead reads leadColumns.
func unpackLead(p *packed) clientele.Lead {
	var l clientele.Lead
	l.ID, l.ProjectID, l.UUID, l.CampaignID, l.PublisherID = p.number(), p.number(), p.known(), p.number(), p.number()
	l.Stage, _ = clientele.ParseStage(p.known()) // "" is no stage
	for s := clientele.StageWideContact; s < clientele.NumStages; s++ {
		l.ReachedAt[s] = p.instant()
	}
	l.NetValue, l.NominalValue = clientele.Amount(p.number()), clientele.Amount(p.number())
	p.text(&l.CustomerType)
	for i := range l.Subs {
		p.text(&l.Subs[i])
	}
	p.text(&l.IP)
	p.text(&l.UserAgent)
	l.ActionAt, l.Source = p.instant(), clientele.Dialect(p.known())
	l.CredentialID, l.Version, l.CreatedAt, l.UpdatedAt = p.number(), p.number(), p.instant(), p.instant()
	return l
}

const loadLeadsSQL = "SELECT json_array(" + leadColumns + `, last_change) FROM lead
	WHERE project_id = ? AND uuid IN (SELECT value FROM json_each(?))`

// keepLeads stores the leads that a batch registered and those that it reported on.
func (t *tx) keepLeads(b *clientele.Batch) error {
	var added, changed []any
	for l := range b.NewLeads {
		added = t.appendLead(added, l)
	}
	for l := range b.ChangedLeads {
		changed = t.appendLead(changed, l)
	}
	if err := t.insertRows(insertLeadSQL, "", numLeadColumns, added); err != nil {
		return fmt.Errorf("insert leads: %w", err)
	}
	if err := t.insertRows(insertLeadSQL, leadUpdate, numLeadColumns, changed); err != nil {
		return fmt.Errorf("update leads: %w", err)
	}
	return nil
}

// FindLeadProject returns the project of the lead with that UUID; kind not_found when there is none. It is the one
// look-up that names no project: in a distributed book a read over the shards.
func (s *Store) FindLeadProject(ctx context.Context, uuid string) (int64, error) {
	var project int64
	stmt, err := s.findLeadProject.on(ctx, s.read, findLeadProjectSQL)
	if err == nil {
		err = stmt.QueryRowContext(ctx, uuid).Scan(&project)
	}
	if errors.Is(err, sql.ErrNoRows) {
		return 0, clientele.Errorf(clientele.KindNotFound, "there is no such lead")
	}
	if err != nil {
		return 0, fmt.Errorf("find project of a lead: %w", classify(err))
	}
	return project, nil
}

const findLeadProjectSQL = "SELECT project_id FROM lead WHERE uuid = ? LIMIT 1"

// FindLead returns the project's lead with that UUID; kind not_found when there is none.
func (s *Store) FindLead(ctx context.Context, project int64, uuid string) (clientele.Lead, error) {
	l, err := scanLead(s.read.QueryRowContext(ctx,
		"SELECT "+leadColumns+" FROM lead WHERE uuid = ? AND project_id = ?", uuid, project))
	if errors.Is(err, sql.ErrNoRows) {
		return l, clientele.Errorf(clientele.KindNotFound, "there is no such lead")
	}
	if err != nil {
		return l, fmt.Errorf("find lead in project %d: %w", project, classify(err))
	}
	return l, nil
}

// ForgetVisitors drops the IP address and the user agent of at most limit leads that were created before the given time,
// oldest first, and returns of how many. It is no change of a lead: neither its version nor its history tells of it.
func (s *Store) ForgetVisitors(ctx context.Context, before time.Time, limit int) (int64, error) {
	var forgotten int64
	err := s.transact(ctx, func(t *tx) error {
		r, err := t.execResult("UPDATE lead SET ip = NULL, user_agent = NULL WHERE id IN ("+oldVisitorsSQL+")",
			before.UnixMicro(), limit)
		if err == nil {
			forgotten, err = r.RowsAffected()
		}
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("forget visitors: %w", err)
	}
	return forgotten, nil
}

const oldVisitorsSQL = `SELECT id FROM lead WHERE (ip IS NOT NULL OR user_agent IS NOT NULL) AND created_at < ?
	ORDER BY created_at LIMIT ?`
