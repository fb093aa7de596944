package postgres

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"sync"
	"time"

	"clientele"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

// The history of a project is read behind its back, by sequence, and transactions do not commit in the order in which they
// took their sequences: 7 may be there when 6 is still to come, and who has read up to 7 would never see 6. So a
// transaction that may append changes holds the history of its projects shared, from before it takes its first sequence
// until it has ended. Who reads waits until it has a history alone, for a moment: then all that took a sequence have ended,
// and those that will take one take a higher one. What is there at that moment is complete up to its last.
//
// The locks belong to transactions, as in migrate, and end with them. One held for nothing, because the numbers of two
// projects end in the same 32 bits, does no harm.

// historyLock is the class of the advisory locks on histories, gatherLock of those on gathering: arbitrary numbers of ours.
const (
	historyLock = 721_593_407
	gatherLock  = 721_593_408
)

// lockHistory is shared by all that append. It comes before all other locks: nobody who waits here holds a row that
// somebody needs who has a history already.
const lockHistory = "SELECT pg_advisory_xact_lock_shared($1::int, project) FROM unnest($2::int[]) AS project"

// lockHistoryAlone is for who erases somebody: whoever comes behind sees what is marked, and nobody is on the way with the
// same person.
const lockHistoryAlone = "SELECT pg_advisory_xact_lock($1::int, project) FROM unnest($2::int[]) AS project"

// queueLockHistory locks the histories of the projects that the writes may change, in order.
func queueLockHistory(p *pgx.Batch, writes []clientele.Write) {
	var projects []int64
	query := lockHistory
	for i := range writes {
		w := &writes[i]
		if w.Erase != nil {
			query = lockHistoryAlone
		}
		if (w.Customer != nil || w.Lead != nil || w.Erase != nil) && !slices.Contains(projects, w.ProjectID) {
			projects = append(projects, w.ProjectID)
		}
	}
	if len(projects) > 0 {
		p.Queue(query, historyLock, lockKeys(projects))
	}
}

// lockKeys returns projects as keys of advisory locks, in order.
func lockKeys(projects []int64) []int32 {
	keys := make([]int32, len(projects))
	for i, project := range projects {
		keys[i] = int32(project)
	}
	slices.Sort(keys)
	return slices.Compact(keys)
}

// Who waits for a history alone makes all that come after it wait, too, and it waits for the slowest of those before it.
// So it has little patience: where somebody takes long, it lets the others go on and comes again, with twice as much, up to
// the most: one that was slow is through by then, and one that is dead has been ended by the server (idleInTransaction).
const (
	firstPatience = 50 * time.Millisecond
	mostPatience  = time.Second
)

// patience is how long to wait for a history, by project.
type patience struct {
	mu       sync.Mutex
	projects map[int64]time.Duration
}

func (p *patience) of(project int64) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	return max(firstPatience, p.projects[project])
}

// learn makes a project's patience longer when it was not enough.
func (p *patience) learn(project int64, enough bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if enough {
		delete(p.projects, project)
		return
	}
	if p.projects == nil {
		p.projects = map[int64]time.Duration{}
	}
	p.projects[project] = min(2*max(firstPatience, p.projects[project]), mostPatience)
}

// How the end of a history is found. All of it is sent at once: a reader that stops or dies on the way leaves no lock.
const (
	setPatience = "SELECT set_config('lock_timeout', $1, true), set_config('idle_in_transaction_session_timeout', '1s', true)"
	haveHistory = "SELECT pg_advisory_xact_lock($1::int, $2::int)"
	historyEnd  = "SELECT coalesce(max(seq), 0) FROM change WHERE project_id = $1"
)

// completeTo returns up to which sequence the history of a project is complete: all changes up to it that will ever be
// there are there, and on the standby. The error is errHistoryBusy when somebody took too long.
func (s *Store) completeTo(ctx context.Context, project int64) (seq int64, err error) {
	return s.atEnd(ctx, project, func(*pgx.Batch, int64) {})
}

// atEnd finds up to which sequence the history of a project is complete, and reads what queue then asks for, all over one
// connection: another one may lead to the primary of before. What it read is on the standby (see queueReplicated).
func (s *Store) atEnd(ctx context.Context, project int64, queue func(p *pgx.Batch, end int64)) (end int64, err error) {
	ctx, cancel := s.attempt(ctx)
	defer cancel()
	conn, err := s.read.Acquire(ctx)
	if err != nil {
		return 0, err
	}
	defer conn.Release()
	if end, err = s.findEnd(ctx, conn, project); err != nil {
		return 0, err
	}
	p := &pgx.Batch{}
	queue(p, end)
	queueReplicated(p, project)
	return end, ifLost(conn, conn.SendBatch(ctx, p).Close())
}

func (s *Store) findEnd(ctx context.Context, conn *pgxpool.Conn, project int64) (seq int64, err error) {
	p := &pgx.Batch{}
	p.Queue("BEGIN")
	p.Queue(setPatience, strconv.FormatInt(s.patience.of(project).Milliseconds(), 10))
	p.Queue(haveHistory, historyLock, int32(project))
	p.Queue(historyEnd, project).QueryRow(func(row pgx.Row) error { return row.Scan(&seq) })
	p.Queue("COMMIT")
	err = conn.SendBatch(ctx, p).Close()
	if err != nil {
		rollback(ctx, conn)
	}
	busy := isBusy(err)
	if err == nil || busy {
		s.patience.learn(project, err == nil)
	}
	if busy {
		return 0, errHistoryBusy{err}
	}
	return seq, ifLost(conn, err)
}

// errHistoryBusy says that a history was not had within one's patience.
type errHistoryBusy struct{ error }

func (e errHistoryBusy) Unwrap() error { return e.error }

// isBusy reports whether err says that a lock was not had in time.
func isBusy(err error) bool {
	e, ok := errors.AsType[*pgconn.PgError](err)
	return ok && e.Code == "55P03"
}
