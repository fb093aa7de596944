package sqlite

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// chunkRows are the numbers of rows that one INSERT takes at a time, largest first: with bound values and many rows a
// statement, a row costs half of what one statement a row costs, and less than half of what rows in one JSON cost.
var chunkRows = [...]int{64, 8, 1}

func chunkOf(rows int) int {
	for _, n := range chunkRows {
		if n <= rows {
			return n
		}
	}
	return 1
}

// What a column is in a chunk of rows.
const (
	varies = byte('v') // bound once a row
	shared = byte('s') // the same in each row: bound once
	absent = byte('a') // NULL in each row: left out, since no column has another default
)

// maxShapes bounds the statements that are kept for one kind of insert. Rows beyond have every value bound.
const maxShapes = 24

// inserts are the prepared forms of one kind of INSERT, by what its columns are. Binding values is a good part of what a row
// costs, and most rows of a book have much in common: only what tells them apart is bound for each. They are prepared and run
// at the driver, past database/sql, which would copy and box every value again.
type inserts struct {
	head, tail string
	columns    []string
	forms      map[string]driver.StmtExecContext
	key        []byte
}

// insertKind names a kind of INSERT.
type insertKind struct{ head, tail string }

// insertRows runs "head VALUES (…),(…)… tail" over all rows, each of the same number of columns. The head ends with the names
// of the columns in brackets.
func (t *tx) insertRows(head, tail string, columns int, values []any) error {
	if len(values) == 0 {
		return nil
	}
	kind := insertKind{head, tail}
	in := t.store.inserts[kind]
	if in == nil {
		in = newInserts(kind)
		t.store.inserts[kind] = in
	}
	if len(in.columns) != columns {
		return fmt.Errorf("%d values a row for %s", columns, head)
	}
	for rows := len(values) / columns; rows > 0; {
		if err := t.ctx.Err(); err != nil {
			return err
		}
		n := chunkOf(rows)
		if err := t.insertChunk(in, values[:n*columns], n); err != nil {
			return err
		}
		values, rows = values[n*columns:], rows-n
	}
	return nil
}

func newInserts(kind insertKind) *inserts {
	head, list, _ := strings.Cut(strings.TrimSuffix(kind.head, ")"), "(")
	columns := strings.Split(list, ",")
	for i, c := range columns {
		columns[i] = strings.TrimSpace(c)
	}
	return &inserts{head: head, tail: kind.tail, columns: columns, forms: map[string]driver.StmtExecContext{}}
}

func (t *tx) insertChunk(in *inserts, values []any, rows int) error {
	form := in.formOf(values, rows)
	stmt := in.forms[string(form)]
	if stmt == nil && len(in.forms) >= maxShapes {
		for i := range in.columns {
			form[i] = varies
		}
		stmt = in.forms[string(form)]
	}
	return t.store.write.Raw(func(conn any) (err error) {
		if stmt == nil {
			if stmt, err = prepareAtDriver(t.ctx, conn, in.sql(form, rows)); err != nil {
				return err
			}
			in.forms[string(form)] = stmt
		}
		args, err := t.store.args.of(form, values)
		if err == nil {
			// Between two chunks it is looked whether to go on; a statement that may be interrupted costs more.
			_, err = stmt.ExecContext(context.WithoutCancel(t.ctx), args)
		}
		t.store.args.clear()
		return err
	})
}

func prepareAtDriver(ctx context.Context, conn any, query string) (driver.StmtExecContext, error) {
	c, ok := conn.(driver.ConnPrepareContext)
	if !ok {
		return nil, fmt.Errorf("the SQLite driver's %T cannot prepare", conn)
	}
	prepared, err := c.PrepareContext(ctx, query)
	if err != nil {
		return nil, err
	}
	stmt, ok := prepared.(driver.StmtExecContext)
	if !ok {
		return nil, errors.Join(fmt.Errorf("the SQLite driver's %T cannot execute", prepared), prepared.Close())
	}
	return stmt, nil
}

