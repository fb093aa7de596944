package clientele

import "time"

// EventType names what a subscription listens to.
type EventType string

// The event types: DKHardware's (section Events), and its like for leads.
const (
	CustomerChanged EventType = "customer:changed"
	LeadChanged     EventType = "lead:changed"
)

// Subscription sends the events of one project and type to one URL.
type Subscription struct {
	// ID is a UUID in canonical form.
	ID        string
	ProjectID int64
	EventType EventType
	// URL is absolute, at most 1,024 characters.
	URL string
	// Secret is the text the receiver gave to recognise us by, at most 64 characters; sent in the body unless
	// OmitSecret is set, and never returned.
	Secret     string
	OmitSecret bool
	// Retry are the waits before the first retries; after them the default tail follows.
	Retry []time.Duration
	// RequestTimeout bounds one attempt.
	RequestTimeout time.Duration
	CreatedAt      time.Time
	// DisabledAt is zero while the subscription is served; DisabledReason says why it is not.
	DisabledAt     time.Time
	DisabledReason string
}

// DeliveryStatus is what became of a delivery.
type DeliveryStatus string

// The statuses of a delivery.
const (
	DeliveryDue       DeliveryStatus = "due"
	DeliveryDelivered DeliveryStatus = "delivered"
	DeliveryFailed    DeliveryStatus = "failed"
)

// Delivery is one event on its way to one subscription: a POST that is repeated until it succeeds or is given up.
type Delivery struct {
	ID             string
	ProjectID      int64
	SubscriptionID string
	EventType      EventType
	// SubjectIDs are the records that changed, each once, in order of their first change.
	SubjectIDs []int64
	// EventAt is the time of the newest change in it.
	EventAt   time.Time
	Status    DeliveryStatus
	Attempts  int
	DueAt     time.Time
	CreatedAt time.Time
	// FinishedAt is zero while the delivery is due.
	FinishedAt time.Time
}

// Attempt is one try at a delivery.
type Attempt struct {
	DeliveryID string
	Number     int
	At         time.Time
	Duration   time.Duration
	// StatusCode is the receiver's answer; 0 when there was none.
	StatusCode int
	// ErrorClass is a short name of what went wrong (timeout, refused, tls, …); empty after an answer.
	ErrorClass string
	// Answer is the beginning of the receiver's body, at most 4 KiB.
	Answer []byte
}
