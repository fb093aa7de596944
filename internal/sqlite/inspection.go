package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"iter"
	"strings"

	"clientele"
)

// snapshot is a read transaction.
type snapshot struct{ tx *sql.Tx }

// Look hands a snapshot of the book to look. It is not valid afterwards. The write-ahead log grows for as long as it takes.
func (s *Store) Look(ctx context.Context, look func(clientele.Snapshot) error) error {
	tx, err := s.read.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("look: %w", classify(err))
	}
	defer func() { _ = tx.Rollback() }() // there is nothing to keep
	return look(snapshot{tx})
}

// rangeSQL returns the WITH, FROM and WHERE of a range. What has no index by project and number is read in order of the number,
// which is the table's own; changes of records are read along their chains.
func rangeSQL(r *clientele.RowRange) (with, from string, args []any) {
	if r.Table == "change" && r.By == "subject_id" {
		return changeRangeSQL(r)
	}
	if r.Text != "" {
		from, args = partOf(&r.Part, "")
		return "", from + " AND " + r.By + " = ?", append(args, r.Text)
	}
	hint := ""
	if r.By == "seq" || r.Table == "lead" {
		hint = inKeyOrder
	}
	from, args = partOf(&r.Part, hint)
	if r.Subject != "" {
		from, args = from+" AND subject = ?", append(args, string(r.Subject))
	}
	return "", from + " AND " + r.By + " BETWEEN ? AND ?", append(args, r.From, r.To)
}

func rowsSQL(r *clientele.RowRange) (query string, args []any) {
	with, from, args := rangeSQL(r)
	return with + "SELECT " + quoted(r.Columns) + from + " ORDER BY " + strings.Join(r.Key, ", "), args
}

func firstSQL(r *clientele.RowRange) (query string, args []any) {
	_, from, args := rangeSQL(r)
	if r.Table == "change" && r.By == "subject_id" {
		return firstChangeSQL(r.Subject), args
	}
	return "SELECT " + r.By + from + " ORDER BY " + r.By + " LIMIT 1", args
}

// Rows goes through the rows of a range. The error is with the last of them, whose row is nil.
func (s snapshot) Rows(ctx context.Context, r *clientele.RowRange) iter.Seq2[clientele.Row, error] {
	query, args := rowsSQL(r)
	return func(yield func(clientele.Row, error) bool) {
		rows, err := s.tx.QueryContext(ctx, query, args...)
		if err != nil {
			yield(nil, fmt.Errorf("rows of %s: %w", r.Table, classify(err)))
			return
		}
		defer rows.Close()
		for rows.Next() {
			row, err := scanRow(rows, len(r.Columns))
			if err != nil {
				yield(nil, fmt.Errorf("rows of %s: %w", r.Table, classify(err)))
				return
			}
			if !yield(row, nil) {
				return
			}
		}
		if err := rows.Err(); err != nil {
			yield(nil, fmt.Errorf("rows of %s: %w", r.Table, classify(err)))
		}
	}
}

// First returns the lowest value of the column By in a range; found is false when the range has no row.
func (s snapshot) First(ctx context.Context, r *clientele.RowRange) (value int64, found bool, err error) {
	query, args := firstSQL(r)
	var lowest sql.NullInt64
	err = s.tx.QueryRowContext(ctx, query, args...).Scan(&lowest)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return 0, false, fmt.Errorf("first row of %s: %w", r.Table, classify(err))
	}
	return lowest.Int64, lowest.Valid, nil
}

// CheckFile has SQLite examine the whole file and all references between tables, and returns what is wrong, one sentence
// each. At most 100 sentences come of each examination. Values of the book are in none of them.
func (s *Store) CheckFile(ctx context.Context) ([]string, error) {
	list, err := s.sentences(ctx, "SELECT integrity_check FROM pragma_integrity_check WHERE integrity_check <> 'ok'")
	if err != nil {
		return nil, err
	}
	references, err := s.sentences(ctx, `SELECT 'row ' || coalesce(rowid, '') || ' of ' || "table" || ' refers to no ' || parent
		FROM pragma_foreign_key_check LIMIT 100`)
	return append(list, references...), err
}

func (s *Store) sentences(ctx context.Context, query string, args ...any) ([]string, error) {
	rows, err := s.read.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("check file: %w", classify(err))
	}
	var list []string
	err = collect(rows, func(rows *sql.Rows) error {
		var text string
		err := rows.Scan(&text)
		list = append(list, text)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("check file: %w", classify(err))
	}
	return list, nil
}

