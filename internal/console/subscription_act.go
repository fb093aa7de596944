package console

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"clientele"
)

// momentForm is a time as a field of time has it, in the zone of the project.
const momentForm = "2006-01-02T15:04"

// testTimeout bounds a test event, whatever the subscription allows: somebody is waiting for the page.
const testTimeout = 20 * time.Second

// maxReason bounds why a subscription was disabled, in characters.
const maxReason = 200

// onSubscription finds the subscription that the URL names, and writes what is done with it into the audit log.
func (c *Console) onSubscription(r *request, action string) (clientele.Subscription, error) {
	s, err := c.Hooks.Find(r.Context(), r.Project.ID, r.param("subscription"))
	if err != nil {
		return s, err
	}
	return s, r.audit("subscription."+action, subscriptionSubject(s.ID))
}

// testSubscription sends the receiver an event without ids and shows what it answers.
func (c *Console) testSubscription(r *request) (answer, error) {
	s, err := c.onSubscription(r, "test")
	if err != nil {
		return answer{}, err
	}
	ctx, cancel := context.WithTimeout(r.Context(), testTimeout)
	defer cancel()
	a, err := c.Hooks.Test(ctx, r.Project.ID, s.ID)
	if err != nil && ctx.Err() != nil && r.Context().Err() == nil {
		a.ErrorClass, err = "timeout", nil
	}
	if err != nil {
		return answer{}, err
	}
	return c.subscription(r, subscriptionPage{Tested: &attemptShown{a}}, http.StatusOK)
}

// disableSubscription stops serving a subscription.
func (c *Console) disableSubscription(r *request) (answer, error) {
	reason := strings.TrimSpace(r.PostFormValue("reason"))
	if len([]rune(reason)) > maxReason {
		return c.withProblem(r, "reason", fmt.Sprintf("A reason has at most %d characters.", maxReason))
	}
	if reason == "" {
		reason = "disabled in the console"
	}
	s, err := c.onSubscription(r, "disable")
	if err == nil {
		err = c.Hooks.Disable(r.Context(), r.Project.ID, s.ID, reason)
	}
	return r.doneWith(s.ID, "It is disabled. Its events are kept for it.", err)
}

// enableSubscription serves a subscription again.
func (c *Console) enableSubscription(r *request) (answer, error) {
	s, err := c.onSubscription(r, "enable")
	if err == nil {
		err = c.Hooks.Enable(r.Context(), r.Project.ID, s.ID)
	}
	return r.doneWith(s.ID, "It is enabled. What was kept for it is delivered now.", err)
}

// resendFailed sends the deliveries again that failed in a range of time.
func (c *Console) resendFailed(r *request) (answer, error) {
	from, err := r.moment("from")
	if err != nil {
		return c.withProblem(r, "from", sentence(err.Error()))
	}
	to, err := r.moment("to")
	if err != nil {
		return c.withProblem(r, "to", sentence(err.Error()))
	}
	if to = to.Add(time.Minute - time.Microsecond); to.Before(from) { // the minute that is named is a part of it
		return c.withProblem(r, "to", "The end is before the beginning.")
	}
	s, err := c.onSubscription(r, "resend_failed")
	if err != nil {
		return answer{}, err
	}
	n, err := c.Hooks.ResendFailed(r.Context(), r.Project.ID, s.ID, from, to)
	if n == 0 {
		return r.doneWith(s.ID, "No delivery of that time failed, so nothing is sent again.", err)
	}
	return r.doneWith(s.ID, "Deliveries that are sent again: "+number(n)+".", err)
}

// resendSince tells of every change again since a time.
func (c *Console) resendSince(r *request) (answer, error) {
	since, err := r.moment("since")
	if err != nil {
		return c.withProblem(r, "since", sentence(err.Error()))
	}
	s, err := c.onSubscription(r, "resend_since")
	if err == nil {
		err = c.Hooks.ResendSince(r.Context(), r.Project.ID, s.ID, since)
	}
	return r.doneWith(s.ID, "Every change since then is told of again, in new deliveries.", err)
}

// secretOverlapChoices are how long an old signing secret can go on.
func secretOverlapChoices() []choice {
	return []choice{{"24h", "24 hours"}, {"1h", "1 hour"}, {"168h", "7 days"}, {"0s", "Not at all"}}
}

// rotateSubscription gives a subscription a new signing secret and shows it, once.
func (c *Console) rotateSubscription(r *request) (answer, error) {
	overlap, err := time.ParseDuration(r.PostFormValue("overlap"))
	if err != nil || overlap < 0 || overlap > 30*24*time.Hour {
		return c.withProblem(r, "overlap", "Choose how long the old secret goes on.")
	}
	s, err := c.Hooks.Find(r.Context(), r.Project.ID, r.param("subscription"))
	if err != nil {
		return answer{}, err
	}
	if !r.replaces(s.SigningSecret) {
		return answer{}, errRotatedBefore
	}
	if err := r.audit("subscription.rotate", subscriptionSubject(s.ID)); err != nil {
		return answer{}, err
	}
	secret, err := c.Hooks.Rotate(r.Context(), s, overlap)
	if err != nil {
		return answer{}, err
	}
	return secretOnce(r, s.ID, secret), nil
}

// errRotatedBefore answers a form whose secret is replaced: a reload of the page that showed the new one.
var errRotatedBefore = clientele.Errorf(clientele.KindConflict, "This form was carried out already, or is from before you logged in, so "+
	"nothing was done now. A signing secret is not shown again: if it is lost, open the page of the subscription anew and rotate once more")

// deleteSubscription ends a subscription.
func (c *Console) deleteSubscription(r *request) (answer, error) {
	s, err := c.onSubscription(r, "delete")
	if err == nil {
		err = c.Hooks.Delete(r.Context(), r.Project.ID, s.ID)
	}
	if err != nil {
		return answer{}, err
	}
	r.flash("The subscription was deleted, with its secrets.")
	return seeOther(r.projectURL("/subscriptions")), nil
}

// doneWith goes back to the page of a subscription and tells what was done; or returns the error.
func (r *request) doneWith(id, flash string, err error) (answer, error) {
	if err != nil {
		return answer{}, err
	}
	r.flash(flash)
	return seeOther(r.subscriptionPath(id)), nil
}

// withProblem shows the page of the subscription again, with what is wrong beside the field of the form.
func (c *Console) withProblem(r *request, field, problem string) (answer, error) {
	return c.subscription(r, subscriptionPage{Problems: map[string]string{field: problem}}, http.StatusUnprocessableEntity)
}

// moment returns a time of the form, which is in the zone of the project.
func (r *request) moment(name string) (time.Time, error) {
	value := strings.TrimSpace(r.PostFormValue(name))
	for _, form := range []string{momentForm, momentForm + ":05"} {
		if at, err := time.ParseInLocation(form, value, r.zone); err == nil {
			return at.UTC(), nil
		}
	}
	return time.Time{}, errors.New("a date with a time is needed, such as 2027-01-31T08:00")
}
