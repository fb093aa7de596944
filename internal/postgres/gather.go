package postgres

import (
	"context"
	"fmt"
	"time"

	"clientele"

	"github.com/go-json-experiment/json"
	"github.com/jackc/pgx/v5"
)

// gathering is one transaction that makes deliveries of events.
type gathering struct {
	events []clientele.Event
	// seqs are the numbers of the events, of those that are stored.
	seqs []int64
	// standing are the subscriptions at each place, as the transaction finds and moves them.
	standing map[clientele.EventCursor][]string
	moved    map[subscriptionKey]*movedSubscription
}

// subscriptionKey names a subscription.
type subscriptionKey struct {
	project int64
	id      string
}

// movedSubscription is where a subscription goes on, and when the first of its new deliveries is due, if there are any.
type movedSubscription struct {
	to  int64
	due time.Time
}

// GatherEvents makes a delivery of each event for every subscription that is served and stands at its From, due at once,
// and moves those subscriptions on to its To, in one transaction. An event that nobody stands at any more, since another
// server gathered it, has no effect; one without ids moves them only. It returns how many deliveries there are.
func (s *Store) GatherEvents(ctx context.Context, events []clientele.Event, newID func() string) (int, error) {
	if len(events) == 0 {
		return 0, nil
	}
	made := 0
	err := s.transactSafely(ctx, "gather events", func(ctx context.Context, tx pgx.Tx) error {
		g := &gathering{
			events: events, standing: map[clientele.EventCursor][]string{}, moved: map[subscriptionKey]*movedSubscription{},
		}
		if err := g.load(ctx, tx); err != nil {
			return err
		}
		p := &pgx.Batch{}
		n, err := g.queue(p, newID)
		if err != nil || p.Len() == 0 {
			return err
		}
		made = n // also when the commit is in doubt: the second time nobody stands there any more
		return tx.SendBatch(ctx, p).Close()
	})
	if err != nil {
		return 0, fmt.Errorf("gather %d events: %w", len(events), err)
	}
	return made, nil
}

const (
	// lockGathering lets one server at a time gather in a project: so its events and its deliveries are numbered in the order
	// in which they are committed, and nobody works in vain for long.
	lockGathering = "SELECT pg_advisory_xact_lock($1::int, project) FROM unnest($2::int[]) AS project"

	takeEventSeqs = "SELECT nextval('event_seq_seq') FROM generate_series(1, $1)"

	lockStanding = `SELECT id, cursor FROM subscription WHERE project_id = $1 AND event_type = $2 AND cursor = ANY($3::bigint[])
		AND disabled_at IS NULL AND deleted_at IS NULL ORDER BY id FOR NO KEY UPDATE`
)

// load locks the subscriptions that the events are for, and takes numbers for the events.
func (g *gathering) load(ctx context.Context, tx pgx.Tx) error {
	type kind struct {
		project int64
		of      clientele.EventType
	}
	var kinds []kind // in the order of the events, which the caller gives in that of projects
	var projects []int64
	from := map[kind][]int64{}
	for i := range g.events {
		e := &g.events[i]
		k := kind{e.ProjectID, e.EventType}
		if from[k] == nil {
			kinds, projects = append(kinds, k), append(projects, e.ProjectID)
		}
		from[k] = append(from[k], e.From)
	}
	p := &pgx.Batch{}
	p.Queue(lockGathering, gatherLock, lockKeys(projects))
	p.Queue(takeEventSeqs, len(g.events)).Query(func(rows pgx.Rows) (err error) {
		g.seqs, err = pgx.CollectRows(rows, pgx.RowTo[int64])
		return err
	})
	for _, k := range kinds {
		p.Queue(lockStanding, k.project, string(k.of), from[k]).Query(func(rows pgx.Rows) error {
			at := clientele.EventCursor{ProjectID: k.project, EventType: k.of}
			var id string
			return eachRow(rows, []any{&id, &at.Seq}, func() { g.standing[at] = append(g.standing[at], id) })
		})
	}
	return tx.SendBatch(ctx, p).Close()
}

const (
	insertEvents = `INSERT INTO event (project_id, seq, event_type, subject_ids, first_at, at, created_at)
		SELECT project_id, seq, event_type, subject_ids::json, first_at, at, created_at
		FROM unnest($1::bigint[], $2::bigint[], $3::text[], $4::text[], $5::timestamptz[], $6::timestamptz[], $7::timestamptz[])
		AS v (project_id, seq, event_type, subject_ids, first_at, at, created_at)`

	// insertDeliveries appends in the order of the arrays, like changeInsert.
	insertDeliveries = `INSERT INTO delivery (project_id, id, subscription_id, event_seq, status, attempts, retries, due_at, created_at)
		SELECT project_id, id, subscription_id, event_seq, 'due', 0, 0, at, at
		FROM unnest($1::bigint[], $2::text[], $3::text[], $4::bigint[], $5::timestamptz[])
		WITH ORDINALITY AS v (project_id, id, subscription_id, event_seq, at, n)
		ORDER BY n`

	moveSubscriptions = `UPDATE subscription s SET cursor = v.cursor,
			due_at = CASE WHEN s.lease <> '' THEN s.due_at ELSE least(s.due_at, v.due_at) END
		FROM unnest($2::text[], $3::bigint[], $4::timestamptz[]) AS v (id, cursor, due_at)
		WHERE s.project_id = $1 AND s.id = ANY($2::text[]) AND s.id = v.id`
)

