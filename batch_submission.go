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
	f := FinishedSubmission{ID: w.Completes.SubmissionID, ProjectID: w.ProjectID, At: w.At}
	o = b.heldBack(w, f.ID, o)
	f.Status, f.Failure, f.CustomerID = becomes(&o)
	b.FinishedSubmissions = append(b.FinishedSubmissions, f)
	return o
}

// heldBack returns the outcome of a submission's write, or that it is older than the erasure of its customer: then its values
// go.
func (b *Batch) heldBack(w *Write, submission string, o Outcome) Outcome {
	if o.Err != error(errErased) && (o.Result != Missing || !b.isOfErased(w)) {
		return o
	}
	b.Erasures.EmptiedSubmissions = append(b.Erasures.EmptiedSubmissions, ProjectKey{w.ProjectID, submission})
	return Outcome{Result: HeldBack}
}

// becomes says what becomes of a submission whose write had an outcome.
func becomes(o *Outcome) (s SubmissionStatus, f Failure, customer int64) {
	switch {
	case o.Result == HeldBack:
		return Failed, PersonErased, 0
	case o.Err != nil:
		return Failed, Unforeseen, 0
	case o.Result == Missing:
		return Failed, CustomerMissing, 0
	case o.Result == ExternalIDTaken || o.Result == ExternalNumberTaken:
		return Failed, KeyTaken, 0
	default:
		return Succeeded, "", o.SubjectID
	}
}

// LoadIdle hands in that none of the project's submissions waits or is in work.
func (b *Batch) LoadIdle(project int64) { b.idle[project] = true }

// acceptSubmission keeps a submission, and carries it out at once if it may be: what was accepted before it must take effect
// before it, and so must not wait.
func (b *Batch) acceptSubmission(w *Write, ids IDs) Outcome {
	s := *w.Submission // a batch does not change its writes: a store may have to decide over them again
	b.NewSubmissions = append(b.NewSubmissions, &s)
	o := Outcome{Result: Created, Reference: s.ID}
	if w.Customer == nil || !b.idle[w.ProjectID] {
		b.idle[w.ProjectID] = false // those behind it wait as well
		s.Status, o.Waits = Accepted, true
		return o
	}
	done := b.heldBack(w, s.ID, b.decideCustomer(w, ids))
	o.ReturnOf = done.ReturnOf
	s.Status, s.Failure, s.CustomerID = becomes(&done)
	s.StartedAt, s.FinishedAt = w.At, w.At
	return o
}
