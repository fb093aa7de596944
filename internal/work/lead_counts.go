package work

import (
	"context"
	"maps"
	"slices"
	"time"

	"clientele"
)

// LeadCountStore is what counting leads asks of a store.
type LeadCountStore interface {
	ListProjects(ctx context.Context) ([]clientele.Project, error)
	ListLeadCountings(ctx context.Context) ([]clientele.LeadCounting, error)
	ReadChanges(ctx context.Context, cursors []clientele.EventCursor, limit int) ([]clientele.ChangeTail, error)
	ReadLeadChanges(ctx context.Context, project, after, upTo int64) ([]clientele.Change, error)
	ReadLeadHistories(ctx context.Context, project int64, leads []int64, upTo int64) ([]clientele.Change, error)
	CountLeads(ctx context.Context, step clientele.LeadCountStep) (done bool, err error)
	ForgetLeadCounts(ctx context.Context, project int64) error
}

// LeadCounts keeps the counts of leads by following the history of each project. A step reads a piece of the history,
// works out what the leads in it counted before and what they count after it, and adds the difference in the transaction
// that moves the project's place: so each change counts once, whoever dies when and however many servers are at it.
type LeadCounts struct {
	Store LeadCountStore
	// ReadAtOnce is how many changes are read together; 0 for the default.
	ReadAtOnce int

	// It is used by one goroutine at a time.
	scanned map[int64]scanned
	known   knownLeads
	zones   map[string]*time.Location
}

// scanned is up to where the history of a project was read without finding a lead, and behind which place of its counting. It
// says nothing of any other place: the counts may have been forgotten, or made anew by another server.
type scanned struct {
	from leadPlace
	to   int64
}

// leadPlace is where the counting of a project stands.
type leadPlace struct {
	seq  int64
	zone string
}

func placeOf(l *clientele.LeadCounting) leadPlace { return leadPlace{l.Seq, l.TimeZone} }

const (
	// defaultCountAtOnce is so few because SQLite's only writer is held while they are counted.
	defaultCountAtOnce = 4000
	// idleLeadChanges is how far the place of a project lags behind its history, without anything about leads in between,
	// before it is moved on: a server that starts need not read all that again. It is less than what the funnel's page
	// takes for a counting that is behind.
	idleLeadChanges = 5_000
	// maxKnownLeads is how many leads are remembered for sure as they were counted; at most twice as many are. Whoever reports
	// on one of them again does not have its whole history read. One takes a hundred bytes.
	maxKnownLeads = 20_000
)

// Count counts what has happened since the last time; it is a Task.
func (c *LeadCounts) Count(ctx context.Context) (again time.Duration, err error) {
	if c.zones == nil {
		c.scanned, c.zones = map[int64]scanned{}, map[string]*time.Location{}
		if c.ReadAtOnce == 0 {
			c.ReadAtOnce = defaultCountAtOnce
		}
	}
	for ctx.Err() == nil {
		more, err := c.countOnce(ctx)
		if err != nil || !more {
			return 0, err
		}
	}
	return 0, ctx.Err()
}

// countOnce takes a piece of the history for every project. Those that are far behind do not keep the others waiting.
func (c *LeadCounts) countOnce(ctx context.Context) (more bool, err error) {
	countings, err := c.countings(ctx)
	if err != nil {
		return false, err
	}
	for _, group := range nearAndFar(countings, c.readFrom, c.ReadAtOnce) {
		moved, err := c.countGroup(ctx, group)
		if err != nil {
			return false, err
		}
		more = more || moved
	}
	return more, nil
}

// countings returns where the projects stand. One whose time zone has changed since begins anew.
func (c *LeadCounts) countings(ctx context.Context) ([]clientele.LeadCounting, error) {
	list, err := c.Store.ListLeadCountings(ctx)
	if err != nil {
		return nil, err
	}
	projects, err := c.Store.ListProjects(ctx)
	if err != nil {
		return nil, err
	}
	for _, p := range projects {
		i := slices.IndexFunc(list, func(l clientele.LeadCounting) bool { return l.ProjectID == p.ID })
		if i < 0 || list[i].TimeZone == p.TimeZone {
			continue
		}
		if err := c.Store.ForgetLeadCounts(ctx, p.ID); err != nil {
			return nil, err
		}
		list[i] = clientele.LeadCounting{ProjectID: p.ID, TimeZone: p.TimeZone}
	}
	return list, nil
}

