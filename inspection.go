package clientele

import (
	"context"
	"iter"
)

// RowRange selects rows of one part whose column By, a whole number, lies between From and To, both included, or is the text
// Text. They come in order of the part's Key.
type RowRange struct {
	Part
	// Subject selects the changes of one sort of record. It is for the table change only, which it must be told for.
	Subject  Subject
	By       string
	From, To int64
	// Text is empty for a range of numbers.
	Text string
}

// Snapshot is a book as it is at one moment, read only. On a database spread over several servers that holds for the rows
// of one project.
type Snapshot interface {
	// Rows goes through the rows of a range. The error is with the last of them, whose row is nil.
	Rows(ctx context.Context, r *RowRange) iter.Seq2[Row, error]
	// First returns the lowest value of the column By in a range; found is false when the range has no row.
	First(ctx context.Context, r *RowRange) (value int64, found bool, err error)
	// Unlisted returns the project's customers with ids between two numbers who have no place in the list by last update, at most
	// limit.
	Unlisted(ctx context.Context, project, from, to int64, limit int) ([]int64, error)
}

// Numbering is how far the numbers of a table have been given out.
type Numbering struct {
	Table  string
	Column string
	// Highest is the highest number in the table, or of a row that was erased, and Given the highest that may have been given
	// out. Both are 0 for none.
	Highest, Given int64
}

// End is the highest number that must not be given out again.
func (n *Numbering) End() int64 { return max(n.Highest, n.Given) }

// Reference says that the values of a column of one table name rows of another one. Tables that belong to projects refer
// inside the project.
type Reference struct {
	Table, Column string
	// ID is the column that names a row of Table to people.
	ID           string
	To, ToColumn string
	// Owned says that both tables belong to projects.
	Owned bool
	// Gone is a table of the same project that tells in GoneColumn of rows that were there; empty for none.
	Gone, GoneColumn string
	// ZeroIsNone says that 0 refers to nothing.
	ZeroIsNone bool
}

// Dangler is a row whose reference names no row.
type Dangler struct {
	ID    string
	Value string
}

// LooseHistory is a record with changes that its history does not lead to, in a store where histories are chains. Gone says that
// the record is not there.
type LooseHistory struct {
	Subject   Subject
	SubjectID int64
	Gone      bool
}

// Duplicate is a key that more than one row has, by the names of the first and the last of them. It does not tell the key,
// which may be personal.
type Duplicate struct {
	First, Last string
	Rows        int64
}

// UniqueKey is a column that no two rows of a table share, or no two of a project; missing values do not count.
type UniqueKey struct {
	Table, Column string
	// ID is the column that names a row to people.
	ID string
	// Owned says that the column is unique inside each project.
	Owned bool
}
