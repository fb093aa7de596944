package console

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"clientele"
	"clientele/internal/book"
	"clientele/internal/traffic"
)

// called lets the console see a call of OPM's with an outcome.
func (f *fixture) called(t *testing.T, status int, info clientele.Request, change func(*traffic.Call)) {
	t.Helper()
	r := httptest.NewRequest(http.MethodPost, "/entry", nil)
	r.Header.Set("Content-Type", "application/json")
	info.TraceID = "5b0c4d7a-54a6-4b06-9c0c-6a3c1d3f4e5a"
	if info.ID == "" {
		info.ID = info.TraceID
	}
	c := traffic.Call{At: f.clock.Now(), Request: r, Info: &info, Route: "/entry", Status: status}
	if change != nil {
		change(&c)
	}
	f.Traffic.Observe(c)
	check(t, f.Traffic.Flush(t.Context()))
}

func (f *fixture) upsert(t *testing.T, externalID, email string) {
	t.Helper()
	call := book.Call{ProjectID: f.project.ID, Origin: clientele.Origin{Dialect: clientele.OPM, CredentialID: 1, RequestID: "r-" + externalID}}
	_, err := f.book.Upsert(t.Context(), call, clientele.Details{ExternalID: clientele.Some(externalID), Email: clientele.Some(email)})
	check(t, err)
}

func TestOverview_Empty(t *testing.T) {
	onBothStores(t, func(t *testing.T, f *fixture) {
		b := f.as(t, viewer)
		for _, query := range []string{"", "?range=day", "?range=week", "?range=nonsense&project=x", fmt.Sprintf("?project=%d", f.project.ID)} {
			b.get(root+query).want(http.StatusOK).has("<h1>Overview</h1>", "Nothing has changed yet", "no calls").lacks("Subscriptions in trouble</h2>")
		}
	})
}

func TestOverview_ShowsCallsAndChanges(t *testing.T) {
	onBothStores(t, func(t *testing.T, f *fixture) {
		b := f.as(t, viewer)
		f.upsert(t, "a", "ada@example.com")
		created := clientele.Request{Dialect: clientele.OPM, ProjectID: f.project.ID, Result: clientele.Created}
		for range 3 {
			f.called(t, 201, created, nil)
		}
		f.clock.move(5 * time.Minute)
		f.called(t, 200, clientele.Request{Dialect: clientele.DKHardware, ProjectID: f.project.ID + 7}, nil)
		f.called(t, 400, clientele.Request{Dialect: clientele.OPM}, nil)
		f.called(t, 503, clientele.Request{Err: clientele.Unavailable("full", nil)}, nil)
		f.Traffic.ObserveCommit(f.clock.Now(), 3, time.Millisecond, nil)
		p := b.get(root).want(http.StatusOK)
		p.has("Calls per minute by dialect: OPM Partners 4, Onlinewerkrooster 0, Prime Lead 0, DKHardware 1, No dialect 1.",
			"Calls per minute by outcome: Created 3, Updated or the same 0, Accepted for later 0, Read 1, Refused 1, Failed 1.",
			"16.7 % of the calls", "1.0 ms", "customer 1 created", "external id, email", "Harbour Outfitters",
			fmt.Sprintf(`href="/console/p/%d/customers/1"`, f.project.ID), "r-a")
		p.lacks("ada@example.com")
		if n := strings.Count(p.body, "<tr data-at="); n != 2*60 {
			t.Errorf("%d rows of numbers, want 60 in each table", n)
		}
		b.get(root + fmt.Sprintf("?project=%d", f.project.ID)).has("Created 3, Updated or the same 0, Accepted for later 0, Read 0, Refused 0, Failed 0.")
		for age, calls := range map[time.Duration]int{2 * time.Hour: 10, 48 * time.Hour: 100, 8 * 24 * time.Hour: 1000} {
			for range calls {
				f.Traffic.Observe(traffic.Call{At: f.clock.Now().Add(-age), Info: &clientele.Request{Result: clientele.Created}, Status: 201})
			}
		}
		check(t, f.Traffic.Flush(t.Context()))
		b.get(root).has("outcome: Created 3,")
		b.get(root + "?range=day").has("Calls per 10 minutes by outcome: Created 13,")
		b.get(root + "?range=week").has("Calls per hour by outcome: Created 113,")
	})
}

// TestOverview_WithEverything executes each part of the template.
func TestOverview_WithEverything(t *testing.T) {
	f := newFixture(t)
	const hostile = `<script>alert(1)</script>`
	r := f.anonymous(httptest.NewRequest(http.MethodGet, root, nil))
	page := overviewPage{
		Window: windows[2], Tiles: []tile{{Label: hostile, Value: hostile, Note: hostile, Tone: "bad", Path: root}, {}},
		Dialects: chart{ID: "dialects", Title: hostile, Series: []series{{Label: hostile, Style: 1, Sum: 1}}, Rows: []chartRow{{At: f.clock.Now(), Values: []int64{12345}}}},
		Troubled: []troubled{
			{SubscriptionHealth: clientele.SubscriptionHealth{ID: hostile, Disabled: true, Due: 3}, Waits: 72 * time.Hour},
			{Project: hostile, Waits: 90 * time.Minute},
		},
		Changes: []changeLine{{What: hostile, Fields: hostile, Project: hostile, Path: root}, {Change: clientele.Change{Origin: clientele.Origin{Dialect: hostile, RequestID: hostile}}}},
	}
	var out strings.Builder
	check(t, overviewView(r, page).Render(t.Context(), &out))
	for _, text := range []string{"disabled", "late", "3 days", "90 min", "12\u202f345", "22 Nov"} {
		if !strings.Contains(out.String(), text) {
			t.Errorf("the page lacks %q", text)
		}
	}
	if strings.Contains(out.String(), "<script>alert") {
		t.Errorf("the page runs what it was given:\n%s", out.String())
	}
}

func TestFieldsOf(t *testing.T) {
	for values, want := range map[string]string{
		`{}`: "", ``: "", `[]`: "", `{"a`: "",
		`{"first_name":"Ada","email":null}`:                 "first name, email",
		`{"a":{"b":1},"c":[1],"d":1,"e":1,"f":1,"g":1}`:     "a, c, d, e, f, g",
		`{"a":1,"b":1,"c":1,"d":1,"e":1,"f":1,"g":1,"h":1}`: "a, b, c, d, e, f and 2 more",
	} {
		if got := fieldsOf([]byte(values)); got != want {
			t.Errorf("%s: %q, want %q", values, got, want)
		}
	}
}