// ListNumberings returns how far the numbers of each numbered table have been given out.
func (s *Store) ListNumberings(ctx context.Context) ([]clientele.Numbering, error) {
	tables, err := s.sentences(ctx, `SELECT name FROM sqlite_master WHERE type = 'table' AND sql LIKE '%AUTOINCREMENT%'
		AND name NOT LIKE 'goose%' ORDER BY name`)
	if err != nil {
		return nil, err
	}
	list := make([]clientele.Numbering, 0, len(tables))
	for _, table := range tables {
		n := clientele.Numbering{Table: table}
		err := s.read.QueryRowContext(ctx, "SELECT name FROM pragma_table_info(?) WHERE pk = 1", table).Scan(&n.Column)
		if err == nil {
			err = s.read.QueryRowContext(ctx, "SELECT (SELECT coalesce(max("+n.Column+"), 0) FROM "+numberedRows(table, n.Column)+
				"), coalesce((SELECT seq FROM sqlite_sequence WHERE name = ?), 0)", table).Scan(&n.Highest, &n.Given)
		}
		if err != nil {
			return nil, fmt.Errorf("numbering of %s: %w", table, classify(err))
		}
		list = append(list, n)
	}
	return list, nil
}

// numberedRows returns what to select the numbers of a table from. Those of erased customers are used up, too.
func numberedRows(table, column string) string {
	if table != "customer" {
		return table
	}
	return "(SELECT max(" + column + ") AS " + column + " FROM customer UNION ALL SELECT max(customer_id) FROM erasure)"
}

// ListDanglers returns rows whose reference names no row, at most limit. A project is named where the tables belong to
// projects.
func (s *Store) ListDanglers(ctx context.Context, r clientele.Reference, project int64, limit int) ([]clientele.Dangler, error) {
	query, args := "SELECT a."+r.ID+", a."+r.Column+" FROM "+r.Table+" a WHERE ", []any{}
	if r.Owned {
		query, args = query+"a.project_id = ? AND ", append(args, project)
	}
	if r.ZeroIsNone {
		query += "a." + r.Column + " <> 0 AND "
	}
	if r.Gone != "" {
		query += "NOT EXISTS (SELECT 1 FROM " + r.Gone + " g WHERE g.project_id = a.project_id AND g." + r.GoneColumn + " = a." + r.Column + ") AND "
	}
	query += "NOT EXISTS (SELECT 1 FROM " + r.To + " b WHERE b." + r.ToColumn + " = a." + r.Column
	if r.Owned {
		query += " AND b.project_id = a.project_id"
	}
	rows, err := s.read.QueryContext(ctx, query+") LIMIT ?", append(args, limit)...)
	if err != nil {
		return nil, fmt.Errorf("references of %s: %w", r.Table, classify(err))
	}
	var list []clientele.Dangler
	err = collect(rows, func(rows *sql.Rows) error {
		var d clientele.Dangler
		err := rows.Scan(&d.ID, &d.Value)
		list = append(list, d)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("references of %s: %w", r.Table, classify(err))
	}
	return list, nil
}

// ListDuplicates returns keys that more than one row has, at most limit. A project is named where the key is unique inside
// one.
func (s *Store) ListDuplicates(ctx context.Context, k clientele.UniqueKey, project int64, limit int) ([]clientele.Duplicate, error) {
	query, args := fmt.Sprintf("SELECT min(%s), max(%[1]s), count(*) FROM %s WHERE %s IS NOT NULL", k.ID, k.Table, k.Column), []any{}
	if k.Owned {
		query, args = query+" AND project_id = ?", append(args, project)
	}
	rows, err := s.read.QueryContext(ctx, query+" GROUP BY "+k.Column+" HAVING count(*) > 1 LIMIT ?", append(args, limit)...)
	if err != nil {
		return nil, fmt.Errorf("keys of %s: %w", k.Table, classify(err))
	}
	var list []clientele.Duplicate
	err = collect(rows, func(rows *sql.Rows) error {
		var d clientele.Duplicate
		err := rows.Scan(&d.First, &d.Last, &d.Rows)
		list = append(list, d)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("keys of %s: %w", k.Table, classify(err))
	}
	return list, nil
}
