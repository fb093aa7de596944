package postgres

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"clientele"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

// Commit carries out the writes in one durable transaction and returns the outcome of each, in order. On an error nothing
// of the batch was written, with one exception: when the connection was lost during the commit and the time was up before
// the book said what became of it, the error says so; repeating the writes is safe wherever they have a key.
//
// An error of kind unavailable concerns the whole book; any other may be the fault of a single write, which the caller
// finds by committing the parts. What fails because of another transaction or of a connection is tried again first, for
// Options.Timeout at most. A caller that goes away is obeyed until the commit is sent, and not after.
func (s *Store) Commit(ctx context.Context, writes []clientele.Write) ([]clientele.Outcome, error) {
	if len(writes) == 0 {
		return nil, nil
	}
	var outcomes []clientele.Outcome
	err := s.again(ctx, "commit", func(ctx context.Context) (err error) {
		outcomes, err = s.commitOnce(ctx, writes)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("commit %d writes: %w", len(writes), err)
	}
	return outcomes, nil
}

// commit is one attempt at a transaction of writes.
type commit struct {
	store *Store
	conn  *pgxpool.Conn
	batch *clientele.Batch
	ids   newIDs
	// remembered are the times of the calls that the book remembers.
	remembered map[rememberedKey]time.Time
	// submissions are the places of the submissions that are in work.
	submissions map[clientele.ProjectKey]int64
	mark        mark
	// marked says that the transaction writes its mark.
	marked bool
	// copied says what COPY has brought already.
	copied struct{ customers, changes bool }
	// updates is how many customers the batch updates, adds how many customers, leads and submissions it adds.
	updates, adds int64
	// firstKey is the key of erasures when this server knows of none yet and the batch finds one.
	firstKey []byte
}

// commitOnce makes one attempt, and finds out what became of it when the connection is lost on the way.
func (s *Store) commitOnce(ctx context.Context, writes []clientele.Write) ([]clientele.Outcome, error) {
	t := &commit{
		store: s, batch: clientele.NewBatch(writes), remembered: map[rememberedKey]time.Time{},
		submissions: map[clientele.ProjectKey]int64{}, mark: newMark(writes[0].ProjectID),
	}
	outcomes, err := t.run(ctx, writes)
	if doubt, ok := errors.AsType[*doubtError](err); ok {
		ctx, cancel := uncancelled(ctx)
		defer cancel()
		tookPlace, lookErr := s.tookPlace(ctx, t.mark)
		switch {
		case lookErr != nil:
			return nil, err
		case !tookPlace:
			return nil, &lostError{doubt.err}
		}
		err = nil
	}
	if err != nil {
		return nil, err
	}
	t.keepFresh()
	t.keepErasureKey()
	return outcomes, nil
}

// run returns the outcomes also when the commit is in doubt.
func (t *commit) run(ctx context.Context, writes []clientele.Write) ([]clientele.Outcome, error) {
	ctx, cancel := t.store.attempt(ctx)
	defer cancel()
	var err error
	if t.conn, err = t.store.write.Acquire(ctx); err != nil {
		return nil, err
	}
	defer t.conn.Release()
	defer t.returnIDs()
	if err := t.load(ctx, writes); err != nil {
		rollback(ctx, t.conn)
		return nil, ifLost(t.conn, err)
	}
	outcomes := t.batch.Decide(&t.ids)
	return outcomes, t.keep(ctx)
}

// load begins the transaction and hands the batch what the book has under its keys, locked; one round trip. The projects
// come in order, and in each the tables, so that two servers lock in the same order.
func (t *commit) load(ctx context.Context, writes []clientele.Write) error {
	p := &pgx.Batch{}
	p.Queue("BEGIN")
	queueLockHistory(p, writes)
	t.queueFindProjects(p, writes)
	t.queueIDs(p, writes)
	byProject := t.batch.Keys()
	for _, project := range slices.Sorted(maps.Keys(byProject)) {
		keys := byProject[project]
		t.queueLoadRemembered(p, project, keys.Idempotency)
		t.queueLoadSubmissions(p, project, keys.Submissions)
		if keys.AtOnce {
			t.queueLoadIdle(p, project)
		}
		queueLoadLeads(p, t.batch, project, keys.LeadUUIDs)
		queueLoadCustomers(p, t.batch, project, keys)
	}
	t.queueLoadErased(p)
	if err := t.conn.SendBatch(ctx, p).Close(); err != nil {
		return err
	}
	return t.loadMarks(ctx)
}

// keep stores what the batch decided and commits; one round trip, and one for each table of which there is much.
func (t *commit) keep(ctx context.Context) error {
	ctx, cancel := uncancelled(ctx)
	defer cancel()
	if err := t.copyLarge(ctx); err != nil {
		return ifLost(t.conn, t.failed(ctx, err))
	}
	p := &pgx.Batch{}
	queueErased(p, t.batch.Erasures.Erased)
	t.adds = int64(t.queueCustomers(p) + queueLeads(p, t.batch) + len(t.batch.NewSubmissions))
	queueNewSubmissions(p, t.batch.NewSubmissions)
	t.queueFinishedSubmissions(p)
	t.queueRemembered(p)
	if !t.copied.changes {
		queueChanges(p, t.batch.Changes)
	}
	queueErasures(p, &t.batch.Erasures)
	if p.Len() > 0 || t.copied.changes || t.ids.anyFresh() || t.batch.Repeats() {
		t.marked = true
		p.Queue(insertMark, t.mark.project, t.mark.id)
	}
	if len(t.batch.Changes) > 0 && t.store.tells.now() {
		p.Queue(tellOfChanges)
	}
	p.Queue("COMMIT").Exec(func(tag pgconn.CommandTag) error {
		if tag.String() != "COMMIT" {
			return fmt.Errorf("commit ended in %s", tag)
		}
		return nil
	})
	return t.judge(ctx, t.conn.SendBatch(ctx, p).Close())
}

// judge tells what an error of the last round trip means. What ended the connection may have come before or after the
// commit; what did not, the transaction did not survive.
func (t *commit) judge(ctx context.Context, err error) error {
	switch {
	case err == nil:
		t.store.added.Add(t.adds)
		t.store.updated.Add(t.updates)
		return nil
	case t.conn.Conn().IsClosed():
		return &doubtError{err}
	}
	return t.failed(ctx, err)
}

// failed ends a transaction that has failed, and tells whether another was quicker.
func (t *commit) failed(ctx context.Context, err error) error {
	rollback(ctx, t.conn)
	if isTakenID(err) {
		t.dropIDs()
		return &raceError{err}
	}
	if isRace(err) {
		return &raceError{err}
	}
	return err
}
