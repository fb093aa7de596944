package console

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"clientele"
	"clientele/internal/book"
	"clientele/internal/intake"
	"clientele/internal/work"
)

// harmful is a text that would do harm where it is not escaped.
const harmful = `<script>alert("x")</script>'"><img src=x onerror=alert(1)>`

// escaped is how harmful begins on a page.
const escaped = "&lt;script&gt;alert(&#34;x&#34;)"

// submitter returns the call of a partner who submits into the project, as a credential with a harmful name.
func (f *fixture) submitter(t *testing.T) book.Call {
	t.Helper()
	c, err := f.store.CreateCredential(t.Context(), clientele.Credential{
		Dialect: clientele.DKHardware, Name: "Shop " + harmful, CreatedAt: f.clock.Now(),
		Grants: []clientele.Grant{{ProjectID: f.project.ID}},
	}, clientele.HashSecret(clientele.DKHardware, "secret"))
	check(t, err)
	return book.Call{ProjectID: f.project.ID, Origin: clientele.Origin{Dialect: clientele.DKHardware, CredentialID: c.ID, RequestID: "req-" + harmful}}
}

// carryOut carries out what was submitted.
func (f *fixture) carryOut(t *testing.T) {
	t.Helper()
	line := intake.New(f.store, intake.Options{Lanes: 1})
	defer func() { check(t, line.Close(context.Background())) }()
	s, ok := f.store.(work.SubmissionStore)
	if !ok {
		t.Fatal("the store has no submissions")
	}
	w := work.Submissions{Store: s, Book: f.book, Commit: line, Now: f.clock.Now, Log: f.Log}
	_, err := w.CarryOut(t.Context())
	check(t, err)
}

// submit creates a customer, and updates one that there is not; it returns the ids of both submissions.
func (f *fixture) submit(t *testing.T, call book.Call) (created, failed string) {
	t.Helper()
	created, err := f.book.Create(t.Context(), call, clientele.Details{
		FirstName: clientele.Some("Ada " + harmful), Email: clientele.Some("ada@example.com"),
	}, []clientele.Address{{AddressDetails: clientele.AddressDetails{City: clientele.Some("Gdańsk " + harmful)}, IsDefaultBilling: true}})
	check(t, err)
	var p clientele.Patch
	p.Put(clientele.FieldCompany, clientele.Some("Dock \u202e Company"))
	p.Put(clientele.FieldFax, clientele.Text{})
	failed, err = f.book.Update(t.Context(), call, "999"+harmful, 999, p)
	check(t, err)
	return created, failed
}

func TestSubmissions_AreListedAndShown(t *testing.T) {
	onBothStores(t, func(t *testing.T, f *fixture) {
		b := f.as(t, viewer)
		list := "/console/p/1/submissions"
		b.get(list).want(http.StatusOK).has("There is no submission that matches")
		created, failed := f.submit(t, f.submitter(t))
		b.get(list+"/"+created).want(http.StatusOK).has("Accepted", "Waited", "ada@example.com", escaped).lacks(harmful)
		f.clock.move(1500 * time.Millisecond)
		f.carryOut(t)

		b.get(list).want(http.StatusOK).has(created, failed, "Succeeded", "There is no customer", escaped).lacks(harmful, "<img")
		b.get(list + "?status=Failed").want(http.StatusOK).has(failed).lacks(created)
		b.get(list + "?status=Succeeded").want(http.StatusOK).has(created).lacks(failed)
		b.get(list+"?status=Accepted").want(http.StatusOK).lacks(created, failed)
		b.get(list+"?credential=1").want(http.StatusOK).has(created, failed)
		b.get(list+"?credential=2").want(http.StatusOK).lacks(created, failed)
		b.get(list+"?from=2026-11-22&to=2026-11-22").want(http.StatusOK).has(created, failed)
		b.get(list+"?from=2026-11-23").want(http.StatusOK).lacks(created, failed)
		b.get(list+"?to=2026-11-21").want(http.StatusOK).lacks(created, failed)
		b.get(list+"?from=%3Cscript%3E").want(http.StatusOK).has("is no date", created).lacks("<script>")

		page := b.get(list+"/"+failed).want(http.StatusOK).has(
			"Failed", "There is no customer", "Company", "is cleared", "1.5 s", "req-", escaped, "Dock \ufffd Company", "the partner was told")
		page.lacks("Submit again</button>", harmful, "\u202e")
		b.get(list+"/"+created).want(http.StatusOK).has("Succeeded", "/console/p/1/customers/1", "Address 1, default for billing", "Gdańsk")
		b.get(list + "/none").want(http.StatusNotFound)
		b.get("/console/p/1/submissions?before=x").want(http.StatusOK).has(created)
	})
}

func TestSubmissions_Pages(t *testing.T) {
	f := newFixture(t)
	call := f.submitter(t)
	for range submissionPageSize + 1 {
		f.clock.move(time.Second)
		_, err := f.book.Create(t.Context(), call, clientele.Details{FirstName: clientele.Some("Ada")}, nil)
		check(t, err)
	}
	b := f.as(t, viewer)
	first := b.get("/console/p/1/submissions").want(http.StatusOK).has(">Older<").lacks(">Newest<")
	if got := strings.Count(first.body, "<tr>") - 1; got != submissionPageSize {
		t.Errorf("the first page has %d rows", got)
	}
	next := first.body[strings.Index(first.body, "?before="):]
	next = next[:strings.IndexAny(next, `"&`)]
	second := b.get("/console/p/1/submissions" + next).want(http.StatusOK).has(">Newest<").lacks(">Older<")
	if got := strings.Count(second.body, "<tr>") - 1; got != 1 {
		t.Errorf("the second page has %d rows", got)
	}
}

func TestResubmit_IsOneNewSubmissionOfTheOperator(t *testing.T) {
	onBothStores(t, func(t *testing.T, f *fixture) {
		created, failed := f.submit(t, f.submitter(t))
		f.carryOut(t)
		path := "/console/p/1/submissions/"
		f.as(t, viewer).post(path + failed + "/resubmit").want(http.StatusForbidden)
		b := f.as(t, editor)
		b.get(path+failed).want(http.StatusOK).has("Submit again</button>", "data-confirm")
		b.get(path + created).want(http.StatusOK).lacks("Submit again</button>")
		b.post(path + created + "/resubmit").want(http.StatusConflict)
		again := b.post(path + failed + "/resubmit").want(http.StatusSeeOther).Header.Get("Location")
		if !strings.HasPrefix(again, path) || again == path+failed {
			t.Fatalf("it goes to %s", again)
		}
		b.get(again).want(http.StatusOK).has("It was submitted again", "Console", "Dock", "Accepted")
		b.post(path + failed + "/resubmit").goesTo(again) // a second click
		f.carryOut(t)
		b.get(again).want(http.StatusOK).has("There is no customer")
		b.get(path+failed).want(http.StatusOK).has("Failed", "Shop ")
		list, err := f.Store.ListSubmissions(t.Context(), clientele.SubmissionFilter{ProjectID: f.project.ID, Limit: 10})
		check(t, err)
		if len(list) != 3 || list[0].Origin.Dialect != clientele.ViaConsole || list[0].Origin.CredentialID != 0 {
			t.Errorf("%d submissions, the newest by %+v", len(list), list[0].Origin)
		}
		f.as(t, owner).get("/console/audit").want(http.StatusOK).has("submission.resubmit", "submission "+failed, "editor@example.com")
	})
}
