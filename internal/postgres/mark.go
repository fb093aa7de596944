package postgres

import (
	"context"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// mark names one transaction of writes, so that it can be found out whether it took place. Each inserts its mark; whoever
// loses the connection during the commit inserts the same mark again, void. That waits for the lost transaction, if it
// still runs. Then either the row is there, and the transaction took place, or it is void from now on, and the lost
// transaction, should it wake up yet, fails on it.
//
// The void mark is written as an update where the row is there, not passed over: so the answer, too, is a commit, and with
// synchronous replication it is only heard when the standby has both.
type mark struct {
	project int64
	id      string
}

func newMark(project int64) mark { return mark{project: project, id: uuid.Must(uuid.NewV7()).String()} }

const (
	insertMark = "INSERT INTO commit_mark (project_id, id, void) VALUES ($1, $2::text::uuid, false)"

	settleMark = `INSERT INTO commit_mark (project_id, id, void) VALUES ($1, $2::text::uuid, true)
		ON CONFLICT (project_id, id) DO UPDATE SET at = commit_mark.at RETURNING void`
)

// queueReplicated makes the reads of a project before it in a batch hold whatever happens: it writes a mark, whose commit the
// standby has to have, and with it all that these reads saw. Else they may see what no standby has: a transaction whose wait
// for the standby was cut short, or which a primary that died had got no further than to its own disk. A failover takes it
// back, and gives its numbers out again (docs/decisions/0015).
func queueReplicated(p *pgx.Batch, project int64) {
	p.Queue(insertMark, project, newMark(project).id)
}

// queryReplicated runs reads of a project whose results are kept, or written somewhere else, with queueReplicated.
func (s *Store) queryReplicated(ctx context.Context, what string, project int64, queue func(p *pgx.Batch)) error {
	return s.query(ctx, what, func(ctx context.Context, pool *pgxpool.Pool) error {
		p := &pgx.Batch{}
		queue(p)
		queueReplicated(p, project)
		return pool.SendBatch(ctx, p).Close()
	})
}

// tookPlace finds out whether the transaction of the mark was committed. When it returns false, it never will be. The
// error says that the time was up before there was an answer.
func (s *Store) tookPlace(ctx context.Context, m mark) (bool, error) {
	for n := 0; ; n++ {
		void, err := s.settle(ctx, m)
		if err == nil {
			s.options.Log.Warn("a connection was lost during a commit", "tookPlace", !void)
			return !void, nil
		}
		if !pause(ctx, n) {
			return false, err
		}
	}
}

func (s *Store) settle(ctx context.Context, m mark) (void bool, err error) {
	ctx, cancel := s.attempt(ctx)
	defer cancel()
	err = s.write.QueryRow(ctx, settleMark, m.project, m.id).Scan(&void)
	s.reconnectAfter(faultOf(err).kind, err)
	return void, err
}

// markAge is how long marks are kept: far longer than anybody tries to find out.
const markAge = time.Hour

const forgetMarks = `DELETE FROM commit_mark WHERE project_id = $1 AND id IN
	(SELECT id FROM commit_mark WHERE project_id = $1 AND at < now() - $2::interval ORDER BY at LIMIT $3)`

func (s *Store) forgetMarks(ctx context.Context, limit int) error {
	_, err := s.forget(ctx, "forget marks", limit, func(ctx context.Context, tx pgx.Tx, project int64, limit int) (int64, error) {
		tag, err := tx.Exec(ctx, forgetMarks, project, markAge, limit)
		return tag.RowsAffected(), err
	})
	return err
}
