package clientele

import (
	"math/rand/v2"
	"testing"
	"time"
)

// TestRanges_CoverEachDayOnce: whatever the bounds, each day between them is in one range, as itself or in its month, and
// none outside is.
func TestRanges_CoverEachDayOnce(t *testing.T) {
	var days []Day
	for d := Day(2024_01_01); d < 2026_06_15; d = d.Add(1) {
		days = append(days, d)
	}
	random := rand.New(rand.NewPCG(1, 2))
	for range 3000 {
		q := LeadCountQuery{From: days[random.IntN(len(days))], To: days[random.IntN(len(days))]}
		switch random.IntN(8) {
		case 0:
			q.From = 0
		case 1:
			q.To = 0
		case 2:
			q.From = q.From.Month() + 1
		case 3:
			q.To = q.To.Month().addMonths(1) + 1
			q.To = q.To.Add(-1)
		}
		ranges := q.Ranges()
		if len(ranges) > 3 {
			t.Fatalf("%+v: %d ranges", q, len(ranges))
		}
		for _, d := range days {
			covered := 0
			for _, r := range ranges {
				at := d
				if r.Span == SpanMonth {
					at = d.Month()
				}
				if at >= r.From && at <= r.To {
					covered++
				}
			}
			want := 0
			if d >= q.From && (q.To == 0 || d <= q.To) {
				want = 1
			}
			if covered != want {
				t.Fatalf("%+v covers day %d %d times, want %d: %+v", q, d, covered, want, ranges)
			}
		}
	}
}

// TestRanges_OfYearsAreMonths: a long time is read from few cells.
func TestRanges_OfYearsAreMonths(t *testing.T) {
	q := LeadCountQuery{From: 2024_02_28, To: 2026_03_02}
	got := q.Ranges()
	want := []CellRange{{SpanMonth, 2024_03_00, 2026_02_00}, {SpanDay, 2024_02_28, 2024_03_00}, {SpanDay, 2026_03_00, 2026_03_02}}
	if len(got) != len(want) {
		t.Fatalf("%+v, want %+v", got, want)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("%+v, want %+v", got[i], want[i])
		}
	}
	all := LeadCountQuery{}
	if got := all.Ranges(); len(got) != 1 || got[0].Span != SpanMonth {
		t.Errorf("without bounds: %+v, want months only", got)
	}
}

func TestDay_IsTheZones(t *testing.T) {
	warsaw, err := time.LoadLocation("Europe/Warsaw")
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 3, 28, 23, 30, 0, 0, time.UTC) // half past midnight, before the day that has 23 hours
	if got := DayOf(at, warsaw); got != 2026_03_29 {
		t.Errorf("day %d", got)
	}
	start, end := Day(2026_03_29).Start(warsaw), Day(2026_03_29).Add(1).Start(warsaw)
	if end.Sub(start) != 23*time.Hour || at.Before(start) || !at.Before(end) {
		t.Errorf("the day is from %v to %v", start, end)
	}
	brazil, err := time.LoadLocation("America/Sao_Paulo")
	if err != nil {
		t.Fatal(err)
	}
	if start := Day(2018_11_04).Start(brazil); DayOf(start, brazil) != 2018_11_04 || DayOf(start.Add(-1), brazil) != 2018_11_03 {
		t.Errorf("a day without midnight begins at %v", start)
	}
	if got := Day(2026_12_31).Add(1); got != 2027_01_01 {
		t.Errorf("the day after is %d", got)
	}
}

// TestCountOf: the values of a contract count where it stands, and elsewhere when it was cancelled.
func TestCountOf(t *testing.T) {
	lead := Lead{CampaignID: 3, PublisherID: 4, NetValue: 500, NominalValue: MaxCountedValue + 1}
	for stage := range NumStages {
		lead.Stage, lead.CredentialID = stage, int64(stage%2)
		got := CountOf(&lead)
		want := LeadCount{CampaignID: 3, PublisherID: 4, Clicks: int64(1 - stage%2)}
		want.At[stage] = 1
		switch stage {
		case StageContract:
			want.NetValue, want.NominalValue = 500, MaxCountedValue
		case StageContractCanceled:
			want.CanceledNetValue, want.CanceledNominalValue = 500, MaxCountedValue
		}
		if got != want {
			t.Errorf("stage %q: %+v, want %+v", stage, got, want)
		}
		for s := range NumStages {
			if reached := got.Reached(s); (reached == 1) != (s <= stage) {
				t.Errorf("a lead at %q counts %d at %q", stage, reached, s)
			}
		}
		both := got
		both.Add(&got, 1)
		both.Add(&got, -1)
		if both != got || got.Leads() != 1 {
			t.Errorf("adding and taking away: %+v", both)
		}
	}
}
