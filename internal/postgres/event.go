package postgres

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sort"
	"time"

	"clientele"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// listEventCursors, like all that looks for work, names no project: it reads one small index on each node.
const listEventCursors = `SELECT DISTINCT project_id, event_type, cursor FROM subscription
	WHERE disabled_at IS NULL AND deleted_at IS NULL ORDER BY project_id, event_type, cursor`

// ListEventCursors returns the places from which subscriptions that are served go on gathering, each once.
func (s *Store) ListEventCursors(ctx context.Context) ([]clientele.EventCursor, error) {
	var list []clientele.EventCursor
	err := s.query(ctx, "list event cursors", func(ctx context.Context, pool *pgxpool.Pool) error {
		rows, err := pool.Query(ctx, listEventCursors)
		if err != nil {
			return err
		}
		list = nil
		var c clientele.EventCursor
		return eachRow(rows, []any{&c.ProjectID, (*string)(&c.EventType), &c.Seq}, func() { list = append(list, c) })
	})
	if err != nil {
		return nil, fmt.Errorf("list event cursors: %w", err)
	}
	return list, nil
}

// fewestAtOnce is how many changes of a project are read together at least, however many projects there are.
const fewestAtOnce = 1000

// ReadChanges returns what lies behind each cursor. It reads the end of each project's history once for all cursors of the
// project, and about limit changes in all: what lies further on is for the next call. A history that somebody is about to
// append to and takes long has to wait for another call, too.
func (s *Store) ReadChanges(ctx context.Context, cursors []clientele.EventCursor, limit int) ([]clientele.ChangeTail, error) {
	tails := make([]clientele.ChangeTail, len(cursors))
	from := map[int64]int64{}
	for i, c := range cursors {
		tails[i].ReadTo = c.Seq
		if seq, seen := from[c.ProjectID]; !seen || c.Seq < seq {
			from[c.ProjectID] = c.Seq
		}
	}
	grown, err := s.grownHistories(ctx, from)
	if err != nil {
		return nil, fmt.Errorf("read changes: %w", err)
	}
	for _, project := range grown {
		limit := min(limit, max(fewestAtOnce, (limit+len(grown)-1)/len(grown)))
		marks, readTo, err := s.readHistory(ctx, project, from[project], limit)
		if _, busy := errors.AsType[errHistoryBusy](err); busy {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("read changes of project %d: %w", project, err)
		}
		for i, c := range cursors {
			if c.ProjectID == project {
				tails[i].ReadTo = max(c.Seq, readTo)
				tails[i].Marks = behind(c, marks)
			}
		}
	}
	return tails, nil
}

// behind returns what is about a cursor and behind it.
func behind(c clientele.EventCursor, marks []subjectMark) (list []clientele.ChangeMark) {
	first := sort.Search(len(marks), func(i int) bool { return marks[i].Seq > c.Seq })
	for _, m := range marks[first:] {
		if m.subject == c.EventType.Subject() {
			list = append(list, m.ChangeMark)
		}
	}
	return list
}

// grownHistories returns the projects, of those with places in their histories, that have something behind it. Nobody waits
// for that: a project where nothing happens is never locked.
func (s *Store) grownHistories(ctx context.Context, from map[int64]int64) (grown []int64, err error) {
	err = s.query(ctx, "look for changes", func(ctx context.Context, pool *pgxpool.Pool) error {
		grown = nil
		p := &pgx.Batch{}
		for _, project := range slices.Sorted(maps.Keys(from)) {
			p.Queue(historyEnd, project).QueryRow(func(row pgx.Row) error {
				var seq int64
				err := row.Scan(&seq)
				if seq > from[project] {
					grown = append(grown, project)
				}
				return err
			})
		}
		if p.Len() == 0 {
			return nil
		}
		return pool.SendBatch(ctx, p).Close()
	})
	return grown, err
}

// subjectMark is a mark and what it is about.
type subjectMark struct {
	clientele.ChangeMark
	subject clientele.Subject
}

const readHistory = "SELECT seq, subject, subject_id, at FROM change WHERE project_id = $1 AND seq > $2 AND seq <= $3 ORDER BY seq LIMIT $4"

// readHistory returns the changes of a project behind a place, at most limit, and up to where there are no others.
func (s *Store) readHistory(ctx context.Context, project, from int64, limit int) (marks []subjectMark, readTo int64, err error) {
	var busy error
	err = s.again(ctx, "read changes", func(ctx context.Context) (err error) {
		readTo, err = s.atEnd(ctx, project, func(p *pgx.Batch, end int64) {
			p.Queue(readHistory, project, from, end, limit).Query(func(rows pgx.Rows) error {
				marks = nil
				var m subjectMark
				return eachRow(rows, []any{&m.Seq, (*string)(&m.subject), &m.SubjectID, (*instant)(&m.At)}, func() { marks = append(marks, m) })
			})
		})
		if _, is := errors.AsType[errHistoryBusy](err); is {
			busy, err = err, nil
		}
		return err
	})
	if err == nil && len(marks) == limit {
		readTo = marks[limit-1].Seq
	}
	return marks, readTo, cmp.Or(err, busy)
}

// disorder is how much the times of changes may be out of order: a change has the time at which its request was read, and
// the sequence of its commit.
const disorder = time.Minute

const (
	historyStart = "SELECT coalesce(min(seq), 0) FROM change WHERE project_id = $1"
	changeFrom   = "SELECT seq, at FROM change WHERE project_id = $1 AND seq >= $2 ORDER BY seq LIMIT 1"
)

// placeBefore returns a sequence of a project behind which all changes since a time lie. It halves the history until it has
// the place: there may be years of it.
func (s *Store) placeBefore(ctx context.Context, project int64, since time.Time) (place int64, err error) {
	since = since.Add(-disorder)
	err = s.query(ctx, "look for a time", func(ctx context.Context, pool *pgxpool.Pool) error {
		var first, last int64
		err := errors.Join(pool.QueryRow(ctx, historyStart, project).Scan(&first), pool.QueryRow(ctx, historyEnd, project).Scan(&last))
		if err != nil {
			return err
		}
		place = 0
		for first <= last && last > 0 { // what is before first is too old, and what is behind last is not
			middle := first + (last-first)/2
			var seq int64
			var at time.Time
			if err := pool.QueryRow(ctx, changeFrom, project, middle).Scan(&seq, &at); err != nil {
				return err
			}
			if at.Before(since) {
				place, first = seq, seq+1
			} else {
				last = middle - 1
			}
		}
		return nil
	})
	return place, err
}
