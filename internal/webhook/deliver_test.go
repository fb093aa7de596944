package webhook

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"clientele"
)

// TestDeliver_ReceiverGoneForAnHour has every change arrive in the end, in order of change, with one id per delivery.
func TestDeliver_ReceiverGoneForAnHour(t *testing.T) { eachStore(t, testDeliver_ReceiverGoneForAnHour) }

func testDeliver_ReceiverGoneForAnHour(t *testing.T, open opener) {
	f := newFixture(t, open, Options{Jitter: func() float64 { return 0.5 }})
	r := newReceiver(t, status(http.StatusServiceUnavailable))
	s := f.subscribe(t, r.URL, 30*time.Second, 2*time.Minute)
	var want []string
	for n := range 30 {
		if n == 29 {
			r.set(nil)
		}
		want = append(want, texts(f.changed(t, "a"+strings.Repeat("x", n)))...)
		f.clock.Add(2*time.Minute - time.Second)
		f.pass(t)
	}
	for range 8 {
		f.clock.Add(time.Hour)
		f.pass(t)
	}
	var got []string
	ids := map[string]string{}
	for _, m := range r.got() {
		id, subjects := m.header.Get("Webhook-Id"), strings.Join(m.event.Payload.CustomerIDs, ",")
		if before, sent := ids[id]; sent && before != subjects {
			t.Errorf("webhook-id %s was sent with %s and with %s", id, before, subjects)
		}
		if ids[id] == "" {
			got = append(got, m.event.Payload.CustomerIDs...)
		}
		ids[id] = subjects
	}
	if !slices.Equal(got, want) {
		t.Errorf("first attempts tell of %v, want %v", got, want)
	}
	for _, d := range f.deliveries(t, s) {
		if d.Status != clientele.DeliveryDelivered {
			t.Errorf("delivery %s is %s after %d attempts", d.ID, d.Status, d.Attempts)
		}
	}
	if !f.find(t, s).FailingSince.IsZero() {
		t.Error("a subscription whose last attempt succeeded counts as failing")
	}
}

// TestDeliver_Schedule has a delivery fail until it is given up: the subscription's waits, then the tail over 3 days.
func TestDeliver_Schedule(t *testing.T) { eachStore(t, testDeliver_Schedule) }

func testDeliver_Schedule(t *testing.T, open opener) {
	f := newFixture(t, open, Options{Jitter: func() float64 { return 0.5 }})
	r := newReceiver(t, status(http.StatusInternalServerError))
	s := f.subscribe(t, r.URL, 30*time.Second, 2*time.Minute)
	f.changed(t, "a")
	first := f.now()
	var waits []time.Duration
	d := f.deliveries(t, s)[0]
	for d.Status == clientele.DeliveryDue {
		waits = append(waits, d.DueAt.Sub(f.now()))
		f.clock.Add(waits[len(waits)-1] - time.Microsecond)
		if f.pass(t); f.deliveries(t, s)[0].Attempts != d.Attempts {
			t.Fatal("an attempt was made before it was due")
		}
		f.clock.Add(time.Microsecond)
		f.pass(t)
		d = f.deliveries(t, s)[0]
	}
	if waits[0] != 30*time.Second || waits[1] != 2*time.Minute || waits[2] != time.Minute || waits[3] != 2*time.Minute {
		t.Errorf("waits %v", waits)
	}
	if total := f.now().Sub(first); total != 3*24*time.Hour+150*time.Second {
		t.Errorf("given up after %s", total)
	}
	if d.Status != clientele.DeliveryFailed || d.Attempts != len(waits)+1 || d.Attempts != len(r.got()) {
		t.Errorf("%s after %d attempts and %d waits", d.Status, d.Attempts, len(waits))
	}
	r.set(nil)
	n, err := f.ResendFailed(t.Context(), f.project, s.ID, d.CreatedAt, d.CreatedAt)
	if err != nil || n != 1 {
		t.Fatalf("resend failed: %d, %v", n, err)
	}
	f.pass(t)
	got, attempts, err := f.Delivery(t.Context(), f.project, d.ID)
	if err != nil || got.Status != clientele.DeliveryDelivered || len(attempts) != got.Attempts || attempts[0].StatusCode != 500 {
		t.Errorf("sent again: %s after %d attempts, %d kept, %v", got.Status, got.Attempts, len(attempts), err)
	}
}

