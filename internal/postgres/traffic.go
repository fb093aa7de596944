package postgres

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"clientele"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// addCallCounts takes the rows in order of their keys, so that two servers never wait for each other in a circle.
const addCallCounts = `INSERT INTO call_count (span, project_id, at, dialect, outcome, calls)
	SELECT span, project_id, at, dialect, outcome, calls
	FROM unnest($1::bigint[], $2::bigint[], $3::timestamptz[], $4::text[], $5::text[], $6::bigint[])
	AS v (span, project_id, at, dialect, outcome, calls)
	ORDER BY span, project_id, at, dialect, outcome
	ON CONFLICT (span, project_id, at, dialect, outcome) DO UPDATE SET calls = call_count.calls + excluded.calls`

// AddCallCounts adds counts to those that are there: several servers add up. Counts of one span, project, begin, dialect and
// outcome may occur once.
func (s *Store) AddCallCounts(ctx context.Context, counts []clientele.CallCount) error {
	n := len(counts)
	spans, projects, calls := make([]int64, n), make([]int64, n), make([]int64, n)
	dialects, outcomes, times := make([]string, n), make([]string, n), make([]time.Time, n)
	for i := range counts {
		c := &counts[i]
		spans[i], projects[i], times[i] = seconds(c.Span), c.ProjectID, c.At
		dialects[i], outcomes[i], calls[i] = string(c.Dialect), string(c.Outcome), c.Calls
	}
	err := s.transact(ctx, "add counts of calls", func(ctx context.Context, tx pgx.Tx) error {
		_, err := tx.Exec(ctx, addCallCounts, spans, projects, times, dialects, outcomes, calls)
		return err
	})
	if err != nil {
		return fmt.Errorf("add %d counts of calls: %w", n, err)
	}
	return nil
}

func seconds(d time.Duration) int64 { return int64(d / time.Second) }

const listCallCounts = `SELECT at, dialect, outcome, calls FROM call_count
	WHERE span = $1 AND project_id = $2 AND at >= $3 AND at < $4 ORDER BY at, dialect, outcome`

// ListCallCounts returns the counts that the query selects, in order of time, dialect and outcome.
func (s *Store) ListCallCounts(ctx context.Context, q clientele.CallQuery) ([]clientele.CallCount, error) {
	var list []clientele.CallCount
	err := s.query(ctx, "list counts of calls", func(ctx context.Context, pool *pgxpool.Pool) error {
		rows, err := pool.Query(ctx, listCallCounts, seconds(q.Span), q.ProjectID, q.From, q.To)
		if err != nil {
			return err
		}
		list, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (clientele.CallCount, error) {
			c := clientele.CallCount{Span: q.Span, ProjectID: q.ProjectID}
			err := row.Scan((*instant)(&c.At), (*string)(&c.Dialect), (*string)(&c.Outcome), &c.Calls)
			return c, err
		})
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list counts of calls: %w", err)
	}
	return list, nil
}

const forgetCallCounts = `DELETE FROM call_count WHERE (span, project_id, at, dialect, outcome) IN
	(SELECT span, project_id, at, dialect, outcome FROM call_count WHERE at < $1 ORDER BY at LIMIT $2)`

// ForgetCallCounts deletes at most limit counts that began before the given time and returns how many it deleted.
func (s *Store) ForgetCallCounts(ctx context.Context, before time.Time, limit int) (int64, error) {
	deleted, err := s.deleteRows(ctx, "forget counts of calls", forgetCallCounts, before, limit)
	if err != nil {
		return 0, fmt.Errorf("forget counts of calls: %w", err)
	}
	return deleted, nil
}

// deleteRows runs a statement in a transaction of its own and returns how many rows it concerned.
func (s *Store) deleteRows(ctx context.Context, what, query string, args ...any) (n int64, err error) {
	err = s.transactSafely(ctx, what, func(ctx context.Context, tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, query, args...)
		n = tag.RowsAffected()
		return err
	})
	return n, err
}

const newestChanges = "SELECT seq, " + changeColumns + " FROM change WHERE project_id = $1 ORDER BY seq DESC LIMIT $2"

// ListNewestChanges returns the newest changes of a project, or of all projects for 0, the newest first. It makes one look-up
// for each project, all in one round trip.
func (s *Store) ListNewestChanges(ctx context.Context, project int64, limit int) ([]clientele.Change, error) {
	projects := []int64{project}
	if project == 0 {
		all, err := s.ListProjects(ctx)
		if err != nil {
			return nil, fmt.Errorf("list newest changes: %w", err)
		}
		projects = projects[:0]
		for i := range all {
			projects = append(projects, all[i].ID)
		}
	}
	var list []clientele.Change
	err := s.query(ctx, "list newest changes", func(ctx context.Context, pool *pgxpool.Pool) error {
		list = nil
		b := &pgx.Batch{}
		for _, id := range projects {
			b.Queue(newestChanges, id, limit).Query(func(rows pgx.Rows) (err error) {
				list, err = pgx.AppendRows(list, rows, scanChange)
				return err
			})
		}
		return pool.SendBatch(ctx, b).Close()
	})
	if err != nil {
		return nil, fmt.Errorf("list newest changes of project %d: %w", project, err)
	}
	slices.SortStableFunc(list, func(a, b clientele.Change) int {
		return cmp.Or(b.At.Compare(a.At), cmp.Compare(b.Seq, a.Seq))
	})
	return list[:min(limit, len(list))], nil
}

// countWaiting reads the index of those that are not finished: the order makes it. Most of a table is, so that reading it would
// find the first ones late.
const countWaiting = `SELECT count(*) FROM
	(SELECT 1 FROM submission WHERE finished_at IS NULL ORDER BY project_id, seq LIMIT $1) AS waiting`

// CountWaitingSubmissions returns how many submissions are not carried out yet, at most the given number.
func (s *Store) CountWaitingSubmissions(ctx context.Context, most int) (n int, err error) {
	err = s.query(ctx, "count waiting submissions", func(ctx context.Context, pool *pgxpool.Pool) error {
		return pool.QueryRow(ctx, countWaiting, most).Scan(&n)
	})
	if err != nil {
		return 0, fmt.Errorf("count waiting submissions: %w", err)
	}
	return n, nil
}
