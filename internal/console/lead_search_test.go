package console

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"clientele"
)

// TestSearchLeads_LeavesOutDaysWithout: among many leads a filter's few are found in few rounds, each once and in order, and
// the end is known.
func TestSearchLeads_LeavesOutDaysWithout(t *testing.T) {
	onBothStores(t, func(t *testing.T, f *fixture) {
		w := withLeads(t, f)
		common, rare, kestrel := w.campaign("Common"), w.campaign("Rare"), w.publisher("Kestrel Media")
		start := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
		var want []int64
		for day := range 60 {
			at := start.AddDate(0, 0, -day)
			for i := range 4 {
				w.lead(common, kestrel, clientele.Lead{ActionAt: at.Add(-time.Duration(i) * time.Minute)})
			}
			if day == 7 || day == 25 || day == 58 {
				for i := range 2 {
					want = append(want, w.lead(rare, kestrel, clientele.Lead{ActionAt: at.Add(-time.Duration(10*i+1) * time.Second)}).ID)
				}
			}
		}
		w.count()
		req := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil)
		r := &request{Request: req, console: f.Console, Project: f.project, zone: zoneOf(f.project)}
		q := clientele.LeadQuery{ProjectID: f.project.ID, CampaignID: rare.ID, Limit: 4, Scan: 5}
		var got []int64
		pages := 0
		for ; pages < 10; pages++ {
			page, err := f.searchLeads(r, q)
			check(t, err)
			if len(page.Leads) > q.Limit {
				t.Errorf("%d leads on a page", len(page.Leads))
			}
			for _, l := range page.Leads {
				got = append(got, l.ID)
			}
			if q.After = page.Next; page.Next == nil {
				break
			}
		}
		if len(got) != len(want) || pages > 4 { // one after the other, five at a time, it would be 16
			t.Errorf("%d leads on %d pages, want %d", len(got), pages+1, len(want))
		}
		for i := range min(len(got), len(want)) {
			if got[i] != want[i] {
				t.Errorf("lead %d is %d, want %d", i, got[i], want[i])
			}
		}
		q.CampaignID, q.After, q.Stages = common.ID, nil, clientele.StagesOf(clientele.StageContract)
		if page, err := f.searchLeads(r, q); err != nil || len(page.Leads) != 0 || page.Next != nil {
			t.Errorf("where there is nothing: %d leads, next %v, %v", len(page.Leads), page.Next, err)
		}
	})
}