// readFrom returns behind which change there may be something to count.
func (c *LeadCounts) readFrom(l *clientele.LeadCounting) int64 {
	if s := c.scanned[l.ProjectID]; s.from == placeOf(l) {
		return max(l.Seq, s.to)
	}
	return l.Seq
}

func (c *LeadCounts) countGroup(ctx context.Context, group []clientele.LeadCounting) (more bool, err error) {
	if len(group) == 0 {
		return false, nil
	}
	cursors := make([]clientele.EventCursor, len(group))
	for i := range group {
		cursors[i] = clientele.EventCursor{
			ProjectID: group[i].ProjectID, EventType: clientele.LeadChanged, Seq: c.readFrom(&group[i]),
		}
	}
	tails, err := c.Store.ReadChanges(ctx, cursors, c.ReadAtOnce)
	if err != nil {
		return false, err
	}
	for i := range group {
		from, tail := &group[i], &tails[i]
		if tail.ReadTo == cursors[i].Seq {
			continue
		}
		more = true
		if len(tail.Marks) == 0 && tail.ReadTo-from.Seq < idleLeadChanges {
			c.scanned[from.ProjectID] = scanned{placeOf(from), tail.ReadTo}
			continue
		}
		if err := c.step(ctx, from, tail); err != nil {
			return false, err
		}
	}
	return more, nil
}

// step counts what a tail tells of.
func (c *LeadCounts) step(ctx context.Context, from *clientele.LeadCounting, tail *clientele.ChangeTail) error {
	step := clientele.LeadCountStep{From: *from, To: *from}
	step.To.Seq = tail.ReadTo
	for _, m := range tail.Marks {
		if m.At.After(step.To.At) {
			step.To.At = m.At
		}
	}
	c.known.at(from)
	var after map[int64]countedLead
	if len(tail.Marks) > 0 {
		var err error
		if after, step.Cells, err = c.difference(ctx, &step); err != nil {
			return err
		}
	}
	done, err := c.Store.CountLeads(ctx, step)
	if err != nil || !done {
		c.known.forget(from.ProjectID)
		return err
	}
	c.known.take(&step.To, after)
	return nil
}

// difference returns the leads that change in a step as they are after it, and what they count more than before it.
func (c *LeadCounts) difference(
	ctx context.Context, step *clientele.LeadCountStep,
) (after map[int64]countedLead, cells []clientele.LeadCell, err error) {
	zone, err := c.zone(step.To.TimeZone)
	if err != nil {
		return nil, nil, err
	}
	changes, err := c.Store.ReadLeadChanges(ctx, step.To.ProjectID, step.From.Seq, step.To.Seq)
	if err != nil {
		return nil, nil, err
	}
	before, err := c.before(ctx, step, changes, zone)
	if err != nil {
		return nil, nil, err
	}
	after = maps.Clone(before)
	if err := applyAll(after, changes, zone); err != nil {
		return nil, nil, err
	}
	sums := cellSums{}
	for id, now := range after {
		was := before[id]
		sums.add(&was, -1)
		sums.add(&now, 1)
	}
	return after, sums.cells(), nil
}

// before returns what the leads of the changes of a step are before it. One that is registered in it is nothing; one that is
// not known becomes so by its history.
func (c *LeadCounts) before(
	ctx context.Context, step *clientele.LeadCountStep, changes []clientele.Change, zone *time.Location,
) (map[int64]countedLead, error) {
	before := map[int64]countedLead{}
	var unknown []int64
	for i := range changes {
		id := changes[i].SubjectID
		if i > 0 && id == changes[i-1].SubjectID {
			continue
		}
		lead, is := c.known.lead(step.From.ProjectID, id)
		if !is && changes[i].Action != clientele.ActionCreated {
			unknown = append(unknown, id)
		}
		before[id] = lead
	}
	if len(unknown) == 0 || step.From.Seq == 0 {
		return before, nil
	}
	histories, err := c.Store.ReadLeadHistories(ctx, step.To.ProjectID, unknown, step.From.Seq)
	if err != nil {
		return nil, err
	}
	return before, applyAll(before, histories, zone)
}

func (c *LeadCounts) zone(name string) (*time.Location, error) {
	if zone := c.zones[name]; zone != nil {
		return zone, nil
	}
	zone, err := time.LoadLocation(name)
	if err == nil {
		c.zones[name] = zone
	}
	return zone, err
}