func TestWait_JitterAndRetryAfter(t *testing.T) { eachStore(t, testWait_JitterAndRetryAfter) }

func testWait_JitterAndRetryAfter(t *testing.T, open opener) {
	jitter := 0.0
	f := newFixture(t, open, Options{Jitter: func() float64 { return jitter }})
	sub := &clientele.Subscription{Retry: []time.Duration{10 * time.Second}}
	for _, k := range []struct {
		jitter float64
		n      int
		asked  time.Duration
		want   time.Duration
	}{
		{0, 1, 0, 10 * time.Second},
		{0.9, 1, 0, 10 * time.Second}, // the partner's own waits are kept to the letter
		{0, 2, 0, 54 * time.Second},
		{0.5, 2, 0, 60 * time.Second},
		{0.5, 2, 90 * time.Second, 90 * time.Second},
		{0.5, 2, 30 * time.Second, 60 * time.Second},
		{0.5, 2, 48 * time.Hour, 24 * time.Hour},
		{0.5, 12, 0, 12 * time.Hour},
	} {
		jitter = k.jitter
		if got, again := f.wait(sub, k.n, k.asked); !again || got.Round(time.Millisecond) != k.want {
			t.Errorf("wait after failure %d, asked for %s = %s, %t; want %s", k.n, k.asked, got, again, k.want)
		}
	}
	if _, again := f.wait(sub, 2+len(tail), time.Hour); again {
		t.Error("there is a retry after the tail")
	}
	now := f.now()
	for text, want := range map[string]time.Duration{
		"120": 2 * time.Minute, "90000": 24 * time.Hour, "2147483648": 24 * time.Hour, "18446744073709551616": 24 * time.Hour, "": 0, "soon": 0, "-5": 0, now.Add(time.Hour).Format(http.TimeFormat): time.Hour,
		now.Add(-time.Hour).Format(http.TimeFormat): 0,
	} {
		if got := retryAfter(http.Header{"Retry-After": {text}}, now); got != want {
			t.Errorf("Retry-After %q = %s, want %s", text, got, want)
		}
	}
}

func TestDeliver_RetryAfterIsHonoured(t *testing.T) { eachStore(t, testDeliver_RetryAfterIsHonoured) }

func testDeliver_RetryAfterIsHonoured(t *testing.T, open opener) {
	f := newFixture(t, open, Options{})
	r := newReceiver(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "3600")
		w.WriteHeader(http.StatusTooManyRequests)
	})
	s := f.subscribe(t, r.URL, time.Second)
	f.changed(t, "a")
	if d := f.deliveries(t, s)[0]; d.DueAt.Sub(f.now()) != time.Hour {
		t.Errorf("next attempt in %s, want 1 h", d.DueAt.Sub(f.now()))
	}
}

// TestDeliver_GoneDisables has events held while the subscription is disabled, and delivered when it is enabled.
func TestDeliver_GoneDisables(t *testing.T) { eachStore(t, testDeliver_GoneDisables) }

