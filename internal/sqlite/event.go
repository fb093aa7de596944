package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"clientele"
)

// ListEventCursors returns the places from which subscriptions that are served go on gathering, each once.
func (s *Store) ListEventCursors(ctx context.Context) ([]clientele.EventCursor, error) {
	rows, err := s.read.QueryContext(ctx, `SELECT DISTINCT project_id, event_type, cursor FROM subscription
		WHERE disabled_at IS NULL AND deleted_at IS NULL ORDER BY project_id, event_type, cursor`)
	if err != nil {
		return nil, fmt.Errorf("list event cursors: %w", classify(err))
	}
	var list []clientele.EventCursor
	err = collect(rows, func(rows *sql.Rows) error {
		var c clientele.EventCursor
		err := rows.Scan(&c.ProjectID, &c.EventType, &c.Seq)
		list = append(list, c)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list event cursors: %w", classify(err))
	}
	return list, nil
}

// ReadChanges returns what lies behind each cursor. It reads the end of the history once for all of them, at most limit
// changes: what lies further on is for the next call.
func (s *Store) ReadChanges(ctx context.Context, cursors []clientele.EventCursor, limit int) ([]clientele.ChangeTail, error) {
	tails := make([]clientele.ChangeTail, len(cursors))
	if len(cursors) == 0 {
		return tails, nil
	}
	type book struct {
		project int64
		subject clientele.Subject
	}
	at := make(map[book][]int, len(cursors))
	readTo := cursors[0].Seq
	for i, c := range cursors {
		key := book{c.ProjectID, c.EventType.Subject()}
		at[key] = append(at[key], i)
		readTo = min(readTo, c.Seq)
	}
	rows, err := s.read.QueryContext(ctx, "SELECT seq, project_id, subject, subject_id, at FROM change WHERE seq > ? ORDER BY seq LIMIT ?",
		readTo, limit)
	if err != nil {
		return nil, fmt.Errorf("read changes: %w", classify(err))
	}
	err = collect(rows, func(rows *sql.Rows) error {
		var m clientele.ChangeMark
		var b book
		if err := rows.Scan(&m.Seq, &b.project, &b.subject, &m.SubjectID, instant{&m.At}); err != nil {
			return err
		}
		readTo = m.Seq
		for _, i := range at[b] {
			if m.Seq > cursors[i].Seq {
				tails[i].Marks = append(tails[i].Marks, m)
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read changes: %w", classify(err))
	}
	for i, c := range cursors {
		tails[i].ReadTo = max(c.Seq, readTo)
	}
	return tails, nil
}

// GatherEvents makes a delivery of each event for every subscription that is served and stands at its From, due at once,
// and moves those subscriptions on to its To, in one transaction. An event that nobody stands at any more, since another
// server gathered it, has no effect; one without ids moves them only. It returns how many deliveries there are.
func (s *Store) GatherEvents(ctx context.Context, events []clientele.Event, newID func() string) (int, error) {
	made := 0
	err := s.transact(ctx, func(t *tx) error {
		g := &gathering{
			tx: t, ids: newIDs{tx: t}, newID: newID, stood: map[clientele.EventCursor][]string{},
			standing: map[clientele.EventCursor][]string{}, due: map[dueSubscription]int64{},
		}
		if err := g.load(events); err != nil {
			return err
		}
		for i := range events {
			if err := g.gather(&events[i]); err != nil {
				return err
			}
		}
		made = len(g.deliveries) / numDeliveryColumns
		return g.keep()
	})
	if err != nil {
		return 0, fmt.Errorf("gather %d events: %w", len(events), err)
	}
	return made, nil
}

// standing selects the subscriptions that stand in a part of a history.
const standing = `SELECT cursor, id FROM subscription WHERE project_id = ? AND event_type = ? AND cursor BETWEEN ? AND ?
	AND disabled_at IS NULL AND deleted_at IS NULL`

const (
	eventRow           = "seq, project_id, event_type, subject_ids, first_at, at, created_at"
	numEventColumns    = 7
	deliveryRow        = "project_id, id, subscription_id, event_seq, status, attempts, retries, due_at, created_at"
	numDeliveryColumns = 9
)

// gathering is one transaction that makes deliveries of events. Its subscriptions are moved at the end, each once, however
// many events they passed.
type gathering struct {
	*tx
	ids   newIDs
	newID func() string
	// stood are the subscriptions that have not been moved, at their places; standing are those that were, where they stand now.
	stood, standing map[clientele.EventCursor][]string
	// due is when the deliveries were made, by subscription; at the earliest.
	due map[dueSubscription]int64
	// events and deliveries are the rows to insert.
	events, deliveries []any
}

// load reads where the subscriptions stand that the events may move.
func (g *gathering) load(events []clientele.Event) error {
	type span struct{ from, to int64 }
	spans := map[clientele.EventCursor]span{} // by project and type
	for i := range events {
		e := &events[i]
		of := clientele.EventCursor{ProjectID: e.ProjectID, EventType: e.EventType}
		s, known := spans[of]
		if !known {
			s = span{e.From, e.From}
		}
		spans[of] = span{min(s.from, e.From), max(s.to, e.From)}
	}
	for of, s := range spans {
		rows, err := g.query(standing, of.ProjectID, string(of.EventType), s.from, s.to)
		if err != nil {
			return err
		}
		err = collect(rows, func(rows *sql.Rows) error {
			var id string
			place := of
			err := rows.Scan(&place.Seq, &id)
			g.stood[place] = append(g.stood[place], id)
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// take moves the subscriptions that stand at an event past it, and returns them.
func (g *gathering) take(e *clientele.Event) []string {
	place := clientele.EventCursor{ProjectID: e.ProjectID, EventType: e.EventType, Seq: e.From}
	slices.Sort(g.stood[place])
	ids := slices.Concat(g.stood[place], g.standing[place])
	delete(g.stood, place)
	delete(g.standing, place)
	place.Seq = e.To
	g.standing[place] = append(g.standing[place], ids...)
	return ids
}

func (g *gathering) gather(e *clientele.Event) error {
	ids := g.take(e)
	if len(ids) == 0 || len(e.SubjectIDs) == 0 {
		return nil
	}
	subjects, err := json.Marshal(e.SubjectIDs)
	if err != nil {
		return err
	}
	now, event := e.CreatedAt.UnixMicro(), g.ids.next("event")
	g.events = append(g.events, event, e.ProjectID, string(e.EventType), string(subjects), e.FirstAt.UnixMicro(), e.At.UnixMicro(), now)
	for _, id := range ids {
		g.deliveries = append(g.deliveries, e.ProjectID, g.newID(), id, event, string(clientele.DeliveryDue), 0, 0, now, now)
		key := dueSubscription{e.ProjectID, id}
		if due, known := g.due[key]; !known || now < due {
			g.due[key] = now
		}
	}
	return g.ids.err
}

func (g *gathering) keep() error {
	if err := g.insertRows("INSERT INTO event ("+eventRow+")", "", numEventColumns, g.events); err != nil {
		return err
	}
	if err := g.insertRows("INSERT INTO delivery ("+deliveryRow+")", "", numDeliveryColumns, g.deliveries); err != nil {
		return err
	}
	return g.move()
}

// move stores where the subscriptions stand, and that they have something due unless they are under a claim.
func (g *gathering) move() error {
	for place, ids := range g.standing {
		for _, id := range ids {
			var due any
			if at, some := g.due[dueSubscription{place.ProjectID, id}]; some {
				due = at
			}
			err := g.exec(`UPDATE subscription SET cursor = ?1,
				due_at = CASE WHEN lease <> '' OR ?2 IS NULL THEN due_at ELSE min(coalesce(due_at, ?2), ?2) END
				WHERE project_id = ?3 AND id = ?4`, place.Seq, due, place.ProjectID, id)
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// Deliveries are forgotten by their date, not by their number: a clock that was wrong for a while numbers what it dates ahead
// before what is older. An event has the date of its deliveries and goes after them.
const (
	oldestDeliveries = "(SELECT seq FROM delivery WHERE created_at < ? ORDER BY created_at, seq LIMIT ?)"

	forgetAttempts = `DELETE FROM attempt WHERE (project_id, delivery_id) IN
		(SELECT project_id, id FROM delivery WHERE seq IN ` + oldestDeliveries + ")"

	forgetDeliveries = "DELETE FROM delivery WHERE seq IN " + oldestDeliveries

	forgetEvents = `DELETE FROM event WHERE seq IN (SELECT seq FROM event
		WHERE created_at < coalesce((SELECT created_at FROM delivery WHERE created_at < ?1 ORDER BY created_at LIMIT 1), ?1)
		ORDER BY created_at, seq LIMIT ?2)`
)

// ForgetDeliveries deletes the oldest deliveries of those that were created before the given time, at most limit, with their
// attempts, whatever their status, and the events that none is left of. It returns how many deliveries.
func (s *Store) ForgetDeliveries(ctx context.Context, before time.Time, limit int) (int64, error) {
	var deleted int64
	err := s.transact(ctx, func(t *tx) error {
		if err := t.exec(forgetAttempts, before.UnixMicro(), limit); err != nil {
			return err
		}
		r, err := t.execResult(forgetDeliveries, before.UnixMicro(), limit)
		if err != nil {
			return err
		}
		if deleted, err = r.RowsAffected(); err != nil {
			return err
		}
		return t.exec(forgetEvents, before.UnixMicro(), limit)
	})
	if err != nil {
		return 0, fmt.Errorf("forget deliveries: %w", err)
	}
	return deleted, nil
}
