package clientele_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"clientele"

	"github.com/google/go-cmp/cmp"
)

// day returns the nth day of a test.
func day(n int) time.Time { return time.Date(2026, time.March, n, 12, 0, 0, 0, time.UTC) }

// The names of the document, short enough for a table.
const (
	none        = clientele.StageNone
	wide        = clientele.StageWideContact
	narrow      = clientele.StageNarrowContact
	application = clientele.StageApplication
	contract    = clientele.StageContract
	canceled    = clientele.StageContractCanceled
)

// report states the stages, each on its own day, and nothing else.
func report(stages ...clientele.Stage) clientele.LeadReport {
	var r clientele.LeadReport
	for _, s := range stages {
		r.Reached[s] = day(10 + int(s))
	}
	return r
}

// leadAt returns a lead that came to a stage by way of every stage before it.
func leadAt(t *testing.T, s clientele.Stage) clientele.Lead {
	t.Helper()
	l := clientele.Lead{ID: 1, UUID: "u", NetValue: 10_000}
	for step := wide; step <= s; step++ {
		r := clientele.LeadReport{}
		r.Reached[step] = day(int(step))
		var err error
		if l, err = l.Report(r); err != nil {
			t.Fatalf("on the way to %s: %v", s, err)
		}
	}
	return l
}

// refused marks an event that the stage machine does not take.
const refused clientele.Stage = 255

// TestLeadReport_EveryStageAndEvent is the stage machine of the rulings on the Prime Lead document: a row for each
// current stage, a column for each reported one.
func TestLeadReport_EveryStageAndEvent(t *testing.T) {
	table := map[clientele.Stage][5]clientele.Stage{
		// reported:  wide         narrow       application  contract  contract_canceled
		none:        {wide, narrow, application, contract, refused},
		wide:        {wide, narrow, application, contract, refused},
		narrow:      {narrow, narrow, application, contract, refused},
		application: {application, application, application, contract, refused},
		contract:    {contract, contract, contract, contract, canceled},
		canceled:    {refused, refused, refused, refused, canceled},
	}
	for from, row := range table {
		for i, want := range row {
			event := wide + clientele.Stage(i)
			before := leadAt(t, from)
			got, err := before.Report(report(event))
			if want == refused {
				if clientele.KindOf(err) != clientele.KindConflict || got != before {
					t.Errorf("%q, then %q: %v, %v; want conflict and the lead as it was", from, event, got.Stage, err)
				}
				continue
			}
			if err != nil || got.Stage != want {
				t.Errorf("%q, then %q: %q, %v; want %q", from, event, got.Stage, err, want)
			}
			wantDates := before.ReachedAt
			if wantDates[event].IsZero() {
				wantDates[event] = day(10 + int(event))
			}
			if got.ReachedAt != wantDates {
				t.Errorf("%q, then %q: dates %v, want %v: the first date stays", from, event, got.ReachedAt, wantDates)
			}
		}
	}
}

func TestLeadReport_AfterACancellationOnlyItsRepeat(t *testing.T) {
	skipped, err := clientele.Lead{}.Report(clientele.LeadReport{
		Reached: report(contract, canceled).Reached, NetValue: 500, NominalValue: 700, CustomerType: clientele.Some("new"),
	})
	if err != nil || skipped.Stage != canceled {
		t.Fatalf("contract and cancellation at once: %q, %v", skipped.Stage, err)
	}
	same := report(canceled)
	same.NetValue, same.NominalValue, same.CustomerType = 500, 700, clientele.Some("new")
	for what, r := range map[string]clientele.LeadReport{
		"alone": report(canceled), "with the same values": same, "whole": {Reached: report(contract, canceled).Reached, NetValue: 500},
	} {
		if got, err := skipped.Report(r); err != nil || got != skipped {
			t.Errorf("repeat %s: %v, %v; want the lead as it was", what, got, err)
		}
	}
	other := report(canceled)
	other.NetValue = 501
	for what, r := range map[string]clientele.LeadReport{
		"nothing": {}, "a value": {NetValue: 500}, "an earlier stage": report(wide), "the contract": report(contract),
		"a new stage with the repeat": report(narrow, canceled), "another value with the repeat": other,
		"a customer type": {CustomerType: clientele.Some("returning")},
	} {
		if got, err := skipped.Report(r); clientele.KindOf(err) != clientele.KindConflict || err == nil || got != skipped {
			t.Errorf("%s after a cancellation: %v; want conflict and the lead as it was", what, err)
		}
	}
}

