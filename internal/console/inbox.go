package console

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"clientele"
	"clientele/internal/traffic"
)

// inboxStore keeps calls that were refused.
type inboxStore interface {
	ListRefusals(ctx context.Context, f clientele.RefusalFilter) ([]clientele.Refusal, error)
	FindRefusal(ctx context.Context, id int64) (clientele.Refusal, error)
	ListCredentials(ctx context.Context) ([]clientele.Credential, error)
}

// inboxPageSize is how many refused calls a page shows.
const inboxPageSize = 50

// inboxPage lists the newest calls that were refused.
type inboxPage struct {
	Refusals []clientele.Refusal
	Partners []clientele.Credential
	Filter   inboxFilter
	Pages    pages
}

// inboxFilter is what the form says, as it says it.
type inboxFilter struct {
	Project, Partner, Dialect, Status, Route, From, To string
	// Problem is what is wrong with it; empty for nothing.
	Problem string
}

// unknownCaller is the choice of those who could not be known.
const unknownCaller = "unknown"

func (c *Console) showInbox(r *request) (answer, error) {
	p := inboxPage{Filter: r.inboxFilter()}
	f := p.Filter.read()
	f.Before = r.numberOf("before")
	var err error
	if p.Partners, err = c.Store.ListCredentials(r.Context()); err != nil {
		return answer{}, err
	}
	if p.Refusals, err = c.Store.ListRefusals(r.Context(), f); err != nil {
		return answer{}, err
	}
	if len(p.Refusals) > inboxPageSize {
		p.Refusals = p.Refusals[:inboxPageSize]
		p.Pages.Next = r.pathWith("before", strconv.FormatInt(p.Refusals[inboxPageSize-1].ID, 10))
	}
	if f.Before != 0 {
		p.Pages.First = r.pathWith("before", "")
	}
	for i := range p.Refusals {
		p.Refusals[i] = traffic.Mask(p.Refusals[i]) // the list tells where and why, not who
	}
	a := view("Inbox", inboxView(r, p))
	if p.Filter.Problem != "" {
		a = a.withStatus(http.StatusUnprocessableEntity)
	}
	return a, nil
}

func (r *request) inboxFilter() inboxFilter {
	q := r.URL.Query()
	return inboxFilter{
		Project: q.Get("project"), Partner: q.Get("partner"), Dialect: q.Get("dialect"), Status: q.Get("status"), Route: q.Get("route"),
		From: q.Get("from"), To: q.Get("to"),
	}
}

// read returns the filter of the store. What cannot be read selects all and is a problem.
func (f *inboxFilter) read() clientele.RefusalFilter {
	number := func(text string) int64 {
		n, err := strconv.ParseInt(text, 10, 64)
		if text != "" && (err != nil || n < 1) {
			f.Problem = fmt.Sprintf("%.20q is no number that is known here.", text)
		}
		return max(0, n)
	}
	day := func(text string) time.Time {
		if text == "" {
			return time.Time{}
		}
		at, err := time.Parse(time.DateOnly, text)
		if err != nil {
			f.Problem = fmt.Sprintf("%.20q is no day such as 2026-11-22.", text)
		}
		return at
	}
	s := clientele.RefusalFilter{
		ProjectID: number(f.Project), Dialect: clientele.Dialect(f.Dialect), Status: int(number(f.Status)), Route: f.Route,
		From: day(f.From), To: day(f.To), Limit: inboxPageSize + 1,
	}
	if !s.To.IsZero() {
		s.To = s.To.AddDate(0, 0, 1) // all of that day
	}
	if s.Status > 5 && (s.Status < 100 || s.Status > 599) {
		f.Problem = "A status is 4 or 5, or one such as 422."
		s.Status = 0
	}
	if f.Partner == unknownCaller {
		s.Unknown = true
	} else {
		s.CredentialID = number(f.Partner)
	}
	return s
}

// partnerChoices are the credentials as a selection.
func (p *inboxPage) partnerChoices() []choice {
	list := []choice{{"", "All partners"}, {unknownCaller, "Unknown callers"}}
	for i := range p.Partners {
		c := &p.Partners[i]
		list = append(list, choice{idText(c.ID), fmt.Sprintf("%s, %s (%d)", c.Name, dialectName(c.Dialect), c.ID)})
	}
	return list
}

// partnerOf is who called, by the credential.
func partnerOf(partners []clientele.Credential, id int64) string {
	if id == 0 {
		return ""
	}
	for i := range partners {
		if partners[i].ID == id {
			return partners[i].Name
		}
	}
	return fmt.Sprintf("credential %d", id)
}

// refusalPage is one call that was refused.
type refusalPage struct {
	Refusal clientele.Refusal
	Partner string
	Advice  string
	// Sent says that what was sent is shown as it is; otherwise personal values are masked.
	Sent bool
}

// showRefusal shows a refused call without personal values.
func (c *Console) showRefusal(r *request) (answer, error) {
	p, err := c.readRefusal(r)
	if err != nil {
		return answer{}, err
	}
	p.Refusal = traffic.Mask(p.Refusal)
	return view(p.title(), refusalView(r, p)), nil
}

// showSent shows a refused call as it was sent, and says so in the audit log.
func (c *Console) showSent(r *request) (answer, error) {
	if err := r.checkOpenedHere(); err != nil {
		return answer{}, err
	}
	p, err := c.readRefusal(r)
	if err != nil {
		return answer{}, err
	}
	if err := r.audit("inbox.unmask", fmt.Sprintf("refusal %d", p.Refusal.ID)); err != nil {
		return answer{}, err
	}
	p.Sent = true
	return view(p.title(), refusalView(r, p)), nil
}

func (c *Console) readRefusal(r *request) (p refusalPage, err error) {
	id, err := r.id("refusal")
	if err != nil {
		return p, err
	}
	if p.Refusal, err = c.Store.FindRefusal(r.Context(), id); err != nil {
		return p, err
	}
	partners, err := c.Store.ListCredentials(r.Context())
	p.Partner, p.Advice = partnerOf(partners, p.Refusal.CredentialID), advise(&p.Refusal)
	return p, err
}

func (p *refusalPage) title() string { return fmt.Sprintf("Refused call %d", p.Refusal.ID) }

func (p *refusalPage) path() string { return root + "inbox/" + strconv.FormatInt(p.Refusal.ID, 10) }

// bodyNote says what is shown of the body.
func bodyNote(r *clientele.Refusal, sent bool) string {
	size := number(r.BodyBytes) + " bytes"
	switch r.BodyState {
	case clientele.BodyNone:
		return "No body was sent."
	case clientele.BodyUnread:
		if r.BodyBytes < 0 {
			size = "of unknown length"
		}
		return "A body was sent (" + size + "), but the call was refused before it was read."
	case clientele.BodyBinary:
		return "The body (" + size + ") is no text in UTF-8, so it is not kept."
	case clientele.BodyCut:
		if !sent {
			return "The body had " + size + "; its beginning is kept."
		}
		return "The beginning of a body of " + size + "."
	default:
		return "All " + size + " of it."
	}
}

// statusTone is the colour of a status.
func statusTone(status int) string {
	if status >= http.StatusInternalServerError {
		return "bad"
	}
	return "warn"
}
