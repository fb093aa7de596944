package console

import (
	"fmt"
	"html"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"clientele"
)

// receiver is somebody who is told of changes, on this machine.
type receiver struct {
	url string

	mu     sync.Mutex
	status int
	answer string
	got    []string
	heard  chan string
}

func newReceiver(t *testing.T) *receiver {
	t.Helper()
	r := &receiver{status: http.StatusOK, answer: "thank you " + harmful + "\u202e", heard: make(chan string, 100)}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		body, _ := io.ReadAll(req.Body)
		r.mu.Lock()
		defer r.mu.Unlock()
		r.got = append(r.got, string(body))
		w.WriteHeader(r.status)
		_, _ = io.WriteString(w, r.answer)
		r.heard <- req.Header.Get("webhook-id")
	}))
	t.Cleanup(server.Close)
	r.url = server.URL
	return r
}

func (r *receiver) answers(status int, answer string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.status, r.answer = status, answer
}

// hears returns the id of a message that came.
func (r *receiver) hears(t *testing.T) string {
	t.Helper()
	select {
	case id := <-r.heard:
		return id
	default:
		t.Fatal("the receiver heard nothing")
		return ""
	}
}

// subscribe makes a subscription of the project's with secrets in every place.
func (f *fixture) subscribe(t *testing.T, address string) clientele.Subscription {
	t.Helper()
	s, err := f.hooks.Create(t.Context(), clientele.SubscriptionOrder{
		ProjectID: f.project.ID, EventType: clientele.CustomerChanged, URL: address, Secret: "the-receivers-secret",
	})
	check(t, err)
	return s
}

// secretsOf are the texts that no page may show.
func secretsOf(s *clientele.Subscription) []string {
	return []string{s.Secret, s.SigningSecret, "token-in-the-url", "bare-token"}
}

const subscriptionsList = "/console/p/1/subscriptions"

func TestSubscriptions_AreListedAndShown(t *testing.T) {
	onBothStores(t, func(t *testing.T, f *fixture) {
		b := f.as(t, viewer)
		b.get(subscriptionsList).want(http.StatusOK).has("There is no subscription that matches").lacks("New subscription")
		r := newReceiver(t)
		good := f.subscribe(t, r.url+"/events?key=token-in-the-url&bare-token&x=%3Cscript%3E")
		bad := f.subscribe(t, r.url+"/<script>alert(1)</script>")
		check(t, f.hooks.Disable(t.Context(), f.project.ID, bad.ID, "too slow "+harmful))
		b.get(subscriptionsList).want(http.StatusOK).
			has(good.ID, bad.ID, "/events?key=…&amp;…&amp;x=…", "active", "disabled", "too slow", escaped).
			lacks(append(secretsOf(&good), harmful, "<script>alert")...)
		b.get(subscriptionsList + "?state=disabled").want(http.StatusOK).has(bad.ID).lacks(good.ID)
		b.get(subscriptionsList + "?state=active").want(http.StatusOK).has(good.ID).lacks(bad.ID)
		b.get(subscriptionsList+"?state=%3Cscript%3E").want(http.StatusOK).lacks(good.ID, bad.ID, "?state=<script>")

		shown := b.get(subscriptionsList+"/"+good.ID).want(http.StatusOK).has("set, in each event", "Customers changed", "Nothing was delivered yet", "1m40s")
		shown.lacks(append(secretsOf(&good), "Send a test event", "Rotate", "Delete", "Disable</button>")...)
		b.get(subscriptionsList+"/"+bad.ID).want(http.StatusOK).has("It is disabled since", escaped).lacks(harmful, "<script>alert", "Enable</button>")
		b.get(subscriptionsList + "/none").want(http.StatusNotFound)
		b.get(subscriptionsList + "/new").want(http.StatusForbidden)
	})
}

func TestSubscriptions_Pages(t *testing.T) {
	f := newFixture(t)
	for i := range subscriptionPageSize + 1 {
		f.clock.move(time.Second)
		f.subscribe(t, fmt.Sprintf("https://shop.example.com/%d", i))
	}
	b := f.as(t, viewer)
	first := b.get(subscriptionsList).want(http.StatusOK).has("https://shop.example.com/0<", ">More<").lacks(">First<")
	next := first.body[strings.Index(first.body, "?after="):]
	next = next[:strings.IndexAny(next, `"&`)]
	b.get(subscriptionsList+next).want(http.StatusOK).has("https://shop.example.com/100<", ">First<").lacks(">More<", "shop.example.com/0<")
}

