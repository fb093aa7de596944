package postgres

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// The pauses between attempts: a random part of a time that doubles from the first to the longest.
const (
	firstPause   = 4 * time.Millisecond
	longestPause = 256 * time.Millisecond
)

// maxConflicts bounds the attempts at something that fails for what looks like another transaction. If it were one, it
// would be out of the way by then.
const maxConflicts = 20

// attempt returns the context of one attempt.
func (s *Store) attempt(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, s.options.AttemptTimeout)
}

// again calls try until it succeeds, fails for good, or the time for all attempts is up, and classifies its error. try
// must leave nothing behind when it fails.
func (s *Store) again(ctx context.Context, what string, try func(ctx context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, s.options.Timeout)
	defer cancel()
	for n := 0; ; n++ {
		err := try(ctx)
		if err == nil {
			return nil
		}
		f := faultOf(err)
		if !f.passing() || f.kind == conflict && n+1 >= maxConflicts || s.closed.Load() {
			return classify(err)
		}
		s.reconnectAfter(f.kind, err)
		if !pause(ctx, n) {
			return classify(err)
		}
		s.options.Log.Log(ctx, f.level(), "the database is tried again", "work", what, "attempt", n+2, "cause", err.Error())
	}
}

// pause waits before the attempt after the nth (from 0); false when there is no time for another.
func pause(ctx context.Context, n int) bool {
	longest := min(firstPause<<min(n, 10), longestPause)
	timer := time.NewTimer(rand.N(longest) + 1)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return ctx.Err() == nil
	}
}

// reconnectAfter makes all later uses connect anew where an attempt that failed says that the connections are no good.
func (s *Store) reconnectAfter(kind faultKind, err error) {
	switch {
	case kind == readOnly: // this was the primary once; the next connection looks for the present one
		s.reconnect()
	case kind == gone && errors.Is(err, context.DeadlineExceeded):
		s.suspect()
	}
}

// suspect makes all later uses connect anew after an attempt in which nobody answered: a network that has forgotten one
// connection has most likely forgotten all, and each would cost an attempt. A slow database looks alike, so it happens once in
// the time of an attempt at most.
func (s *Store) suspect() {
	now, last := time.Now(), s.suspected.Load()
	if (last == nil || now.Sub(*last) >= s.options.AttemptTimeout) && s.suspected.CompareAndSwap(last, &now) {
		s.reconnect()
	}
}

// reconnect makes all later uses connect anew.
func (s *Store) reconnect() {
	s.write.Reset()
	s.read.Reset()
}

// query runs a read, again where that may help.
func (s *Store) query(ctx context.Context, what string, read func(ctx context.Context, pool *pgxpool.Pool) error) error {
	return s.again(ctx, what, func(ctx context.Context) error {
		ctx, cancel := s.attempt(ctx)
		defer cancel()
		return read(ctx, s.read)
	})
}

// transact runs do inside one write transaction and commits it, again where that may help. If the connection is lost
// during the commit, nobody knows whether it took place: the error then is of kind unavailable and says so.
func (s *Store) transact(ctx context.Context, what string, do func(ctx context.Context, tx pgx.Tx) error) error {
	return s.again(ctx, what, func(ctx context.Context) error { return s.transactOnce(ctx, do) })
}

// transactSafely is transact for what may take place twice with the effect of once: it is tried again also when nobody
// knows whether it took place.
func (s *Store) transactSafely(ctx context.Context, what string, do func(ctx context.Context, tx pgx.Tx) error) error {
	return s.again(ctx, what, func(ctx context.Context) error {
		err := s.transactOnce(ctx, do)
		if doubt, ok := errors.AsType[*doubtError](err); ok {
			return &lostError{doubt.err}
		}
		return err
	})
}

func (s *Store) transactOnce(ctx context.Context, do func(ctx context.Context, tx pgx.Tx) error) error {
	ctx, cancel := s.attempt(ctx)
	defer cancel()
	conn, err := s.write.Acquire(ctx)
	if err != nil {
		return err
	}
	defer conn.Release()
	tx, err := conn.Begin(ctx)
	if err != nil {
		return ifLost(conn, err)
	}
	if err := do(ctx, tx); err != nil {
		rollback(ctx, conn)
		return ifLost(conn, err)
	}
	commitCtx, cancel := uncancelled(ctx)
	defer cancel()
	if err := tx.Commit(commitCtx); err != nil {
		if conn.Conn().IsClosed() {
			return &doubtError{err}
		}
		rollback(ctx, conn)
		return err
	}
	return nil
}

// uncancelled returns a context with ctx's deadline that goes on when the caller goes away: a commit that was sent must be
// heard to its end.
func uncancelled(ctx context.Context) (context.Context, context.CancelFunc) {
	deadline, ok := ctx.Deadline()
	ctx = context.WithoutCancel(ctx)
	if !ok {
		return context.WithCancel(ctx)
	}
	return context.WithDeadline(ctx, deadline)
}

// rollbackTimeout bounds the return of a connection whose transaction failed. Where it does not do, the pool drops it.
const rollbackTimeout = time.Second

// rollback ends a failed transaction, so that its connection can be used again.
func rollback(ctx context.Context, conn *pgxpool.Conn) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), rollbackTimeout)
	defer cancel()
	if !conn.Conn().IsClosed() {
		_ = conn.Conn().PgConn().Exec(ctx, "ROLLBACK").Close()
	}
}
