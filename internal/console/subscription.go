package console

import (
	"cmp"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"clientele"
)

// Hooks knows subscriptions and deliveries; the methods are documented at webhook.Service, which is one.
type Hooks interface {
	List(ctx context.Context, f clientele.SubscriptionFilter) ([]clientele.Subscription, error)
	Find(ctx context.Context, project int64, id string) (clientele.Subscription, error)
	HealthOf(ctx context.Context, project int64) ([]clientele.SubscriptionHealth, error)
	Create(ctx context.Context, o clientele.SubscriptionOrder) (clientele.Subscription, error)
	Rotate(ctx context.Context, s clientele.Subscription, overlap time.Duration) (secret string, err error)
	Delete(ctx context.Context, project int64, id string) error
	Disable(ctx context.Context, project int64, id, reason string) error
	Enable(ctx context.Context, project int64, id string) error
	Test(ctx context.Context, project int64, id string) (clientele.Attempt, error)

	Deliveries(ctx context.Context, f clientele.DeliveryFilter) ([]clientele.Delivery, error)
	Delivery(ctx context.Context, project int64, id string) (clientele.Delivery, []clientele.Attempt, error)
	Resend(ctx context.Context, project int64, id string) error
	ResendFailed(ctx context.Context, project int64, id string, from, to time.Time) (int64, error)
	ResendSince(ctx context.Context, project int64, id string, since time.Time) error
}

// subscriptionPageSize is how many subscriptions a page shows.
const subscriptionPageSize = 100

// standing is a subscription and how it stands.
type standing struct {
	clientele.Subscription
	Health clientele.SubscriptionHealth
	// Age is how long the oldest change has been waiting that was gathered and not delivered; 0 for none.
	Age time.Duration
}

// state is active, failing or disabled, after its colour.
func (s *standing) state() (tone, word string) {
	switch {
	case !s.DisabledAt.IsZero():
		return "bad", "disabled"
	case !s.FailingSince.IsZero():
		return "warn", "failing"
	default:
		return "good", "active"
	}
}

// why tells why it is not active; "" when it is.
func (s *standing) why(r *request) string {
	switch {
	case !s.DisabledAt.IsZero():
		return printable(s.DisabledReason)
	case !s.FailingSince.IsZero():
		return "every attempt failed since " + r.shownTime(s.FailingSince)
	default:
		return ""
	}
}

// subscriptionsPage lists the subscriptions of a project, the oldest first.
type subscriptionsPage struct {
	Subscriptions []standing
	State         string
	// Count is how many there are of the project, whatever their state.
	Count int
	// Next and First are paths of the other pages; empty for none.
	Next, First string
}

func (c *Console) showSubscriptions(r *request) (answer, error) {
	all, err := c.standings(r)
	if err != nil {
		return answer{}, err
	}
	p := subscriptionsPage{State: r.URL.Query().Get("state"), Count: len(all)}
	after := r.URL.Query().Get("after")
	if at := slices.IndexFunc(all, func(s standing) bool { return s.ID == after }); at >= 0 {
		all, p.First = all[at+1:], r.pathWith("after", "")
	}
	for i := range all {
		if _, word := all[i].state(); p.State != "" && word != p.State {
			continue
		}
		if len(p.Subscriptions) == subscriptionPageSize {
			p.Next = r.pathWith("after", p.Subscriptions[subscriptionPageSize-1].ID)
			break
		}
		p.Subscriptions = append(p.Subscriptions, all[i])
	}
	return view("Subscriptions", subscriptionsView(r, p)), nil
}

