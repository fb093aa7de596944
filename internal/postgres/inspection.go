package postgres

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"

	"clientele"

	"github.com/jackc/pgx/v5"
)

// snapshot is a transaction that reads what was there at its beginning.
type snapshot struct {
	store *Store
	tx    pgx.Tx
}

// Look hands a snapshot of the book to look. It is not valid afterwards. Nothing is tried again.
func (s *Store) Look(ctx context.Context, look func(clientele.Snapshot) error) error {
	tx, err := s.read.BeginTx(ctx, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly})
	if err != nil {
		return fmt.Errorf("look: %w", classify(err))
	}
	defer func() { _ = tx.Rollback(context.WithoutCancel(ctx)) }() // there is nothing to keep
	return look(snapshot{s, tx})
}

func rangeSQL(r *clientele.RowRange) (from string, args []any) {
	from, args = partOf(&r.Part)
	if r.Text != "" {
		return fmt.Sprintf("%s AND %s = $%d", from, r.By, len(args)+1), append(args, r.Text)
	}
	if r.Subject != "" {
		args = append(args, string(r.Subject))
		from += fmt.Sprintf(" AND subject = $%d", len(args))
	}
	from += fmt.Sprintf(" AND %s BETWEEN $%d AND $%d", r.By, len(args)+1, len(args)+2)
	return from, append(args, r.From, r.To)
}

// Rows goes through the rows of a range. The error is with the last of them, whose row is nil.
func (s snapshot) Rows(ctx context.Context, r *clientele.RowRange) iter.Seq2[clientele.Row, error] {
	return func(yield func(clientele.Row, error) bool) {
		types, err := s.store.columnTypes(ctx, r.Table)
		if err == nil {
			err = s.rows(ctx, r, newCells(types, r.Columns), yield)
		}
		if err != nil {
			yield(nil, fmt.Errorf("rows of %s: %w", r.Table, classify(err)))
		}
	}
}

func (s snapshot) rows(ctx context.Context, r *clientele.RowRange, c *cells, yield func(clientele.Row, error) bool) error {
	from, args := rangeSQL(r)
	rows, err := s.tx.Query(ctx, "SELECT "+c.selectList()+from+" ORDER BY "+strings.Join(r.Key, ", "), args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		row, err := c.scan(rows)
		if err != nil {
			return err
		}
		if !yield(row, nil) {
			return nil // nobody wants more, nor hears of an error
		}
	}
	return rows.Err()
}

// First returns the lowest value of the column By in a range; found is false when the range has no row.
func (s snapshot) First(ctx context.Context, r *clientele.RowRange) (value int64, found bool, err error) {
	from, args := rangeSQL(r)
	err = s.tx.QueryRow(ctx, "SELECT "+r.By+from+" ORDER BY "+r.By+" LIMIT 1", args...).Scan(&value)
	if errors.Is(err, pgx.ErrNoRows) {
		return 0, false, nil
	}
	if err != nil {
		return 0, false, fmt.Errorf("first row of %s: %w", r.Table, classify(err))
	}
	return value, true, nil
}

// CheckFile returns what the catalog says is not to be relied on, one sentence each: indexes that are not valid, such as
// those whose building was broken off, and constraints that are not checked. The pages themselves are pg_amcheck's affair.
func (s *Store) CheckFile(ctx context.Context) ([]string, error) {
	rows, err := s.read.Query(ctx, `SELECT 'index ' || indexrelid::regclass || ' is not valid' FROM pg_index i
			JOIN pg_class c ON c.oid = i.indexrelid WHERE NOT (indisvalid AND indisready)
			AND c.relnamespace = current_schema()::regnamespace
		UNION ALL SELECT 'constraint ' || conname || ' is not validated' FROM pg_constraint
			WHERE NOT convalidated AND connamespace = current_schema()::regnamespace`)
	var list []string
	if err == nil {
		list, err = pgx.CollectRows(rows, pgx.RowTo[string])
	}
	if err != nil {
		return nil, fmt.Errorf("check catalog: %w", classify(err))
	}
	return list, nil
}

// ListNumberings returns how far the numbers of each numbered table have been given out.
func (s *Store) ListNumberings(ctx context.Context) ([]clientele.Numbering, error) {
	list := make([]clientele.Numbering, 0, len(numbered))
	for _, c := range numbered {
		n := clientele.Numbering{Table: c.table, Column: c.column}
		err := s.read.QueryRow(ctx, "SELECT coalesce(max("+c.column+"), 0) FROM "+c.table).Scan(&n.Highest)
		if err == nil && c.table == "customer" { // the numbers of those who were erased are used up, too
			err = s.read.QueryRow(ctx, "SELECT greatest($1, max(customer_id)) FROM erasure", n.Highest).Scan(&n.Highest)
		}
		if err == nil { // a value of the sequence stands for as many numbers as it advances by
			sequence := c.table + "_" + c.column + "_seq"
			err = s.read.QueryRow(ctx, "SELECT CASE WHEN is_called THEN last_value + seqincrement - 1 ELSE 0 END FROM "+sequence+
				", pg_sequence WHERE seqrelid = $1::text::regclass", sequence).Scan(&n.Given)
		}
		if err != nil {
			return nil, fmt.Errorf("numbering of %s: %w", c.table, classify(err))
		}
		list = append(list, n)
	}
	return list, nil
}

// ListLooseHistories returns nothing: here a history is found by its index, which no change can be missing in.
func (s *Store) ListLooseHistories(context.Context, int64, int) ([]clientele.LooseHistory, error) {
	return nil, nil
}

// ListDanglers returns rows whose reference names no row, at most limit. A project is named where the tables belong to
// projects.
func (s *Store) ListDanglers(ctx context.Context, r clientele.Reference, project int64, limit int) ([]clientele.Dangler, error) {
	query, args := "SELECT a."+r.ID+"::text, a."+r.Column+"::text FROM "+r.Table+" a WHERE ", []any{limit}
	if r.Owned {
		query, args = query+"a.project_id = $2 AND ", append(args, project)
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
	rows, err := s.read.Query(ctx, query+") LIMIT $1", args...)
	var list []clientele.Dangler
	if err == nil {
		list, err = pgx.CollectRows(rows, pgx.RowToStructByPos[clientele.Dangler])
	}
	if err != nil {
		return nil, fmt.Errorf("references of %s: %w", r.Table, classify(err))
	}
	return list, nil
}

// ListDuplicates returns keys that more than one row has, at most limit. A project is named where the key is unique inside
// one.
func (s *Store) ListDuplicates(ctx context.Context, k clientele.UniqueKey, project int64, limit int) ([]clientele.Duplicate, error) {
	query := fmt.Sprintf("SELECT min(%s::text), max(%[1]s::text), count(*) FROM %s WHERE %s IS NOT NULL", k.ID, k.Table, k.Column)
	args := []any{limit}
	if k.Owned {
		query, args = query+" AND project_id = $2", append(args, project)
	}
	rows, err := s.read.Query(ctx, query+" GROUP BY "+k.Column+" HAVING count(*) > 1 LIMIT $1", args...)
	var list []clientele.Duplicate
	if err == nil {
		list, err = pgx.CollectRows(rows, pgx.RowToStructByPos[clientele.Duplicate])
	}
	if err != nil {
		return nil, fmt.Errorf("keys of %s: %w", k.Table, classify(err))
	}
	return list, nil
}
