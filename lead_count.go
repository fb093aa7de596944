package clientele

import (
	"cmp"
	"slices"
	"time"
)

// Day is a day of the calendar as a number, 20261122 for 22 November 2026. Day 0 of a month stands for the whole month.
type Day int64

// DayOf returns the day on which a time falls in a zone.
func DayOf(t time.Time, zone *time.Location) Day {
	y, m, d := t.In(zone).Date()
	return Day(y*10_000 + int(m)*100 + d)
}

// Month returns the number that stands for the whole month of the day.
func (d Day) Month() Day { return d - d%100 }

// Start returns when the day begins in a zone: at midnight, or where clocks are put forward at midnight, with what comes
// after it.
func (d Day) Start(zone *time.Location) time.Time {
	t := time.Date(int(d/10_000), time.Month(d/100%100), int(d%100), 0, 0, 0, 0, zone)
	if DayOf(t, zone) < d {
		t = t.Add(time.Hour)
	}
	return t
}

// Add returns the day so many days later.
func (d Day) Add(days int) Day { return DayOf(d.Start(time.UTC).AddDate(0, 0, days), time.UTC) }

// LeadCount counts leads of one campaign that came through one publisher.
type LeadCount struct {
	CampaignID  int64
	PublisherID int64
	// Clicks are those of the leads that began with a click; the others were registered.
	Clicks int64
	// At has for each stage how many leads have come so far and no further.
	At [NumStages]int64
	// NetValue and NominalValue are the values of contracts that stand, CanceledNetValue and CanceledNominalValue those of
	// contracts that were cancelled. A single value counts as MaxCountedValue at most.
	NetValue             Amount
	NominalValue         Amount
	CanceledNetValue     Amount
	CanceledNominalValue Amount
}

// MaxCountedValue is what one value counts at most in a LeadCount: ten thousand million whole units. Nobody's contract
// comes near it, and sums of millions of nonsensical ones stay within an Amount.
const MaxCountedValue Amount = 1_000_000_000_000

// Leads is how many leads there are.
func (c *LeadCount) Leads() int64 { return c.Reached(StageNone) }

// Reached is how many leads came at least to the stage, whether or not a date of it was reported.
func (c *LeadCount) Reached(s Stage) int64 {
	var n int64
	for ; s < NumStages; s++ {
		n += c.At[s]
	}
	return n
}

// Add adds other times n to the count; n is 1 or -1.
func (c *LeadCount) Add(other *LeadCount, n int64) {
	c.Clicks += n * other.Clicks
	for s := range c.At {
		c.At[s] += n * other.At[s]
	}
	c.NetValue += Amount(n) * other.NetValue
	c.NominalValue += Amount(n) * other.NominalValue
	c.CanceledNetValue += Amount(n) * other.CanceledNetValue
	c.CanceledNominalValue += Amount(n) * other.CanceledNominalValue
}

// CountOf returns what one lead counts. Its values count when it has a contract.
func CountOf(l *Lead) LeadCount {
	c := LeadCount{CampaignID: l.CampaignID, PublisherID: l.PublisherID}
	c.At[l.Stage] = 1
	if l.CredentialID == 0 { // a registration needs a credential, a click has none
		c.Clicks = 1
	}
	net, nominal := min(l.NetValue, MaxCountedValue), min(l.NominalValue, MaxCountedValue)
	switch l.Stage {
	case StageContract:
		c.NetValue, c.NominalValue = net, nominal
	case StageContractCanceled:
		c.CanceledNetValue, c.CanceledNominalValue = net, nominal
	}
	return c
}

// Span is the time that a LeadCell is about.
type Span uint8

// The spans.
const (
	SpanDay Span = iota + 1
	SpanMonth
)

// LeadCell is the count of the leads whose action was on a day, or in a month, of the project's time zone. With months
// kept beside days, a count over years adds up few rows.
type LeadCell struct {
	Span Span
	Day  Day
	LeadCount
}

// LeadCountQuery asks for the counts of one project's leads by campaign and publisher.
type LeadCountQuery struct {
	ProjectID int64
	// From and To bound the day of the action in the project's time zone, both inclusive; 0 for no bound.
	From, To Day
}

// CellRange is a run of cells of one span.
type CellRange struct {
	Span     Span
	From, To Day
}

// lastDay is above every day.
const lastDay Day = 9999_99_99

// Ranges returns the cells that together cover the query, each lead once: whole months where it can, days at the ends.
func (q *LeadCountQuery) Ranges() []CellRange {
	from, to := q.From, q.To
	if to == 0 {
		to = lastDay
	}
	first, last := from.Month(), to.Month()
	if from%100 > 1 {
		first = first.addMonths(1)
	}
	if to != lastDay && to.Add(1)%100 != 1 {
		last = last.addMonths(-1)
	}
	if first > last {
		return []CellRange{{SpanDay, from, to}}
	}
	list := []CellRange{{SpanMonth, first, last}}
	if from%100 > 1 {
		list = append(list, CellRange{SpanDay, from, first})
	}
	if to.Month() > last {
		list = append(list, CellRange{SpanDay, to.Month(), to})
	}
	return list
}

// addMonths returns the number of the month so many months later.
func (d Day) addMonths(n int) Day {
	start := time.Date(int(d/10_000), time.Month(d/100%100)+time.Month(n), 1, 0, 0, 0, 0, time.UTC)
	return DayOf(start, time.UTC).Month()
}

// LeadCounting is how far the leads of a project are counted.
type LeadCounting struct {
	ProjectID int64
	// Seq is the sequence of the change up to which all are counted.
	Seq int64
	// TimeZone is the zone whose days the cells are.
	TimeZone string
	// At is the time of the newest change that was counted; zero when there is none.
	At time.Time
	// Behind is at most how many changes, of whatever record, are not counted yet.
	Behind int64
}

// LeadCountStep takes a counting from one place in a project's history to another.
type LeadCountStep struct {
	// From is where the counting has to stand, and To where it stands afterwards.
	From LeadCounting
	To   LeadCounting
	// Cells are what to add, each cell once; numbers may be negative.
	Cells []LeadCell
}

// LeadSums adds up counts by campaign and publisher. The zero value is empty.
type LeadSums struct{ by map[[2]int64]*LeadCount }

// Add adds a count to that of its campaign and publisher.
func (s *LeadSums) Add(c *LeadCount) {
	if s.by == nil {
		s.by = map[[2]int64]*LeadCount{}
	}
	key := [2]int64{c.CampaignID, c.PublisherID}
	if s.by[key] == nil {
		s.by[key] = &LeadCount{CampaignID: c.CampaignID, PublisherID: c.PublisherID}
	}
	s.by[key].Add(c, 1)
}

// List returns the sums in order of campaign and publisher.
func (s *LeadSums) List() []LeadCount {
	list := make([]LeadCount, 0, len(s.by))
	for _, c := range s.by {
		list = append(list, *c)
	}
	slices.SortFunc(list, func(a, b LeadCount) int {
		return cmp.Or(cmp.Compare(a.CampaignID, b.CampaignID), cmp.Compare(a.PublisherID, b.PublisherID))
	})
	return list
}
