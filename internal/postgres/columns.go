package postgres

import (
	"strconv"
	"strings"
)

// columnList is what a statement inserts: columns that are the same in all rows, and arrays with a value for each.
type columnList struct {
	names, values strings.Builder
	arrays, alias strings.Builder
	args          []any
}

// same adds a column that has one value in all rows.
func (l *columnList) same(name, kind string, value any) {
	l.other(name, l.arg(value)+"::"+kind)
}

// each adds a column with a value for each row; other columns can name it as v.name.
func (l *columnList) each(name, kind string, values any) {
	enlist(&l.arrays, l.arg(values)+"::"+kind+"[]")
	enlist(&l.alias, name)
	l.other(name, "v."+name)
}

// other adds a column that has the value of an expression.
func (l *columnList) other(name, expression string) {
	enlist(&l.names, name)
	enlist(&l.values, expression)
}

func (l *columnList) arg(value any) (placeholder string) {
	l.args = append(l.args, value)
	return "$" + strconv.Itoa(len(l.args))
}

// insert returns the statement that inserts the rows into a table.
func (l *columnList) insert(table string) string {
	return l.from(table, "") + " AS v (" + l.alias.String() + ")"
}

// insertInOrder is insert in the order of the arrays.
func (l *columnList) insertInOrder(table string) string {
	return l.from(table, " WITH ORDINALITY") + " AS v (" + l.alias.String() + ", n) ORDER BY n"
}

func (l *columnList) from(table, with string) string {
	return "INSERT INTO " + table + " (" + l.names.String() + ") SELECT " + l.values.String() + " FROM unnest(" + l.arrays.String() + ")" + with
}

func enlist(list *strings.Builder, item string) {
	if list.Len() > 0 {
		list.WriteString(", ")
	}
	list.WriteString(item)
}
