package console

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"clientele"
	"clientele/internal/traffic"
)

const hostileText = `"><script>alert(1)</script><img src=x onerror=alert(1)>`

// refused lets the console see a call about Margarethe that was refused.
func (f *fixture) refused(t *testing.T, status int, kind clientele.Kind, id string) {
	t.Helper()
	body := `{"customerEmail":"margarethe@example.com","customerFirstName":"Margarethe","customerLastName":"` + strings.ReplaceAll(hostileText, `"`, `\"`) + `"}`
	info := clientele.Request{
		ID: id, Dialect: clientele.OPM, CredentialID: 1, ProjectID: f.project.ID, Body: []byte(body),
		Err: &clientele.Error{Kind: kind, Field: "customerId"},
	}
	f.called(t, status, info, func(c *traffic.Call) {
		c.Request = httptest.NewRequest(http.MethodPost, "/entry?note=Margarethe&x=%3Cscript%3E", nil)
		c.Request.Header.Set("Content-Type", "application/json")
		c.Request.Header.Set("X-Api-Key", "open-sesame-please")
		c.Answer = []byte(`{"statusCode":400,"message":"no Margarethe ` + hostileText + ` open-sesame-please"}`)
		c.AnswerBytes = int64(len(c.Answer))
	})
}

func TestInbox_ViewersSeeMasked(t *testing.T) {
	onBothStores(t, func(t *testing.T, f *fixture) {
		b := f.as(t, viewer)
		b.get("/console/inbox").want(http.StatusOK).has("No refused call matches")
		f.refused(t, 400, clientele.KindInvalid, "r-1")
		b.get("/console/inbox").has(`href="/console/inbox/1"`, "<code>customerId</code>", "/entry", "400", "Harbour Outfitters", "credential 1").
			lacks("Margarethe", "margarethe@", "open-sesame")
		b.get("/console/inbox/1").want(http.StatusOK).
			has("customerFirstName", "m•••@e•••.com", "r-1", "What to change:", "customerId is required").
			lacks("Margarethe", "margarethe@", "open-sesame", "Show what was sent")
		b.get("/console/inbox/1/sent").want(http.StatusForbidden).lacks("Margarethe", "margarethe@")
		b.get("/console/inbox/2").want(http.StatusNotFound)
		b.get("/console/inbox/x").want(http.StatusNotFound)
	})
}

func TestInbox_EditorsSeeWhatWasSentAndItIsNoted(t *testing.T) {
	f := newFixture(t)
	f.refused(t, 400, clientele.KindInvalid, "r-1")
	b := f.as(t, editor)
	b.get("/console/inbox/1").want(http.StatusOK).has("/console/inbox/1/sent").lacks("Margarethe")
	b.from("cross-site", "/console/inbox/1/sent").want(http.StatusForbidden).has("another site").lacks("Margarethe", "margarethe@")
	auditor := f.as(t, owner)
	auditor.get("/console/audit").want(http.StatusOK).lacks("inbox.unmask")
	b.from("same-site", "/console/inbox/1/sent").want(http.StatusOK).has("Margarethe")
	b.from("none", "/console/inbox/1/sent").want(http.StatusOK).has("Margarethe")
	b.get("/console/inbox/1/sent").want(http.StatusOK).has("Margarethe", "margarethe@example.com", "audit log").lacks("open-sesame")
	b = auditor
	b.get("/console/audit").want(http.StatusOK).has("inbox.unmask", "refusal 1", "editor@example.com")
	b.get("/console/inbox/1/sent").want(http.StatusOK).has("Margarethe")
}

// TestInbox_RunsNothingThatWasSent: a target, a body and an answer that are scripts are text.
func TestInbox_RunsNothingThatWasSent(t *testing.T) {
	f := newFixture(t)
	f.refused(t, 404, clientele.KindNotFound, "r-1")
	f.called(t, 404, clientele.Request{Body: []byte("\u202e" + hostileText)}, func(c *traffic.Call) {
		c.Route = "none"
		c.Request = &http.Request{Method: hostileText, RequestURI: "/" + hostileText, Header: http.Header{"Content-Type": {"text/" + hostileText}}, ContentLength: -1}
		c.Answer = []byte(hostileText)
		c.AnswerBytes = 10_000
		c.Info.Err = &clientele.Error{Kind: clientele.KindUnsupportedMedia, Field: hostileText}
	})
	b := f.as(t, owner)
	for _, path := range []string{"/console/inbox", "/console/inbox/1", "/console/inbox/2", "/console/inbox/1/sent", "/console/inbox/2/sent", root} {
		b.get(path).want(http.StatusOK).lacks("<script>alert", "<img src=x", "\u202e")
	}
	b.get("/console/inbox/2/sent").has("&lt;script&gt;alert(1)", "\ufffd")
	query := "/console/inbox?route=" + `%22%3E%3Cscript%3Ealert(1)%3C/script%3E` + "&status=4&dialect=%3Cscript%3Ealert(1)&partner=%3Cscript%3Ealert&from=%3Cscript%3Ealert"
	b.get(query).want(http.StatusUnprocessableEntity).lacks("<script>alert")
}