func TestLeadReport_ContractNeedsANetValue(t *testing.T) {
	stated := report(contract)
	stated.NetValue = 1
	nominal := report(contract)
	nominal.NominalValue = 1
	for what, c := range map[string]struct {
		lead clientele.Lead
		r    clientele.LeadReport
		ok   bool
	}{
		"neither":                     {clientele.Lead{}, report(contract), false},
		"nominal only":                {clientele.Lead{}, nominal, false},
		"stated":                      {clientele.Lead{}, stated, true},
		"stored":                      {clientele.Lead{NetValue: 1}, report(contract), true},
		"cancelled at once, neither":  {clientele.Lead{}, report(contract, canceled), false},
		"cancelled at once, stored":   {clientele.Lead{NetValue: 1}, report(contract, canceled), true},
		"earlier stages need nothing": {clientele.Lead{}, report(wide, narrow, application), true},
	} {
		got, err := c.lead.Report(c.r)
		if c.ok {
			if err != nil {
				t.Errorf("%s: %v", what, err)
			}
			continue
		}
		e, ok := err.(*clientele.Error)
		if !ok || e.Kind != clientele.KindInvalid || e.Field != "net_value" || got != c.lead {
			t.Errorf("%s: %v; want kind invalid on net_value and the lead as it was", what, err)
		}
	}
}

func TestLeadReport_ValuesAreTakenWithAnyStage(t *testing.T) {
	for s := none; s < canceled; s++ {
		l := leadAt(t, s)
		r := clientele.LeadReport{NetValue: 7, NominalValue: 9, CustomerType: clientele.Some("new")}
		if s > none {
			r.Reached[s] = day(30) // reported again
		}
		got, err := l.Report(r)
		want := l
		want.NetValue, want.NominalValue, want.CustomerType = 7, 9, clientele.Some("new")
		if err != nil || got != want {
			t.Errorf("%q: values with the stage reported again: %v (-want +got):\n%s", s, err, cmp.Diff(want, got))
		}
		if again, err := got.Report(clientele.LeadReport{}); err != nil || again != got {
			t.Errorf("%q: a report of nothing: %v; want the lead as it was", s, err)
		}
		later, err := got.Report(clientele.LeadReport{CustomerType: clientele.Some("returning"), NetValue: 8})
		want.NetValue, want.CustomerType = 8, clientele.Some("returning")
		if err != nil || later != want {
			t.Errorf("%q: corrected values: %v (-want +got):\n%s", s, err, cmp.Diff(want, later))
		}
	}
}

func TestLeadReport_SeveralStagesAllOrNothing(t *testing.T) {
	got, err := clientele.Lead{NetValue: 1}.Report(report(wide, application, contract))
	if err != nil || got.Stage != contract || got.ReachedAt != report(wide, application, contract).Reached {
		t.Errorf("three stages: %q, %v, %v", got.Stage, got.ReachedAt, err)
	}
	late, err := got.Report(report(narrow, application)) // one it skipped, one it has
	wantDates := report(wide, narrow, application, contract).Reached
	if err != nil || late.Stage != contract || late.ReachedAt != wantDates {
		t.Errorf("an earlier stage later: %q, %v, %v; want %v", late.Stage, late.ReachedAt, err, wantDates)
	}
	before := clientele.Lead{}
	for _, r := range []clientele.LeadReport{report(wide, narrow, contract), report(wide, canceled)} {
		if got, err := before.Report(r); err == nil || got != before {
			t.Errorf("a report of which a part is refused: %v, %v; want the lead as it was", got, err)
		}
	}
}

func TestStage_NamesAreTheDocuments(t *testing.T) {
	names := []string{"", "wide_contact", "narrow_contact", "application", "contract", "contract_canceled"}
	for s := none; s < clientele.NumStages; s++ {
		if s.String() != names[s] {
			t.Errorf("stage %d is %q, want %q", s, s, names[s])
		}
		if parsed, ok := clientele.ParseStage(names[s]); ok != (s != none) || parsed != s {
			t.Errorf("ParseStage(%q) = %d, %t", names[s], parsed, ok)
		}
	}
	for _, name := range []string{"Contract", "contract ", "cancelled", "contract_cancelled", "0"} {
		if s, ok := clientele.ParseStage(name); ok || s != none {
			t.Errorf("ParseStage(%q) = %q, %t", name, s, ok)
		}
	}
}

func TestLeadOutOfOrder(t *testing.T) {
	for _, c := range []struct {
		days [clientele.NumStages]int // 0 for no date
		want []clientele.Stage
	}{
		{[clientele.NumStages]int{}, nil},
		{[...]int{0, 1, 2, 3, 4, 5}, nil},
		{[...]int{0, 1, 1, 1, 1, 1}, nil},
		{[...]int{0, 5, 0, 0, 4, 0}, []clientele.Stage{contract}},
		{[...]int{0, 3, 1, 2, 4, 2}, []clientele.Stage{narrow, application, canceled}},
	} {
		var l clientele.Lead
		for s, n := range c.days {
			if n > 0 {
				l.ReachedAt[s] = day(n)
			}
		}
		if got := l.OutOfOrder(); !slices.Equal(got, c.want) {
			t.Errorf("%v: out of order %v, want %v", c.days, fmt.Sprint(got), fmt.Sprint(c.want))
		}
	}
}
