package webhook

import (
	"context"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"clientele"
)

// counters count since the start of the server.
type counters struct {
	gathered atomic.Int64

	mu       sync.Mutex
	attempts map[string]int64
}

// observe counts an attempt and writes its log line. Neither shows a URL or a secret.
func (s *Service) observe(sub *clientele.Subscription, d *clientele.Delivery, sent *clientele.SentDelivery) {
	outcome := Outcome(&sent.Attempt)
	s.counters.mu.Lock()
	if s.counters.attempts == nil {
		s.counters.attempts = map[string]int64{}
	}
	s.counters.attempts[outcome]++
	s.counters.mu.Unlock()
	s.options.Log.Info("delivery", "delivery", d.ID, "subscription", sub.ID, "project", sub.ProjectID,
		"event", string(d.EventType), "ids", len(d.SubjectIDs), "attempt", d.Attempts+1, "outcome", outcome,
		"status", string(sent.Status), "ms", float64(sent.Attempt.Duration.Microseconds())/1000)
}

// Outcome names what an attempt came to: delivered, the class of its error, or the class of its HTTP status, such as 5xx.
func Outcome(a *clientele.Attempt) string {
	switch {
	case a.StatusCode/100 == 2:
		return "delivered"
	case a.ErrorClass != "":
		return a.ErrorClass
	default:
		return strconv.Itoa(a.StatusCode/100) + "xx"
	}
}

// Attempts returns how many attempts this server made, by outcome.
func (s *Service) Attempts() map[string]int64 {
	s.counters.mu.Lock()
	defer s.counters.mu.Unlock()
	counts := make(map[string]int64, len(s.counters.attempts))
	for outcome, n := range s.counters.attempts {
		counts[outcome] = n
	}
	return counts
}

// Gathered returns how many deliveries this server made of changes.
func (s *Service) Gathered() int64 { return s.counters.gathered.Load() }

// InFlight returns how many subscriptions are being sent to.
func (s *Service) InFlight() int { return s.slots.used() }

// Health is how the subscriptions of the book stand.
type Health struct {
	Subscriptions []clientele.SubscriptionHealth
	// Disabled is how many of them are disabled.
	Disabled int
	At       time.Time
}

// Age returns how long the oldest change waits that was gathered and not delivered to a subscription; 0 for none.
func (h *Health) Age(s *clientele.SubscriptionHealth) time.Duration {
	if s.OldestChange.IsZero() {
		return 0
	}
	return max(0, h.At.Sub(s.OldestChange))
}

// Health returns how the subscriptions stand. It reads the book.
func (s *Service) Health(ctx context.Context) (Health, error) {
	list, err := s.store.ListSubscriptionHealth(ctx)
	h := Health{Subscriptions: list, At: s.now()}
	for i := range list {
		if list[i].Disabled {
			h.Disabled++
		}
	}
	return h, err
}

// HealthOf returns how the subscriptions of a project stand.
func (s *Service) HealthOf(ctx context.Context, project int64) ([]clientele.SubscriptionHealth, error) {
	return s.store.ListProjectSubscriptionHealth(ctx, project)
}