func TestInbox_Filters(t *testing.T) {
	f := newFixture(t)
	f.refused(t, 400, clientele.KindInvalid, "first")
	f.called(t, 503, clientele.Request{ID: "second", Dialect: clientele.DKHardware, Err: errors.New("odd")}, func(c *traffic.Call) {
		c.Route, c.At = "/v1/customer", c.At.Add(24*time.Hour)
	})
	b := f.as(t, viewer)
	for query, want := range map[string][2]bool{
		"":                       {true, true},
		"?status=4":              {true, false},
		"?status=5":              {false, true},
		"?status=400":            {true, false},
		"?dialect=dkhardware":    {false, true},
		"?partner=1":             {true, false},
		"?partner=unknown":       {false, true},
		"?route=/entry":          {true, false},
		"?from=2026-11-23":       {false, true},
		"?to=2026-11-22":         {true, false},
		"?project=1&status=5":    {false, false},
		"?before=2":              {true, false},
		"?from=2026-11-22&to=":   {true, true},
		"?project=&partner=&x=1": {true, true},
	} {
		p := b.get("/console/inbox" + query).want(http.StatusOK)
		for i, path := range []string{`href="/console/inbox/1"`, `href="/console/inbox/2"`} {
			if got := strings.Contains(p.body, path); got != want[i] {
				t.Errorf("%s: call %d is there: %t, want %t", query, i+1, got, want[i])
			}
		}
	}
	for _, query := range []string{"?status=99", "?status=x", "?partner=x", "?project=-1", "?from=yesterday", "?to=2026-13-40"} {
		b.get("/console/inbox" + query).want(http.StatusUnprocessableEntity).has("role=\"alert\"")
	}
}

func TestInbox_Pages(t *testing.T) {
	f := newFixture(t)
	for n := range inboxPageSize + 5 {
		f.called(t, 400, clientele.Request{ID: fmt.Sprint("r-", n), CredentialID: 1, ProjectID: 1}, nil)
	}
	b := f.as(t, viewer)
	first := b.get("/console/inbox?status=4").has("Older").lacks("Newest</a>")
	if n := strings.Count(first.body, `href="/console/inbox/`); n != inboxPageSize {
		t.Errorf("%d calls on the first page", n)
	}
	second := b.get("/console/inbox?before=6&status=4").has("Newest</a>").lacks("Older</a>")
	if n := strings.Count(second.body, `href="/console/inbox/`); n != 5 {
		t.Errorf("%d calls on the second page", n)
	}
}

func TestInbox_Export(t *testing.T) {
	onBothStores(t, func(t *testing.T, f *fixture) {
		f.refused(t, 400, clientele.KindInvalid, "first")
		f.called(t, 503, clientele.Request{ID: "second"}, func(c *traffic.Call) { c.Route = "=cmd|calc" })
		b := f.as(t, viewer)
		csv := b.get("/console/inbox?format=csv").want(http.StatusOK).has("id,at,status,", "first", "second", "m•••@e•••.com").
			lacks("Margarethe", "margarethe", "open-sesame", ",=cmd")
		if n := strings.Index(csv.body, "second"); n > strings.Index(csv.body, "first") {
			t.Error("the newest is not the first")
		}
		b.get("/console/inbox?format=ndjson&status=4").want(http.StatusOK).has(`"request_id":"first"`).lacks("second", "Margarethe")
		b.get("/console/inbox?format=csv&status=99").want(http.StatusUnprocessableEntity)
	})
}

// TestInbox_EveryKindOfBodyAndAdvice executes the template with each.
func TestInbox_EveryKindOfBodyAndAdvice(t *testing.T) {
	f := newFixture(t)
	r := f.anonymous(httptest.NewRequest(http.MethodGet, root, nil))
	for _, state := range []clientele.BodyState{clientele.BodyNone, clientele.BodyWhole, clientele.BodyCut, clientele.BodyUnread, clientele.BodyBinary} {
		for _, sent := range []bool{true, false} {
			p := refusalPage{Refusal: clientele.Refusal{ID: 7, Status: 500, BodyState: state, BodyBytes: -1, Answer: "x", AnswerBytes: 9}, Sent: sent}
			var out strings.Builder
			check(t, refusalView(r, p).Render(t.Context(), &out))
			if !strings.Contains(out.String(), bodyNote(&p.Refusal, sent)) {
				t.Errorf("%s: no note on the body", state)
			}
		}
	}
	seen := map[string]bool{}
	for _, d := range append([]clientele.Dialect{""}, clientele.PartnerDialects...) {
		for k := clientele.KindInternal; k <= clientele.KindUnavailable; k++ {
			for _, refusal := range []clientele.Refusal{{Route: "/oauth/token"}, {Field: "Idempotency-Key"}, {Method: http.MethodPost, BodyState: clientele.BodyNone}, {}} {
				refusal.Dialect, refusal.Kind = d, k.String()
				advice := advise(&refusal)
				if advice == "" {
					t.Errorf("no advice for %+v", refusal)
				}
				seen[advice] = true
			}
		}
	}
	for _, status := range []int{404, 405} {
		seen[advise(&clientele.Refusal{Status: status})] = true
	}
	if len(seen) < 18 || seen[""] {
		t.Errorf("%d kinds of advice", len(seen))
	}
}
