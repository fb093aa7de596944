package console

import (
	"context"
	"fmt"
	"html"
	"regexp"
	"strings"
	"testing"
	"time"

	"clientele"
	"clientele/internal/work"

	"github.com/google/uuid"
)

// leadBook is what these tests need of a store besides.
type leadBook interface {
	work.LeadCountStore
	Commit(ctx context.Context, writes []clientele.Write) ([]clientele.Outcome, error)
	CreateCampaign(ctx context.Context, c clientele.Campaign) (clientele.Campaign, error)
	CreatePublisher(ctx context.Context, p clientele.Publisher) (clientele.Publisher, error)
	CreateCredential(ctx context.Context, c clientele.Credential, secret clientele.SecretHash) (clientele.Credential, error)
}

// leadWorld is a console over a book with leads.
type leadWorld struct {
	*fixture
	t    *testing.T
	book leadBook
}

func withLeads(t *testing.T, f *fixture) *leadWorld {
	t.Helper()
	b, ok := f.store.(leadBook)
	if !ok {
		t.Fatal("the store of the fixture keeps no leads")
	}
	return &leadWorld{f, t, b}
}

func (w *leadWorld) campaign(name string) clientele.Campaign {
	w.t.Helper()
	c, err := w.book.CreateCampaign(w.t.Context(), clientele.Campaign{
		ProjectID: w.project.ID, UUID: uuid.NewString(), Name: name, LandingURL: "https://shop.example.com/", CreatedAt: w.clock.Now(),
	})
	check(w.t, err)
	return c
}

func (w *leadWorld) publisher(name string) clientele.Publisher {
	w.t.Helper()
	p, err := w.book.CreatePublisher(w.t.Context(), clientele.Publisher{UUID: uuid.NewString(), Name: name, CreatedAt: w.clock.Now()})
	check(w.t, err)
	return p
}

// commit writes about a lead and returns the lead.
func (w *leadWorld) commit(credential int64, lw clientele.LeadWrite) clientele.Lead {
	w.t.Helper()
	out, err := w.book.Commit(w.t.Context(), []clientele.Write{{
		ProjectID: w.project.ID, At: w.clock.Now(), Lead: &lw,
		Origin: clientele.Origin{Dialect: clientele.PrimeLead, CredentialID: credential, RequestID: "req-1"},
	}})
	check(w.t, err)
	check(w.t, out[0].Err)
	lead, err := w.Store.FindLead(w.t.Context(), w.project.ID, out[0].Reference)
	check(w.t, err)
	return lead
}

// lead registers a lead whose action was at a time and that came as far as a stage. A credential of 0 makes it a click.
func (w *leadWorld) lead(c clientele.Campaign, p clientele.Publisher, l clientele.Lead) clientele.Lead {
	w.t.Helper()
	l.UUID, l.CampaignID, l.PublisherID = uuid.NewString(), c.ID, p.ID
	if l.ActionAt.IsZero() {
		l.ActionAt = w.clock.Now().Add(-time.Hour)
	}
	return w.commit(l.CredentialID, clientele.LeadWrite{Register: &l})
}

// report reports stages of a lead, each with a date so many hours after its action.
func (w *leadWorld) report(l clientele.Lead, hours map[clientele.Stage]int, r clientele.LeadReport) clientele.Lead {
	w.t.Helper()
	for stage, n := range hours {
		r.Reached[stage] = l.ActionAt.Add(time.Duration(n) * time.Hour)
	}
	return w.commit(0, clientele.LeadWrite{UUID: l.UUID, Report: r})
}

// count brings the counts up to date.
func (w *leadWorld) count() {
	w.t.Helper()
	counts := work.LeadCounts{Store: w.book}
	_, err := counts.Count(w.t.Context())
	check(w.t, err)
}

// path is the path of a page of the project.
func (w *leadWorld) path(format string, args ...any) string {
	return projectURL(w.project.ID, fmt.Sprintf(format, args...))
}

// text is what a page's own part says, without its elements.
func (p *page) text() string {
	text := html.UnescapeString(regexp.MustCompile(`(?s)<select.*?</select>|<[^>]*>`).ReplaceAllString(p.main(), " "))
	return strings.Join(strings.Fields(text), " ")
}

// says fails the test when the page's own part does not say the texts, white space aside.
func (p *page) says(texts ...string) *page {
	p.t.Helper()
	for _, text := range texts {
		if !strings.Contains(p.text(), strings.Join(strings.Fields(text), " ")) {
			p.t.Errorf("%s: the page does not say %q\n%s", p.Request.URL, text, p.text())
		}
	}
	return p
}

// path returns where the link with a label leads to.
func (p *page) path(label string) string {
	p.t.Helper()
	found := regexp.MustCompile(`<a [^>]*href="([^"]*)"[^>]*>` + regexp.QuoteMeta(html.EscapeString(label)) + `</a>`).FindStringSubmatch(p.main())
	if found == nil {
		p.t.Fatalf("%s: no link %q\n%s", p.Request.URL, label, p.main())
	}
	return html.UnescapeString(found[1])
}
