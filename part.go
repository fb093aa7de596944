package clientele

// Part is a table of a book, or one project's share of it, as it moves from one store into another. Both kinds of store
// have the same tables with the same columns.
type Part struct {
	Table string
	// Owned says that the rows belong to projects; Project is the one that this part belongs to, otherwise 0.
	Owned   bool
	Project int64
	// Key are the columns that name a row inside the part. Rows move in order of Key.
	Key []string
	// Columns are all columns of the table.
	Columns []string
}

// Row holds the values of a part's columns, in their order. A value is nil, an int64, a string or a []byte; times are
// microseconds since 1970 in UTC, truths are 0 and 1.
type Row []any
