package sqlite

import (
	"context"
	"database/sql"
	"sync"
	"time"
)

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
