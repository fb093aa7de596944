package work

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"clientele"

	"github.com/go-json-experiment/json"
)

// leadValues are the members of a change's Values that a lead's count follows from.
type leadValues struct {
	CampaignID   *int64     `json:"campaign_id"`
	PublisherID  *int64     `json:"publisher_id"`
	ActionAt     *time.Time `json:"action_at"`
	Stage        *string    `json:"stage"`
	NetValue     *int64     `json:"net_value"`
	NominalValue *int64     `json:"nominal_value"`
}

// countedLead is of a lead what its count follows from; day is 0 as long as there is no lead.
type countedLead struct {
	day          clientele.Day
	campaign     int64
	publisher    int64
	credential   int64
	stage        clientele.Stage
	netValue     int64
	nominalValue int64
}

// apply makes the lead what it is after a change of it.
func (l *countedLead) apply(c *clientele.Change, zone *time.Location) error {
	var v leadValues
	if err := json.Unmarshal(c.Values, &v); err != nil {
		return err
	}
	if c.Action == clientele.ActionCreated {
		l.credential = c.Origin.CredentialID
	}
	take(&l.campaign, v.CampaignID)
	take(&l.publisher, v.PublisherID)
	take(&l.netValue, v.NetValue)
	take(&l.nominalValue, v.NominalValue)
	if v.Stage != nil {
		l.stage, _ = clientele.ParseStage(*v.Stage)
	}
	if v.ActionAt != nil {
		l.day = clientele.DayOf(*v.ActionAt, zone)
	}
	return nil
}

// applyAll makes leads what they are after changes, which are sorted.
func applyAll(leads map[int64]countedLead, changes []clientele.Change, zone *time.Location) error {
	for i := range changes {
		c := &changes[i]
		lead := leads[c.SubjectID]
		if err := lead.apply(c, zone); err != nil {
			return fmt.Errorf("change %d of project %d: %w", c.Seq, c.ProjectID, err)
		}
		leads[c.SubjectID] = lead
	}
	return nil
}

// count returns what the lead counts.
func (l *countedLead) count() clientele.LeadCount {
	return clientele.CountOf(&clientele.Lead{
		CampaignID: l.campaign, PublisherID: l.publisher, CredentialID: l.credential, Stage: l.stage,
		NetValue: clientele.Amount(l.netValue), NominalValue: clientele.Amount(l.nominalValue),
	})
}

func take[T any](to, from *T) {
	if from != nil {
		*to = *from
	}
}

// cellKey names a cell of a project.
type cellKey struct {
	span      clientele.Span
	day       clientele.Day
	campaign  int64
	publisher int64
}

// cellSums add up what leads count.
type cellSums map[cellKey]*clientele.LeadCount

// add adds a lead n times. One that is not there yet counts nothing.
func (s cellSums) add(l *countedLead, n int64) {
	if l.day == 0 {
		return
	}
	count := l.count()
	for _, key := range [...]cellKey{
		{clientele.SpanDay, l.day, l.campaign, l.publisher}, {clientele.SpanMonth, l.day.Month(), l.campaign, l.publisher},
	} {
		if s[key] == nil {
			s[key] = &clientele.LeadCount{CampaignID: key.campaign, PublisherID: key.publisher}
		}
		s[key].Add(&count, n)
	}
}

// cells returns what is not nothing, in order: so two servers do not lock each other out.
func (s cellSums) cells() []clientele.LeadCell {
	var list []clientele.LeadCell
	for key, count := range s {
		if *count != (clientele.LeadCount{CampaignID: key.campaign, PublisherID: key.publisher}) {
			list = append(list, clientele.LeadCell{Span: key.span, Day: key.day, LeadCount: *count})
		}
	}
	slices.SortFunc(list, func(a, b clientele.LeadCell) int {
		return cmp.Or(cmp.Compare(a.Span, b.Span), cmp.Compare(a.Day, b.Day), cmp.Compare(a.CampaignID, b.CampaignID),
			cmp.Compare(a.PublisherID, b.PublisherID))
	})
	return list
}
