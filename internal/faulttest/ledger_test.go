package faulttest_test

import "testing"

// TestLedger_Tells: what is lost, doubled, in another order or otherwise than it was answered is seen.
func TestLedger_Tells(t *testing.T) {
	first := &sent{marker: "first", kind: entry, status: 201}
	second := &sent{marker: "second", kind: entry, status: 202}
	later := &sent{marker: "later", kind: update, status: 200}
	unheard := &sent{marker: "unheard", kind: register}
	fine := func() map[string][]effect {
		return map[string][]effect{
			"first":  {{seq: 3, subject: 1, action: "created"}},
			"second": {{seq: 5, subject: 1, action: "updated"}},
			"later":  {{seq: 4, subject: 2, action: "updated"}}, // carried out when its turn comes
		}
	}
	for what, c := range map[string]struct {
		bend func(effects map[string][]effect)
		want int
	}{
		"all is well":                  {func(map[string][]effect) {}, 0},
		"what nobody heard of is lost": {func(e map[string][]effect) { delete(e, "unheard") }, 0},
		"what nobody heard of is there": {func(e map[string][]effect) {
			e["unheard"] = []effect{{seq: 9, subject: 3, action: "created"}}
		}, 0},
		"what nobody heard of is doubled": {func(e map[string][]effect) {
			e["unheard"] = []effect{{seq: 9, subject: 3, action: "created"}, {seq: 10, subject: 4, action: "created"}}
		}, 1},
		"lost":              {func(e map[string][]effect) { delete(e, "second") }, 1},
		"doubled":           {func(e map[string][]effect) { e["first"] = append(e["first"], e["second"]...) }, 1},
		"in another order":  {func(e map[string][]effect) { e["first"][0].seq = 6 }, 1},
		"another answer":    {func(e map[string][]effect) { e["second"][0].action = "created" }, 1},
		"a submission lost": {func(e map[string][]effect) { delete(e, "later") }, 1},
	} {
		g := &ledger{effects: fine(), checked: map[*partner]int{}}
		c.bend(g.effects)
		if wrong := g.checkJournal(&partner{journal: []*sent{first, later, second, unheard}}); len(wrong) != c.want {
			t.Errorf("%s: %d violations, want %d: %v", what, len(wrong), c.want, wrong)
		}
	}
}
