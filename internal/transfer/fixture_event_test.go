package transfer

import (
	"context"
	"fmt"
	"math"
	"time"

	"clientele"
)

// eventBook is what of a book events need.
type eventBook interface {
	CreateSubscription(ctx context.Context, s clientele.Subscription) (clientele.Subscription, error)
	RotateSubscription(ctx context.Context, project int64, id string, r clientele.SecretRotation) error
	DisableSubscription(ctx context.Context, project int64, id, reason string, at time.Time) error
	ListSubscriptions(ctx context.Context, f clientele.SubscriptionFilter) ([]clientele.Subscription, error)
	GatherEvents(ctx context.Context, events []clientele.Event, newID func() string) (int, error)
	ClaimDeliveries(ctx context.Context, c clientele.Claim, o clientele.DeliveryOrder) ([]clientele.Parcel, error)
	FinishDeliveries(ctx context.Context, lease string, parcels []clientele.SentParcel) error
	ListDeliveries(ctx context.Context, f clientele.DeliveryFilter) ([]clientele.Delivery, error)
	ListAttempts(ctx context.Context, project int64, delivery string) ([]clientele.Attempt, error)
}

// events makes subscriptions of all sorts, deliveries in every state, some with attempts of every kind, and a claim.
func (f *fixture) events() {
	ctx := f.t.Context()
	var id int
	newID := func() string { id++; return uuidOf(500 + id) }
	for i := range 4 {
		sub := f.subscribe(newID(), i)
		if i == 1 {
			r := clientele.SecretRotation{Secret: "whsec_b", Replaces: sub.SigningSecret, At: sub.CreatedAt, OldUntil: f.moment()}
			f.must(f.book.RotateSubscription(ctx, sub.ProjectID, sub.ID, r))
		}
		var events []clientele.Event
		for n := range int64(3) {
			events = append(events, clientele.Event{
				ProjectID: sub.ProjectID, EventType: sub.EventType, From: sub.Cursor + n, To: sub.Cursor + n + 1,
				SubjectIDs: []int64{math.MaxInt64, n}, FirstAt: f.moment(), At: f.moment(), CreatedAt: f.moment(),
			})
		}
		made, err := f.book.GatherEvents(ctx, events, newID)
		f.must(err)
		if made != len(events) {
			f.t.Fatalf("%d deliveries of %d events", made, len(events))
		}
	}
	f.deliver()
}

func (f *fixture) subscribe(id string, i int) clientele.Subscription {
	sub := clientele.Subscription{
		ID: id, ProjectID: f.projects[i%2], EventType: clientele.CustomerChanged, URL: "https://shop.example.com/ś?a=%20",
		Host: "shop.example.com:443", Secret: "\u2028 \"ż🔑", OmitSecret: i == 1, SigningSecret: "whsec_a", CreatedAt: f.moment(),
		RequestTimeout: time.Second, Retry: make([]time.Duration, 0),
	}
	if i > 1 {
		sub.EventType, sub.Retry = clientele.LeadChanged, []time.Duration{time.Microsecond, 24 * time.Hour}
	}
	sub, err := f.book.CreateSubscription(f.t.Context(), sub)
	f.must(err)
	return sub
}

// deliver sends to all subscriptions but one, which stays under the claim: what is sent arrives, fails and has to be sent
// again.
func (f *fixture) deliver() {
	ctx, at := f.t.Context(), f.moment()
	claim := clientele.Claim{Lease: "lease", At: at, Until: at.Add(time.Hour)}
	order := clientele.DeliveryOrder{Healthy: 100, Failing: 100, PerSubscription: 100, Admit: func(clientele.ProjectKey, string) bool { return true }}
	parcels, err := f.book.ClaimDeliveries(ctx, claim, order)
	f.must(err)
	for _, p := range parcels[1:] {
		sent := clientele.SentParcel{ProjectID: p.Subscription.ProjectID, SubscriptionID: p.Subscription.ID, At: at, FailingSince: at}
		for i, status := range []clientele.DeliveryStatus{clientele.DeliveryDelivered, clientele.DeliveryFailed, clientele.DeliveryDue} {
			sent.Sent = append(sent.Sent, clientele.SentDelivery{
				DeliveryID: p.Deliveries[i].ID, Status: status, DueAt: f.moment(), Attempt: clientele.Attempt{
					At: f.moment(), Duration: 1500 * time.Microsecond, StatusCode: 100 * i, ErrorClass: "timeout", Answer: []byte("\x00\xff")[:i],
				},
			})
		}
		f.must(f.book.FinishDeliveries(ctx, claim.Lease, []clientele.SentParcel{sent}))
	}
	last := parcels[len(parcels)-1].Subscription
	f.must(f.book.DisableSubscription(ctx, last.ProjectID, last.ID, "gone", f.moment()))
}

// eventRecords adds what the verbs about events find.
func (f *fixture) eventRecords(b book, keep func(what string, v any, err error)) {
	ctx := f.t.Context()
	subscriptions, err := b.ListSubscriptions(ctx, clientele.SubscriptionFilter{})
	keep("subscriptions", subscriptions, err)
	for _, project := range f.projects {
		deliveries, err := b.ListDeliveries(ctx, clientele.DeliveryFilter{ProjectID: project, Limit: 100})
		keep(fmt.Sprint("deliveries of ", project), deliveries, err)
		for _, d := range deliveries {
			attempts, err := b.ListAttempts(ctx, project, d.ID)
			keep("attempts at "+d.ID, attempts, err)
		}
	}
}
