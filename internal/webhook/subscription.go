package webhook

import (
	"context"
	"fmt"
	"net/netip"
	"net/url"
	"strings"
	"time"
	"unicode/utf8"

	"clientele"
)

// Bounds of a subscription (rulings on the subscriptions API).
const (
	MaxURL            = 1024 // characters
	MaxSecret         = 64   // characters
	MaxIntervals      = 20
	MaxInterval       = 24 * time.Hour
	MaxRequestTimeout = 5 * time.Minute
	// MinDuration is the least wait and the least bound of an attempt.
	MinDuration = time.Second
	// DefaultRequestTimeout is for a subscription that states none: the document's example has 100 s.
	DefaultRequestTimeout = 100 * time.Second
)

// Create makes a subscription, which is told of every change from now on, and returns it with its signing secret; for a call
// that was sent before, the id and the project of the one that it made then, and nothing else.
//
// The error is of kind invalid, with the name of the field at fault (url, secret, eventType, intervals, requestTimeout), when
// it cannot be made as it stands; conflict when the call was named like another.
func (s *Service) Create(ctx context.Context, o clientele.SubscriptionOrder) (clientele.Subscription, error) {
	fill(&o.RequestTimeout, DefaultRequestTimeout)
	u, err := s.check(&o)
	if err != nil {
		return clientele.Subscription{}, err
	}
	sub := clientele.Subscription{
		ID: s.options.NewID(), ProjectID: o.ProjectID, EventType: o.EventType, URL: o.URL, Host: hostOf(u), Secret: o.Secret,
		OmitSecret: o.OmitSecret, SigningSecret: newSigningSecret(), Retry: o.Retry, RequestTimeout: o.RequestTimeout,
		CreatedAt: s.now(),
	}
	if o.Idempotency != nil {
		sub, err = s.store.CreateSubscriptionOnce(ctx, sub, *o.Idempotency)
	} else {
		sub, err = s.store.CreateSubscription(ctx, sub)
	}
	if err != nil {
		return sub, fmt.Errorf("create subscription: %w", err)
	}
	return sub, nil
}

func hostOf(u *url.URL) string {
	port := u.Port()
	if port == "" {
		port = map[string]string{"https": "443", "http": "80"}[u.Scheme]
	}
	return strings.ToLower(u.Hostname()) + ":" + port
}

func (s *Service) check(o *clientele.SubscriptionOrder) (*url.URL, error) {
	u, err := s.CheckURL(o.URL)
	switch {
	case err != nil:
		return nil, err
	case utf8.RuneCountInString(o.Secret) > MaxSecret || !utf8.ValidString(o.Secret):
		return nil, refuse("secret", "a secret has at most %d characters", MaxSecret)
	case strings.ContainsRune(o.Secret, 0):
		return nil, refuse("secret", "a secret has no character U+0000")
	case o.EventType.Subject() == "":
		return nil, refuse("eventType", "there is no event %q; there are customer:changed and lead:changed", string(o.EventType))
	}
	return u, checkPolicies(o.Retry, o.RequestTimeout)
}

func checkPolicies(retry []time.Duration, timeout time.Duration) error {
	if len(retry) > MaxIntervals {
		return refuse("intervals", "there are at most %d intervals", MaxIntervals)
	}
	for _, d := range retry {
		if d < MinDuration || d > MaxInterval {
			return refuse("intervals", "an interval is between %s and %s", MinDuration, MaxInterval)
		}
	}
	if timeout < MinDuration || timeout > MaxRequestTimeout {
		return refuse("requestTimeout", "a request time-out is between %s and %s", MinDuration, MaxRequestTimeout)
	}
	return nil
}

