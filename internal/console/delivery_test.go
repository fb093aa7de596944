package console

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"clientele"
	"clientele/internal/book"
	"clientele/internal/webhook"
)

const deliveriesList = "/console/p/1/deliveries"

// change makes a customer of the project's.
func (f *fixture) change(t *testing.T) {
	t.Helper()
	_, err := f.book.Create(t.Context(), book.Call{ProjectID: f.project.ID, Origin: clientele.Origin{Dialect: clientele.DKHardware, RequestID: "r"}},
		clientele.Details{FirstName: clientele.Some("Ada")}, nil)
	check(t, err)
	f.carryOut(t)
	f.clock.move(2 * time.Second) // what is gathered waits for more
}

// deliver gathers what was changed and delivers what is due, as a server does that then ends: all of it is recorded.
func (f *fixture) deliver(t *testing.T) {
	t.Helper()
	courier := webhook.New(f.store, webhook.Options{Now: f.clock.Now, Client: webhook.ClientOptions{AllowLoopbackHTTP: true}})
	_, err := courier.Gather(t.Context())
	check(t, err)
	_, err = courier.Deliver(t.Context())
	check(t, err)
	check(t, courier.Stop(t.Context()))
}

func TestDeliveries_AreShownAndSentAgain(t *testing.T) {
	onBothStores(t, func(t *testing.T, f *fixture) {
		r := newReceiver(t)
		r.answers(http.StatusInternalServerError, "out of order "+harmful)
		s := f.subscribe(t, r.url+"/?k=token-in-the-url")
		b := f.as(t, viewer)
		b.get(deliveriesList).want(http.StatusOK).has("There is no delivery that matches")
		f.change(t)
		f.deliver(t)
		id := r.hears(t)

		b.get(deliveriesList).want(http.StatusOK).has(id, "retrying", "?k=…", "Customers changed").lacks(secretsOf(&s)...)
		b.get(deliveriesList + "?status=due").want(http.StatusOK).has(id)
		b.get(deliveriesList + "?status=failed").want(http.StatusOK).lacks(id)
		b.get(deliveriesList + "?subscription=" + s.ID).want(http.StatusOK).has(id)
		b.get(deliveriesList+"?subscription=%3Cscript%3E").want(http.StatusOK).lacks(id, "<script>%", `value="<script>`).has("(deleted) &lt;script&gt;")
		b.get(deliveriesList+"/"+id).want(http.StatusOK).has("retrying", ">500<", "It failed.", "out of order", escaped, "/console/p/1/customers/1").
			lacks(append(secretsOf(&s), harmful, "Send again</button>")...)
		b.post(deliveriesList + "/" + id + "/resend").want(http.StatusForbidden)
		b.get(deliveriesList + "/none").want(http.StatusNotFound)
		b.get(subscriptionsList+"/"+s.ID).want(http.StatusOK).has("Every attempt has failed since", id, "retrying", "Waiting for")
		b.get(subscriptionsList + "?state=failing").want(http.StatusOK).has(s.ID)

		r.answers(http.StatusOK, "")
		e := f.as(t, editor)
		e.post(deliveriesList + "/" + id + "/resend").goesTo(deliveriesList + "/" + id)
		f.deliver(t)
		if again := r.hears(t); again != id {
			t.Errorf("sent again as %s, want %s", again, id)
		}
		e.get(deliveriesList+"/"+id).want(http.StatusOK).has("It is sent again", "delivered", ">200<", "The answer has no body", "The receiver took it already")
		e.post(deliveriesList + "/none/resend").want(http.StatusNotFound)
		o := f.as(t, owner)
		o.get("/console/audit").want(http.StatusOK).has("delivery.resend", "delivery "+id)
		o.post(subscriptionsList + "/" + s.ID + "/delete").goesTo(subscriptionsList)
		e.get(deliveriesList + "/" + id).want(http.StatusOK).has("The subscription was deleted").lacks("Send again</button>")
		e.get(deliveriesList).want(http.StatusOK).has("(deleted)")
		e.post(deliveriesList + "/" + id + "/resend").want(http.StatusNotFound)
	})
}

func TestDeliveries_PagesAndManySubscriptions(t *testing.T) {
	f := newFixture(t)
	s := f.subscribe(t, "https://shop.example.com/")
	leads, err := f.hooks.Create(t.Context(), clientele.SubscriptionOrder{
		ProjectID: f.project.ID, EventType: clientele.LeadChanged, URL: "https://leads.example.com/",
	})
	check(t, err)
	ids := 0
	gather := func(e clientele.EventType, from int64, subjects int) {
		made, err := f.store.GatherEvents(t.Context(), []clientele.Event{{
			ProjectID: f.project.ID, EventType: e, From: from, To: from + 1, SubjectIDs: make([]int64, subjects),
			FirstAt: f.clock.Now(), At: f.clock.Now(), CreatedAt: f.clock.Now(),
		}}, func() string { ids++; return fmt.Sprintf("delivery-%03d", ids) })
		check(t, err)
		if made != 1 {
			t.Fatalf("%d deliveries", made)
		}
	}
	for n := range int64(deliveryPageSize) {
		gather(clientele.CustomerChanged, s.Cursor+n, 1)
	}
	gather(clientele.LeadChanged, leads.Cursor, maxShownIDs+20)
	b := f.as(t, viewer)
	first := b.get(deliveriesList).want(http.StatusOK).has("delivery-101", "delivery-002", "Leads changed", ">Older<").lacks("delivery-001", ">Newest<")
	next := first.body[strings.Index(first.body, "?before="):]
	next = next[:strings.IndexAny(next, `"&`)]
	b.get(deliveriesList+next).want(http.StatusOK).has("delivery-001", ">Newest<").lacks("delivery-002", ">Older<")
	b.get(deliveriesList+"/delivery-101").want(http.StatusOK).has("and 20 more", "It was not tried yet").lacks("/customers/0")
	for i := range maxSubscriptionChoices {
		f.subscribe(t, fmt.Sprintf("https://shop.example.com/%d", i))
	}
	b.get(deliveriesList+"?subscription="+s.ID).want(http.StatusOK).has(`placeholder="its id"`, `value="`+s.ID+`"`, "delivery-001").lacks("delivery-101")
}