// standings returns the subscriptions of the request's project with how they stand.
func (c *Console) standings(r *request) ([]standing, error) {
	list, err := c.Hooks.List(r.Context(), clientele.SubscriptionFilter{ProjectID: r.Project.ID})
	if err != nil {
		return nil, err
	}
	health, err := c.Hooks.HealthOf(r.Context(), r.Project.ID)
	if err != nil {
		return nil, err
	}
	byID := make(map[string]clientele.SubscriptionHealth, len(health))
	for _, h := range health {
		byID[h.ID] = h
	}
	all := make([]standing, len(list))
	for i, s := range list {
		all[i] = standing{Subscription: s, Health: byID[s.ID]}
		if oldest := all[i].Health.OldestChange; !oldest.IsZero() {
			all[i].Age = max(0, c.Now().Sub(oldest))
		}
	}
	return all, nil
}

func subscriptionStateChoices() []choice {
	return []choice{{"", "Any state"}, {"active", "Active"}, {"failing", "Failing"}, {"disabled", "Disabled"}}
}

// subscriptionPage is one subscription.
type subscriptionPage struct {
	standing
	Newest []clientele.Delivery
	// Tested is what a test event came to; nil when none was sent now.
	Tested *attemptShown
	// Once is of the form that rotates the secret.
	Once string
	// Problem is of the form that was not good, under its name.
	Problems map[string]string
	// Now is the present in the form of a field of time.
	Now string
}

// newestDeliveries is how many deliveries the page of a subscription shows.
const newestDeliveries = 10

func (c *Console) showSubscription(r *request) (answer, error) {
	return c.subscription(r, subscriptionPage{}, http.StatusOK)
}

// subscription shows the page of one subscription with what p has already.
func (c *Console) subscription(r *request, p subscriptionPage, status int) (answer, error) {
	s, err := c.Hooks.Find(r.Context(), r.Project.ID, r.param("subscription"))
	if err != nil {
		return answer{}, err
	}
	all, err := c.standings(r)
	if err != nil {
		return answer{}, err
	}
	p.standing = standing{Subscription: s}
	if at := slices.IndexFunc(all, func(other standing) bool { return other.ID == s.ID }); at >= 0 {
		p.standing = all[at]
	}
	p.Newest, err = c.Hooks.Deliveries(r.Context(), clientele.DeliveryFilter{
		ProjectID: r.Project.ID, SubscriptionID: s.ID, Limit: newestDeliveries,
	})
	if err != nil {
		return answer{}, err
	}
	p.Now, p.Once = c.Now().In(r.zone).Format(momentForm), r.replaceToken(s.SigningSecret)
	return view("Subscription", subscriptionView(r, p)).withStatus(status), nil
}

// retryText is a list of waits as the form has it.
func retryText(list []time.Duration) string {
	texts := make([]string, len(list))
	for i, d := range list {
		texts[i] = d.String()
	}
	return strings.Join(texts, ", ")
}

// signing tells whether an old secret signs as well.
func (p subscriptionPage) signing(r *request, now time.Time) string {
	switch old := len(p.Signs(now)) - 1; old {
	case 0:
		return "by its signing secret"
	case 1:
		return "by the new and, until " + r.shownTime(p.PreviousUntil) + ", by the old secret"
	default:
		return fmt.Sprintf("by the new and, until %s, by the %d old secrets", r.shownTime(p.PreviousUntil), old)
	}
}

// newSubscriptionPage is the form of a new subscription.
type newSubscriptionPage struct {
	Order clientele.SubscriptionOrder
	Retry string
	Once  string
	// Problems are told under the fields of their names.
	Problems map[string]string
}

func (c *Console) showNewSubscription(r *request) (answer, error) {
	return newSubscription(r, newSubscriptionPage{Order: clientele.SubscriptionOrder{EventType: clientele.CustomerChanged}}, http.StatusOK), nil
}

func newSubscription(r *request, p newSubscriptionPage, status int) answer {
	p.Once = r.onceToken()
	return view("New subscription", newSubscriptionView(r, p)).withStatus(status)
}

// errCreatedBefore answers a form that was carried out already: a reload of the page that showed the secret.
var errCreatedBefore = clientele.Errorf(clientele.KindConflict, "This form was carried out already, so nothing was done now. "+
	"The signing secret is not shown again: if it is lost, rotate it on the page of the subscription")

