package clientele

import "time"

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
	// ID is a UUID in canonical form; every attempt carries it as webhook-id, so that a receiver can drop repeats.
	ID             string
	ProjectID      int64
	SubscriptionID string
	EventType      EventType
	// Seq orders the deliveries of a subscription by when they were gathered; the store gives it.
	Seq int64
	// SubjectIDs are the records that changed, each once, in order of their first change.
	SubjectIDs []int64
	// FirstAt and EventAt are the times of the oldest and the newest change in it.
	FirstAt time.Time
	EventAt time.Time
	Status  DeliveryStatus
	// Attempts counts all attempts; Retries those that failed since it was sent, or sent again by hand.
	Attempts  int
	Retries   int
	DueAt     time.Time
	CreatedAt time.Time
	// FinishedAt is zero while the delivery is due.
	FinishedAt time.Time
}

// MaxAnswerBytes is how much of a receiver's answer is kept.
const MaxAnswerBytes = 4096

// Attempt is one try at a delivery.
type Attempt struct {
	DeliveryID string
	// Number counts from 1; the store gives it.
	Number   int
	At       time.Time
	Duration time.Duration
	// StatusCode is the receiver's answer; 0 when there was none.
	StatusCode int
	// ErrorClass is a short name of what went wrong (timeout, refused, tls, …); empty after an answer.
	ErrorClass string
	// Answer is the beginning of the receiver's body, at most MaxAnswerBytes.
	Answer []byte
}

// DeliveryFilter selects deliveries of a project, newest first. The zero value of a field but ProjectID selects all.
type DeliveryFilter struct {
	ProjectID      int64
	SubscriptionID string
	Status         DeliveryStatus
	// Before selects those with a lower Seq: the next page.
	Before int64
	// Limit is at least 1.
	Limit int
}

// MaxParcelIDs is how many ids make a Parcel full, since parcels wait in memory.
const MaxParcelIDs = 8000

// Parcel is a subscription under a claim and what is due for it, in the order in which it is to be sent.
type Parcel struct {
	Subscription Subscription
	Deliveries   []Delivery
}

// DeliveryOrder says how many subscriptions a worker can take on.
type DeliveryOrder struct {
	// Healthy and Failing are how many subscriptions are wanted whose last attempt succeeded, or failed.
	Healthy, Failing int
	// PerSubscription is how many deliveries of one are wanted; of a failing one a single one is returned.
	PerSubscription int
	// FullHosts have no room for another.
	FullHosts []string
	// Admit is asked for each subscription before it is claimed: whether it is wanted, and its host has room.
	Admit func(subscription ProjectKey, host string) bool
}

// SentDelivery is what one attempt came to.
type SentDelivery struct {
	DeliveryID string
	// Attempt is what is to be recorded. Its Number is the least that it can have.
	Attempt Attempt
	// Status and DueAt are the delivery's after the attempt; DueAt is for DeliveryDue only.
	Status DeliveryStatus
	DueAt  time.Time
}

// SentParcel is what became of a Parcel. The claim on its subscription ends with it.
type SentParcel struct {
	ProjectID      int64
	SubscriptionID string
	// Sent are the attempts that were made, in order.
	Sent []SentDelivery
	// FailingSince is the subscription's after the attempts.
	FailingSince time.Time
	// Disable is why the subscription is to be disabled; empty for not at all.
	Disable string
	At      time.Time
}

// Resend selects deliveries of a subscription that failed, to be sent again: those created from From to To, both included.
type Resend struct {
	ProjectID      int64
	SubscriptionID string
	From, To       time.Time
	At             time.Time
}

// EmptyAnswers drops what a receiver answered to a delivery: nobody may keep it.
func (p *SentParcel) EmptyAnswers(deliveryID string) {
	for i := range p.Sent {
		if p.Sent[i].DeliveryID == deliveryID {
			p.Sent[i].Attempt.Answer = []byte{}
		}
	}
}
