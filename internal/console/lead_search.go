package console

import "clientele"

// searchRounds is how often one page goes on looking where the counts say that there is more of what its filters select.
const searchRounds = 3

// searchLeads is ListLeads for a filter that may select few of many leads: where a call has looked at as many as it may, the
// counts tell on which day the next one is, and the leads in between are left out.
func (c *Console) searchLeads(r *request, q clientele.LeadQuery) (clientele.LeadPage, error) {
	counting, err := c.Store.FindLeadCounting(r.Context(), q.ProjectID)
	if err != nil {
		return clientele.LeadPage{}, err
	}
	var found []clientele.Lead
	for round := 1; ; round++ {
		page, err := c.Store.ListLeads(r.Context(), q)
		if err != nil {
			return page, err
		}
		page.Leads = append(found, page.Leads...)
		q.Limit -= len(page.Leads) - len(found)
		found = page.Leads
		if page.Next == nil || q.Limit == 0 || q.IP.Valid || counting.Behind > fewBehind {
			return page, nil
		}
		day, err := c.dayBefore(r, q, clientele.DayOf(page.Next.At, r.zone))
		if err != nil {
			return page, err
		}
		if day == 0 {
			page.Next = nil
			return page, nil
		}
		q.After = page.Next
		if start := day.Add(1).Start(r.zone); start.Before(q.After.At) {
			q.After = &clientele.Position{At: start} // before which the day ends
			page.Next = q.After
		}
		if round == searchRounds {
			return page, nil
		}
	}
}

// dayBefore returns the newest day, up to and with a day, on which the counts know of leads that a query selects; 0 for none.
// It looks through the months first, of which there are few.
func (c *Console) dayBefore(r *request, q clientele.LeadQuery, upTo clientele.Day) (clientele.Day, error) {
	last := func(span clientele.Span, from, to clientele.Day) (clientele.Day, error) {
		return c.Store.LastLeadDay(r.Context(), q, clientele.CellRange{Span: span, From: from, To: to})
	}
	month, err := last(clientele.SpanMonth, 0, upTo.Month())
	if err != nil || month == 0 {
		return 0, err
	}
	if month == upTo.Month() {
		day, err := last(clientele.SpanDay, month, upTo)
		if err != nil || day != 0 {
			return day, err
		}
		if month, err = last(clientele.SpanMonth, 0, month-1); err != nil || month == 0 { // all of this month are later
			return 0, err
		}
	}
	return last(clientele.SpanDay, month, month+99)
}
