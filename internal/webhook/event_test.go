package webhook

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"clientele"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

func TestBody_IsTheDocuments(t *testing.T) {
	at := time.Date(2022, time.October, 20, 13, 15, 45, 999_000_000, time.FixedZone("", 2*3600))
	s := clientele.Subscription{EventType: clientele.CustomerChanged, Secret: "40158583e9bd9d122014907b57a60c12"}
	want := `{"event":"customer:changed","secret":"40158583e9bd9d122014907b57a60c12","payload":{"customerIds":["6235","11345","8737"],"date":"2022-10-20T11:15:45Z"}}`
	if got := string(body(&s, []int64{6235, 11345, 8737}, at)); got != want {
		t.Errorf("body\n%s, want\n%s", got, want)
	}
	s.OmitSecret = true
	want = `{"event":"customer:changed","payload":{"customerIds":[],"date":"2022-10-20T11:15:45Z"}}`
	if got := string(body(&s, nil, at)); got != want {
		t.Errorf("body without secret\n%s, want\n%s", got, want)
	}
	s.EventType, s.OmitSecret, s.Secret = clientele.LeadChanged, false, `a"b`
	want = `{"event":"lead:changed","secret":"a\"b","payload":{"leadIds":["7"],"date":"2022-10-20T11:15:45Z"}}`
	if got := string(body(&s, []int64{7}, at)); got != want {
		t.Errorf("body of a lead\n%s, want\n%s", got, want)
	}
}

// TestSignature_IndependentImplementation has the messages verified by the library of Standard Webhooks.
func TestSignature_IndependentImplementation(t *testing.T) {
	eachStore(t, testSignature_IndependentImplementation)
}

func testSignature_IndependentImplementation(t *testing.T, open opener) {
	f := newFixture(t, open, Options{Now: time.Now})
	r := newReceiver(t, nil)
	s := f.subscribe(t, r.URL)
	verify := func(secret string) error {
		w, err := standardwebhooks.NewWebhook(secret)
		if err != nil {
			t.Fatal(err)
		}
		m := r.got()[len(r.got())-1]
		return w.Verify(m.body, m.header)
	}
	send := func() {
		t.Helper()
		if a, err := f.Test(t.Context(), f.project, s.ID); err != nil || a.StatusCode != http.StatusOK {
			t.Fatalf("test of a subscription: %+v, %v", a, err)
		}
	}
	send()
	if err := verify(s.SigningSecret); err != nil {
		t.Errorf("signature: %v", err)
	}
	if !strings.HasPrefix(s.SigningSecret, "whsec_") {
		t.Error("the signing secret has no prefix")
	}
	other := newSigningSecret()
	if verify(other) == nil {
		t.Error("a message verifies with another secret")
	}
	rotate := func(overlap time.Duration) string {
		t.Helper()
		now, err := f.Find(t.Context(), f.project, s.ID)
		if err != nil {
			t.Fatal(err)
		}
		secret, err := f.Rotate(t.Context(), now, overlap)
		if err != nil {
			t.Fatal(err)
		}
		return secret
	}
	lost, renewed := rotate(time.Hour), rotate(time.Minute) // the first one reached nobody
	send()
	for name, secret := range map[string]string{"old": s.SigningSecret, "lost": lost, "new": renewed} {
		if err := verify(secret); err != nil {
			t.Errorf("signature of the %s secret during the overlap: %v", name, err)
		}
	}
	if _, err := f.Rotate(t.Context(), s, time.Hour); clientele.KindOf(err) != clientele.KindConflict {
		t.Errorf("a rotation of a secret that was replaced: %v, want a conflict", err)
	}
	rotate(0)
	send()
	if verify(renewed) == nil || verify(s.SigningSecret) == nil {
		t.Error("a secret signs after its overlap")
	}
}

func TestGather_OneSecondEachIDOnce(t *testing.T) { eachStore(t, testGather_OneSecondEachIDOnce) }

func testGather_OneSecondEachIDOnce(t *testing.T, open opener) {
	f := newFixture(t, open, Options{})
	r := newReceiver(t, nil)
	s := f.subscribe(t, r.URL)
	a, b := f.change(t, "a"), f.change(t, "b")
	f.clock.Add(600 * time.Millisecond)
	f.change(t, "a")
	if f.pass(t); len(r.got()) != 0 {
		t.Fatal("an event was sent before it was complete")
	}
	f.clock.Add(399 * time.Millisecond)
	newest := f.now()
	c := f.change(t, "c")
	f.clock.Add(time.Millisecond)
	d := f.change(t, "d") // a second after the first: another event
	f.pass(t)
	f.clock.Add(time.Second)
	f.pass(t)
	f.pass(t)
	got := r.got()
	if len(got) != 2 {
		t.Fatalf("%d events, want 2", len(got))
	}
	if want := texts(a, b, c); !slices.Equal(got[0].event.Payload.CustomerIDs, want) {
		t.Errorf("ids of the first %v, want %v", got[0].event.Payload.CustomerIDs, want)
	}
	if want := texts(d); !slices.Equal(got[1].event.Payload.CustomerIDs, want) {
		t.Errorf("ids of the second %v, want %v", got[1].event.Payload.CustomerIDs, want)
	}
	if !got[0].event.Payload.Date.Equal(newest.Truncate(time.Second)) {
		t.Errorf("date %s, want that of the newest change %s", got[0].event.Payload.Date, newest)
	}
	if e := got[0].event; e.Event != "customer:changed" || e.Secret == nil || *e.Secret != s.Secret {
		t.Errorf("event %+v", e)
	}
	if h := got[0].header; h.Get("Content-Type") != "application/json" || h.Get("Webhook-Id") != f.deliveries(t, s)[0].ID {
		t.Errorf("header %v", h)
	}
}