func testDeliver_GoneDisables(t *testing.T, open opener) {
	f := newFixture(t, open, Options{})
	r := newReceiver(t, status(http.StatusGone))
	s := f.subscribe(t, r.URL, time.Second)
	a := f.changed(t, "a")
	if got := f.find(t, s); got.DisabledAt.IsZero() || got.DisabledReason != reasonGone {
		t.Fatalf("disabled at %s for %q", got.DisabledAt, got.DisabledReason)
	}
	b := f.changed(t, "b")
	f.clock.Add(24 * time.Hour)
	if f.pass(t); len(r.got()) != 1 {
		t.Fatal("a disabled subscription was sent to")
	}
	if h, err := f.Health(t.Context()); err != nil || h.Disabled != 1 || h.Age(&h.Subscriptions[0]) < 24*time.Hour {
		t.Errorf("health %+v, %v", h, err)
	}
	r.set(nil)
	if err := f.Enable(t.Context(), f.project, s.ID); err != nil {
		t.Fatal(err)
	}
	f.pass(t)
	got := r.got()
	if len(got) != 3 || got[1].event.Payload.CustomerIDs[0] != texts(a)[0] || got[2].event.Payload.CustomerIDs[0] != texts(b)[0] {
		t.Errorf("%d messages after enabling, want both that were held", len(got)-1)
	}
}

func TestDeliver_FiveDaysOfFailureDisable(t *testing.T) {
	eachStore(t, testDeliver_FiveDaysOfFailureDisable)
}

func testDeliver_FiveDaysOfFailureDisable(t *testing.T, open opener) {
	f := newFixture(t, open, Options{})
	r := newReceiver(t, status(http.StatusInternalServerError))
	s := f.subscribe(t, r.URL)
	for day := range 6 {
		if f.find(t, s).DisabledReason != "" {
			t.Fatalf("disabled on day %d", day)
		}
		f.changed(t, "a")
		if day == 1 { // one success, and the days count anew
			r.set(nil)
			f.clock.Add(time.Hour)
			f.pass(t)
			r.set(status(http.StatusInternalServerError))
			f.changed(t, "b")
		}
		f.clock.Add(24*time.Hour - 2*time.Second)
	}
	f.clock.Add(24 * time.Hour)
	f.changed(t, "a")
	if got := f.find(t, s); got.DisabledReason != reasonFailing {
		t.Errorf("after 5 days of failure disabled for %q", got.DisabledReason)
	}
}

// TestDeliver_ALeapOfTheClockDisablesNobody: one failure and a clock that leapt by days are no days of failure.
func TestDeliver_ALeapOfTheClockDisablesNobody(t *testing.T) {
	eachStore(t, testDeliver_ALeapOfTheClockDisablesNobody)
}

func testDeliver_ALeapOfTheClockDisablesNobody(t *testing.T, open opener) {
	doubted := false
	f := newFixture(t, open, Options{Doubted: func() bool { return doubted }})
	s := f.subscribe(t, newReceiver(t, status(http.StatusInternalServerError)).URL)
	f.changed(t, "a")
	f.clock.Add(6 * 24 * time.Hour)
	doubted = true
	f.changed(t, "a")
	if got := f.find(t, s); got.DisabledReason != "" {
		t.Errorf("disabled for %q by a clock that is doubted", got.DisabledReason)
	}
	doubted = false
	f.clock.Add(24 * time.Hour)
	f.changed(t, "a")
	if got := f.find(t, s); got.DisabledReason != reasonFailing {
		t.Errorf("disabled for %q by one that is believed", got.DisabledReason)
	}
}

// TestDeliver_WhatReceiversDo looks at what is kept of an attempt.
func TestDeliver_WhatReceiversDo(t *testing.T) { eachStore(t, testDeliver_WhatReceiversDo) }

