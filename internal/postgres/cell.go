package postgres

import (
	"context"
	"slices"
	"strings"
	"time"

	"clientele"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/jackc/pgx/v5/pgxpool"
)

// column is a column of a table and its type.
type column struct {
	name string
	oid  uint32
}

// columnTypes returns the columns of a table in alphabetical order; none when there is no such table.
func (s *Store) columnTypes(ctx context.Context, table string) ([]column, error) {
	var list []column
	err := s.query(ctx, "column types", func(ctx context.Context, pool *pgxpool.Pool) error {
		rows, err := pool.Query(ctx, `SELECT attname::text, atttypid FROM pg_attribute
			WHERE attrelid = to_regclass($1::text) AND attnum > 0 AND NOT attisdropped ORDER BY attname::text COLLATE "C"`, table)
		if err != nil {
			return err
		}
		list, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (c column, err error) {
			err = row.Scan(&c.name, &c.oid)
			return c, err
		})
		return err
	})
	return list, err
}

// cells move the values of rows between the types of the database and those of a clientele.Row.
type cells struct {
	columns []column
	cells   []any // what a row is scanned into, one for each column
}

// newCells returns the cells of the columns with the given names.
func newCells(all []column, names []string) *cells {
	c := &cells{columns: make([]column, len(names)), cells: make([]any, len(names))}
	for i, name := range names {
		c.columns[i].name = name
		if at := slices.IndexFunc(all, func(t column) bool { return t.name == name }); at >= 0 {
			c.columns[i] = all[at]
		}
		switch c.columns[i].oid {
		case pgtype.Int2OID, pgtype.Int4OID, pgtype.Int8OID:
			c.cells[i] = &pgtype.Int8{}
		case pgtype.BoolOID:
			c.cells[i] = &pgtype.Bool{}
		case pgtype.TimestamptzOID:
			c.cells[i] = &pgtype.Timestamptz{}
		case pgtype.ByteaOID:
			c.cells[i] = &[]byte{}
		default:
			c.cells[i] = &pgtype.Text{}
		}
	}
	return c
}

// selectList returns the columns as they are read. What is no plain type is read as its text: so JSON stays as it is
// written, byte for byte.
func (c *cells) selectList() string {
	list := make([]string, len(c.columns))
	for i, t := range c.columns {
		list[i] = pgx.Identifier{t.name}.Sanitize()
		if _, isText := c.cells[i].(*pgtype.Text); isText && t.oid != pgtype.TextOID {
			list[i] += "::text"
		}
	}
	return strings.Join(list, ", ")
}

// scan returns a row that was selected with the selectList.
func (c *cells) scan(row pgx.CollectableRow) (clientele.Row, error) {
	if err := row.Scan(c.cells...); err != nil {
		return nil, err
	}
	values := make(clientele.Row, len(c.cells))
	for i, cell := range c.cells {
		values[i] = neutral(cell)
	}
	return values, nil
}

// neutral returns what a clientele.Row holds for a cell; nil for NULL.
func neutral(cell any) any {
	switch v := cell.(type) {
	case *pgtype.Int8:
		if v.Valid {
			return v.Int64
		}
	case *pgtype.Bool:
		if v.Valid && v.Bool {
			return int64(1)
		} else if v.Valid {
			return int64(0)
		}
	case *pgtype.Timestamptz:
		if v.Valid {
			return v.Time.UnixMicro()
		}
	case *[]byte:
		if *v != nil {
			return slices.Clone(*v)
		}
	case *pgtype.Text:
		if v.Valid {
			return v.String
		}
	}
	return nil
}

// stored returns the values of a row as the driver takes them for the columns.
func (c *cells) stored(row clientele.Row) []any {
	values := make([]any, len(row))
	for i, value := range row {
		n, isInt := value.(int64)
		switch oid := c.columns[i].oid; {
		case isInt && oid == pgtype.TimestamptzOID:
			values[i] = time.UnixMicro(n).UTC()
		case isInt && oid == pgtype.BoolOID:
			values[i] = n != 0
		default:
			values[i] = value
		}
	}
	return values
}
