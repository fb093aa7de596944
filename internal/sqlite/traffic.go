package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"clientele"
)

// AddCallCounts adds counts to those that are there: several servers add up. Counts of one span, project, begin, dialect and
// outcome may occur once.
func (s *Store) AddCallCounts(ctx context.Context, counts []clientele.CallCount) error {
	values := make([]any, 0, len(counts)*6)
	for i := range counts {
		c := &counts[i]
		values = append(values, seconds(c.Span), c.ProjectID, c.At.UnixMicro(), string(c.Dialect), string(c.Outcome), c.Calls)
	}
	err := s.transact(ctx, func(t *tx) error {
		return t.insertRows("INSERT INTO call_count (span, project_id, at, dialect, outcome, calls)",
			" ON CONFLICT (span, project_id, at, dialect, outcome) DO UPDATE SET calls = calls + excluded.calls", 6, values)
	})
	if err != nil {
		return fmt.Errorf("add %d counts of calls: %w", len(counts), err)
	}
	return nil
}

func seconds(d time.Duration) int64 { return int64(d / time.Second) }

// ListCallCounts returns the counts that the query selects, in order of time, dialect and outcome.
func (s *Store) ListCallCounts(ctx context.Context, q clientele.CallQuery) ([]clientele.CallCount, error) {
	rows, err := s.read.QueryContext(ctx, `SELECT at, dialect, outcome, calls FROM call_count
		WHERE span = ? AND project_id = ? AND at >= ? AND at < ? ORDER BY at, dialect, outcome`,
		seconds(q.Span), q.ProjectID, q.From.UnixMicro(), q.To.UnixMicro())
	if err != nil {
		return nil, fmt.Errorf("list counts of calls: %w", classify(err))
	}
	var list []clientele.CallCount
	err = collect(rows, func(rows *sql.Rows) error {
		c := clientele.CallCount{Span: q.Span, ProjectID: q.ProjectID}
		err := rows.Scan(instant{&c.At}, &c.Dialect, &c.Outcome, &c.Calls)
		list = append(list, c)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list counts of calls: %w", classify(err))
	}
	return list, nil
}

// ForgetCallCounts deletes at most limit counts that began before the given time and returns how many it deleted.
func (s *Store) ForgetCallCounts(ctx context.Context, before time.Time, limit int) (int64, error) {
	deleted, err := s.deleteRows(ctx, `DELETE FROM call_count WHERE (span, project_id, at, dialect, outcome) IN
		(SELECT span, project_id, at, dialect, outcome FROM call_count WHERE at < ? ORDER BY at LIMIT ?)`, before.UnixMicro(), limit)
	if err != nil {
		return 0, fmt.Errorf("forget counts of calls: %w", err)
	}
	return deleted, nil
}

// deleteRows runs a statement in a transaction of its own and returns how many rows it concerned.
func (s *Store) deleteRows(ctx context.Context, query string, args ...any) (n int64, err error) {
	err = s.transact(ctx, func(t *tx) error {
		r, err := t.execResult(query, args...)
		if err == nil {
			n, err = r.RowsAffected()
		}
		return err
	})
	return n, err
}

// newestWindow is how far back the newest changes of one project are looked for, in changes of all projects.
const newestWindow = 50_000

// ListNewestChanges returns the newest changes of a project, or of all projects for 0, the newest first. A project whose last
// change is older than 50,000 changes of the others has none.
func (s *Store) ListNewestChanges(ctx context.Context, project int64, limit int) ([]clientele.Change, error) {
	query, args := "SELECT seq, "+changeColumns+" FROM change WHERE seq > 0 ORDER BY seq DESC LIMIT ?", []any{limit}
	if project != 0 { // the plus keeps to the order of seq: there is no index by project alone
		query = "SELECT seq, " + changeColumns + ` FROM change WHERE +project_id = ?
			AND seq > (SELECT coalesce(max(seq), 0) FROM change) - ? ORDER BY seq DESC LIMIT ?`
		args = []any{project, newestWindow, limit}
	}
	list, err := s.changes(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("list newest changes of project %d: %w", project, err)
	}
	return list, nil
}

// CountWaitingSubmissions returns how many submissions are not carried out yet, at most the given number.
func (s *Store) CountWaitingSubmissions(ctx context.Context, most int) (n int, err error) {
	err = s.read.QueryRowContext(ctx, "SELECT count(*) FROM (SELECT 1 FROM submission WHERE finished_at IS NULL LIMIT ?)", most).Scan(&n)
	if err != nil {
		return 0, fmt.Errorf("count waiting submissions: %w", classify(err))
	}
	return n, nil
}
