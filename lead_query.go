package clientele

import (
	"cmp"
	"time"
)

// StageSet is a set of stages. The empty set stands for all.
type StageSet uint8

// StagesOf returns the set of the given stages.
func StagesOf(stages ...Stage) StageSet {
	var set StageSet
	for _, s := range stages {
		set |= 1 << s
	}
	return set
}

// StagesFrom returns the stages from s on: those of a lead that came at least that far.
func StagesFrom(s Stage) StageSet {
	var set StageSet
	for ; s < NumStages; s++ {
		set |= 1 << s
	}
	return set
}

// Has reports whether the stage is in the set itself: in the empty one there is none.
func (set StageSet) Has(s Stage) bool { return set&(1<<s) != 0 }

// LeadQuery selects leads of one project, the newest action first; of two at the same time the one with the higher id. The
// zero value of a field selects all.
type LeadQuery struct {
	ProjectID   int64
	CampaignID  int64
	PublisherID int64
	// Stages are those of which the furthest stage of a lead is one.
	Stages StageSet
	// CustomerType is new, returning, or the empty text for leads of which none is stated; missing for all.
	CustomerType Text
	// Subs are the publisher's marks that a lead has; missing ones do not select.
	Subs [5]Text
	// IP selects the leads of one visitor's address. It is dropped after a time (ForgetVisitors).
	IP Text
	// From and Before bound the time of the action: From inclusive, Before exclusive.
	From, Before time.Time
	// After continues behind a position; nil to begin with the newest.
	After *Position
	// Limit is 1 to MaxPage.
	Limit int
	// Scan is how many leads are looked at, at most, for those that the filters select; 0 for MaxLeadsScanned.
	Scan int
}

// Filters reports whether q selects by anything that the order of the list does not know: then a list may look at leads
// that are not in it.
func (q *LeadQuery) Filters() bool {
	return q.CampaignID != 0 || q.PublisherID != 0 || q.Stages != 0 || q.CustomerType.Valid || q.Subs != [5]Text{}
}

// MaxLeadsScanned is how many leads one call of ListLeads looks at, however few of them its filters select.
const MaxLeadsScanned = 20_000

// Scanned returns how many leads are looked at, at most.
func (q *LeadQuery) Scanned() int { return cmp.Or(q.Scan, MaxLeadsScanned) }

// LeadPage is a piece of a list of leads.
type LeadPage struct {
	Leads []Lead
	// Next is where the list goes on; nil at its end. With fewer leads than the limit it is where MaxLeadsScanned was
	// reached: whether there are more, only going on tells.
	Next *Position
}

// How many leads of one visitor's address are flagged: RepeatedIPs of a project whose actions lie within IPWindow before or
// after each other's. A household or an office has one address, too: it is a hint for whoever looks into fraud.
const (
	RepeatedIPs = 3
	IPWindow    = 24 * time.Hour
	// MaxIPCount is where counting leads of one address ends.
	MaxIPCount = 1000
)
