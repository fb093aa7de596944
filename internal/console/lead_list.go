package console

import (
	"context"
	"strconv"
	"strings"
	"time"

	"clientele"
)

// leadStore is where leads are looked up and counted.
type leadStore interface {
	ListCampaigns(ctx context.Context) ([]clientele.Campaign, error)
	ListPublishers(ctx context.Context) ([]clientele.Publisher, error)
	ListCredentials(ctx context.Context) ([]clientele.Credential, error)
	FindLead(ctx context.Context, project int64, uuid string) (clientele.Lead, error)
	FindLeadByID(ctx context.Context, project, id int64) (clientele.Lead, error)
	ListLeads(ctx context.Context, q clientele.LeadQuery) (clientele.LeadPage, error)
	LastLeadDay(ctx context.Context, q clientele.LeadQuery, r clientele.CellRange) (clientele.Day, error)
	ListLeadHistory(ctx context.Context, project, lead, before int64, limit int) ([]clientele.Change, error)
	CountSameIP(ctx context.Context, leads []clientele.Lead, limit int) ([]int, error)
	FindLeadCounting(ctx context.Context, project int64) (clientele.LeadCounting, error)
	ListLeadCounts(ctx context.Context, q clientele.LeadCountQuery) ([]clientele.LeadCount, error)
}

// leadPageSize is how many leads a page shows.
const leadPageSize = 50

// leadsPage lists leads, the newest action first.
type leadsPage struct {
	Filter  leadFilter
	Parties leadParties
	UUID    string
	// UUIDProblem says why there is no lead of the UUID.
	UUIDProblem string
	Rows        []leadRow
	// Total is how many leads the filter selects; -1 where that is not counted.
	Total int64
	// SearchedTo is zero, or the time down to which was looked for what the filter selects, when the page is not full
	// although the list may go on.
	SearchedTo time.Time
	Pages      pages
}

// leadRow is a lead with what draws attention to it.
type leadRow struct {
	clientele.Lead
	OutOfOrder bool
	RepeatedIP bool
}

func (c *Console) showLeads(r *request) (answer, error) {
	p := leadsPage{Filter: r.leadFilter("all"), UUID: strings.TrimSpace(r.URL.Query().Get("uuid"))}
	var err error
	if p.Parties, err = c.leadParties(r); err != nil {
		return answer{}, err
	}
	if p.UUID != "" {
		lead, err := c.Store.FindLead(r.Context(), r.Project.ID, strings.ToLower(p.UUID))
		if err == nil {
			return seeOther(r.leadURL(lead.ID)), nil
		}
		if clientele.KindOf(err) != clientele.KindNotFound {
			return answer{}, err
		}
		p.UUIDProblem = "This project has no lead with this UUID."
		return view("Leads", leadsView(r, p)), nil
	}
	if p.Filter.isWrong() {
		return view("Leads", leadsView(r, p)).withStatus(422), nil
	}
	if err := c.listLeads(r, &p); err != nil {
		return answer{}, err
	}
	return view("Leads", leadsView(r, p)), nil
}

// listLeads fills the page. Where the counts know already that there is nothing, nothing is looked for.
func (c *Console) listLeads(r *request, p *leadsPage) (err error) {
	if p.Total, err = c.countLeads(r, &p.Filter); err != nil {
		return err
	}
	if p.Total == 0 {
		counting, err := c.Store.FindLeadCounting(r.Context(), r.Project.ID)
		if err != nil || counting.Behind == 0 {
			return err
		}
	}
	q, err := c.leadQuery(r, &p.Filter)
	if err != nil {
		return err
	}
	q.After, q.Limit = positionOf(r.URL.Query().Get("after")), leadPageSize
	list, err := c.searchLeads(r, q)
	if err != nil {
		return err
	}
	repeated, err := c.Store.CountSameIP(r.Context(), list.Leads, clientele.RepeatedIPs)
	if err != nil {
		return err
	}
	for i, lead := range list.Leads {
		p.Rows = append(p.Rows, leadRow{lead, len(lead.OutOfOrder()) > 0, repeated[i] >= clientele.RepeatedIPs})
	}
	if q.After != nil {
		p.Pages.First = r.pathWith("after", "")
	}
	if list.Next != nil {
		p.Pages.Next = r.pathWith("after", positionText(*list.Next))
		if len(list.Leads) < q.Limit {
			p.SearchedTo = list.Next.At
		}
	}
	return nil
}

// leadQuery returns a filter as a store takes it. Leads of an address that is not known any more are none.
func (c *Console) leadQuery(r *request, f *leadFilter) (clientele.LeadQuery, error) {
	q := f.query(r)
	if f.SameIP == 0 {
		return q, nil
	}
	lead, err := c.Store.FindLeadByID(r.Context(), r.Project.ID, f.SameIP)
	if err != nil {
		return q, err
	}
	q.IP = clientele.Some(lead.IP.V)
	return q, nil
}

// countLeads returns how many leads a filter selects; -1 when it selects by what is not counted.
func (c *Console) countLeads(r *request, f *leadFilter) (int64, error) {
	if f.Type != "" || f.Mark != 0 || f.SameIP != 0 {
		return -1, nil
	}
	counts, err := c.Store.ListLeadCounts(r.Context(), f.countQuery(r))
	if err != nil {
		return 0, err
	}
	var total int64
	for i := range counts {
		n := &counts[i]
		if f.Campaign != 0 && n.CampaignID != f.Campaign || f.Publisher != 0 && n.PublisherID != f.Publisher {
			continue
		}
		for stage, at := range n.At {
			if set := f.stages(); set == 0 || set.Has(clientele.Stage(stage)) {
				total += at
			}
		}
	}
	return total, nil
}

// positionText is a place in a list as a URL has it: microseconds and id.
func positionText(p clientele.Position) string {
	return strconv.FormatInt(p.At.UnixMicro(), 10) + "-" + strconv.FormatInt(p.ID, 10)
}

// positionOf reads what positionText wrote; nil for anything else.
func positionOf(text string) *clientele.Position {
	cut := strings.LastIndexByte(text, '-')
	if cut < 1 {
		return nil
	}
	at, err := strconv.ParseInt(text[:cut], 10, 64)
	if err != nil {
		return nil
	}
	id, err := strconv.ParseInt(text[cut+1:], 10, 64)
	if err != nil {
		return nil
	}
	return &clientele.Position{At: time.UnixMicro(at).UTC(), ID: id}
}

// leadURL is the path of a lead's page.
func (r *request) leadURL(id int64) string {
	return r.projectURL("/leads/" + strconv.FormatInt(id, 10))
}

// marks are the publisher's marks of a lead, with their names.
func (l *leadRow) marks() []string {
	var list []string
	for i, sub := range l.Subs {
		if sub.Valid && sub.V != "" {
			list = append(list, "sub"+strconv.Itoa(i+1)+"="+sub.V)
		}
	}
	return list
}

// leadAmount is a value of a contract; "" for none.
func leadAmount(a clientele.Amount) string {
	if a == 0 {
		return ""
	}
	return money(a)
}
