package clientele

import "time"

// SubmissionStatus is how far a submission has come; it only ever moves forward.
type SubmissionStatus string

// The statuses, spelled as the DKHardware document shows them (section Statuses).
const (
	Accepted   SubmissionStatus = "Accepted"
	Processing SubmissionStatus = "Processing"
	Succeeded  SubmissionStatus = "Succeeded"
	Failed     SubmissionStatus = "Failed"
)

// Submission is a write that was accepted now and is carried out later, with a status to ask for.
type Submission struct {
	// ID is a UUID in canonical form: what the partner asks with.
	ID        string
	ProjectID int64
	// Seq orders the submissions of a project by acceptance; the store gives it.
	Seq    int64
	Origin Origin
	// Write is what to do, as the book built it. Its Origin is the submission's.
	Write  CustomerWrite
	Status SubmissionStatus
	// CustomerID is the customer it created or changed; 0 until known.
	CustomerID int64
	// Errors are the dialect's sentences about a failed submission.
	Errors     []string
	AcceptedAt time.Time
	// StartedAt and FinishedAt are zero until that happens.
	StartedAt  time.Time
	FinishedAt time.Time
}
