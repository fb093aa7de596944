package work

import (
	"context"
	"fmt"
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
	ReadLeadChanges(ctx context.Context, project int64, leads []int64, after, upTo int64) ([]clientele.Change, error)
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
	scanned map[int64]int64 // up to where the history of a project was read without finding a lead
	known   map[int64]*countedLeads
	zones   map[string]*time.Location
}

const (
	// defaultCountAtOnce is so few because SQLite's only writer is held while they are counted.
	defaultCountAtOnce = 4000
	// idleLeadChanges is how far the place of a project lags behind its history, without anything about leads in between,
	// before it is moved on: a server that starts need not read all that again. It is less than what the funnel's page
	// takes for a counting that is behind.
	idleLeadChanges = 5_000
	// maxKnownLeads is how many leads of a project are remembered as they were counted. Whoever reports on one of them again
	// and again does not have its whole history read each time.
	maxKnownLeads = 10_000
)

// countedLeads are leads of a project as they are at a place in its history.
type countedLeads struct {
	seq   int64
	leads map[int64]countedLead
}

// Count counts what has happened since the last time; it is a Task.
func (c *LeadCounts) Count(ctx context.Context) (again time.Duration, err error) {
	if c.known == nil {
		c.scanned, c.known, c.zones = map[int64]int64{}, map[int64]*countedLeads{}, map[string]*time.Location{}
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
		delete(c.scanned, p.ID)
		delete(c.known, p.ID)
	}
	return list, nil
}

// readFrom returns behind which change there may be something to count.
func (c *LeadCounts) readFrom(l *clientele.LeadCounting) int64 {
	return max(l.Seq, c.scanned[l.ProjectID])
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
			c.scanned[from.ProjectID] = tail.ReadTo
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
	var leads []int64
	for _, m := range tail.Marks {
		leads = append(leads, m.SubjectID)
		if m.At.After(step.To.At) {
			step.To.At = m.At
		}
	}
	slices.Sort(leads)
	before := c.knownAt(from)
	after, cells, err := c.difference(ctx, &step, slices.Compact(leads), before)
	if err != nil {
		return err
	}
	step.Cells = cells
	done, err := c.Store.CountLeads(ctx, step)
	if err != nil || !done {
		delete(c.known, from.ProjectID)
		return err
	}
	if len(before.leads)+len(after) > maxKnownLeads {
		clear(before.leads)
	}
	if len(after) <= maxKnownLeads {
		maps.Copy(before.leads, after)
	}
	before.seq = step.To.Seq
	return nil
}

// knownAt returns the leads that are remembered as they are at the place where a counting stands.
func (c *LeadCounts) knownAt(from *clientele.LeadCounting) *countedLeads {
	k := c.known[from.ProjectID]
	if k == nil || k.seq != from.Seq { // another server has counted meanwhile
		k = &countedLeads{seq: from.Seq, leads: map[int64]countedLead{}}
		c.known[from.ProjectID] = k
	}
	return k
}

// difference returns the leads as they are after a step, and what they count more than before it.
func (c *LeadCounts) difference(
	ctx context.Context, step *clientele.LeadCountStep, leads []int64, before *countedLeads,
) (after map[int64]countedLead, cells []clientele.LeadCell, err error) {
	zone, err := c.zone(step.To.TimeZone)
	if err != nil {
		return nil, nil, err
	}
	var known, unknown []int64
	for _, id := range leads {
		if _, is := before.leads[id]; is {
			known = append(known, id)
		} else {
			unknown = append(unknown, id)
		}
	}
	var changes []clientele.Change
	for _, part := range []struct {
		leads []int64
		after int64
	}{{known, step.From.Seq}, {unknown, 0}} {
		if len(part.leads) == 0 {
			continue
		}
		list, err := c.Store.ReadLeadChanges(ctx, step.To.ProjectID, part.leads, part.after, step.To.Seq)
		if err != nil {
			return nil, nil, err
		}
		changes = append(changes, list...)
	}
	after, sums := map[int64]countedLead{}, cellSums{}
	for len(changes) > 0 {
		id := changes[0].SubjectID
		now, was := before.leads[id], before.leads[id]
		for len(changes) > 0 && changes[0].SubjectID == id {
			if err := now.apply(&changes[0], zone); err != nil {
				return nil, nil, fmt.Errorf("change %d of project %d: %w", changes[0].Seq, step.To.ProjectID, err)
			}
			if changes[0].Seq <= step.From.Seq {
				was = now
			}
			changes = changes[1:]
		}
		sums.add(&was, -1)
		sums.add(&now, 1)
		after[id] = now
	}
	return after, sums.cells(), nil
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
