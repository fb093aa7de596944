package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"clientele"
)

// Columns returns the names of a table's columns, in alphabetical order.
func (s *Store) Columns(ctx context.Context, table string) ([]string, error) {
	rows, err := s.read.QueryContext(ctx, "SELECT name FROM pragma_table_info(?) ORDER BY name", table)
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

// partOf returns the condition that selects a part. Owned tables are read in order of their primary key, which begins
// with no project: NOT INDEXED keeps SQLite from sorting the project's rows for each page.
func partOf(p *clientele.Part) (from string, args []any) {
	if !p.Owned {
		return " FROM " + p.Table + " NOT INDEXED WHERE true", nil
	}
	return " FROM " + p.Table + " NOT INDEXED WHERE project_id = ?", []any{p.Project}
}

// DumpRows returns at most limit rows of a part behind a key, in order of its key.
func (s *Store) DumpRows(ctx context.Context, p *clientele.Part, after []any, limit int) ([]clientele.Row, error) {
	from, args := partOf(p)
	key := strings.Join(p.Key, ", ")
	if after != nil {
		from += " AND (" + key + ") > (?" + strings.Repeat(", ?", len(after)-1) + ")"
		args = append(args, after...)
	}
	rows, err := s.read.QueryContext(ctx,
		"SELECT "+quoted(p.Columns)+from+" ORDER BY "+key+" LIMIT ?", append(args, limit)...)
	if err != nil {
		return nil, fmt.Errorf("dump %s: %w", p.Table, classify(err))
	}
	var list []clientele.Row
	err = collect(rows, func(rows *sql.Rows) error {
		row := make(clientele.Row, len(p.Columns))
		dest := make([]any, len(row))
		for i := range row {
			dest[i] = &row[i]
		}
		err := rows.Scan(dest...)
		list = append(list, row)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("dump %s: %w", p.Table, classify(err))
	}
	return list, nil
}

// quoted returns a list of columns, some of which are words of SQL.
func quoted(columns []string) string { return `"` + strings.Join(columns, `", "`) + `"` }

// CountRows returns how many rows a part has.
func (s *Store) CountRows(ctx context.Context, p *clientele.Part) (int64, error) {
	from, args := partOf(p)
	var n int64
	if err := s.read.QueryRowContext(ctx, "SELECT count(*)"+from, args...).Scan(&n); err != nil {
		return 0, fmt.Errorf("count %s: %w", p.Table, classify(err))
	}
	return n, nil
}

// LastKey returns the key of a part's last row; nil when it has none.
func (s *Store) LastKey(ctx context.Context, p *clientele.Part) ([]any, error) {
	from, args := partOf(p)
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

// RestoreRows appends rows to a part, in one transaction.
func (s *Store) RestoreRows(ctx context.Context, p *clientele.Part, rows []clientele.Row) error {
	values := make([]any, 0, len(rows)*len(p.Columns))
	for _, row := range rows {
		values = append(values, row...)
	}
	err := s.transact(ctx, func(t *tx) error {
		return t.insertRows("INSERT INTO "+p.Table+" ("+quoted(p.Columns)+")", "", len(p.Columns), values)
	})
	if err != nil {
		return fmt.Errorf("restore %s: %w", p.Table, err)
	}
	return nil
}

// BeginTransfer marks the book as arriving from a source. Kind conflict when it holds anything that did not come from
// that source.
func (s *Store) BeginTransfer(ctx context.Context, source string) error {
	err := s.transact(ctx, func(t *tx) error {
		var projects int
		var arriving string
		if err := t.one("SELECT (SELECT count(*) FROM project), coalesce((SELECT source FROM transfer), '')", nil, &projects, &arriving); err != nil {
			return err
		}
		if arriving == source {
			return nil
		}
		if projects > 0 || arriving != "" {
			return clientele.Errorf(clientele.KindConflict, "the target is not empty: name an empty one")
		}
		return t.exec("INSERT INTO transfer (source, started_at) VALUES (?, ?)", source, time.Now().UnixMicro())
	})
	if err != nil {
		return fmt.Errorf("begin transfer: %w", err)
	}
	return nil
}

// FinishTransfer takes the mark of BeginTransfer away. New ids lie above those that arrived by themselves here.
func (s *Store) FinishTransfer(ctx context.Context) error {
	err := s.transact(ctx, func(t *tx) error { return t.exec("DELETE FROM transfer") })
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