func texts(ids ...int64) []string {
	list := make([]string, len(ids))
	for i, id := range ids {
		list[i] = strconv.FormatInt(id, 10)
	}
	return list
}

func TestGather_AtMost500IDs(t *testing.T) { eachStore(t, testGather_AtMost500IDs) }

func testGather_AtMost500IDs(t *testing.T, open opener) {
	f := newFixture(t, open, Options{})
	r := newReceiver(t, nil)
	f.subscribe(t, r.URL)
	writes := make([]clientele.Write, 1101)
	for n := range writes {
		writes[n] = f.write(fmt.Sprint(n))
	}
	outcomes, err := f.book.Commit(t.Context(), writes)
	if err != nil {
		t.Fatal(err)
	}
	want := make([]string, len(outcomes))
	for n, o := range outcomes {
		want[n] = texts(o.SubjectID)[0]
	}
	f.clock.Add(time.Second)
	f.pass(t)
	var got []string
	for _, m := range r.got() {
		if n := len(m.event.Payload.CustomerIDs); n > 500 {
			t.Errorf("an event of %d ids", n)
		}
		got = append(got, m.event.Payload.CustomerIDs...)
	}
	if len(r.got()) != 3 || !slices.Equal(got, want) {
		t.Errorf("%d events with %d ids, want 3 with %d in order of change", len(r.got()), len(got), len(want))
	}
}

// TestGather_FarBehindDoesNotDelayOthers has one subscription told of everything again while others go on.
func TestGather_FarBehindDoesNotDelayOthers(t *testing.T) {
	eachStore(t, testGather_FarBehindDoesNotDelayOthers)
}

func testGather_FarBehindDoesNotDelayOthers(t *testing.T, open opener) {
	f := newFixture(t, open, Options{})
	r := newReceiver(t, nil)
	f.gatherer.readAtOnce = 100
	behind := f.subscribe(t, r.URL+"/behind")
	writes := make([]clientele.Write, 210)
	for i := range writes {
		writes[i] = f.write(fmt.Sprint(i % 70))
	}
	if _, err := f.book.Commit(t.Context(), writes); err != nil {
		t.Fatal(err)
	}
	f.clock.Add(time.Second)
	near := f.subscribe(t, r.URL+"/near")
	f.change(t, "new")
	f.clock.Add(time.Second)
	if more, _, err := f.gatherOnce(t.Context()); err != nil || !more {
		t.Fatalf("gather: more %t, %v", more, err)
	}
	if n := len(f.deliveries(t, near)); n != 1 {
		t.Errorf("beside one that is far behind, %d events after the first pass, want 1", n)
	}
	f.pass(t)
	ids := map[int64]bool{}
	for _, d := range f.deliveries(t, behind) {
		for _, id := range d.SubjectIDs {
			ids[id] = true
		}
	}
	if len(ids) != 71 {
		t.Errorf("the one that was behind was told of %d customers, want 71", len(ids))
	}
}

func TestResendSince_TellsOfAllAgain(t *testing.T) { eachStore(t, testResendSince_TellsOfAllAgain) }

func testResendSince_TellsOfAllAgain(t *testing.T, open opener) {
	f := newFixture(t, open, Options{})
	r := newReceiver(t, nil)
	s := f.subscribe(t, r.URL)
	f.changed(t, "old")
	f.clock.Add(time.Hour)
	since := f.now()
	id := f.changed(t, "new")
	if err := f.ResendSince(t.Context(), f.project, s.ID, since); err != nil {
		t.Fatal(err)
	}
	f.pass(t)
	got := r.got()
	if len(got) != 3 || !slices.Equal(got[2].event.Payload.CustomerIDs, texts(id)) {
		t.Fatalf("%d events, want 3 with %d last", len(got), id)
	}
	if got[1].header.Get("Webhook-Id") == got[2].header.Get("Webhook-Id") {
		t.Error("an event that was gathered again has the id of the first")
	}
}
