package console

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	"clientele"
)

// deliveryPageSize is how many deliveries a page shows.
const deliveryPageSize = 100

// maxSubscriptionChoices is how many subscriptions a selection offers; where there are more, an id is typed.
const maxSubscriptionChoices = 200

// deliveriesPage lists deliveries, the newest first.
type deliveriesPage struct {
	Deliveries    []clientele.Delivery
	Subscriptions []clientele.Subscription
	Filter        clientele.DeliveryFilter
	Pages         pages
}

func (c *Console) showDeliveries(r *request) (answer, error) {
	p := deliveriesPage{Filter: r.deliveryFilter()}
	f := p.Filter
	f.Limit = deliveryPageSize + 1
	var err error
	if p.Deliveries, err = c.Hooks.Deliveries(r.Context(), f); err != nil {
		return answer{}, err
	}
	if p.Subscriptions, err = c.Hooks.List(r.Context(), clientele.SubscriptionFilter{ProjectID: r.Project.ID}); err != nil {
		return answer{}, err
	}
	if len(p.Deliveries) > deliveryPageSize {
		p.Deliveries = p.Deliveries[:deliveryPageSize]
		p.Pages.Next = r.pathWith("before", strconv.FormatInt(p.Deliveries[deliveryPageSize-1].Seq, 10))
	}
	if f.Before != 0 {
		p.Pages.First = r.pathWith("before", "")
	}
	return view("Deliveries", deliveriesView(r, p)), nil
}

func (r *request) deliveryFilter() clientele.DeliveryFilter {
	q := r.URL.Query()
	f := clientele.DeliveryFilter{ProjectID: r.Project.ID, SubscriptionID: q.Get("subscription"), Before: r.numberOf("before")}
	if status := clientele.DeliveryStatus(q.Get("status")); slices.Contains(deliveryStatuses, status) {
		f.Status = status
	}
	return f
}

var deliveryStatuses = []clientele.DeliveryStatus{clientele.DeliveryDue, clientele.DeliveryDelivered, clientele.DeliveryFailed}

func deliveryStatusChoices() []choice {
	return []choice{
		{"", "Any status"},
		{string(clientele.DeliveryDue), "On its way"},
		{string(clientele.DeliveryDelivered), "Delivered"},
		{string(clientele.DeliveryFailed), "Failed"},
	}
}

// subscriptionInput is the filter's field of the subscription.
func (p deliveriesPage) subscriptionInput() input {
	i := input{Name: "subscription", Label: "Subscription", Value: p.Filter.SubscriptionID}
	if len(p.Subscriptions) > maxSubscriptionChoices {
		i.Placeholder = "its id"
		return i
	}
	i.Choices = []choice{{"", "All subscriptions"}}
	known := i.Value == ""
	for _, s := range p.Subscriptions {
		i.Choices = append(i.Choices, choice{s.ID, shownURL(s.URL)})
		known = known || s.ID == i.Value
	}
	if !known {
		i.Choices = append(i.Choices, choice{i.Value, "(deleted) " + printable(i.Value)})
	}
	return i
}

// receiver names the subscription of a delivery.
func (p deliveriesPage) receiver(d *clientele.Delivery) string {
	for _, s := range p.Subscriptions {
		if s.ID == d.SubscriptionID {
			return shownURL(s.URL)
		}
	}
	return "(deleted)"
}

// deliveryTone and deliveryWord show a delivery's status.
func deliveryTone(d *clientele.Delivery) string {
	switch {
	case d.Status == clientele.DeliveryDelivered:
		return "good"
	case d.Status == clientele.DeliveryFailed:
		return "bad"
	case d.Retries > 0:
		return "warn"
	default:
		return ""
	}
}

func deliveryWord(d *clientele.Delivery) string {
	switch {
	case d.Status != clientele.DeliveryDue:
		return string(d.Status)
	case d.Retries > 0:
		return "retrying"
	default:
		return "on its way"
	}
}

// deliveryPage is one delivery with its attempts, in order.
type deliveryPage struct {
	Delivery clientele.Delivery
	Attempts []attemptShown
	// Subscription is nil when it is gone.
	Subscription *clientele.Subscription
}

