package sqlite

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"clientele"
)

// newLead stores a campaign, a publisher and a lead, and returns the lead's UUID.
func newLead(t *testing.T, s *Store, project int64) string {
	t.Helper()
	c, err := s.CreateCampaign(t.Context(), clientele.Campaign{
		ProjectID: project, UUID: "campaign", Name: "spring", LandingURL: "https://shop.example.com", CreatedAt: moment(),
	})
	if err != nil {
		t.Fatal(err)
	}
	p, err := s.CreatePublisher(t.Context(), clientele.Publisher{UUID: "publisher", Name: "Kestrel Media", CreatedAt: moment()})
	if err != nil {
		t.Fatal(err)
	}
	mustCommit(t, s, clientele.Write{ProjectID: project, At: moment(), Lead: &clientele.LeadWrite{Register: &clientele.Lead{
		UUID: "lead", CampaignID: c.ID, PublisherID: p.ID, ActionAt: moment(), IP: clientele.Some("192.0.2.1"),
	}}})
	return "lead"
}

// TestQueries_OfLeadsUseAnIndex: no click, no postback, no registration and no update reads a table from end to end, and
// neither does forgetting visitors.
func TestQueries_OfLeadsUseAnIndex(t *testing.T) {
	s, project := newStore(t)
	lead := newLead(t, s, project)
	before := maps.Clone(s.stmts)
	r := recordReads(t, s)
	for what, read := range map[string]func() error{
		"campaign":  func() error { _, err := s.FindCampaign(t.Context(), "campaign"); return err },
		"publisher": func() error { _, err := s.FindPublisher(t.Context(), "publisher"); return err },
		"project":   func() error { _, err := s.FindProjectByID(t.Context(), project); return err },
		"lead":      func() error { _, err := s.FindLead(t.Context(), project, lead); return err },
		"history":   func() error { _, err := s.ListChanges(t.Context(), project, clientele.SubjectLead, 1); return err },
	} {
		if err := read(); err != nil {
			t.Fatalf("%s: %v", what, err)
		}
	}
	report := &clientele.LeadWrite{UUID: lead, Report: clientele.LeadReport{NetValue: 1}}
	mustCommit(t, s, clientele.Write{ProjectID: project, At: moment(), Lead: report})
	if _, err := s.ForgetVisitors(t.Context(), moment().Add(time.Hour), 10); err != nil {
		t.Fatal(err)
	}
	queries := append(slices.Sorted(maps.Keys(r.queries)), findLeadProjectSQL) // which is prepared
	for query := range s.stmts {
		if before[query] == nil {
			queries = append(queries, query)
		}
	}
	searched := 0
	for _, query := range queries {
		for _, step := range explain(t, s, query) {
			if strings.HasPrefix(step, "SEARCH ") {
				searched++
			}
			if scansTable(step) || strings.Contains(step, "TEMP B-TREE") {
				t.Errorf("%s\n  in %s", step, query)
			}
		}
	}
	if len(r.queries) != 5 || searched < 9 {
		t.Errorf("%d queries of readers and %d searches were looked at: too few to be all", len(r.queries), searched)
	}
}

// TestLead_LookUpsShareOneIndex: the index on (uuid, project_id) serves the look-up with the project and the one without.
func TestLead_LookUpsShareOneIndex(t *testing.T) {
	s, _ := newStore(t)
	for _, query := range []string{findLeadProjectSQL, loadLeadsSQL} {
		steps := strings.Join(explain(t, s, query), "; ")
		if !strings.Contains(steps, "lead_uuid_unique") {
			t.Errorf("%s\n  %s", query, steps)
		}
	}
	if steps := strings.Join(explain(t, s, oldVisitorsSQL), "; "); !strings.Contains(steps, "lead_visitor_created_at") {
		t.Errorf("old visitors: %s", steps)
	}
}