func TestSubscription_IsCreatedByOwners(t *testing.T) {
	onBothStores(t, func(t *testing.T, f *fixture) {
		r := newReceiver(t)
		f.as(t, editor).post(subscriptionsList, "url", r.url, "event", "customer:changed").want(http.StatusForbidden)
		b := f.as(t, owner)
		b.get(subscriptionsList).want(http.StatusOK).has("New subscription")
		once := b.get(subscriptionsList+"/new").has("<h1>New subscription</h1>", "data-once").once()
		for _, c := range []struct{ field, value, problem string }{
			{"url", "http://shop.example.com/" + harmful, "begins with https"},
			{"url", "https://10.0.0.1/", "not a public one"},
			{"url", "javascript:alert(1)", "absolute"},
			{"event", "weather:changed", "there is no event"},
			{"secret", strings.Repeat("s", 65), "at most 64"},
			{"intervals", "soon", "waits are times"},
			{"intervals", "1ms", "between"},
			{"timeout", "long", "A time-out is"},
			{"timeout", "20m", "between"},
		} {
			form := map[string]string{"url": r.url, "event": "customer:changed", "once": once}
			form[c.field] = c.value
			var values []string
			for name, value := range form {
				values = append(values, name, value)
			}
			got := b.post(subscriptionsList, values...).want(http.StatusUnprocessableEntity)
			if !strings.Contains(strings.ToLower(html.UnescapeString(got.body)), strings.ToLower(c.problem)) {
				t.Errorf("%s %q: the page lacks %q\n%s", c.field, c.value, c.problem, got.main())
			}
			got.lacks(harmful, strings.Repeat("s", 65))
		}
		shown := b.post(subscriptionsList, "once", once, "url", r.url+"/?k=token-in-the-url", "event", "customer:changed", "secret", "the-receivers-secret",
			"omit", "1", "intervals", "30s, 2m", "timeout", "10s").want(http.StatusOK).has("whsec_", "not shown again").lacks("token-in-the-url", "the-receivers-secret")
		list, err := f.hooks.List(t.Context(), clientele.SubscriptionFilter{ProjectID: f.project.ID})
		check(t, err)
		if len(list) != 1 || !list[0].OmitSecret || list[0].Secret != "the-receivers-secret" || len(list[0].Retry) != 2 || list[0].RequestTimeout != 10*time.Second {
			t.Fatalf("subscriptions: %+v", list)
		}
		shown.has(list[0].SigningSecret)
		b.get(subscriptionsList+"/"+list[0].ID).want(http.StatusOK).has("30s, 2m0s", "left out of the events").lacks(secretsOf(&list[0])...)
		b.get("/console/audit").want(http.StatusOK).has("subscription.create", "subscription "+list[0].ID).lacks("whsec_")
	})
}

func TestSubscription_TestEventShowsTheAnswer(t *testing.T) {
	onBothStores(t, func(t *testing.T, f *fixture) {
		r := newReceiver(t)
		s := f.subscribe(t, r.url)
		path := subscriptionsList + "/" + s.ID
		b := f.as(t, editor)
		b.get(path).want(http.StatusOK).has("Send a test event</button>").lacks("Rotate", "Delete")
		b.post(path+"/test").want(http.StatusOK).has("The receiver took it: 200", "thank you", escaped, "\ufffd").lacks(harmful, "\u202e", "the-receivers-secret")
		if id := r.hears(t); id == "" || !strings.Contains(r.got[0], `"customerIds":[]`) {
			t.Errorf("the receiver got %q", r.got)
		}
		r.answers(http.StatusBadRequest, "no "+strings.Repeat("é", clientele.MaxAnswerBytes))
		b.post(path+"/test").want(http.StatusOK).has("did not take it: 400", "It refused the message", "Only the first 4")
		r.answers(http.StatusMovedPermanently, "")
		b.post(path+"/test").want(http.StatusOK).has("did not take it: 301", "not followed", "The answer has no body")
		nobody := f.subscribe(t, "http://127.0.0.1:1/")
		b.post(subscriptionsList+"/"+nobody.ID+"/test").want(http.StatusOK).has("no answer", "nothing listens there")
		f.as(t, owner).get("/console/audit").want(http.StatusOK).has("subscription.test", subscriptionSubject(s.ID))
	})
}