func (c *Console) showDelivery(r *request) (answer, error) {
	d, attempts, err := c.Hooks.Delivery(r.Context(), r.Project.ID, r.param("delivery"))
	if err != nil {
		return answer{}, err
	}
	p := deliveryPage{Delivery: d}
	for _, a := range attempts {
		p.Attempts = append(p.Attempts, attemptShown{a})
	}
	switch s, err := c.Hooks.Find(r.Context(), r.Project.ID, d.SubscriptionID); {
	case err == nil:
		p.Subscription = &s
	case clientele.KindOf(err) != clientele.KindNotFound:
		return answer{}, err
	}
	return view("Delivery", deliveryView(r, p)), nil
}

// resendDelivery sends a delivery again.
func (c *Console) resendDelivery(r *request) (answer, error) {
	d, _, err := c.Hooks.Delivery(r.Context(), r.Project.ID, r.param("delivery"))
	if err != nil {
		return answer{}, err
	}
	if err := r.audit("delivery.resend", "delivery "+d.ID); err != nil {
		return answer{}, err
	}
	if err := c.Hooks.Resend(r.Context(), r.Project.ID, d.ID); err != nil {
		return answer{}, err
	}
	r.flash("It is sent again, with the same id.")
	return seeOther(r.deliveryPath(d.ID)), nil
}

// maxShownIDs is how many records of a delivery its page names.
const maxShownIDs = 100

// shownIDs are the records of a delivery that its page names; more says how many there are besides.
func (p deliveryPage) shownIDs() (ids []int64, more int) {
	n := min(len(p.Delivery.SubjectIDs), maxShownIDs)
	return p.Delivery.SubjectIDs[:n], len(p.Delivery.SubjectIDs) - n
}

// attemptShown is an attempt in words.
type attemptShown struct{ clientele.Attempt }

// good reports whether the receiver took it.
func (a attemptShown) good() bool { return a.StatusCode/100 == 2 }

func (a attemptShown) tone() string {
	if a.good() {
		return "good"
	}
	return "bad"
}

// outcome is the status of the answer, or that there was none.
func (a attemptShown) outcome() string {
	if a.StatusCode == 0 {
		return "no answer"
	}
	return strconv.Itoa(a.StatusCode)
}

// words say what went wrong; "" when nothing did.
func (a attemptShown) words() string {
	switch a.ErrorClass {
	case "":
		return statusWords(a.StatusCode)
	case "timeout":
		return "It did not answer in time."
	case "dns":
		return "Its name could not be resolved."
	case "address_refused":
		return "Its address is not a public one, so nothing was sent."
	case "refused":
		return "It refused the connection: nothing listens there."
	case "reset":
		return "It broke the connection off."
	case "closed":
		return "It closed the connection before it had answered."
	case "unreachable":
		return "Its network cannot be reached."
	case "tls":
		return "Its certificate is not good, or it does not speak TLS."
	default:
		return "It could not be sent."
	}
}

// statusWords say what a receiver's status means for the delivery.
func statusWords(status int) string {
	switch {
	case status/100 == 2:
		return ""
	case status/100 == 3:
		return "It sends us elsewhere, and that is not followed: change the subscription's URL."
	case status == 410:
		return "It does not want events any more: the subscription is disabled by that."
	case status == 429:
		return "It has too much to do."
	case status/100 == 4:
		return "It refused the message."
	default:
		return "It failed."
	}
}

// took says how long it took.
func (a attemptShown) took() string {
	if a.Duration <= 0 {
		return ""
	}
	return "took " + durationText(a.Duration)
}

// answerText is the beginning of what the receiver answered.
func (a attemptShown) answerText() string { return printable(string(a.Answer)) }

// answerNote tells what is not to be seen of an answer.
func (a attemptShown) answerNote() string {
	if len(a.Answer) >= clientele.MaxAnswerBytes {
		return fmt.Sprintf("Only the first %s bytes are kept.", number(clientele.MaxAnswerBytes))
	}
	return ""
}

// nextAt is when a delivery is tried next, as far as it is on its way.
func (p deliveryPage) nextAt() time.Time {
	if p.Delivery.Status == clientele.DeliveryDue {
		return p.Delivery.DueAt
	}
	return time.Time{}
}
