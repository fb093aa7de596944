package clientele

import (
	"net/url"
	"strings"
	"time"
)

// EventType names what a subscription listens to.
type EventType string

// The event types: DKHardware's (section Events), and its like for leads.
const (
	CustomerChanged EventType = "customer:changed"
	LeadChanged     EventType = "lead:changed"
)

// Subject returns what sort of record an event of the type is about; empty for a type that there is not.
func (t EventType) Subject() Subject {
	switch t {
	case CustomerChanged:
		return SubjectCustomer
	case LeadChanged:
		return SubjectLead
	default:
		return ""
	}
}

// Subscription sends the events of one project and type to one URL.
type Subscription struct {
	// ID is a UUID in canonical form.
	ID        string
	ProjectID int64
	EventType EventType
	// URL is absolute, at most 1,024 characters.
	URL string
	// Host is the URL's host and port: what concurrency is bounded by.
	Host string
	// Secret is the text the receiver gave to recognise us by, at most 64 characters; sent in the body unless
	// OmitSecret is set, and never returned.
	Secret     string
	OmitSecret bool
	// SigningSecret signs what is sent (Standard Webhooks): whsec_ and base64. After a rotation PreviousSecret signs as well
	// until PreviousUntil; after several within an overlap it is several secrets, the newest first, with a blank between them.
	// All are kept to be used and never returned.
	SigningSecret  string
	PreviousSecret string
	PreviousUntil  time.Time
	// Retry are the waits before the first retries; after them the default tail follows.
	Retry []time.Duration
	// RequestTimeout bounds one attempt.
	RequestTimeout time.Duration
	CreatedAt      time.Time
	// Cursor is the sequence of the last change that was gathered for it, or passed over.
	Cursor int64
	// FailingSince is when the first of the attempts failed that all failed up to now; zero when the last one succeeded.
	FailingSince time.Time
	// DisabledAt is zero while the subscription is served; DisabledReason says why it is not.
	DisabledAt     time.Time
	DisabledReason string
}

// ShownURL returns the address of a receiver without what may be secret in it: the values of its query, and a user.
func ShownURL(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" {
		return "(an address that cannot be read)"
	}
	shown := u.Scheme + "://" + u.Host + u.EscapedPath()
	if u.RawQuery == "" {
		return shown
	}
	var names []string
	for pair := range strings.SplitSeq(u.RawQuery, "&") {
		name, _, named := strings.Cut(pair, "=")
		if !named { // all of it may be a token
			name = "…"
		} else {
			name += "=…"
		}
		names = append(names, name)
	}
	return shown + "?" + strings.Join(names, "&")
}

// Remembered returns what is kept of the call that made the subscription.
func (s *Subscription) Remembered(call Idempotency) *IdempotencyRecord {
	return &IdempotencyRecord{Idempotency: call, ProjectID: s.ProjectID, Result: Created, Reference: s.ID, At: s.CreatedAt}
}

// Signs returns the secrets that sign what is sent at a time, the newest first.
func (s *Subscription) Signs(at time.Time) []string {
	list := []string{s.SigningSecret}
	if at.Before(s.PreviousUntil) {
		list = append(list, strings.Fields(s.PreviousSecret)...)
	}
	return list
}

// SecretRotation gives a subscription a new signing secret.
type SecretRotation struct {
	// Secret takes the place of Replaces, the one that was seen when this was decided.
	Secret, Replaces string
	At               time.Time
	// OldUntil is how long what signs now goes on signing; no later than At for not at all.
	OldUntil time.Time
}

// maxOldSecrets bounds how many secrets sign besides the present one, and so the header that carries the signatures.
const maxOldSecrets = 4

// Rotate carries out a rotation. The error is of kind conflict when another took place since it was decided.
//
// What signs within an overlap goes on to sign through a rotation, until the later end: nobody here knows which of the
// secrets the receiver has. It may have none but the oldest, where the newer ones were never handed over (a page that was
// loaded again, a command that could not print), or none but the last, where they were; so neither the oldest nor the present
// one may end early. To sign with an old secret gives nothing away, whoever knows it: it is the receiver that trusts it.
// Without an overlap all end at once. Of more than maxOldSecrets those before the oldest end.
func (s *Subscription) Rotate(r SecretRotation) error {
	switch s.SigningSecret {
	case r.Secret: // it took place, and only the answer was lost
		return nil
	case r.Replaces:
	default:
		return Errorf(KindConflict, "the signing secret was rotated a moment ago, so nothing was done now")
	}
	old, until := s.Signs(r.At), r.OldUntil
	if len(old) > 1 && until.After(r.At) && s.PreviousUntil.After(until) {
		until = s.PreviousUntil
	}
	if last := len(old) - 1; last >= maxOldSecrets {
		old = append(old[:maxOldSecrets-1], old[last])
	}
	s.SigningSecret, s.PreviousSecret, s.PreviousUntil = r.Secret, strings.Join(old, " "), until
	return nil
}

// SubscriptionFilter selects subscriptions. The zero value of a field selects all.
type SubscriptionFilter struct {
	ProjectID int64
	EventType EventType
}

// SubscriptionHealth is how a subscription stands.
type SubscriptionHealth struct {
	ID        string
	ProjectID int64
	// Due is how many deliveries are on their way.
	Due int
	// OldestChange is the time of the first change that was gathered and not delivered yet; zero when there is none.
	OldestChange time.Time
	Disabled     bool
}

// EventCursor is a place in the history of a project up to which subscriptions to one event type have gathered. Many
// subscriptions share one.
type EventCursor struct {
	ProjectID int64
	EventType EventType
	Seq       int64
}

// ChangeMark is of a change what gathering needs.
type ChangeMark struct {
	Seq       int64
	SubjectID int64
	At        time.Time
}

// ChangeTail is what lies behind an EventCursor: changes of its project and subject in order of Seq. There is none between
// them that it leaves out, and none up to ReadTo, nor will there ever be.
type ChangeTail struct {
	Marks  []ChangeMark
	ReadTo int64
}

// Event is a group of changes that is told of together, to every subscription at the place From.
type Event struct {
	ProjectID int64
	EventType EventType
	// From and To are the places in the history before and after the event.
	From, To int64
	// SubjectIDs are the records that changed, each once, in order of their first change.
	SubjectIDs []int64
	// FirstAt and At are the times of the oldest and the newest change in it.
	FirstAt   time.Time
	At        time.Time
	CreatedAt time.Time
}

// SubscriptionOrder says what subscription to create.
type SubscriptionOrder struct {
	ProjectID  int64
	EventType  EventType
	URL        string
	Secret     string
	OmitSecret bool
	Retry      []time.Duration
	// RequestTimeout is 0 for the default.
	RequestTimeout time.Duration
	// Idempotency is nil when the caller did not name its call.
	Idempotency *Idempotency
}