func TestSubscription_ActsOfEditors(t *testing.T) {
	onBothStores(t, func(t *testing.T, f *fixture) {
		s := f.subscribe(t, newReceiver(t).url)
		path := subscriptionsList + "/" + s.ID
		b := f.as(t, editor)
		b.post(path+"/disable", "reason", strings.Repeat("x", maxReason+1)).want(http.StatusUnprocessableEntity).has("at most 200")
		b.get(path).has(`data-confirm="Disable it?`, `data-confirm="Send the failed deliveries`)
		b.post(path+"/disable", "reason", "moves "+harmful).goesTo(path)
		b.get(path).want(http.StatusOK).has("It is disabled since", "moves", "Enable</button>", "Its events are kept").lacks(harmful)
		b.post(path + "/enable").goesTo(path)
		b.get(path).want(http.StatusOK).has("Disable</button>", "What was kept for it").lacks("Enable</button>")
		b.post(path + "/disable").goesTo(path)
		b.get(path).want(http.StatusOK).has("disabled in the console")
		b.post(path + "/enable").goesTo(path)

		for _, c := range []struct{ path, from, to, problem string }{
			{"/resend-failed", "", "2026-11-22T10:00", "A date with a time"},
			{"/resend-failed", "2026-11-22T10:00", "tomorrow", "A date with a time"},
			{"/resend-failed", "2026-11-22T10:00", "2026-11-22T09:00", "The end is before"},
			{"/resend-since", "", "", "A date with a time"},
		} {
			b.post(path+c.path, "from", c.from, "to", c.to, "since", c.from).want(http.StatusUnprocessableEntity).has(c.problem)
		}
		b.post(path+"/resend-failed", "from", "2026-11-22T10:00", "to", "2026-11-22T10:00").goesTo(path)
		b.get(path).want(http.StatusOK).has("nothing is sent again")
		b.post(path+"/resend-since", "since", "2026-11-22T10:00:30").goesTo(path)
		b.get(path).want(http.StatusOK).has("Every change since then")
		f.as(t, owner).get("/console/audit").want(http.StatusOK).has(
			"subscription.disable", "subscription.enable", "subscription.resend_failed", "subscription.resend_since")
		b.post(path + "/rotate").want(http.StatusForbidden)
		b.post(path + "/delete").want(http.StatusForbidden)
		b.post(subscriptionsList + "/none/disable").want(http.StatusNotFound)
	})
}

func TestSubscription_SecretIsRotatedAndDeletedByOwners(t *testing.T) {
	onBothStores(t, func(t *testing.T, f *fixture) {
		s := f.subscribe(t, "https://shop.example.com/")
		path := subscriptionsList + "/" + s.ID
		b := f.as(t, owner)
		for _, overlap := range []string{"", "long", "-1h", "9000h"} {
			b.post(path+"/rotate", "overlap", overlap).want(http.StatusUnprocessableEntity).has("Choose how long")
		}
		once := b.get(path).has("data-once").lacks(s.SigningSecret).once()
		b.post(path+"/rotate", "overlap", "1h", "once", once).want(http.StatusOK).has("whsec_", "not shown again").lacks(s.SigningSecret)
		now, err := f.hooks.Find(t.Context(), f.project.ID, s.ID)
		check(t, err)
		if now.PreviousSecret != s.SigningSecret || !now.PreviousUntil.Equal(f.clock.Now().Add(time.Hour)) {
			t.Errorf("after the rotation: %+v", now)
		}
		b.get(path).want(http.StatusOK).has("by the new and, until").lacks(now.SigningSecret, s.SigningSecret)
		f.clock.move(61 * time.Minute)
		b.login(b.password)
		b.get(path).want(http.StatusOK).has("by its signing secret")
		b.post(path + "/delete").goesTo(subscriptionsList)
		b.get(subscriptionsList).want(http.StatusOK).has("The subscription was deleted").lacks(s.ID)
		b.get(path).want(http.StatusNotFound)
		b.get("/console/audit").want(http.StatusOK).has("subscription.rotate", "subscription.delete").lacks("whsec_")
	})
}

