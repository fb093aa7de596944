package webhook

import (
	"context"
	"time"

	"clientele"
)

// Store keeps subscriptions, events and deliveries. Both stores are one; the methods are documented there.
type Store interface {
	CreateSubscription(ctx context.Context, s clientele.Subscription) (clientele.Subscription, error)
	CreateSubscriptionOnce(ctx context.Context, s clientele.Subscription, call clientele.Idempotency) (clientele.Subscription, error)
	FindSubscription(ctx context.Context, project int64, id string) (clientele.Subscription, error)
	ListSubscriptions(ctx context.Context, f clientele.SubscriptionFilter) ([]clientele.Subscription, error)
	SetSubscriptionPolicies(ctx context.Context, project int64, id string, retry []time.Duration, timeout time.Duration) error
	RotateSubscription(ctx context.Context, project int64, id string, r clientele.SecretRotation) error
	DeleteSubscription(ctx context.Context, project int64, id string, at time.Time) error
	DisableSubscription(ctx context.Context, project int64, id, reason string, at time.Time) error
	EnableSubscription(ctx context.Context, project int64, id string, keptFrom time.Time) error
	RewindSubscription(ctx context.Context, project int64, id string, since time.Time) error
	ListSubscriptionHealth(ctx context.Context) ([]clientele.SubscriptionHealth, error)
	ListProjectSubscriptionHealth(ctx context.Context, project int64) ([]clientele.SubscriptionHealth, error)

	ListEventCursors(ctx context.Context) ([]clientele.EventCursor, error)
	ReadChanges(ctx context.Context, cursors []clientele.EventCursor, limit int) ([]clientele.ChangeTail, error)
	GatherEvents(ctx context.Context, events []clientele.Event, newID func() string) (int, error)

	ClaimDeliveries(ctx context.Context, c clientele.Claim, o clientele.DeliveryOrder) ([]clientele.Parcel, error)
	RenewDeliveries(ctx context.Context, c clientele.Claim, subscriptions []clientele.ProjectKey) error
	FinishDeliveries(ctx context.Context, lease string, parcels []clientele.SentParcel) error
	ReleaseDeliveries(ctx context.Context, lease string) error
	NextDelivery(ctx context.Context) (time.Time, error)

	FindDelivery(ctx context.Context, project int64, id string) (clientele.Delivery, error)
	ListDeliveries(ctx context.Context, f clientele.DeliveryFilter) ([]clientele.Delivery, error)
	ListAttempts(ctx context.Context, project int64, delivery string) ([]clientele.Attempt, error)
	ResendDelivery(ctx context.Context, project int64, id string, at time.Time) error
	ResendFailed(ctx context.Context, r clientele.Resend) (int64, error)
	ForgetDeliveries(ctx context.Context, before time.Time, limit int) (int64, error)
}
