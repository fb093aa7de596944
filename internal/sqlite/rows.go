package sqlite

import (
	"context"
	"database/sql"
	"strings"
	"sync"
	"time"
)

// chunkRows are the numbers of rows that one INSERT takes at a time, largest first: with bound values and many rows a
// statement, a row costs half of what one statement a row costs, and less than half of what rows in one JSON cost.
var chunkRows = [...]int{64, 8, 1}

// insertRows runs "head VALUES (…),(…)… tail" over all rows, each of the same number of columns.
func (t *tx) insertRows(head, tail string, columns int, values []any) error {
	for rows := len(values) / columns; rows > 0; {
		n := chunkOf(rows)
		if err := t.exec(insertSQL(head, tail, columns, n), values[:n*columns]...); err != nil {
			return err
		}
		values, rows = values[n*columns:], rows-n
	}
	return nil
}

func chunkOf(rows int) int {
	for _, n := range chunkRows {
		if n <= rows {
			return n
		}
	}
	return 1
}

func insertSQL(head, tail string, columns, rows int) string {
	row := "(" + strings.Repeat("?,", columns-1) + "?)"
	var b strings.Builder
	b.Grow(len(head) + len(tail) + 8 + rows*(len(row)+1))
	b.WriteString(head)
	b.WriteString(" VALUES ")
	for i := range rows {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(row)
	}
	b.WriteString(tail)
	return b.String()
}

// preparedRead is a read that is prepared at its first use: where a request does little else, parsing the statement would be
// most of its work. It ends with the readers.
type preparedRead struct {
	mu   sync.Mutex
	stmt *sql.Stmt
}

func (p *preparedRead) on(ctx context.Context, db *sql.DB, query string) (*sql.Stmt, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.stmt == nil {
		stmt, err := db.PrepareContext(ctx, query)
		if err != nil {
			return nil, err
		}
		p.stmt = stmt
	}
	return p.stmt, nil
}

// collect reads all rows with scan and closes them.
func collect(rows *sql.Rows, scan func(*sql.Rows) error) error {
	defer rows.Close()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

// micros returns t as it is stored; NULL for the zero time.
func micros(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.UnixMicro()
}

// instant scans a stored time into a time.Time in UTC; NULL is the zero time.
type instant struct{ t *time.Time }

// Scan implements sql.Scanner.
func (i instant) Scan(src any) error {
	var n sql.NullInt64
	if err := n.Scan(src); err != nil {
		return err
	}
	*i.t = time.Time{}
	if n.Valid {
		*i.t = time.UnixMicro(n.Int64).UTC()
	}
	return nil
}
