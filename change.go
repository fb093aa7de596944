package clientele

import (
	"cmp"
	"slices"
	"time"
)

// Subject says what sort of record a change is about.
type Subject string

// The subjects of changes and events.
const (
	SubjectCustomer Subject = "customer"
	SubjectLead     Subject = "lead"
)

// Action says what a change did to its subject.
type Action string

// The actions.
const (
	ActionCreated Action = "created"
	ActionUpdated Action = "updated"
	ActionErased  Action = "erased"
)

// Origin is who caused a write: which credential, through which dialect, in which request.
type Origin struct {
	Dialect Dialect
	// CredentialID is 0 for the operator's own ways and for a postback, which needs no credential.
	CredentialID int64
	// RequestID is the X-Request-Id of the call, or a name of the command's run.
	RequestID string
}

// Change records that something changed. It is history, audit trail and the source of events, and it is appended in
// the transaction that makes the change, never after it.
type Change struct {
	// Seq rises with each change of a project; the store gives it.
	Seq       int64
	ProjectID int64
	Subject   Subject
	SubjectID int64
	Action    Action
	// Values is a JSON object: for a creation every value the record starts with, for an update the new value of each
	// field that changed. Applied in order of Seq they give the record as it stands.
	Values []byte
	Origin Origin
	At     time.Time
}

// SortChanges sorts changes of one subject by record and sequence.
func SortChanges(list []Change) {
	slices.SortFunc(list, func(a, b Change) int {
		return cmp.Or(cmp.Compare(a.SubjectID, b.SubjectID), cmp.Compare(a.Seq, b.Seq))
	})
}
