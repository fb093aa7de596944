package verify

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"math"
	"slices"
	"time"

	"clientele"
)

// cellKey names a count of leads.
type cellKey struct {
	span      clientele.Span
	day       clientele.Day
	campaign  int64
	publisher int64
}

// counting are the counts of a project as they are stored, without what its history says that they are. Nothing is left
// where they are right.
type counting struct {
	seq  int64
	zone *time.Location
	left map[cellKey]*clientele.LeadCount
}

// add adds a count n times to a cell.
func (c *counting) add(key cellKey, count *clientele.LeadCount, n int64) {
	cell := c.left[key]
	if cell == nil {
		cell = &clientele.LeadCount{CampaignID: key.campaign, PublisherID: key.publisher}
		c.left[key] = cell
	}
	cell.Add(count, n)
	if *cell == (clientele.LeadCount{CampaignID: key.campaign, PublisherID: key.publisher}) {
		delete(c.left, key)
	}
}

// takeOff takes off what a lead counts.
func (c *counting) takeOff(l *clientele.Lead) {
	count, day := clientele.CountOf(l), clientele.DayOf(l.ActionAt, c.zone)
	c.add(cellKey{clientele.SpanDay, day, l.CampaignID, l.PublisherID}, &count, -1)
	c.add(cellKey{clientele.SpanMonth, day.Month(), l.CampaignID, l.PublisherID}, &count, -1)
}

// leads verifies the leads of the project with their histories, and what they count.
func (v *verifier) leads(ctx context.Context) error {
	counts, err := v.counting(ctx)
	if err != nil {
		return err
	}
	starts := func(from int64) []*clientele.RowRange {
		return []*clientele.RowRange{
			v.rowsOf("lead", "id", from, math.MaxInt64), v.changesOf(clientele.SubjectLead, from, math.MaxInt64),
		}
	}
	err = v.blocks(ctx, starts, func(s clientele.Snapshot, b blockOf) error { return v.leadBlock(ctx, s, b, counts) })
	if err != nil {
		return err
	}
	keys := slices.SortedFunc(maps.Keys(counts.left), func(a, b cellKey) int {
		return cmp.Or(cmp.Compare(a.span, b.span), cmp.Compare(a.day, b.day), cmp.Compare(a.campaign, b.campaign),
			cmp.Compare(a.publisher, b.publisher))
	})
	for _, key := range keys {
		v.found(Finding{
			Invariant: CountsRight, Project: v.project.ID, Subject: "lead_count", ID: fmt.Sprint(int64(key.day)),
			Message: fmt.Sprintf("the count of campaign %d and publisher %d is not that of the history: forget the counts, and they are made anew",
				key.campaign, key.publisher),
		})
	}
	return nil
}

// counting reads the counts of the project. What they count follows from the history up to a place that never changes again:
// so the history may be read later, piece by piece.
func (v *verifier) counting(ctx context.Context) (*counting, error) {
	c := &counting{left: map[cellKey]*clientele.LeadCount{}}
	zone := v.project.TimeZone
	err := v.book.Look(ctx, func(s clientele.Snapshot) error {
		for row, err := range s.Rows(ctx, v.rowsOf("lead_counting", "seq", 0, math.MaxInt64, "seq")) {
			if err != nil {
				return err
			}
			r := record{v.columns["lead_counting"], row}
			c.seq, zone = r.number("seq"), r.string("time_zone")
		}
		for row, err := range s.Rows(ctx, v.rowsOf("lead_count", "span", 0, math.MaxInt64, "span", "day", "campaign_id", "publisher_id")) {
			if err != nil {
				return err
			}
			key, count := v.cell(row)
			c.add(key, &count, 1)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	c.zone, err = time.LoadLocation(zone)
	return c, err
}

func (v *verifier) cell(row clientele.Row) (cellKey, clientele.LeadCount) {
	r := record{v.columns["lead_count"], row}
	key := cellKey{clientele.Span(r.number("span")), clientele.Day(r.number("day")), r.number("campaign_id"), r.number("publisher_id")}
	count := clientele.LeadCount{
		CampaignID: key.campaign, PublisherID: key.publisher, Clicks: r.number("clicks"),
		NetValue: clientele.Amount(r.number("net_value")), NominalValue: clientele.Amount(r.number("nominal_value")),
		CanceledNetValue:     clientele.Amount(r.number("canceled_net_value")),
		CanceledNominalValue: clientele.Amount(r.number("canceled_nominal_value")),
	}
	count.At[clientele.StageNone] = r.number("no_stage")
	for s := clientele.StageWideContact; s < clientele.NumStages; s++ {
		count.At[s] = r.number(s.String())
	}
	return key, count
}

func (v *verifier) leadBlock(ctx context.Context, s clientele.Snapshot, b blockOf, counts *counting) error {
	leads := map[int64]clientele.Lead{}
	for row, err := range s.Rows(ctx, v.rowsOf("lead", "id", b.from, b.to, "id")) {
		if err != nil {
			return err
		}
		l := record{v.columns["lead"], row}.lead()
		leads[l.ID] = l
	}
	v.report.Leads += int64(len(leads))
	v.advance(len(leads))
	var counted *clientele.Lead // as the lead was where it is counted
	after := func(h *replay, c *clientele.Change) {
		if c.Seq <= counts.seq {
			l := h.lead
			counted = &l
		}
	}
	err := v.histories(ctx, s, v.changesOf(clientele.SubjectLead, b.from, b.to), after, func(id int64, h *replay) {
		if counted != nil {
			counts.takeOff(counted)
		}
		counted = nil
		for _, fault := range h.faults {
			v.foundIn(HistoryReplays, "lead", id, fault)
		}
		switch l, found := leads[id]; {
		case !found:
			v.foundIn(HistoryReplays, "lead", id, "has a history and is not there")
		case l != h.lead:
			v.foundIn(HistoryReplays, "lead", id, "differs from its history")
		}
		delete(leads, id)
	})
	for _, id := range slices.Sorted(maps.Keys(leads)) {
		if err == nil {
			v.foundIn(HistoryReplays, "lead", id, "has no history")
		}
	}
	return err
}
