package dkhardware

import (
	"context"
	"errors"
	"net/http"
	"time"

	"clientele"
	"clientele/internal/access"
	"clientele/internal/dialect"

	"github.com/go-chi/chi/v5"
	"github.com/google/uuid"
)

// The scopes of subscriptions.
const (
	scopeSubscriptions     = "subscriptions"
	scopeEditSubscriptions = "subscriptions:edit"
)

// Hooks knows the subscriptions.
type Hooks interface {
	Create(ctx context.Context, o clientele.SubscriptionOrder) (clientele.Subscription, error)
	Find(ctx context.Context, project int64, id string) (clientele.Subscription, error)
	List(ctx context.Context, f clientele.SubscriptionFilter) ([]clientele.Subscription, error)
	SetPolicies(ctx context.Context, project int64, id string, retry []time.Duration, timeout time.Duration) error
	Delete(ctx context.Context, project int64, id string) error
}

// Subscriptions serves the subscriptions of the partner's shop.
type Subscriptions struct {
	api   *API
	hooks Hooks
}

// Subscriptions returns the part of the API that is about subscriptions. It knows callers as the rest does.
func (a *API) Subscriptions(h Hooks) *Subscriptions { return &Subscriptions{api: a, hooks: h} }

// Routes adds the routes, each with and without the final slash.
func (s *Subscriptions) Routes(r chi.Router) {
	read := func(serve func(*dialect.Request) (dialect.Answer, error)) http.HandlerFunc {
		return s.api.Handle(dialect.Endpoint{Class: access.Read, Scope: scopeSubscriptions, Serve: serve})
	}
	edit := func(serve func(*dialect.Request) (dialect.Answer, error)) http.HandlerFunc {
		return s.api.Handle(dialect.Endpoint{
			Class: access.Write, Scope: scopeEditSubscriptions, Media: dialect.JSONOrNone, Serve: serve,
		})
	}
	r.Route("/v1/subscription", func(r chi.Router) {
		get(r, "/", read(s.list))
		get(r, "/{subscriptionId}", read(s.show))
		post(r, "/create", edit(s.create))
		post(r, "/update", edit(s.update))
		post(r, "/delete", edit(s.delete))
	})
}

// list answers GET /v1/subscription.
func (s *Subscriptions) list(r *dialect.Request) (dialect.Answer, error) {
	filter := clientele.SubscriptionFilter{ProjectID: r.Call.ProjectID}
	var f faults
	if text, sent := parseParameters(r.URL.RawQuery).value("eventType", &f); sent {
		if filter.EventType = clientele.EventType(text); filter.EventType.Subject() == "" {
			f.add("EventType", notInRange, "Event Type", shorten(text))
		}
	}
	if err := f.err(); err != nil {
		return dialect.Answer{}, err
	}
	list, err := s.hooks.List(r.Context(), filter)
	if err != nil {
		return dialect.Answer{}, err
	}
	b := []byte(`{"payload":[`)
	for i := range list {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendSubscription(b, &list[i])
	}
	return dialect.Answer{Body: append(b, ']', '}')}, nil
}

// show answers GET /v1/subscription/{subscriptionId}.
func (s *Subscriptions) show(r *dialect.Request) (dialect.Answer, error) {
	id, err := subscriptionID(chi.URLParam(r.Request, "subscriptionId"))
	if err != nil {
		return dialect.Answer{}, err
	}
	sub, err := s.hooks.Find(r.Context(), r.Call.ProjectID, id)
	if err != nil {
		return dialect.Answer{}, err
	}
	return dialect.Answer{Body: append(appendSubscription([]byte(`{"payload":`), &sub), '}')}, nil
}

// create answers POST /v1/subscription/create.
func (s *Subscriptions) create(r *dialect.Request) (dialect.Answer, error) {
	order, err := decodeSubscription(r.Body)
	if err != nil {
		return dialect.Answer{}, err
	}
	order.ProjectID, order.Idempotency = r.Call.ProjectID, r.Call.Idempotency
	sub, err := s.hooks.Create(r.Context(), order)
	if err != nil {
		return dialect.Answer{}, asFault(err)
	}
	return subscribed(sub.ID, clientele.Created), nil
}

// update answers POST /v1/subscription/update: it changes the policies only.
func (s *Subscriptions) update(r *dialect.Request) (dialect.Answer, error) {
	text, retry, timeout, err := decodePolicies(r.Body)
	if err != nil {
		return dialect.Answer{}, err
	}
	id, err := subscriptionID(text)
	if err == nil {
		err = s.hooks.SetPolicies(r.Context(), r.Call.ProjectID, id, retry, timeout)
	}
	if err != nil {
		return dialect.Answer{}, asFault(err)
	}
	return subscribed(id, clientele.Updated), nil
}

// delete answers POST /v1/subscription/delete.
func (s *Subscriptions) delete(r *dialect.Request) (dialect.Answer, error) {
	text, err := decodeSubscriptionID(r.Body)
	if err != nil {
		return dialect.Answer{}, err
	}
	id, err := subscriptionID(text)
	if err == nil {
		err = s.hooks.Delete(r.Context(), r.Call.ProjectID, id)
	}
	if err != nil {
		return dialect.Answer{}, err
	}
	return subscribed(id, clientele.Updated), nil
}

// subscriptionID reads the id of a subscription. What is no UUID is no subscription's.
func subscriptionID(text string) (string, error) {
	id, err := uuid.Parse(text)
	if err != nil || len(text) != len(id.String()) {
		return "", clientele.Errorf(clientele.KindNotFound, "no such subscription")
	}
	return id.String(), nil
}

func subscribed(id string, result clientele.Result) dialect.Answer {
	b := clientele.AppendQuoted([]byte(`{"subscriptionId":`), id)
	return dialect.Answer{Body: append(b, '}'), Result: result}
}

// asFault gives a refusal of the hooks the name that the field has here. Only an address can be refused that the body
// alone looks good.
func asFault(err error) error {
	e, ok := errors.AsType[*clientele.Error](err)
	if !ok || e.Kind != clientele.KindInvalid {
		return err
	}
	var f faults
	if e.Field == "url" {
		f.add("Webhook.Url", "'Url' is not valid: %s.", e.Message)
	} else {
		f.add(keyBody, "%s.", e.Message)
	}
	return f.err()
}

func appendSubscription(b []byte, s *clientele.Subscription) []byte {
	b = clientele.AppendQuoted(append(b, `{"subscriptionId":`...), s.ID)
	b = clientele.AppendQuoted(append(b, `,"createdAt":`...), s.CreatedAt.UTC().Format(bareTime))
	b = clientele.AppendQuoted(append(b, `,"webhook":{"url":`...), s.URL)
	b = clientele.AppendQuoted(append(b, `},"eventType":`...), string(s.EventType))
	b = append(b, `,"policies":{"retry":{"intervals":[`...)
	for i, d := range s.Retry {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(clientele.AppendQuoted(append(b, `{"value":`...), formatDuration(d)), '}')
	}
	b = clientele.AppendQuoted(append(b, `],"requestTimeout":`...), formatDuration(s.RequestTimeout))
	b = append(b, `}},"disabledAt":`...)
	if s.DisabledAt.IsZero() {
		return append(b, `null,"disabledReason":null}`...)
	}
	b = clientele.AppendQuoted(b, s.DisabledAt.UTC().Format(bareTime))
	b = clientele.AppendQuoted(append(b, `,"disabledReason":`...), s.DisabledReason)
	return append(b, '}')
}

// bareTime is the form of dates in bodies: UTC, seconds, no zone (rulings, Reading).
const bareTime = "2006-01-02T15:04:05"