// saveSubscription creates a subscription and shows its signing secret, once.
func (c *Console) saveSubscription(r *request) (answer, error) {
	p := newSubscriptionPage{Retry: strings.TrimSpace(r.PostFormValue("intervals")), Problems: map[string]string{}}
	p.Order = clientele.SubscriptionOrder{
		ProjectID: r.Project.ID, EventType: clientele.EventType(r.PostFormValue("event")), URL: strings.TrimSpace(r.PostFormValue("url")),
		Secret: r.PostFormValue("secret"), OmitSecret: r.PostFormValue("omit") != "",
	}
	var err error
	if p.Order.Retry, err = parseRetry(p.Retry); err != nil {
		p.Problems["intervals"] = err.Error()
	}
	if timeout := strings.TrimSpace(r.PostFormValue("timeout")); timeout != "" {
		if p.Order.RequestTimeout, err = time.ParseDuration(timeout); err != nil || p.Order.RequestTimeout <= 0 {
			p.Problems["requestTimeout"] = "A time-out is a time such as 30s or 2m."
		}
	}
	if len(p.Problems) > 0 {
		return newSubscription(r, p, http.StatusUnprocessableEntity), nil
	}
	bits, err := r.onceBits("a new subscription")
	if err != nil {
		return answer{}, err
	}
	// No credential has the number 0, so no partner's call has this name.
	p.Order.Idempotency = &clientele.Idempotency{Key: "console " + hex.EncodeToString(bits[:])}
	sub, err := c.Hooks.Create(r.Context(), p.Order)
	var e *clientele.Error
	switch {
	case errors.As(err, &e) && e.Kind == clientele.KindInvalid:
		p.Problems[cmp.Or(e.Field, "url")] = sentence(e.Message)
		return newSubscription(r, p, http.StatusUnprocessableEntity), nil
	case err != nil:
		return answer{}, err
	case sub.SigningSecret == "": // the one that the form made before
		return answer{}, errCreatedBefore
	}
	if err := r.audit("subscription.create", subscriptionSubject(sub.ID)); err != nil {
		return answer{}, err
	}
	return secretOnce(r, sub.ID, sub.SigningSecret), nil
}

// parseRetry reads waits such as "30s, 2m".
func parseRetry(text string) (list []time.Duration, err error) {
	for part := range strings.FieldsFuncSeq(text, func(r rune) bool { return r == ',' || r == ' ' }) {
		d, err := time.ParseDuration(part)
		if err != nil {
			return nil, fmt.Errorf("waits are times such as 30s, 2m, 1h, and %q is none", part)
		}
		list = append(list, d)
	}
	return list, nil
}

func eventChoices() []choice {
	return []choice{{string(clientele.CustomerChanged), eventWords(clientele.CustomerChanged)}, {string(clientele.LeadChanged), eventWords(clientele.LeadChanged)}}
}

func eventWords(e clientele.EventType) string {
	switch e {
	case clientele.CustomerChanged:
		return "Customers changed"
	case clientele.LeadChanged:
		return "Leads changed"
	default:
		return string(e)
	}
}

func subscriptionSubject(id string) string { return "subscription " + id }

// secretPage shows a signing secret that nobody sees again.
type secretPage struct{ Subscription, Secret string }

func secretOnce(r *request, id, secret string) answer {
	return view("Signing secret", secretView(r, secretPage{id, secret}))
}

func (r *request) submissionPath(id string) string { return r.projectURL("/submissions/" + id) }

func (r *request) subscriptionPath(id string) string { return r.projectURL("/subscriptions/" + id) }

func (r *request) deliveryPath(id string) string { return r.projectURL("/deliveries/" + id) }

func (r *request) customerPath(id int64) string {
	return r.projectURL(fmt.Sprintf("/customers/%d", id))
}
