package console

import (
	"context"
	"iter"
	"strconv"

	"clientele"

	"github.com/go-json-experiment/json/jsontext"
)

// exportedLead is a lead with the names of what it refers to.
type exportedLead struct {
	clientele.Lead
	Campaign, Publisher string
}

// leadColumns are a lead's fields. Its UUID is not among them: whoever knows it may report on the lead.
func leadColumns() []column[exportedLead] {
	list := []column[exportedLead]{
		{"id", func(l *exportedLead) any { return l.ID }},
		{"action_at", func(l *exportedLead) any { return l.ActionAt }},
		{"campaign_id", func(l *exportedLead) any { return l.CampaignID }},
		{"campaign", func(l *exportedLead) any { return l.Campaign }},
		{"publisher_id", func(l *exportedLead) any { return l.PublisherID }},
		{"publisher", func(l *exportedLead) any { return l.Publisher }},
		{"stage", func(l *exportedLead) any { return l.Stage.String() }},
	}
	for s := clientele.StageWideContact; s < clientele.NumStages; s++ {
		list = append(list, column[exportedLead]{s.String() + "_at", func(l *exportedLead) any { return l.ReachedAt[s] }})
	}
	list = append(list, []column[exportedLead]{
		{"net_value", func(l *exportedLead) any { return exportedAmount(l.NetValue) }},
		{"nominal_value", func(l *exportedLead) any { return exportedAmount(l.NominalValue) }},
		{"customer_type", func(l *exportedLead) any { return l.CustomerType }},
	}...)
	for i := range len(clientele.Lead{}.Subs) {
		list = append(list, column[exportedLead]{"sub" + strconv.Itoa(i+1), func(l *exportedLead) any { return l.Subs[i] }})
	}
	return append(list, []column[exportedLead]{
		{"ip", func(l *exportedLead) any { return l.IP }},
		{"user_agent", func(l *exportedLead) any { return l.UserAgent }},
		{"dates_out_of_order", func(l *exportedLead) any { return len(l.OutOfOrder()) > 0 }},
		{"source", func(l *exportedLead) any { return string(l.Source) }},
		{"credential_id", func(l *exportedLead) any { return l.CredentialID }},
		{"created_at", func(l *exportedLead) any { return l.CreatedAt }},
		{"updated_at", func(l *exportedLead) any { return l.UpdatedAt }},
	}...)
}

// exportedAmount is a sum of money as a decimal number; nothing for none.
func exportedAmount(a clientele.Amount) any {
	if a == 0 {
		return nil
	}
	return decimal(a)
}

// decimal is a sum of money as a number of JSON: 1234567 is 12345.67.
func decimal(a clientele.Amount) jsontext.Value {
	b := strconv.AppendInt(nil, int64(a/100), 10)
	return append(b, '.', byte('0'+a%100/10), byte('0'+a%10))
}

// exportLeads is the list of leads that the page's filters select.
func (c *Console) exportLeads(r *request) (export, error) {
	f := r.leadFilter("all")
	if f.isWrong() {
		return export{}, errWrongFilter
	}
	names, err := c.leadParties(r)
	if err != nil {
		return export{}, err
	}
	q, err := c.leadQuery(r, &f)
	if err != nil {
		return export{}, err
	}
	return exportOf("leads", leadColumns(), func(yield func(exportedLead, error) bool) {
		for l, err := range c.eachLead(r.Context(), q) {
			if !yield(exportedLead{l, names.campaign(l.CampaignID), names.publisher(l.PublisherID)}, err) {
				return
			}
		}
	}), nil
}

// errWrongFilter refuses an export that the page would not show either.
var errWrongFilter = clientele.Errorf(clientele.KindInvalid, "The dates of the filter are none, so there is no such list")

// eachLead goes through all leads that a query selects, page by page.
func (c *Console) eachLead(ctx context.Context, q clientele.LeadQuery) iter.Seq2[clientele.Lead, error] {
	return func(yield func(clientele.Lead, error) bool) {
		for q.Limit = clientele.MaxPage; ; {
			page, err := c.Store.ListLeads(ctx, q)
			if err != nil {
				yield(clientele.Lead{}, err)
				return
			}
			for _, l := range page.Leads {
				if !yield(l, nil) {
					return
				}
			}
			if page.Next == nil {
				return
			}
			q.After = page.Next
		}
	}
}

// exportedCount is what the leads of one campaign and publisher count.
type exportedCount struct {
	clientele.LeadCount
	Campaign, Publisher string
}

// countColumns are the numbers of the funnel. A stage counts the leads that came so far or further.
func countColumns() []column[exportedCount] {
	list := []column[exportedCount]{
		{"campaign_id", func(n *exportedCount) any { return n.CampaignID }},
		{"campaign", func(n *exportedCount) any { return n.Campaign }},
		{"publisher_id", func(n *exportedCount) any { return n.PublisherID }},
		{"publisher", func(n *exportedCount) any { return n.Publisher }},
		{"leads", func(n *exportedCount) any { return n.Leads() }},
		{"clicks", func(n *exportedCount) any { return n.Clicks }},
		{"registrations", func(n *exportedCount) any { return n.Leads() - n.Clicks }},
	}
	for s := clientele.StageWideContact; s < clientele.NumStages; s++ {
		list = append(list, column[exportedCount]{s.String(), func(n *exportedCount) any { return n.Reached(s) }})
	}
	return append(list, []column[exportedCount]{
		{"net_value", func(n *exportedCount) any { return decimal(n.NetValue) }},
		{"nominal_value", func(n *exportedCount) any { return decimal(n.NominalValue) }},
		{"canceled_net_value", func(n *exportedCount) any { return decimal(n.CanceledNetValue) }},
		{"canceled_nominal_value", func(n *exportedCount) any { return decimal(n.CanceledNominalValue) }},
	}...)
}

// exportFunnel is the funnel by campaign and publisher, each pair a row.
func (c *Console) exportFunnel(r *request) (export, error) {
	f := r.leadFilter("30d")
	if f.isWrong() {
		return export{}, errWrongFilter
	}
	names, err := c.leadParties(r)
	if err != nil {
		return export{}, err
	}
	counts, err := c.funnelCounts(r, &f)
	if err != nil {
		return export{}, err
	}
	return exportOf("funnel", countColumns(), func(yield func(exportedCount, error) bool) {
		for _, n := range counts {
			if !yield(exportedCount{n, names.campaign(n.CampaignID), names.publisher(n.PublisherID)}, nil) {
				return
			}
		}
	}), nil
}
