package clientele

import (
	"cmp"
	"slices"
	"time"
)

// SubmissionStatus is how far a submission has come; it only ever moves forward.
type SubmissionStatus string

// The statuses, spelled as the DKHardware document shows them (section Statuses).
const (
	Accepted   SubmissionStatus = "Accepted"
	Processing SubmissionStatus = "Processing"
	Succeeded  SubmissionStatus = "Succeeded"
	Failed     SubmissionStatus = "Failed"
)

// Failure says why a submission failed; empty while it has not.
type Failure string

// The failures.
const (
	// CustomerMissing: there is no such customer in the project.
	CustomerMissing Failure = "customer_missing"
	// KeyTaken: a unique key that it states belongs to another customer.
	KeyTaken Failure = "key_taken"
	// PersonErased: its customer was erased after it was accepted. Its values are gone.
	PersonErased Failure = "erased"
	// Unforeseen: the book refused it for a reason that trying again does not mend; the log has the cause.
	Unforeseen Failure = "unforeseen"
)

// Submission is a write with a status to ask for. It is carried out in the transaction that accepts it, or later when others of its
// project wait before it.
type Submission struct {
	// ID is a UUID in canonical form: what the partner asks with.
	ID        string
	ProjectID int64
	// Seq orders the submissions of a project by acceptance; the store gives it.
	Seq    int64
	Origin Origin
	// Write is what to do, as the book built it. The store keeps the raw values; the normal ones are made anew.
	Write CustomerWrite
	// Damage says why the store could not read Write back; nil when it could. Such a submission fails.
	Damage error
	// Target is the customer's id as the partner sent it; empty for a creation.
	Target string
	Status SubmissionStatus
	// CustomerID is the customer it created or changed; 0 until known.
	CustomerID int64
	Failure    Failure
	AcceptedAt time.Time
	// StartedAt and FinishedAt are zero until that happens.
	StartedAt  time.Time
	FinishedAt time.Time
	// Lease names the claim under which the submission is being carried out; empty when there is none.
	Lease string
}

// Completion says that a write carries out a submission: it takes effect only while the submission is still in work under
// this lease, and finishes it in the same transaction.
type Completion struct {
	SubmissionID string
	Lease        string
}

// Claim is one worker's hold on the submissions of a project.
type Claim struct {
	// Lease is the claim's own name, unlike any other.
	Lease string
	At    time.Time
	// Until is when the claim ends by itself, for the case that the worker dies.
	Until time.Time
}

// SubmissionFilter selects submissions of a project, newest first. The zero value of a field but ProjectID selects all.
type SubmissionFilter struct {
	ProjectID    int64
	Status       SubmissionStatus
	CredentialID int64
	// From and To bound the time of acceptance, both included.
	From, To time.Time
	// Before selects those behind a place in the list, the next page: the AcceptedAt and the Seq of the last one seen.
	Before *Position
	// Limit is 1 to MaxPage.
	Limit int
}

// Position returns the place of the submission in a list.
func (s *Submission) Position() *Position { return &Position{At: s.AcceptedAt, ID: s.Seq} }

// SortSubmissions sorts by acceptance.
func SortSubmissions(list []Submission) {
	slices.SortFunc(list, func(a, b Submission) int { return cmp.Compare(a.Seq, b.Seq) })
}
