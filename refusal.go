package clientele

import "time"

// Refusal is a partner's call that was answered with an error (4xx or 5xx), kept for a few days so that "why was my call
// refused?" has an answer. It holds no secret: keys, tokens and UUIDs that let somebody in are cut to their beginnings
// before it is stored. It does hold personal data: what the partner sent.
type Refusal struct {
	// ID rises; the store gives it.
	ID int64
	At time.Time
	// Dialect is empty when the call was for none of them.
	Dialect Dialect
	// CredentialID and ProjectID are 0 when the caller was not known.
	CredentialID int64
	ProjectID    int64
	Method       string
	// Route is the pattern of the route; Target is the path and query that were sent, without secrets.
	Route  string
	Target string
	Status int
	// Kind and Field are those of the error; Field is empty when it names none.
	Kind  string
	Field string
	// RequestID is the X-Request-Id of the answer, TraceID our own name for the call.
	RequestID string
	TraceID   string
	// Media is the Content-Type that was sent, without secrets.
	Media string
	// Body is the beginning of what was sent, without secrets; empty unless BodyState is BodyWhole or BodyCut. BodyBytes is
	// how many bytes were sent, -1 when the caller did not say and they were not read.
	Body      string
	BodyState BodyState
	BodyBytes int64
	// Answer is the beginning of the answer's body, of AnswerBytes.
	Answer      string
	AnswerBytes int64
}

// BodyState says what is kept of a refused call's body.
type BodyState string

// The states.
const (
	BodyNone   BodyState = "none"   // none was sent
	BodyWhole  BodyState = "whole"  // all of it
	BodyCut    BodyState = "cut"    // its beginning
	BodyUnread BodyState = "unread" // the call was refused before it was read
	BodyBinary BodyState = "binary" // nothing: it is no text
)

// RefusalFilter selects refusals, the newest first. The zero value of a field selects all.
type RefusalFilter struct {
	ProjectID    int64
	CredentialID int64
	// Unknown selects those whose caller was not known.
	Unknown bool
	Dialect Dialect
	// Status is an HTTP status, or a class of them: 4 or 5.
	Status   int
	Route    string
	From, To time.Time // From inclusive, To exclusive
	// Before selects those with a lower ID: the next page. After selects those with a higher one.
	Before, After int64
	// Limit is 1 to MaxPage.
	Limit int
}

// RefusalBounds are how many refusals are kept: the newest of each caller, which is a credential in a project, of all callers
// about whom neither is known, and the newest of all.
type RefusalBounds struct {
	PerCaller int
	Unknown   int
	Total     int
}

// RefusalCaller is whose refusals are bounded together.
type RefusalCaller struct{ CredentialID, ProjectID int64 }

// Callers returns how many refusals are kept of each caller in the list.
func (b RefusalBounds) Callers(list []Refusal) map[RefusalCaller]int {
	keep := make(map[RefusalCaller]int, 1)
	for i := range list {
		keep[RefusalCaller{list[i].CredentialID, list[i].ProjectID}] = b.PerCaller
	}
	if _, unknown := keep[RefusalCaller{}]; unknown {
		keep[RefusalCaller{}] = b.Unknown
	}
	return keep
}

// Statuses returns the range of statuses that the filter selects, both inclusive; 0 and 0 for all.
func (f *RefusalFilter) Statuses() (low, high int) {
	if 0 < f.Status && f.Status < 10 {
		return f.Status * 100, f.Status*100 + 99
	}
	return f.Status, f.Status
}