func testDeliver_WhatReceiversDo(t *testing.T, open opener) {
	hang := func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }
	drip := func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusInternalServerError)
		_, _ = w.Write([]byte("x"))
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done() // the next byte would come too late
	}
	hijack := func(then func(write func(string))) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			c, _, err := http.NewResponseController(w).Hijack()
			if err != nil {
				return
			}
			then(func(s string) { _, _ = c.Write([]byte(s)) })
			_ = c.Close()
		}
	}
	for _, k := range []struct {
		name    string
		answer  http.HandlerFunc
		outcome string
		code    int
		body    int
	}{
		{"204", status(http.StatusNoContent), "delivered", 204, 0},
		{"299", status(299), "delivered", 299, 0},
		{"redirect", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/elsewhere", http.StatusFound) }, "3xx", 302, 0},
		{"not found", status(http.StatusNotFound), "4xx", 404, 0},
		{"long answer", func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusBadRequest)
			_, _ = w.Write(make([]byte, 1<<20))
		}, "4xx", 400, clientele.MaxAnswerBytes},
		{"hangs", hang, classTimeout, 0, 0},
		{"byte by byte", drip, classTimeout, 500, 1},
		{"closes at once", hijack(func(func(string)) {}), classClosed, 0, 0},
		{"closes early", hijack(func(write func(string)) { write("HTTP/1.1 500 Oops\r\nContent-Length: 10\r\n\r\nabc") }), classClosed, 500, 3},
		{"delivered, then closes early", hijack(func(write func(string)) { write("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc") }), "delivered", 200, 3},
		{"no HTTP", hijack(func(write func(string)) { write("hello\r\n\r\n") }), classOther, 0, 0},
	} {
		t.Run(k.name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t, open, Options{})
			r := newReceiver(t, k.answer)
			s := f.subscribe(t, r.URL, time.Second)
			id := f.changed(t, "a")
			d := f.deliveries(t, s)[0]
			_, attempts, err := f.Delivery(t.Context(), f.project, d.ID)
			if err != nil || len(attempts) != 1 {
				t.Fatalf("%d attempts, %v", len(attempts), err)
			}
			a := attempts[0]
			if Outcome(&a) != k.outcome || a.StatusCode != k.code || k.body == 0 && len(a.Answer) > 0 && k.code/100 != 3 || k.body > 0 && len(a.Answer) != k.body {
				t.Errorf("attempt %s, status %d, %d bytes; want %s, %d, %d", Outcome(&a), a.StatusCode, len(a.Answer), k.outcome, k.code, k.body)
			}
			if a.Duration <= 0 || k.outcome == classTimeout && a.Duration < s.RequestTimeout {
				t.Errorf("the attempt took %s", a.Duration)
			}
			if n := f.Attempts()[k.outcome]; n != 1 {
				t.Errorf("outcomes %v", f.Attempts())
			}
			if len(r.got()) != 1 {
				t.Errorf("%d requests, want 1: nothing is followed", len(r.got()))
			}
			r.set(nil)
			f.clock.Add(time.Minute)
			f.pass(t)
			if got := r.got(); got[len(got)-1].event.Payload.CustomerIDs[0] != texts(id)[0] {
				t.Error("the change did not arrive in the end")
			}
			if d := f.deliveries(t, s)[0]; d.Status != clientele.DeliveryDelivered {
				t.Errorf("the delivery is %s in the end", d.Status)
			}
		})
	}
}

// TestDeliver_NewerOnesGoAhead has one event fail for good while others are taken.
func TestDeliver_NewerOnesGoAhead(t *testing.T) { eachStore(t, testDeliver_NewerOnesGoAhead) }

func testDeliver_NewerOnesGoAhead(t *testing.T, open opener) {
	f := newFixture(t, open, Options{})
	r := newReceiver(t, nil)
	s := f.subscribe(t, r.URL, time.Hour)
	bad := f.change(t, "bad")
	r.set(func(w http.ResponseWriter, q *http.Request) {
		if all := r.got(); all[len(all)-1].event.Payload.CustomerIDs[0] == texts(bad)[0] {
			w.WriteHeader(http.StatusInternalServerError)
		}
	})
	f.clock.Add(time.Second)
	f.pass(t)
	f.changed(t, "b")
	f.changed(t, "c")
	var got []clientele.DeliveryStatus
	for _, d := range f.deliveries(t, s) {
		got = append(got, d.Status)
	}
	if want := []clientele.DeliveryStatus{"due", "delivered", "delivered"}; !slices.Equal(got, want) {
		t.Errorf("deliveries are %v, want %v", got, want)
	}
}
