package postgres

import (
	"bytes"
	"context"
	"encoding/binary"
	"slices"

	"clientele"
)

// A large batch, as an import commits, brings its new customers and its changes by COPY, in the transaction of all the rest:
// to the server a row of COPY costs little more than its index entries, where one of a statement passes through an array and a
// tuplestore for each column first.

// copyRows is how many rows are brought by COPY: fewer are not worth a round trip of their own.
const copyRows = 250

const (
	copyCustomers = "COPY customer (" + customerColumns + ") FROM STDIN (FORMAT binary)"
	copyPlaces    = "COPY customer_update (project_id, at, customer_id) FROM STDIN (FORMAT binary)"
	copyChanges   = "COPY change (" + changeColumns + ") FROM STDIN (FORMAT binary)"
)

// copyLarge brings by COPY what is worth it, and notes what that was.
func (t *commit) copyLarge(ctx context.Context) error {
	if len(t.batch.Changes) < copyRows || t.batch.Erases() { // who is erased gives up keys before anybody takes them
		return nil
	}
	if added := slices.SortedFunc(t.batch.NewCustomers, compareKeys); len(added) >= copyRows && len(t.batch.RekeyedCustomers()) == 0 {
		rows, places := newCopiedRows(len(added), 24), newCopiedRows(len(added), 3)
		for _, c := range added {
			rows.customer(c)
			places.place(c)
		}
		if err := t.copy(ctx, copyCustomers, rows); err != nil {
			return err
		}
		if err := t.copy(ctx, copyPlaces, places); err != nil {
			return err
		}
		t.copied.customers = true
	}
	rows := newCopiedRows(len(t.batch.Changes), 9)
	for i := range t.batch.Changes {
		rows.change(&t.batch.Changes[i])
	}
	t.copied.changes = true
	return t.copy(ctx, copyChanges, rows)
}

func (t *commit) copy(ctx context.Context, sql string, rows *copiedRows) error {
	_, err := t.conn.Conn().PgConn().CopyFrom(ctx, bytes.NewReader(rows.end()), sql)
	return err
}

// copiedRows are rows in the binary form of COPY (PostgreSQL's documentation of the statement, section "Binary Format").
type copiedRows struct {
	data    []byte
	columns uint16
}

// copiedRowBytes is about what a row takes.
const copiedRowBytes = 320

func newCopiedRows(rows int, columns uint16) *copiedRows {
	const head = "PGCOPY\n\xff\r\n\x00" + "\x00\x00\x00\x00" + "\x00\x00\x00\x00" // the signature, no flags, no extension
	return &copiedRows{append(make([]byte, 0, rows*copiedRowBytes), head...), columns}
}

// end returns all of it, with what says that it is all.
func (r *copiedRows) end() []byte { return append(r.data, 0xff, 0xff) }

// customer adds a row of customerColumns.
func (r *copiedRows) customer(c *clientele.Customer) {
	b := binary.BigEndian.AppendUint16(r.data, r.columns)
	b = appendNumber(appendNumber(b, c.ProjectID), c.ID)
	for _, t := range customerTexts(c) {
		b = appendText(b, t)
	}
	b = appendString(appendNumber(b, int64(c.Flags)), string(c.Source))
	b = appendNumber(appendNumber(b, c.CredentialID), c.Version)
	r.data = appendTime(appendTime(b, c.CreatedAt), c.UpdatedAt)
}

// place adds a row of customer_update.
func (r *copiedRows) place(c *clientele.Customer) {
	b := appendNumber(binary.BigEndian.AppendUint16(r.data, r.columns), c.ProjectID)
	r.data = appendNumber(appendTime(b, c.UpdatedAt), c.ID)
}

// change adds a row of changeColumns.
func (r *copiedRows) change(c *clientele.Change) {
	b := appendNumber(binary.BigEndian.AppendUint16(r.data, r.columns), c.ProjectID)
	b = appendNumber(appendString(b, string(c.Subject)), c.SubjectID)
	b = appendString(appendString(b, string(c.Action)), c.Values)
	b = appendNumber(appendString(b, string(c.Origin.Dialect)), c.Origin.CredentialID)
	r.data = appendTime(appendString(b, c.Origin.RequestID), c.At)
}
