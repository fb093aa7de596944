package clientele

import "time"

// Write is one intended change of the book, built by package book and carried out by a store. Exactly one of Customer,
// Lead, Submission and Erase is set; or Submission, and with it, as Customer, what is to be carried out.
type Write struct {
	ProjectID int64
	Origin    Origin
	// At becomes the record's created or updated time.
	At time.Time
	// AsOf is when what the write states was handed over, where that is longer ago than At: a customer who was erased
	// since does not come back by it. Zero for At.
	AsOf time.Time
	// Idempotency is set when the caller named the call, so that sending it again has the same answer and no effect.
	Idempotency *Idempotency
	// Completes is set when the write carries out a submission.
	Completes *Completion

	Customer *CustomerWrite
	Lead     *LeadWrite
	// Submission is accepted. With Customer it is carried out in the same transaction, unless others of its project still
	// wait: then it waits behind them.
	Submission *Submission
	Erase      *EraseWrite
}

// asOf returns when what the write states was handed over.
func (w *Write) asOf() time.Time {
	if w.AsOf.IsZero() {
		return w.At
	}
	return w.AsOf
}

// CustomerMode says how a CustomerWrite finds its customer and what it does when there is one or none.
type CustomerMode uint8

// The modes.
const (
	// UpsertCustomer finds the customer by the patch's ExternalID and updates it, or creates it.
	UpsertCustomer CustomerMode = iota
	// CreateCustomer creates a customer, unless its ExternalID or ExternalNumber is taken: then nothing is written.
	CreateCustomer
	// UpdateCustomer updates the customer with the write's ID.
	UpdateCustomer
)

// CustomerWrite states something about one customer.
type CustomerWrite struct {
	Mode CustomerMode
	// ID is our id of the customer; for UpdateCustomer only.
	ID    int64
	Patch Patch
	// ExpectedVersion, when it is not 0, is the version of the customer that the patch was made for: when it has another
	// one by now, nothing is written and the result is VersionChanged. For UpdateCustomer, and for UpsertCustomer when it
	// finds one.
	ExpectedVersion int64
	// Addresses are the customer's first ones; taken when the write creates it.
	Addresses []Address
	// IsRepeatOf says, for CreateCustomer, whether the customer that has the ExternalID already is what the write would
	// create: then the result is Unchanged instead of ExternalIDTaken. Nil for never.
	IsRepeatOf func(*Customer) bool
}

// LeadWrite registers a lead or reports on one.
type LeadWrite struct {
	// Register is the lead to create, complete but for its ID; nil for a report.
	Register *Lead
	// UUID names the lead that Report is about.
	UUID   string
	Report LeadReport
}

// MaxIdempotencyAge is how long a call is remembered under its Idempotency-Key.
const MaxIdempotencyAge = 24 * time.Hour

// Idempotency names a call, per credential and project: the Idempotency-Key header and the hash of the body sent with it.
type Idempotency struct {
	CredentialID int64
	// Key is 1 to 255 characters.
	Key      string
	BodyHash SecretHash
}

// IdempotencyRecord is a call that had an effect, remembered with its outcome for MaxIdempotencyAge.
type IdempotencyRecord struct {
	Idempotency
	ProjectID int64
	Result    Result
	SubjectID int64
	Reference string
	At        time.Time
}

// IsRepeatOf reports whether a call that comes at a time is the remembered one, sent again. One that is too old is forgotten. The
// error is of kind conflict when the key was sent with another request.
func (i *Idempotency) IsRepeatOf(r *IdempotencyRecord, at time.Time) (bool, error) {
	switch {
	case at.Sub(r.At) >= MaxIdempotencyAge:
		return false, nil
	case r.BodyHash != i.BodyHash:
		return false, &Error{
			Kind: KindConflict, Field: "Idempotency-Key", Message: "this Idempotency-Key was sent with another request before",
		}
	default:
		return true, nil
	}
}

// Result says what became of a write that did not fail.
type Result uint8

// The results.
const (
	// Created: the record is new.
	Created Result = iota + 1
	// Updated: the record was there and has at least one new value.
	Updated
	// Unchanged: the record was there and already had every value.
	Unchanged
	// Missing: there is no such record in the project; nothing was written.
	Missing
	// ExternalIDTaken and ExternalNumberTaken: another record, Outcome.Existing, has it; nothing was written.
	ExternalIDTaken
	ExternalNumberTaken
	// Submitted: the write is kept as a submission; what becomes of it is told later. No store answers it: it is for logs
	// and counts.
	Submitted
	// VersionChanged: the record, Outcome.Existing, is not any more what the write was made for; nothing was written.
	VersionChanged
	// Erased: the record was there and is forgotten.
	Erased
	// HeldBack: a submission from before its customer was erased; nothing was written but its end.
	HeldBack
)

var resultNames = [...]string{
	"", "created", "updated", "unchanged", "missing", "external_id_taken", "external_number_taken", "accepted",
	"version_changed", "erased", "held_back",
}

// String returns the result as it is written in logs and metrics.
func (r Result) String() string { return resultNames[r] }

// Outcome is what became of one write.
type Outcome struct {
	Result Result
	// SubjectID is our id of the customer or lead; 0 when there is none.
	SubjectID int64
	// Reference is the UUID of the lead or submission; empty for a customer.
	Reference string
	// Waits says that the submission that was accepted is yet to be carried out.
	Waits bool
	// UpdatedAt is when the customer changed last; for Unchanged only, and zero when a repeated call is answered.
	UpdatedAt time.Time
	// Existing is the record in the way, with its addresses; for ExternalIDTaken, ExternalNumberTaken and VersionChanged only.
	Existing *Customer
	// ReturnOf is the erased customer that a new one shares something with that it was known by; 0 for none.
	ReturnOf int64
	// Err is set when this write alone was refused: an Error whose kind tells why. Nothing of it was written.
	Err error
}

// WasHeldBack reports whether the write was refused because it is older than the erasure of its customer.
func (o *Outcome) WasHeldBack() bool { return o.Result == HeldBack || o.Err == error(errErased) }

// wrote reports whether the outcome left something in the book.
func (o *Outcome) wrote() bool { return o.Err == nil && (o.Result == Created || o.Result == Updated) }
