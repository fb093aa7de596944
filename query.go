package clientele

import "time"

// Page bounds of lists, in records.
const (
	MaxPage     = 1000
	DefaultPage = 100
)

// CustomerQuery selects customers of one project, in order of (date, id).
type CustomerQuery struct {
	ProjectID int64
	// ByCreated selects and orders by created date instead of updated date.
	ByCreated bool
	// From and To bound the date, both inclusive; zero for no bound.
	From, To time.Time
	// Newest returns the newest first.
	Newest bool
	// Limit is 1 to MaxPage. Offset skips that many; its cost grows with it, that of After does not.
	Limit  int
	Offset int
	// After continues behind a position; nil to begin at the beginning.
	After *Position
}

// Position is the place of a record in a list by time: of a customer in the order of a CustomerQuery, of a submission in that of
// a SubmissionFilter, with its Seq as ID.
type Position struct {
	At time.Time
	ID int64
}

// CustomerFilter selects customers of one project by their keys, in order of id. Missing texts do not select.
type CustomerFilter struct {
	ProjectID      int64
	ExternalID     Text
	ExternalNumber Text
	VATNormal      Text
	// Limit is 1 to MaxPage.
	Limit  int
	Offset int
}

// HistoryQuery selects the changes of one record, the newest first.
type HistoryQuery struct {
	ProjectID int64
	Subject   Subject
	SubjectID int64
	// Before selects the changes with a lower Seq: the next page. 0 begins with the newest.
	Before int64
	// Limit is 1 to MaxPage.
	Limit int
}
