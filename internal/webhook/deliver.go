package webhook

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"clientele"
)

// How much is claimed at a time, so that claiming never keeps the book's writer for long.
const (
	claimAtOnce     = 64  // subscriptions
	perSubscription = 256 // deliveries of one
)

// Deliver claims what is due as long as there is room and has it sent; it is a work.Task and does not wait for the
// receivers.
func (s *Service) Deliver(ctx context.Context) (again time.Duration, err error) {
	for ctx.Err() == nil {
		order := s.slots.order()
		if order.Healthy <= 0 && order.Failing <= 0 {
			return 0, nil // who ends wakes us
		}
		claim := s.claim()
		parcels, err := s.store.ClaimDeliveries(ctx, claim, order)
		for i := range parcels {
			s.slots.take(&parcels[i].Subscription)
			s.carrying.Go(func() { s.carry(&parcels[i], claim.At) })
		}
		if err != nil {
			return 0, err
		}
		if len(parcels) == 0 {
			return s.untilNext(ctx)
		}
	}
	return 0, ctx.Err()
}

// untilNext returns how long until something is due; 0 for not soon.
func (s *Service) untilNext(ctx context.Context) (time.Duration, error) {
	next, err := s.store.NextDelivery(ctx)
	if err != nil || next.IsZero() {
		return 0, err
	}
	return max(0, next.Sub(s.now())), nil
}

// carryFor is how long one claim goes on beginning requests: then the subscription waits its turn again.
const carryFor = 5 * time.Second

// carry sends a parcel in its order, one request at a time. It ends at the first failure: what is behind it keeps its turn.
func (s *Service) carry(p *clientele.Parcel, since time.Time) {
	sub := &p.Subscription
	done := clientele.SentParcel{
		ProjectID: sub.ProjectID, SubscriptionID: sub.ID, FailingSince: sub.FailingSince,
	}
	for i := range p.Deliveries {
		if i > 0 && s.now().Sub(since) > carryFor {
			break
		}
		d := &p.Deliveries[i]
		a, err := s.post(s.cut, sub, d.ID, body(sub, d.SubjectIDs, d.EventAt))
		if err != nil {
			break // the server ends
		}
		sent := s.judge(sub, d, &a, &done)
		done.Sent = append(done.Sent, sent)
		s.observe(sub, d, &sent)
		if !a.delivered() {
			break
		}
	}
	done.At = s.now()
	s.finisher.put(&finished{parcel: done, sub: sub})
}

// judge decides what an attempt means for its delivery and its subscription.
func (s *Service) judge(sub *clientele.Subscription, d *clientele.Delivery, a *answered, done *clientele.SentParcel) clientele.SentDelivery {
	sent := clientele.SentDelivery{DeliveryID: d.ID, Attempt: a.attempt, Status: clientele.DeliveryDelivered}
	sent.Attempt.Number = d.Attempts + 1
	if a.delivered() {
		done.FailingSince = time.Time{}
		return sent
	}
	now := s.now()
	if done.FailingSince.IsZero() {
		done.FailingSince = a.attempt.At
	}
	switch {
	case a.gone():
		done.Disable = reasonGone
	case now.Sub(done.FailingSince) >= maxFailing && !s.options.Doubted():
		done.Disable = reasonFailing
	}
	wait, again := s.wait(sub, d.Retries+1, a.asked)
	if !again {
		sent.Status = clientele.DeliveryFailed
		return sent
	}
	sent.Status, sent.DueAt = clientele.DeliveryDue, now.Add(wait)
	return sent
}

// slots bound how many subscriptions are sent to at once.
type slots struct {
	options *Options

	mu      sync.Mutex
	freed   sync.Cond
	healthy int
	failing int
	hosts   map[string]int
	held    map[clientele.ProjectKey]bool // subscriptions
}

func (s *slots) init(o *Options) {
	s.options, s.hosts, s.held = o, map[string]int{}, map[clientele.ProjectKey]bool{}
	s.freed.L = &s.mu
}

// wait returns when no more than n are used.
func (s *slots) wait(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for s.healthy+s.failing > n {
		s.freed.Wait()
	}
}

func (s *slots) used() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.healthy + s.failing
}

// order says what there is room for.
func (s *slots) order() clientele.DeliveryOrder {
	s.mu.Lock()
	defer s.mu.Unlock()
	free := s.options.MaxInFlight - s.healthy - s.failing
	o := clientele.DeliveryOrder{
		Healthy: min(free, claimAtOnce), PerSubscription: perSubscription,
	}
	o.Failing = min(free-o.Healthy, claimAtOnce, s.options.MaxInFlight/2-s.failing)
	room := map[string]int{}
	for host, n := range s.hosts {
		room[host] = s.options.MaxPerHost - n
		if room[host] <= 0 {
			o.FullHosts = append(o.FullHosts, host)
		}
	}
	// One that has a place is not claimed once more. What was sent to it may be in the book already, and then it is due: under a claim
	// that nobody carries it would wait until that ends.
	o.Admit = func(subscription clientele.ProjectKey, host string) bool {
		if s.has(subscription) {
			return false
		}
		left, known := room[host]
		if !known {
			left = s.options.MaxPerHost
		}
		room[host] = left - 1
		return left > 0
	}
	return o
}

// has reports whether a subscription has a place.
func (s *slots) has(subscription clientele.ProjectKey) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.held[subscription]
}

// take takes a place for a subscription, which has none.
func (s *slots) take(sub *clientele.Subscription) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.held[keyOf(sub)] = true
	s.hosts[sub.Host]++
	*s.class(sub)++
}

func keyOf(sub *clientele.Subscription) clientele.ProjectKey {
	return clientele.ProjectKey{ProjectID: sub.ProjectID, Key: sub.ID}
}

// carried returns the subscriptions that have a place.
func (s *slots) carried() []clientele.ProjectKey {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Collect(maps.Keys(s.held))
}

func (s *slots) free(sub *clientele.Subscription) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.hosts[sub.Host]--; s.hosts[sub.Host] == 0 {
		delete(s.hosts, sub.Host)
	}
	*s.class(sub)--
	delete(s.held, keyOf(sub))
	s.freed.Broadcast()
}

func (s *slots) class(sub *clientele.Subscription) *int {
	if sub.FailingSince.IsZero() {
		return &s.healthy
	}
	return &s.failing
}
