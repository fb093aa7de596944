package console

import (
	"encoding/csv"
	"net/http"
	"slices"
	"strings"
	"testing"

	"clientele"

	"github.com/go-json-experiment/json"
)

// csvOf reads an export; the first row are the names of the columns.
func csvOf(t *testing.T, p *page) [][]string {
	t.Helper()
	rows, err := csv.NewReader(strings.NewReader(p.want(http.StatusOK).body)).ReadAll()
	check(t, err)
	return rows
}

// cell returns a value of an export's row by its column.
func cell(rows [][]string, row int, name string) string {
	if i := slices.Index(rows[0], name); i >= 0 {
		return rows[row][i]
	}
	return "no column " + name
}

func TestExport_LeadsAreThoseOfTheList(t *testing.T) {
	onBothStores(t, func(t *testing.T, f *fixture) {
		w := withLeads(t, f)
		spring, autumn, kestrel := w.campaign("=Spring"), w.campaign("Autumn"), w.publisher("Kestrel Media")
		for range 3 {
			w.lead(spring, kestrel, clientele.Lead{})
		}
		l := w.lead(autumn, kestrel, clientele.Lead{
			Stage: clientele.StageContract, NetValue: 123_405, Subs: [5]clientele.Text{4: clientele.Some("@SUM(1)")},
		})
		b := f.as(t, viewer)
		offered := b.get(w.path("/leads?stage=contract&after=1-1")).path("NDJSON")
		if want := w.path("/leads?format=ndjson&stage=contract"); offered != want {
			t.Errorf("the page offers %s, want %s", offered, want)
		}
		rows := csvOf(t, b.get(w.path("/leads?format=csv&stage=contract")))
		if len(rows) != 2 {
			t.Fatalf("%d rows", len(rows))
		}
		for name, want := range map[string]string{
			"id": idText(l.ID), "campaign": "Autumn", "publisher": "Kestrel Media", "stage": "contract", "net_value": "1234.05",
			"nominal_value": "", "sub5": "'@SUM(1)", "sub1": "", "contract_at": "", "dates_out_of_order": "false",
		} {
			if got := cell(rows, 1, name); got != want {
				t.Errorf("%s is %q, want %q", name, got, want)
			}
		}
		rows = csvOf(t, b.get(w.path("/leads?format=csv&campaign=%d", spring.ID)))
		if len(rows) != 4 || cell(rows, 1, "campaign") != "'=Spring" {
			t.Errorf("the leads of one campaign: %q", rows)
		}
		lines := strings.Split(strings.TrimSpace(b.get(w.path("/leads?format=ndjson")).want(http.StatusOK).body), "\n")
		var first map[string]any
		check(t, json.Unmarshal([]byte(lines[0]), &first))
		if len(lines) != 4 || first["sub5"] != "@SUM(1)" || first["net_value"] != 1234.05 {
			t.Errorf("%d lines, the first %v", len(lines), first)
		}
		if strings.Contains(strings.Join(lines, ""), l.UUID) {
			t.Error("the export has the UUID of a lead")
		}
		b.get(w.path("/leads?format=csv&from=nonsense")).want(http.StatusUnprocessableEntity)
	})
}

func TestExport_Funnel(t *testing.T) {
	f := newFixture(t)
	w := funnelWorld(t, f)
	b := f.as(t, viewer)
	rows := csvOf(t, b.get(w.path("/funnel?range=all&format=csv")))
	want := [][]string{
		{"1", "Spring", "1", "Kestrel Media", "3", "3", "0", "2", "2", "1", "1", "0", "1234567.89", "2469135.78", "0.00", "0.00"},
		{"1", "Spring", "2", "Heron Ads", "2", "0", "2", "2", "2", "2", "2", "1", "2.11", "4.22", "50.00", "100.00"},
		{"2", "Autumn", "2", "Heron Ads", "2", "2", "0", "2", "2", "2", "1", "0", "1.00", "2.00", "0.00", "0.00"},
	}
	if !slices.EqualFunc(rows[1:], want, slices.Equal) {
		t.Errorf("%q\nwant %q", rows[1:], want)
	}
	rows = csvOf(t, b.get(w.path("/funnel?range=30d&format=csv&publisher=2")))
	if len(rows) != 3 || cell(rows, 2, "leads") != "1" {
		t.Errorf("of thirty days and one publisher: %q", rows)
	}
	b.get(w.path("/funnel?format=csv&to=nonsense")).want(http.StatusUnprocessableEntity)
}
