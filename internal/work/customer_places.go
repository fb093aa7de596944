package work

import (
	"context"
	"time"

	"clientele"
)

// CustomerPlaceStore is what sweeping the list of customers by last update asks of a store.
type CustomerPlaceStore interface {
	ListProjects(ctx context.Context) ([]clientele.Project, error)
	// UpdatedCustomers returns how many updates the store has committed since it was opened.
	UpdatedCustomers() int64
	// SweepPlaces deletes, of the places of a project behind a place, at most limit, those that an update left behind. It returns
	// the last that it looked at, and how many those were.
	SweepPlaces(ctx context.Context, project int64, after clientele.Position, limit int) (last clientele.Position, seen int, err error)
}

// CustomerPlaces sweeps up what updates leave behind in the list of customers by last update (docs/decisions/0013). It goes
// round through the places of all projects, so many for each update: so about as many are left behind, at most, as there are
// customers, whoever is updated how often, and a book that rests is left alone.
type CustomerPlaces struct {
	Store CustomerPlaceStore
	// Batch is how many places are looked at together; 0 for the default.
	Batch int

	// It is used by one goroutine at a time.
	updated int64              // how many updates there were at the last time
	due     int64              // how many places are to be looked at
	project int64              // the one where the round goes on
	last    clientele.Position // and behind which place
}

const (
	// placesAnUpdate is how many places are looked at for each update. When a round is done, at half as many updates as there
	// were places, these have left behind half as many: so there are twice as many places as customers.
	placesAnUpdate = 2
	// defaultPlaceBatch is so few because SQLite's only writer is held while those left behind are deleted, for some 2 ms.
	defaultPlaceBatch = 1000
)

// Sweep sweeps for the updates since the last time; it is a Task.
func (c *CustomerPlaces) Sweep(ctx context.Context) (again time.Duration, err error) {
	batch := orDefault(c.Batch, defaultPlaceBatch)
	updated := c.Store.UpdatedCustomers()
	c.due += placesAnUpdate * (updated - c.updated)
	c.updated = updated
	if c.due < int64(batch) {
		return 0, nil
	}
	projects, err := c.Store.ListProjects(ctx)
	if err != nil {
		return 0, err
	}
	for ends := 0; c.due > 0 && ctx.Err() == nil; {
		last, seen, err := c.Store.SweepPlaces(ctx, c.project, c.last, batch)
		if err != nil {
			return 0, err
		}
		c.due -= int64(max(seen, batch/50)) // a look costs something where there is little to see, too
		c.last = last
		if seen == batch {
			continue
		}
		c.project, c.last = nextProject(projects, c.project), clientele.Position{}
		if ends++; ends > len(projects) { // a whole round: more would find nothing more
			c.due = 0
		}
	}
	return 0, ctx.Err()
}

// nextProject returns the project behind the one with the id, or the first.
func nextProject(projects []clientele.Project, id int64) int64 {
	var first, next int64
	for i := range projects {
		p := projects[i].ID
		if first == 0 || p < first {
			first = p
		}
		if p > id && (next == 0 || p < next) {
			next = p
		}
	}
	if next == 0 {
		return first
	}
	return next
}
