package clientele

import (
	"strconv"
	"time"
)

// NewLeads calls yield with each lead to insert, in order of id.
func (b *Batch) NewLeads(yield func(*Lead) bool) { b.eachLead(added, yield) }

// ChangedLeads calls yield with each lead to update.
func (b *Batch) ChangedLeads(yield func(*Lead) bool) { b.eachLead(changed, yield) }

func (b *Batch) eachLead(s state, yield func(*Lead) bool) {
	for _, e := range b.touchedLeads {
		if e.state == s && !yield(&e.lead) {
			return
		}
	}
}

func (b *Batch) registerLead(w *Write, ids IDs) Outcome {
	e := &leadEntry{lead: *w.Lead.Register, state: added}
	l := &e.lead
	l.ID, l.ProjectID, l.Version = ids.NextLeadID(), w.ProjectID, 1
	l.Source, l.CredentialID = w.Origin.Dialect, w.Origin.CredentialID
	l.CreatedAt, l.UpdatedAt = w.At, w.At
	b.leads[ProjectKey{l.ProjectID, l.UUID}] = e
	b.touchedLeads = append(b.touchedLeads, e)
	b.record(w, Change{
		Subject: SubjectLead, SubjectID: l.ID, Action: ActionCreated, Values: leadValues(&Lead{}, l),
	})
	return Outcome{Result: Created, SubjectID: l.ID, Reference: l.UUID}
}

func (b *Batch) reportLead(w *Write) Outcome {
	e := b.leads[ProjectKey{w.ProjectID, w.Lead.UUID}]
	if e == nil {
		return Outcome{Result: Missing}
	}
	before := e.lead
	after, err := before.Report(w.Lead.Report)
	if err != nil {
		return Outcome{SubjectID: before.ID, Err: err}
	}
	if after == before {
		return Outcome{Result: Unchanged, SubjectID: before.ID, Reference: before.UUID}
	}
	after.Version++
	after.UpdatedAt = later(before.UpdatedAt, w.At)
	e.lead = after
	if e.state == loaded {
		e.state = changed
		b.touchedLeads = append(b.touchedLeads, e)
	}
	b.record(w, Change{
		Subject: SubjectLead, SubjectID: after.ID, Action: ActionUpdated, Values: leadValues(&before, &after),
	})
	return Outcome{Result: Updated, SubjectID: after.ID, Reference: after.UUID}
}

// leadValues returns the Values of a change that made b of a: what is different, as a JSON object. Dates are RFC 3339 in
// UTC, amounts are in hundredths. The lead's UUID is a secret and the visitor's IP and user agent are kept for a limited
// time only: none of them is history.
func leadValues(a, b *Lead) []byte {
	v := append(make([]byte, 0, 160), '{')
	member := func(name string) {
		if v[len(v)-1] != '{' {
			v = append(v, ',')
		}
		v = append(append(append(v, '"'), name...), '"', ':')
	}
	number := func(name string, from, to int64) {
		if from != to {
			member(name)
			v = strconv.AppendInt(v, to, 10)
		}
	}
	date := func(name string, from, to time.Time) {
		if !from.Equal(to) {
			member(name)
			v = AppendQuoted(v, to.UTC().Format(time.RFC3339Nano))
		}
	}
	text := func(name string, from, to Text) {
		if from != to {
			member(name)
			v = to.AppendJSON(v)
		}
	}
	number("campaign_id", a.CampaignID, b.CampaignID)
	number("publisher_id", a.PublisherID, b.PublisherID)
	date("action_at", a.ActionAt, b.ActionAt)
	if a.Stage != b.Stage {
		member("stage")
		v = AppendQuoted(v, b.Stage.String())
	}
	for s := StageWideContact; s < NumStages; s++ {
		date(s.String()+"_at", a.ReachedAt[s], b.ReachedAt[s])
	}
	number("net_value", int64(a.NetValue), int64(b.NetValue))
	number("nominal_value", int64(a.NominalValue), int64(b.NominalValue))
	text("customer_type", a.CustomerType, b.CustomerType)
	for i := range b.Subs {
		text("sub"+strconv.Itoa(i+1), a.Subs[i], b.Subs[i])
	}
	return append(v, '}')
}
