package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"iter"
	"strings"
	"time"

	"clientele"
)

// Columns returns the names of a table's columns, in alphabetical order, without those by which SQLite finds a history.
func (s *Store) Columns(ctx context.Context, table string) ([]string, error) {
	rows, err := s.read.QueryContext(ctx,
		"SELECT name FROM pragma_table_info(?1) WHERE (?1, name) NOT IN (VALUES ('change', 'previous'), ('customer', 'last_change'), ('lead', 'last_change')) ORDER BY name",
		table)
	if err != nil {
		return nil, fmt.Errorf("columns of %s: %w", table, classify(err))
	}
	var names []string
	err = collect(rows, func(rows *sql.Rows) error {
		var name string
		err := rows.Scan(&name)
		names = append(names, name)
		return err
	})
	return names, err
}

// partOf returns the FROM and WHERE that select a part.
func partOf(p *clientele.Part, hint string) (from string, args []any) {
	from = " FROM " + p.Table + hint + " WHERE true"
	if !p.Owned {
		return from, nil
	}
	return from + " AND project_id = ?", []any{p.Project}
}

// inKeyOrder makes SQLite read a table through its primary key, which begins with no project, whatever indexes by project
// there are: those it would have to sort, and a part may be larger than the memory.
const inKeyOrder = " NOT INDEXED"

// DumpRows goes through the rows of a part behind a key, in order of its key. The error is with the last of them, whose row
// is nil.
func (s *Store) DumpRows(ctx context.Context, p *clientele.Part, after []any) iter.Seq2[clientele.Row, error] {
	from, args := partOf(p, inKeyOrder)
	key := strings.Join(p.Key, ", ")
	if after != nil {
		from += " AND (" + key + ") > (?" + strings.Repeat(", ?", len(after)-1) + ")"
		args = append(args, after...)
	}
	return func(yield func(clientele.Row, error) bool) {
		rows, err := s.read.QueryContext(ctx, "SELECT "+quoted(p.Columns)+from+" ORDER BY "+key, args...)
		if err != nil {
			yield(nil, fmt.Errorf("dump %s: %w", p.Table, classify(err)))
			return
		}
		defer rows.Close()
		for rows.Next() {
			row, err := scanRow(rows, len(p.Columns))
			if err != nil {
				yield(nil, fmt.Errorf("dump %s: %w", p.Table, classify(err)))
				return
			}
			if !yield(row, nil) {
				return
			}
		}
		if err := rows.Err(); err != nil {
			yield(nil, fmt.Errorf("dump %s: %w", p.Table, classify(err)))
		}
	}
}

func scanRow(rows *sql.Rows, columns int) (clientele.Row, error) {
	row := make(clientele.Row, columns)
	dest := make([]any, columns)
	for i := range row {
		dest[i] = &row[i]
	}
	err := rows.Scan(dest...)
	for i, value := range row {
		if b, isBlob := value.([]byte); isBlob && b == nil {
			row[i] = []byte{} // the driver has no other way to tell of an empty one; NULL is no []byte at all
		}
	}
	return row, err
}

// quoted returns a list of columns, some of which are words of SQL.
func quoted(columns []string) string { return `"` + strings.Join(columns, `", "`) + `"` }

// CountRows returns how many rows a part has.
func (s *Store) CountRows(ctx context.Context, p *clientele.Part) (int64, error) {
	from, args := partOf(p, "")
	var n int64
	if err := s.read.QueryRowContext(ctx, "SELECT count(*)"+from, args...).Scan(&n); err != nil {
		return 0, fmt.Errorf("count %s: %w", p.Table, classify(err))
	}
	return n, nil
}

// LastKey returns the key of a part's last row; nil when it has none.
func (s *Store) LastKey(ctx context.Context, p *clientele.Part) ([]any, error) {
	from, args := partOf(p, "")
	key := make([]any, len(p.Key))
	dest := make([]any, len(key))
	for i := range key {
		dest[i] = &key[i]
	}
	err := s.read.QueryRowContext(ctx, "SELECT "+strings.Join(p.Key, ", ")+from+
		" ORDER BY "+strings.Join(p.Key, " DESC, ")+" DESC LIMIT 1", args...).Scan(dest...)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("last key of %s: %w", p.Table, classify(err))
	}
	return key, nil
}

// RestoreRows appends rows to a part, in one transaction. Kind conflict when one of them is there already.
func (s *Store) RestoreRows(ctx context.Context, p *clientele.Part, rows []clientele.Row) error {
	values := make([]any, 0, len(rows)*len(p.Columns))
	for _, row := range rows {
		values = append(values, row...)
	}
	err := s.transact(ctx, func(t *tx) error {
		return t.insertRows("INSERT INTO "+p.Table+" ("+quoted(p.Columns)+")", "", len(p.Columns), values)
	})
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
	err := s.transact(ctx, func(t *tx) error {
		var arriving string
		err := t.one("SELECT source FROM transfer", nil, &arriving)
		switch {
		case err == nil && arriving == source:
			return nil
		case err == nil:
			return clientele.Errorf(clientele.KindConflict, "the target holds a part of %s: name an empty one", arriving)
		case !errors.Is(err, sql.ErrNoRows):
			return err
		}
		if err := t.refuseFilled(tables); err != nil {
			return err
		}
		return t.exec("INSERT INTO transfer (source, started_at) VALUES (?, ?)", source, time.Now().UnixMicro())
	})
	if err != nil {
		return fmt.Errorf("begin transfer: %w", err)
	}
	return nil
}

// refuseFilled returns an error of kind conflict when one of the tables has a row.
func (t *tx) refuseFilled(tables []string) error {
	for _, table := range tables {
		var filled bool
		if err := t.one("SELECT EXISTS (SELECT 1 FROM "+table+")", nil, &filled); err != nil {
			return err
		}
		if filled {
			return clientele.Errorf(clientele.KindConflict, "the target is not empty, there is a %s in it: name an empty one", table)
		}
	}
	return nil
}

const (
	moveNumbering = "UPDATE sqlite_sequence SET seq = max(seq, ?2) WHERE name = ?1"

	// beginNumbering is for a table of which nothing arrived, or nothing is left.
	beginNumbering = `INSERT INTO sqlite_sequence (name, seq) SELECT name, ?2 FROM sqlite_master WHERE type = 'table' AND name = ?1
		AND sql LIKE '%AUTOINCREMENT%' AND NOT EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = ?1)`
)

// FinishTransfer makes what follows from what arrived and takes the mark of BeginTransfer away. SQLite gives out numbers above
// those that arrived by itself; given are those that the source gave out, which rows that are gone may have had.
func (s *Store) FinishTransfer(ctx context.Context, given []clientele.Numbering) error {
	err := s.transact(ctx, func(t *tx) error {
		for i := range given {
			n := &given[i]
			if err := errors.Join(t.exec(moveNumbering, n.Table, n.End()), t.exec(beginNumbering, n.Table, n.End())); err != nil {
				return err
			}
		}
		return errors.Join(t.exec(restorePlaces), t.exec("DELETE FROM transfer"))
	})
	if err != nil {
		return fmt.Errorf("finish transfer: %w", err)
	}
	return nil
}

// Arriving reports whether the book is still arriving from another store: it must not be served then.
func (s *Store) Arriving(ctx context.Context) (bool, error) {
	var n int
	if err := s.read.QueryRowContext(ctx, "SELECT count(*) FROM transfer").Scan(&n); err != nil {
		return false, fmt.Errorf("ask for transfer: %w", classify(err))
	}
	return n > 0, nil
}
