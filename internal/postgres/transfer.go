package postgres

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"
	"time"

	"clientele"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// Columns returns the names of a table's columns, in alphabetical order.
func (s *Store) Columns(ctx context.Context, table string) ([]string, error) {
	types, err := s.columnTypes(ctx, table)
	if err != nil {
		return nil, fmt.Errorf("columns of %s: %w", table, err)
	}
	names := make([]string, len(types))
	for i, t := range types {
		names[i] = t.name
	}
	return names, nil
}

// partOf returns the FROM and WHERE that select a part. It is read in order of its primary key, which begins with the
// project; only that of remembered_call goes on in another order than the part, and is sorted once.
func partOf(p *clientele.Part) (from string, args []any) {
	from = " FROM " + pgx.Identifier{p.Table}.Sanitize() + " WHERE true"
	if !p.Owned {
		return from, nil
	}
	return from + " AND project_id = $1", []any{p.Project}
}

// DumpRows goes through the rows of a part behind a key, in order of its key. The error is with the last of them, whose row
// is nil; it is not tried again. The rows come in one statement, however long that takes.
func (s *Store) DumpRows(ctx context.Context, p *clientele.Part, after []any) iter.Seq2[clientele.Row, error] {
	return func(yield func(clientele.Row, error) bool) {
		types, err := s.columnTypes(ctx, p.Table)
		if err == nil {
			err = s.dumpRows(ctx, p, after, newCells(types, p.Columns), func(row clientele.Row) bool { return yield(row, nil) })
		}
		if err != nil {
			yield(nil, fmt.Errorf("dump %s: %w", p.Table, classify(err)))
		}
	}
}

func (s *Store) dumpRows(ctx context.Context, p *clientele.Part, after []any, c *cells, yield func(clientele.Row) bool) error {
	from, args := partOf(p)
	key := strings.Join(p.Key, ", ")
	if after != nil {
		places := make([]string, len(after))
		for i := range after {
			places[i] = fmt.Sprintf("$%d", len(args)+i+1)
		}
		from += " AND (" + key + ") > (" + strings.Join(places, ", ") + ")"
		args = append(args, after...)
	}
	rows, err := s.read.Query(ctx, "SELECT "+c.selectList()+from+" ORDER BY "+key, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		row, err := c.scan(rows)
		if err != nil {
			return err
		}
		if !yield(row) {
			return nil // nobody wants more, nor hears of an error
		}
	}
	return rows.Err()
}

// CountRows returns how many rows a part has.
func (s *Store) CountRows(ctx context.Context, p *clientele.Part) (int64, error) {
	from, args := partOf(p)
	var n int64
	if err := s.read.QueryRow(ctx, "SELECT count(*)"+from, args...).Scan(&n); err != nil {
		return 0, fmt.Errorf("count %s: %w", p.Table, classify(err))
	}
	return n, nil
}

// LastKey returns the key of a part's last row; nil when it has none.
func (s *Store) LastKey(ctx context.Context, p *clientele.Part) ([]any, error) {
	types, err := s.columnTypes(ctx, p.Table)
	if err != nil {
		return nil, fmt.Errorf("last key of %s: %w", p.Table, err)
	}
	from, args := partOf(p)
	c := newCells(types, p.Key)
	rows, err := s.read.Query(ctx, "SELECT "+c.selectList()+from+
		" ORDER BY "+strings.Join(p.Key, " DESC, ")+" DESC LIMIT 1", args...)
	var key clientele.Row
	if err == nil {
		key, err = pgx.CollectExactlyOneRow(rows, func(row pgx.CollectableRow) (clientele.Row, error) { return c.scan(row) })
	}
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("last key of %s: %w", p.Table, classify(err))
	}
	return key, nil
}

// RestoreRows appends rows to a part, in one transaction. Kind conflict when one of them is there already.
func (s *Store) RestoreRows(ctx context.Context, p *clientele.Part, rows []clientele.Row) error {
	types, err := s.columnTypes(ctx, p.Table)
	if err == nil {
		c := newCells(types, p.Columns)
		err = s.transact(ctx, "restore rows", func(ctx context.Context, tx pgx.Tx) error {
			_, err := tx.CopyFrom(ctx, pgx.Identifier{p.Table}, p.Columns,
				pgx.CopyFromSlice(len(rows), func(i int) ([]any, error) { return c.stored(rows[i]), nil }))
			return err
		})
	}
	if isUnique(err) {
		return clientele.Errorf(clientele.KindConflict, "somebody else is writing to the target")
	}
	if err != nil {
		return fmt.Errorf("restore %s: %w", p.Table, err)
	}
	return nil
}