// queue stores the events that somebody stands at and what follows from them; it returns how many deliveries there are.
func (g *gathering) queue(p *pgx.Batch, newID func() string) (made int, err error) {
	var eventProjects, eventSeqs, projects, seqs []int64
	var types, subjects, ids, subscriptions []string
	var first, last, created, due []time.Time
	for i := range g.events {
		e := &g.events[i]
		standing := g.move(e)
		if len(standing) == 0 || len(e.SubjectIDs) == 0 {
			continue
		}
		text, err := json.Marshal(e.SubjectIDs)
		if err != nil {
			return 0, err
		}
		eventProjects, eventSeqs = append(eventProjects, e.ProjectID), append(eventSeqs, g.seqs[i])
		types, subjects = append(types, string(e.EventType)), append(subjects, string(text))
		first, last, created = append(first, e.FirstAt), append(last, e.At), append(created, e.CreatedAt)
		for _, id := range standing {
			projects, seqs = append(projects, e.ProjectID), append(seqs, g.seqs[i])
			ids, subscriptions, due = append(ids, newID()), append(subscriptions, id), append(due, e.CreatedAt)
		}
	}
	if len(ids) > 0 {
		p.Queue(insertEvents, eventProjects, eventSeqs, types, subjects, first, last, created)
		p.Queue(insertDeliveries, projects, ids, subscriptions, seqs, due)
	}
	g.queueMoved(p)
	return len(ids), nil
}

// move takes the subscriptions that stand at an event past it, and returns them.
func (g *gathering) move(e *clientele.Event) []string {
	from := clientele.EventCursor{ProjectID: e.ProjectID, EventType: e.EventType, Seq: e.From}
	standing := g.standing[from]
	delete(g.standing, from)
	to := from
	to.Seq = e.To
	g.standing[to] = append(g.standing[to], standing...)
	for _, id := range standing {
		key := subscriptionKey{e.ProjectID, id}
		m := g.moved[key]
		if m == nil {
			m = &movedSubscription{}
			g.moved[key] = m
		}
		m.to = e.To
		if len(e.SubjectIDs) > 0 && m.due.IsZero() {
			m.due = e.CreatedAt
		}
	}
	return standing
}

func (g *gathering) queueMoved(p *pgx.Batch) {
	type columns struct {
		ids     []string
		cursors []int64
		due     []*time.Time
	}
	byProject := map[int64]*columns{}
	for key, m := range g.moved {
		c := byProject[key.project]
		if c == nil {
			c = &columns{}
			byProject[key.project] = c
		}
		c.ids, c.cursors, c.due = append(c.ids, key.id), append(c.cursors, m.to), append(c.due, at(m.due))
	}
	for project, c := range byProject { // all are locked already, so their order does not matter
		p.Queue(moveSubscriptions, project, c.ids, c.cursors, c.due)
	}
}

// Deliveries are forgotten by their date, not by their number: a clock that was wrong for a while numbers what it dates ahead
// before what is older. An event has the date of its deliveries and goes after them.
const (
	oldestDeliveries = "(SELECT seq FROM delivery WHERE project_id = $1 AND created_at < $2 ORDER BY created_at, seq LIMIT $3)"

	forgetAttempts = `DELETE FROM attempt WHERE project_id = $1 AND delivery_id = ANY(ARRAY(
		SELECT id FROM delivery WHERE project_id = $1 AND seq = ANY(ARRAY` + oldestDeliveries + ")))"

	forgetDeliveries = "DELETE FROM delivery WHERE project_id = $1 AND seq = ANY(ARRAY" + oldestDeliveries + ")"

	forgetEvents = `DELETE FROM event WHERE project_id = $1 AND seq = ANY(ARRAY(SELECT seq FROM event
		WHERE project_id = $1 AND created_at < coalesce((SELECT created_at FROM delivery
			WHERE project_id = $1 AND created_at < $2 ORDER BY created_at LIMIT 1), $2)
		ORDER BY created_at, seq LIMIT $3))`
)

// ForgetDeliveries deletes the oldest deliveries of those that were created before the given time, at most limit, with their
// attempts, whatever their status, and the events that none is left of. It returns how many deliveries.
func (s *Store) ForgetDeliveries(ctx context.Context, before time.Time, limit int) (int64, error) {
	deleted, err := s.forget(ctx, "forget deliveries", limit, func(ctx context.Context, tx pgx.Tx, project int64, limit int) (n int64, err error) {
		if _, err := tx.Exec(ctx, forgetAttempts, project, before, limit); err != nil {
			return 0, err
		}
		tag, err := tx.Exec(ctx, forgetDeliveries, project, before, limit)
		if err != nil {
			return 0, err
		}
		_, err = tx.Exec(ctx, forgetEvents, project, before, limit)
		return tag.RowsAffected(), err
	})
	if err != nil {
		return 0, fmt.Errorf("forget deliveries: %w", err)
	}
	return deleted, nil
}
