package webhook

import (
	"context"
	"sync/atomic"
	"time"

	"clientele"
)

// gatherer is what gathering remembers between two passes. It is used by one goroutine at a time.
type gatherer struct {
	// expecting is set while a pass is about to happen: commits need not ask for one.
	expecting atomic.Bool
	// rested says that the last pass found nothing and had the next one wait.
	rested bool
	// scanned is how far the history was read beyond a cursor without finding anything for it.
	scanned map[placeInBook]int64
	// readAtOnce is how many changes are read together.
	readAtOnce int
}

// placeInBook is an EventCursor as a key.
type placeInBook = clientele.EventCursor

// How much one pass takes at a time.
const (
	defaultReadAtOnce = 10_000 // changes
	eventsPerCommit   = 64     // events made in one transaction
	// idleChanges is how far a cursor lags behind the history, without anything for it in between, before it is moved on:
	// a server that starts need not read all that again.
	idleChanges = 100_000
)

// rest is how long a pass that found nothing has the next one wait, once: a busy book without subscriptions, or with none to
// what is written, would be asked after each of its transactions otherwise.
const rest = 100 * time.Millisecond

// Gather makes events of the changes behind the cursors, as far as they are complete; it is a work.Task. An event is
// complete when its first change is as old as the window.
func (s *Service) Gather(ctx context.Context) (again time.Duration, err error) {
	s.gatherer.expecting.Store(false)
	for ctx.Err() == nil {
		more, wait, err := s.gatherOnce(ctx)
		if err != nil {
			return 0, err
		}
		if !more {
			s.gatherer.rested = wait == 0 && !s.gatherer.rested
			if s.gatherer.rested {
				wait = rest
			}
			if wait > 0 {
				s.gatherer.expecting.Store(true)
			}
			return wait, nil
		}
	}
	return 0, ctx.Err()
}

// gatherOnce takes a piece of the history for every cursor. Those that are far behind, because their subscription was
// disabled or has it all sent again, do not keep the others waiting. more says that there may be more to do at once, wait
// how long the earliest event that is not complete takes to be so; 0 for none.
func (s *Service) gatherOnce(ctx context.Context) (more bool, wait time.Duration, err error) {
	cursors, err := s.store.ListEventCursors(ctx)
	if err != nil {
		return false, 0, err
	}
	scanned := make(map[placeInBook]int64, len(cursors))
	var newest int64
	for _, c := range cursors {
		scanned[c] = max(c.Seq, s.gatherer.scanned[c])
		newest = max(newest, scanned[c])
	}
	s.gatherer.scanned = scanned
	var near, far []clientele.EventCursor
	for _, c := range cursors {
		if scanned[c] >= newest-int64(s.gatherer.readAtOnce) {
			near = append(near, c)
		} else {
			far = append(far, c)
		}
	}
	for _, group := range [][]clientele.EventCursor{near, far} {
		moved, left, err := s.gatherGroup(ctx, group)
		if err != nil {
			return false, 0, err
		}
		more = more || moved
		if left > 0 && (wait == 0 || left < wait) {
			wait = left
		}
	}
	return more, wait, nil
}

// gatherGroup reads a piece of the history for all cursors at once and makes events of it.
func (s *Service) gatherGroup(ctx context.Context, cursors []clientele.EventCursor) (more bool, wait time.Duration, err error) {
	if len(cursors) == 0 {
		return false, 0, nil
	}
	from := make([]clientele.EventCursor, len(cursors))
	for i, c := range cursors {
		from[i] = c
		from[i].Seq = s.gatherer.scanned[c]
	}
	tails, err := s.store.ReadChanges(ctx, from, s.gatherer.readAtOnce)
	if err != nil {
		return false, 0, err
	}
	now := s.now()
	var events []clientele.Event
	for i, c := range cursors {
		tail := &tails[i]
		if len(tail.Marks) > 0 {
			made, left := s.cutEvents(c, tail.Marks, now)
			events = append(events, made...)
			if left > 0 && (wait == 0 || left < wait) {
				wait = left
			}
			continue
		}
		more = more || tail.ReadTo > from[i].Seq
		s.gatherer.scanned[c] = tail.ReadTo
		if tail.ReadTo-c.Seq >= idleChanges {
			events = append(events, clientele.Event{ProjectID: c.ProjectID, EventType: c.EventType, From: c.Seq, To: tail.ReadTo})
		}
	}
	return more || len(events) > 0, wait, s.makeEvents(ctx, events)
}

// makeEvents stores events and has their deliveries sent.
func (s *Service) makeEvents(ctx context.Context, events []clientele.Event) error {
	for len(events) > 0 {
		n := min(len(events), eventsPerCommit)
		made, err := s.store.GatherEvents(ctx, events[:n], s.options.NewID)
		if err != nil {
			return err
		}
		s.counters.gathered.Add(int64(made))
		s.wakeDelivering()
		events = events[n:]
	}
	return nil
}

// cutEvents makes events of the changes behind a cursor. left is how long the last one, which is not complete and so not
// returned, has to wait for further changes.
func (s *Service) cutEvents(c clientele.EventCursor, marks []clientele.ChangeMark, now time.Time) (events []clientele.Event, left time.Duration) {
	for len(marks) > 0 {
		e, n := s.cutEvent(c, marks)
		if n == len(marks) { // there may be more to come for it
			if left = e.FirstAt.Add(s.options.Window).Sub(now); left > 0 && left <= s.options.Window {
				return events, left
			}
		}
		e.CreatedAt = now
		events = append(events, e)
		c.Seq, marks = e.To, marks[n:]
	}
	return events, 0
}

// cutEvent makes one event of the first changes and says of how many.
func (s *Service) cutEvent(c clientele.EventCursor, marks []clientele.ChangeMark) (e clientele.Event, n int) {
	first := marks[0].At
	e = clientele.Event{
		ProjectID: c.ProjectID, EventType: c.EventType, From: c.Seq, FirstAt: first, At: first,
	}
	seen := make(map[int64]bool, min(len(marks), s.options.MaxIDs))
	for ; n < len(marks); n++ {
		m := marks[n]
		oldest, newest := earlier(e.FirstAt, m.At), later(e.At, m.At)
		if newest.Sub(oldest) >= s.options.Window && n > 0 || !seen[m.SubjectID] && len(seen) == s.options.MaxIDs {
			break
		}
		if !seen[m.SubjectID] {
			seen[m.SubjectID] = true
			e.SubjectIDs = append(e.SubjectIDs, m.SubjectID)
		}
		e.To, e.FirstAt, e.At = m.Seq, oldest, newest
	}
	return e, n
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}
