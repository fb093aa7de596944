package clientele

import "time"

// FinishedSubmission is what became of a submission that the batch carried out.
type FinishedSubmission struct {
	ID         string
	ProjectID  int64
	Status     SubmissionStatus
	CustomerID int64
	Failure    Failure
	At         time.Time
}

// LoadSubmission hands in a submission that a write of the batch completes, if it is in work under the lease that the
// store found it with. The store keeps it locked until the transaction ends.
func (b *Batch) LoadSubmission(id, lease string) { b.leases[id] = lease }

// decideCompletion carries out a write for a submission. One whose lease is gone is somebody else's by now, or finished:
// it has no effect and its result is Missing.
func (b *Batch) decideCompletion(w *Write, ids IDs) Outcome {
	if lease, ok := b.leases[w.Completes.SubmissionID]; !ok || lease != w.Completes.Lease {
		return Outcome{Result: Missing}
	}
	delete(b.leases, w.Completes.SubmissionID)
	o := b.decide(w, ids)
	f := FinishedSubmission{ID: w.Completes.SubmissionID, ProjectID: w.ProjectID, Status: Succeeded, At: w.At}
	switch {
	case o.Err != nil:
		f.Status, f.Failure = Failed, Unforeseen
	case o.Result == Missing:
		f.Status, f.Failure = Failed, CustomerMissing
	case o.Result == ExternalIDTaken || o.Result == ExternalNumberTaken:
		f.Status, f.Failure = Failed, KeyTaken
	default:
		f.CustomerID = o.SubjectID
	}
	b.FinishedSubmissions = append(b.FinishedSubmissions, f)
	return o
}