// formOf returns what each column is in the rows, and behind that their number; valid until it is called again.
func (in *inserts) formOf(values []any, rows int) []byte {
	columns := len(in.columns)
	form := in.key[:0]
	for i := range columns {
		form = append(form, in.columnOf(values[i:], columns, rows))
	}
	if !slices.Contains(form, varies) { // a row needs something to be told by
		form[0] = varies
	}
	in.key = append(form, byte(rows))
	return in.key
}

func (in *inserts) columnOf(values []any, columns, rows int) byte {
	first := values[0]
	switch first.(type) {
	case nil, string, int64, int:
	default:
		return varies // what cannot be compared, or rarely is the same
	}
	for row := 1; row < rows; row++ {
		if values[row*columns] != first {
			return varies
		}
	}
	switch {
	case first == nil:
		return absent
	case rows == 1:
		return varies
	}
	return shared
}

// sql writes the statement of a form. The tail of a SELECT needs a WHERE before it (SQLite, "Parsing Ambiguity" of UPSERT).
func (in *inserts) sql(form []byte, rows int) string {
	var first, then, selected []string
	for i, c := range in.columns {
		switch form[i] {
		case shared:
			first = append(first, c)
		case varies:
			then = append(then, c)
			selected = append(selected, fmt.Sprintf("column%d", len(then)))
		}
	}
	row := "(" + strings.TrimSuffix(strings.Repeat("?,", len(then)), ",") + ")"
	list := "VALUES " + strings.TrimSuffix(strings.Repeat(row+",", rows), ",")
	if len(first) > 0 {
		list = "SELECT " + strings.Repeat("?,", len(first)) + strings.Join(selected, ",") + " FROM (" + list + ") WHERE true"
	}
	return in.head + "(" + strings.Join(append(first, then...), ",") + ") " + list + in.tail
}

// arguments are the values of one statement on their way to the driver. They are used again and again, by the one writer.
type arguments struct {
	all  []driver.NamedValue
	used int
}

// of returns the values in the order in which the statement of the form binds them.
func (a *arguments) of(form []byte, values []any) ([]driver.NamedValue, error) {
	columns := len(form) - 1
	for i, kind := range form[:columns] {
		if kind == shared {
			if err := a.add(values[i]); err != nil {
				return nil, err
			}
		}
	}
	for ; len(values) > 0; values = values[columns:] {
		for i, kind := range form[:columns] {
			if kind == varies {
				if err := a.add(values[i]); err != nil {
					return nil, err
				}
			}
		}
	}
	return a.all[:a.used], nil
}

func (a *arguments) add(v any) error {
	switch x := v.(type) {
	case nil, string, int64:
	case int:
		v = int64(x)
	default:
		var err error
		if v, err = driver.DefaultParameterConverter.ConvertValue(v); err != nil {
			return err
		}
	}
	if a.used == len(a.all) {
		a.all = append(a.all, driver.NamedValue{Ordinal: a.used + 1})
	}
	a.all[a.used].Value = v
	a.used++
	return nil
}

// clear forgets the values, which are people's data.
func (a *arguments) clear() {
	for i := range a.all[:a.used] {
		a.all[i].Value = nil
	}
	a.used = 0
}

// buffer is what rows are gathered in before they are inserted, by the one writer: growing a new one for each batch was an
// eighth of all bytes allocated.
type buffer []any

// keep takes a buffer back after its use, without the values, which are people's data.
func (b *buffer) keep(used []any) {
	clear(used)
	*b = used[:0]
}

// closeStatements ends all that is prepared on the writing connection.
func (s *Store) closeStatements() error {
	var errs []error
	for _, stmt := range s.stmts {
		errs = append(errs, stmt.Close())
	}
	clear(s.stmts)
	for _, in := range s.inserts {
		for _, stmt := range in.forms {
			if closer, ok := stmt.(driver.Stmt); ok {
				errs = append(errs, closer.Close())
			}
		}
	}
	clear(s.inserts)
	return errors.Join(errs...)
}