// TestSubscription_FormsAreCarriedOutOnce sends the forms that show a secret many times at once, and again later.
func TestSubscription_FormsAreCarriedOutOnce(t *testing.T) {
	onBothStores(t, func(t *testing.T, f *fixture) {
		b := f.as(t, owner)
		again := func(path string, form ...string) {
			t.Helper()
			var all sync.WaitGroup
			count := [600]int{}
			statuses := make([]int, 6)
			for i := range statuses {
				all.Go(func() { statuses[i] = b.post(path, form...).StatusCode })
			}
			all.Wait()
			for _, status := range statuses {
				count[status]++
			}
			if count[http.StatusOK] != 1 || count[http.StatusConflict] != len(statuses)-1 {
				t.Errorf("one form, sent %d times at once: statuses %v", len(statuses), statuses)
			}
			b.post(path, form...).want(http.StatusConflict).has("nothing was done now").lacks("whsec_")
		}
		list := func() []clientele.Subscription {
			t.Helper()
			list, err := f.hooks.List(t.Context(), clientele.SubscriptionFilter{ProjectID: f.project.ID})
			check(t, err)
			if len(list) != 1 {
				t.Fatalf("%d subscriptions, want 1", len(list))
			}
			return list
		}
		once := b.get(subscriptionsList + "/new").once()
		again(subscriptionsList, "once", once, "url", "https://shop.example.com/", "event", "customer:changed")
		made := list()[0]
		path := subscriptionsList + "/" + made.ID
		b.post(path+"/rotate", "overlap", "1h").want(http.StatusConflict)
		again(path+"/rotate", "once", b.get(path).once(), "overlap", "1h")
		now := list()[0]
		if signs := now.Signs(f.clock.Now()); len(signs) != 2 || signs[1] != made.SigningSecret {
			t.Errorf("%d secrets sign, want the first and the one that was shown", len(signs))
		}
		b.post(path+"/rotate", "once", b.get(path).once(), "overlap", "1h").want(http.StatusOK)
		b.get(path).want(http.StatusOK).has("by the 2 old secrets")
		stale := b.get(path).once()
		b.login(b.password)
		b.post(path+"/rotate", "once", stale, "overlap", "1h").want(http.StatusConflict).has("before you logged in")
		if got := strings.Count(b.get("/console/audit").body, "subscription.create"); got != 1 {
			t.Errorf("the audit log has %d creations", got)
		}
	})
}

// TestSubscription_OfAnotherProjectIsNotThere tries each page and act with the address of another project.
func TestSubscription_OfAnotherProjectIsNotThere(t *testing.T) {
	f := newFixture(t)
	other, err := f.store.CreateProject(t.Context(), clientele.Project{Name: "Maple Street Tools", TimeZone: "UTC", CreatedAt: f.clock.Now()})
	check(t, err)
	s := f.subscribe(t, newReceiver(t).url)
	_, failed := f.submit(t, f.submitter(t))
	f.carryOut(t)
	b := f.as(t, owner)
	at := "/console/p/" + idText(other.ID)
	for _, path := range []string{"/subscriptions/" + s.ID, "/submissions/" + failed} {
		b.get(at + path).want(http.StatusNotFound)
	}
	for _, act := range []string{"test", "disable", "enable", "delete", "rotate", "resend-failed", "resend-since"} {
		b.post(at+"/subscriptions/"+s.ID+"/"+act, "overlap", "1h", "from", "2026-11-22T10:00", "to", "2026-11-22T11:00", "since", "2026-11-22T10:00").
			want(http.StatusNotFound)
	}
	b.post(at + "/submissions/" + failed + "/resubmit").want(http.StatusNotFound)
	b.get(at+"/submissions").want(http.StatusOK).lacks(failed, "Shop ")
	b.get(at + "/subscriptions").want(http.StatusOK).lacks(s.ID)
	b.get(at + "/deliveries?subscription=" + s.ID).want(http.StatusOK).has("There is no delivery")
}
