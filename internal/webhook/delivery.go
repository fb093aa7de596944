package webhook

import (
	"context"
	"time"

	"clientele"
)

// Deliveries returns the deliveries that the filter selects, newest first.
func (s *Service) Deliveries(ctx context.Context, f clientele.DeliveryFilter) ([]clientele.Delivery, error) {
	return s.store.ListDeliveries(ctx, f)
}

// Delivery returns a delivery with its attempts; kind not_found when there is none.
func (s *Service) Delivery(ctx context.Context, project int64, id string) (clientele.Delivery, []clientele.Attempt, error) {
	d, err := s.store.FindDelivery(ctx, project, id)
	if err != nil {
		return d, nil, err
	}
	attempts, err := s.store.ListAttempts(ctx, project, id)
	return d, attempts, err
}

// Resend sends a delivery again, whatever became of it, with the same webhook-id; kind not_found when there is none, or its
// subscription is gone.
func (s *Service) Resend(ctx context.Context, project int64, id string) error {
	err := s.store.ResendDelivery(ctx, project, id, s.now())
	s.wakeDelivering()
	return err
}

// ResendFailed sends the deliveries of a subscription again that were created between two times and failed, and returns how
// many there are.
func (s *Service) ResendFailed(ctx context.Context, project int64, id string, from, to time.Time) (int64, error) {
	if to.Before(from) {
		return 0, refuse("to", "the end of the window is before its beginning")
	}
	n, err := s.store.ResendFailed(ctx, clientele.Resend{ProjectID: project, SubscriptionID: id, From: from, To: to, At: s.now()})
	s.wakeDelivering()
	return n, err
}

// ResendSince tells a subscription of every change again that was made since a time, in new deliveries. Some changes of the
// minute before may be told of, too.
func (s *Service) ResendSince(ctx context.Context, project int64, id string, since time.Time) error {
	err := s.store.RewindSubscription(ctx, project, id, since)
	s.Changed()
	return err
}

// forgetAtOnce is how many deliveries one transaction deletes.
const forgetAtOnce = 1000

// Forget deletes deliveries that are older than the retention period, with their attempts.
func (s *Service) Forget(ctx context.Context) error {
	before := s.now().Add(-s.options.Retention)
	for ctx.Err() == nil {
		n, err := s.store.ForgetDeliveries(ctx, before, forgetAtOnce)
		if err != nil || n < forgetAtOnce {
			return err
		}
	}
	return ctx.Err()
}
