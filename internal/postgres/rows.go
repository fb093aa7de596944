package postgres

import (
	"time"

	"clientele"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
)

// Rows come from the server through the types below: they move clientele's texts and times without a detour over nullable
// copies. How they go there is in array.go.

// text is a clientele.Text as the driver reads and writes it; NULL is a missing one.
type text clientele.Text

// ScanText implements pgtype.TextScanner.
func (t *text) ScanText(v pgtype.Text) error {
	*t = text{V: v.String, Valid: v.Valid}
	return nil
}

// TextValue implements pgtype.TextValuer.
func (t *text) TextValue() (pgtype.Text, error) { return pgtype.Text{String: t.V, Valid: t.Valid}, nil }

// instant is a time as the driver reads it: in UTC, and the zero time for NULL.
type instant time.Time

// ScanTimestamptz implements pgtype.TimestamptzScanner.
func (i *instant) ScanTimestamptz(v pgtype.Timestamptz) error {
	*i = instant{}
	if v.Valid {
		*i = instant(v.Time.UTC())
	}
	return nil
}

// at returns t as it is stored; NULL for the zero time.
func at(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

// eachRow scans each row into dest, which stays the same, and then calls each.
func eachRow(rows pgx.Rows, dest []any, each func()) error {
	defer rows.Close()
	for rows.Next() {
		if err := rows.Scan(dest...); err != nil {
			return err
		}
		each()
	}
	return rows.Err()
}