// BeginTransfer marks the book as arriving from a source. Kind conflict when it is arriving from another one, and when it is
// not arriving and one of the tables has a row.
func (s *Store) BeginTransfer(ctx context.Context, source string, tables []string) error {
	err := s.transactSafely(ctx, "begin transfer", func(ctx context.Context, tx pgx.Tx) error {
		var arriving string
		err := tx.QueryRow(ctx, "SELECT source FROM transfer").Scan(&arriving)
		switch {
		case err == nil && arriving == source:
			return nil
		case err == nil:
			return clientele.Errorf(clientele.KindConflict, "the target holds a part of %s: name an empty one", arriving)
		case !errors.Is(err, pgx.ErrNoRows):
			return err
		}
		if err := refuseFilled(ctx, tx, tables); err != nil {
			return err
		}
		_, err = tx.Exec(ctx, "INSERT INTO transfer (source, started_at) VALUES ($1, $2)", source, time.Now())
		if isUnique(err) {
			return &raceError{err} // somebody else has just begun
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("begin transfer: %w", err)
	}
	return nil
}

// refuseFilled returns an error of kind conflict when one of the tables has a row.
func refuseFilled(ctx context.Context, tx pgx.Tx, tables []string) error {
	for _, table := range tables {
		var filled bool
		if err := tx.QueryRow(ctx, "SELECT EXISTS (SELECT 1 FROM "+pgx.Identifier{table}.Sanitize()+")").Scan(&filled); err != nil {
			return err
		}
		if filled {
			return clientele.Errorf(clientele.KindConflict, "the target is not empty, there is a %s in it: name an empty one", table)
		}
	}
	return nil
}

// numbered are the columns that number the rows of their tables. The sequence of each is named TABLE_COLUMN_seq.
var numbered = []struct{ table, column string }{
	{"project", "id"},
	{"credential", "id"},
	{"publisher", "id"},
	{"campaign", "id"},
	{"customer", "id"},
	{"address", "id"},
	{"lead", "id"},
	{"change", "seq"},
	{"submission", "seq"},
	{"event", "seq"},
	{"delivery", "seq"},
	{"operator", "id"},
	{"audit", "seq"},
}

// FinishTransfer makes what follows from what arrived, has the sequences go on above it and above what the source gave out, which
// rows that are gone may have had, and takes the mark of BeginTransfer away. The book may be of any size: what takes long is read
// in however long that takes, and written in pieces. Broken off, it begins anew.
func (s *Store) FinishTransfer(ctx context.Context, given []clientele.Numbering) error {
	projects, err := s.ListProjects(ctx)
	if err != nil {
		return fmt.Errorf("finish transfer: %w", err)
	}
	s.analyze(ctx, "ANALYZE customer") // else each piece might be found by reading the whole project
	for i := range projects {
		if err := s.placeCustomers(ctx, projects[i].ID); err != nil {
			return fmt.Errorf("finish transfer: %w", err)
		}
	}
	arrived, err := s.ListNumberings(ctx)
	if err == nil {
		err = s.transactSafely(ctx, "finish transfer", func(ctx context.Context, tx pgx.Tx) error {
			if err := moveSequences(ctx, tx, arrived, given); err != nil {
				return err
			}
			_, err := tx.Exec(ctx, "DELETE FROM transfer")
			return err
		})
	}
	if err != nil {
		return fmt.Errorf("finish transfer: %w", err)
	}
	s.analyze(ctx, "ANALYZE")
	return nil
}

// moveSequences makes the sequences go on above the highest numbers that arrived, and above those that the source gave out.
func moveSequences(ctx context.Context, tx pgx.Tx, arrived, given []clientele.Numbering) error {
	for i := range arrived {
		n := &arrived[i]
		last := n.Highest
		for j := range given {
			if given[j].Table == n.Table {
				last = max(last, given[j].End())
			}
		}
		if last == 0 {
			continue
		}
		sequence := n.Table + "_" + n.Column + "_seq"
		_, err := tx.Exec(ctx, "SELECT setval($1::text::regclass, greatest($2, last_value)) FROM "+sequence, sequence, last)
		if err != nil {
			return err
		}
	}
	return nil
}

// analyze tells the planner of tables that have arrived. Without it, it would find out by itself, only later.
func (s *Store) analyze(ctx context.Context, statement string) {
	if _, err := s.write.Exec(ctx, statement); err != nil {
		s.options.Log.Warn("the tables that arrived were not analysed", "cause", err.Error())
	}
}

// Arriving reports whether the book is still arriving from another store: it must not be served then.
func (s *Store) Arriving(ctx context.Context) (bool, error) {
	var arriving bool
	err := s.query(ctx, "ask for transfer", func(ctx context.Context, pool *pgxpool.Pool) error {
		return pool.QueryRow(ctx, "SELECT EXISTS (SELECT 1 FROM transfer)").Scan(&arriving)
	})
	if err != nil {
		return false, fmt.Errorf("ask for transfer: %w", err)
	}
	return arriving, nil
}