// CheckURL says whether events can be sent to an address: absolute, https, at most MaxURL characters, no address that is
// not public; http to this machine itself where that is allowed. Names are resolved when something is sent. The error is
// of kind invalid.
func (s *Service) CheckURL(address string) (*url.URL, error) {
	if utf8.RuneCountInString(address) > MaxURL {
		return nil, refuse("url", "a URL has at most %d characters", MaxURL)
	}
	u, err := url.Parse(address)
	if err != nil || u.Hostname() == "" || u.Fragment != "" {
		return nil, refuse("url", "a URL is absolute and has no fragment, such as https://shop.example.com/events")
	}
	if u.User != nil {
		return nil, refuse("url", "a URL has no user and no password: use the secret")
	}
	local := s.options.Client.AllowLoopbackHTTP && isLoopback(u.Hostname())
	if u.Scheme != "https" && !(u.Scheme == "http" && (local || s.options.Client.anyAddress)) {
		return nil, refuse("url", "a URL begins with https://")
	}
	if err := s.guard.checkLiteral(u); err != nil {
		return nil, refuse("url", "the URL's address is not a public one")
	}
	return u, nil
}

func isLoopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsLoopback() || strings.EqualFold(host, "localhost")
}

func refuse(field, format string, args ...any) error {
	e := clientele.Errorf(clientele.KindInvalid, format, args...)
	e.Field = field
	return e
}

// Find returns a subscription of the project; kind not_found when there is none.
func (s *Service) Find(ctx context.Context, project int64, id string) (clientele.Subscription, error) {
	return s.store.FindSubscription(ctx, project, id)
}

// List returns the subscriptions that the filter selects.
func (s *Service) List(ctx context.Context, f clientele.SubscriptionFilter) ([]clientele.Subscription, error) {
	return s.store.ListSubscriptions(ctx, f)
}

// SetPolicies replaces the waits before retries and the bound of an attempt, 0 for the default. The error is of kind
// invalid or not_found.
func (s *Service) SetPolicies(ctx context.Context, project int64, id string, retry []time.Duration, timeout time.Duration) error {
	fill(&timeout, DefaultRequestTimeout)
	if err := checkPolicies(retry, timeout); err != nil {
		return err
	}
	return s.store.SetSubscriptionPolicies(ctx, project, id, retry, timeout)
}

// Delete ends a subscription; kind not_found when there is none.
func (s *Service) Delete(ctx context.Context, project int64, id string) error {
	return s.store.DeleteSubscription(ctx, project, id, s.now())
}

// Rotate gives a subscription a new signing secret in the place of the one that it was found with, and returns it. For the
// overlap what is sent is signed with the old one as well. The error is of kind conflict when it was rotated meanwhile.
func (s *Service) Rotate(ctx context.Context, sub clientele.Subscription, overlap time.Duration) (secret string, err error) {
	if overlap < 0 {
		return "", refuse("overlap", "an overlap is 0 or longer")
	}
	now := s.now()
	r := clientele.SecretRotation{Secret: newSigningSecret(), Replaces: sub.SigningSecret, At: now, OldUntil: now.Add(overlap)}
	return r.Secret, s.store.RotateSubscription(ctx, sub.ProjectID, sub.ID, r)
}

// Disable stops serving a subscription, for a reason that operators read. Its events are kept for it.
func (s *Service) Disable(ctx context.Context, project int64, id, reason string) error {
	return s.store.DisableSubscription(ctx, project, id, reason, s.now())
}

// Enable serves a disabled subscription again: what was kept for it, for the retention period at most, is delivered now.
func (s *Service) Enable(ctx context.Context, project int64, id string) error {
	err := s.store.EnableSubscription(ctx, project, id, s.now().Add(-s.options.Retention))
	s.wakeDelivering()
	return err
}

// Test sends the receiver an event without ids, once, and returns what came of it. It is no delivery and is not kept.
func (s *Service) Test(ctx context.Context, project int64, id string) (clientele.Attempt, error) {
	sub, err := s.store.FindSubscription(ctx, project, id)
	if err != nil {
		return clientele.Attempt{}, err
	}
	a, err := s.post(ctx, &sub, s.options.NewID(), body(&sub, nil, s.now()))
	return a.attempt, err
}
