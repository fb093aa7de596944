package console

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"

	"clientele"
)

// funnelRows is how many campaigns or publishers a table has; the others stand together in its last row.
const funnelRows = 200

// funnelPage shows how far leads came, in all and by campaign and by publisher.
type funnelPage struct {
	Filter  leadFilter
	Parties leadParties
	// Total counts all leads of the filter.
	Total      clientele.LeadCount
	Campaigns  []funnelRow
	Publishers []funnelRow
	// Counting is empty, or tells that the counts are not up to date.
	Counting string
}

// funnelRow is the count of one campaign or publisher.
type funnelRow struct {
	Name string
	clientele.LeadCount
	// Filter selects its leads, and Path is the funnel of it alone; "" for the row of all others.
	Filter leadFilter
	Path   string
}

func (c *Console) showFunnel(r *request) (answer, error) {
	p := funnelPage{Filter: r.leadFilter("30d")}
	p.Filter.Stage, p.Filter.Type, p.Filter.Mark, p.Filter.MarkText, p.Filter.SameIP = "", "", 0, "", 0
	var err error
	if p.Parties, err = c.leadParties(r); err != nil {
		return answer{}, err
	}
	if p.Filter.isWrong() {
		return view("Funnel", funnelView(r, p)).withStatus(422), nil
	}
	counts, err := c.funnelCounts(r, &p.Filter)
	if err != nil {
		return answer{}, err
	}
	for i := range counts {
		p.Total.Add(&counts[i], 1)
	}
	p.Campaigns = funnelTable(counts, func(n *clientele.LeadCount) (int64, string, leadFilter) {
		return n.CampaignID, p.Parties.campaign(n.CampaignID), p.Filter.of(n.CampaignID, 0)
	})
	p.Publishers = funnelTable(counts, func(n *clientele.LeadCount) (int64, string, leadFilter) {
		return n.PublisherID, p.Parties.publisher(n.PublisherID), p.Filter.of(0, n.PublisherID)
	})
	for _, rows := range [][]funnelRow{p.Campaigns, p.Publishers} {
		for i := range rows {
			if rows[i].Filter != (leadFilter{}) {
				rows[i].Path = rows[i].Filter.on(r, "/funnel")
			}
		}
	}
	if p.Counting, err = c.countingState(r); err != nil {
		return answer{}, err
	}
	return view("Funnel", funnelView(r, p)), nil
}

// funnelCounts returns the counts of a filter by campaign and publisher.
func (c *Console) funnelCounts(r *request, f *leadFilter) ([]clientele.LeadCount, error) {
	counts, err := c.Store.ListLeadCounts(r.Context(), f.countQuery(r))
	return slices.DeleteFunc(counts, func(n clientele.LeadCount) bool {
		return f.Campaign != 0 && n.CampaignID != f.Campaign || f.Publisher != 0 && n.PublisherID != f.Publisher
	}), err
}

// funnelTable adds counts up by what of tells of each, those with the most leads first.
func funnelTable(counts []clientele.LeadCount, of func(*clientele.LeadCount) (int64, string, leadFilter)) []funnelRow {
	by := map[int64]*funnelRow{}
	for i := range counts {
		id, name, filter := of(&counts[i])
		if by[id] == nil {
			by[id] = &funnelRow{Name: name, Filter: filter}
		}
		by[id].Add(&counts[i], 1)
	}
	rows := make([]funnelRow, 0, len(by))
	for _, row := range by {
		rows = append(rows, *row)
	}
	slices.SortFunc(rows, func(a, b funnelRow) int {
		return cmp.Or(cmp.Compare(b.Leads(), a.Leads()), cmp.Compare(a.Name, b.Name),
			cmp.Compare(a.Filter.Campaign, b.Filter.Campaign), cmp.Compare(a.Filter.Publisher, b.Filter.Publisher))
	})
	if len(rows) <= funnelRows {
		return rows
	}
	others := funnelRow{Name: fmt.Sprintf("%s others", number(len(rows)-funnelRows))}
	for i := range rows[funnelRows:] {
		others.Add(&rows[funnelRows+i].LeadCount, 1)
	}
	return append(rows[:funnelRows:funnelRows], others)
}

// fewBehind is how many changes a counting may be behind before it is told of. Less is what a busy second brings.
const fewBehind = 10_000

// countingState tells when the counts are not up to date; "" when they are.
func (c *Console) countingState(r *request) (string, error) {
	n, err := c.Store.FindLeadCounting(r.Context(), r.Project.ID)
	switch {
	case err != nil || n.Behind == 0:
		return "", err
	case n.Seq == 0 && n.Behind > fewBehind:
		return "The leads of this book are about to be counted for the first time. The numbers below grow until that is done.", nil
	case n.Behind > fewBehind:
		return fmt.Sprintf("Counted up to %s so far: %s changes are still to be looked at.", r.shownTime(n.At), number(n.Behind)), nil
	default:
		return "", nil
	}
}

// funnelStep is one line of the funnel of all leads.
type funnelStep struct {
	Name string
	// Stage is the filter of a list for the leads of the step; "" for all.
	Stage string
	Count int64
	// OfAll is the share of all leads, OfLast that of the step before.
	OfAll, OfLast string
	// Width is the share of all leads in percent.
	Width string
}

// steps are the lines of the funnel.
func (p *funnelPage) steps() []funnelStep {
	all, last := p.Total.Leads(), p.Total.Leads()
	var list []funnelStep
	for s := clientele.StageNone; s < clientele.NumStages; s++ {
		n := p.Total.Reached(s)
		step := funnelStep{Name: stageName(s), Count: n, OfAll: shareText(n, all), OfLast: shareText(n, last), Width: share(n, all)}
		if s > clientele.StageNone {
			step.Stage = fromStage + s.String()
		}
		list, last = append(list, step), n
	}
	return list
}

// cells are the stages of a row.
func (row *funnelRow) cells() []funnelStep {
	all := row.Leads()
	list := make([]funnelStep, 0, clientele.NumStages-1)
	for s := clientele.StageWideContact; s < clientele.NumStages; s++ {
		n := row.Reached(s)
		list = append(list, funnelStep{Stage: fromStage + s.String(), Count: n, OfAll: shareText(n, all), Width: share(n, all)})
	}
	canceled := &list[len(list)-1] // of the contracts, not of all
	canceled.OfAll = shareText(canceled.Count, row.Reached(clientele.StageContract))
	canceled.Width = share(canceled.Count, row.Reached(clientele.StageContract))
	return list
}

// shareText is a share with one decimal; a dash of nothing.
func shareText(n, of int64) string {
	if of == 0 {
		return "–"
	}
	return share(n, of) + "\u202f%"
}

// share is a share in percent as a number of SVG.
func share(n, of int64) string {
	if of == 0 {
		return "0"
	}
	return strconv.FormatFloat(100*float64(n)/float64(of), 'f', 1, 64)
}
