package book

import (
	"context"
	"fmt"

	"clientele"

	"github.com/google/uuid"
)

// Create submits a new customer, created at once or after the submissions of the project that wait, and returns the submission's id
// once the submission is durable.
// Checking the caller's form is the dialect's part.
func (b *Book) Create(ctx context.Context, call Call, d clientele.Details, addresses []clientele.Address) (string, error) {
	return b.submit(ctx, call, clientele.Submission{
		Write: clientele.CustomerWrite{Mode: clientele.CreateCustomer, Patch: asSent(&d), Addresses: addresses},
	})
}

// Update submits new values for the customer with our id, taken as Create has it, and returns the submission's id once the
// submission is durable. target is the id as the partner sent it; one that names no customer makes the submission fail.
func (b *Book) Update(ctx context.Context, call Call, target string, id int64, p clientele.Patch) (string, error) {
	return b.submit(ctx, call, clientele.Submission{
		Target: target, Write: clientele.CustomerWrite{Mode: clientele.UpdateCustomer, ID: id, Patch: p},
	})
}

func (b *Book) submit(ctx context.Context, call Call, s clientele.Submission) (string, error) {
	id, err := uuid.NewV7() // in order of time, so that neighbours are stored beside each other
	if err != nil {
		return "", fmt.Errorf("make submission id: %w", err)
	}
	w := b.write(call)
	s.ID, s.ProjectID, s.Origin, s.Status, s.AcceptedAt = id.String(), call.ProjectID, call.Origin, clientele.Accepted, w.At
	w.Submission = &s
	if b.atOnce {
		w.Customer = effect(&s)
	}
	o, err := b.commit.Commit(ctx, w)
	if err != nil && w.Customer != nil && ctx.Err() == nil && clientele.KindOf(err) == clientele.KindInternal {
		// What the book refuses for good is accepted all the same, and becomes a submission that failed.
		w.Customer = nil
		o, err = b.commit.Commit(ctx, w)
	}
	if err != nil {
		return "", fmt.Errorf("submit in project %d: %w", call.ProjectID, err)
	}
	if o.Waits {
		b.submitted()
	}
	return o.Reference, nil
}

// effect returns what a submission does to the book. The submission keeps the values as they were sent.
func effect(s *clientele.Submission) *clientele.CustomerWrite {
	cw := s.Write
	normalise(&cw.Patch)
	return &cw
}

// CarryOut returns the write that carries out a submission that was claimed under the lease.
func (b *Book) CarryOut(s *clientele.Submission, lease string) clientele.Write {
	w := b.write(Call{ProjectID: s.ProjectID, Origin: s.Origin})
	w.Customer, w.AsOf = effect(s), s.AcceptedAt
	w.Completes = &clientele.Completion{SubmissionID: s.ID, Lease: lease}
	return w
}

// GiveUp returns the write that ends a submission that cannot be carried out.
func (b *Book) GiveUp(s *clientele.Submission, lease string) clientele.Write {
	w := b.write(Call{ProjectID: s.ProjectID, Origin: s.Origin})
	w.Completes = &clientele.Completion{SubmissionID: s.ID, Lease: lease}
	return w
}

// Resubmit submits the write of a failed submission again, as a new one of the call's, and returns its id. The failed one stays
// what it is: its partner was told so. For MaxIdempotencyAge it is submitted again once; a second time returns the same id.
// The error is of kind conflict for a submission that did not fail, or that cannot be read.
func (b *Book) Resubmit(ctx context.Context, call Call, failed *clientele.Submission) (string, error) {
	switch {
	case failed.Status != clientele.Failed:
		return "", clientele.Errorf(clientele.KindConflict, "only a submission that failed can be submitted again")
	case failed.Failure == clientele.PersonErased:
		return "", clientele.Errorf(clientele.KindConflict, "the customer was erased, and what was submitted with it")
	case failed.Damage != nil:
		return "", clientele.Errorf(clientele.KindConflict, "what was submitted cannot be read any more")
	}
	call.Idempotency = &clientele.Idempotency{Key: "resubmit " + failed.ID}
	return b.submit(ctx, call, clientele.Submission{Target: failed.Target, Write: failed.Write})
}
