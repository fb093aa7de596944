package clientele

import "time"

// CallOutcome says what came of a partner's call, for counting.
type CallOutcome string

// The outcomes, in the order in which they are shown: what was written, what was read, what was not.
const (
	CallCreated   CallOutcome = "created"   // a new record
	CallUpdated   CallOutcome = "updated"   // a record with new values
	CallUnchanged CallOutcome = "unchanged" // a record that had every value already
	CallAccepted  CallOutcome = "accepted"  // a submission, whatever became of it
	CallRead      CallOutcome = "read"      // answered without a write
	CallRefused   CallOutcome = "refused"   // the caller's fault: what it sent, or where to
	CallDenied    CallOutcome = "denied"    // the caller is not known, or may not do this
	CallLimited   CallOutcome = "limited"   // the caller's limit was reached
	CallFailed    CallOutcome = "failed"    // ours: the book could not be reached, or something unforeseen
)

// CallSpans are the lengths of time that calls are counted over, the shortest first: for the last hour, day and week.
var CallSpans = []time.Duration{time.Minute, 10 * time.Minute, time.Hour}

// CallCount is how many calls of a dialect had an outcome in a span of time.
type CallCount struct {
	// Span is one of CallSpans; At is when it began, a whole multiple of Span since the Unix epoch.
	Span time.Duration
	At   time.Time
	// ProjectID is 0 for the count of all calls, also those that are about no project.
	ProjectID int64
	// Dialect is empty for calls of paths that nobody serves.
	Dialect Dialect
	Outcome CallOutcome
	Calls   int64
}

// CallQuery selects counts of one span and project (0: of all calls) that began in [From, To).
type CallQuery struct {
	Span      time.Duration
	ProjectID int64
	From, To  time.Time
}
