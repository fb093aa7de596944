//go:build linux

package main

// metric is one figure of a sample.
type metric struct {
	name   string
	of     func(sample) float64
	format func(float64) string
}

var (
	rate      = metric{"rate", func(s sample) float64 { return s.Closed.Rate }, perSecond}
	median    = metric{"p50", func(s sample) float64 { return s.Closed.P50 }, micros}
	halfP99   = metric{"p99 at half load", func(s sample) float64 { return s.Half.P99 }, micros}
	memory    = metric{"resident memory", func(s sample) float64 { return float64(s.Closed.RSS) / (1 << 20) }, mebibytes}
	carried   = metric{"carried out", func(s sample) float64 { return s.Carried }, perSecond}
	goodput   = metric{"accepted under overload", func(s sample) float64 { return s.Over.Rate }, perSecond}
	overP99   = metric{"p99 of the accepted", func(s sample) float64 { return s.Over.P99 }, micros}
	refusals  = metric{"p99 of the refusals", func(s sample) float64 { return s.Over.RefusedP99 }, micros}
	peak      = metric{"most resident memory", func(s sample) float64 { return float64(s.Over.PeakRSS) / (1 << 20) }, mebibytes}
	recovery  = metric{"recovered after", func(s sample) float64 { return s.Over.Recovery * 1000 }, millis}
	startTime = metric{"start to first answer", func(s sample) float64 { return s.StartMillis }, millis}
)

// quantity is a metric of one entrant of one row, over all rounds.
type quantity struct {
	row, entrant string
	metric       metric
}

// in returns the rounds' spread; false when the row or the entrant was not measured.
func (q quantity) in(all results) (spread, bool) {
	samples := all[q.row][q.entrant]
	values := make([]float64, len(samples))
	for i, s := range samples {
		values[i] = q.metric.of(s)
	}
	return spreadOf(values), len(samples) > 0
}

// check compares a quantity with another, or with nothing when base has no row: then the ratio is the quantity.
type check struct {
	of, base quantity
	anyOf    []quantity // in the place of base: the greatest of them
	baseName string     // how the table calls base
	atLeast  float64    // 0 is no bound
	atMost   float64    // 0 is no bound
}

// bases are the quantities that one may be compared with.
func (c check) bases() []quantity {
	if c.base.row == "" {
		return c.anyOf
	}
	return []quantity{c.base}
}

// verdict is a check carried out.
type verdict struct {
	Row      string  `json:"row"`
	Entrant  string  `json:"entrant"`
	Metric   string  `json:"metric"`
	Value    spread  `json:"value"`
	BaseName string  `json:"base,omitzero"`
	Base     spread  `json:"base_value,omitzero"`
	Ratio    float64 `json:"ratio"` // of the medians
	AtLeast  float64 `json:"at_least,omitzero"`
	AtMost   float64 `json:"at_most,omitzero"`
	Met      bool    `json:"met"`

	check check
}

// judge carries out the checks whose quantities were measured.
func judge(rows []row, all results) []verdict {
	var verdicts []verdict
	for _, r := range rows {
		for _, c := range r.checks {
			if v, ok := c.judge(all); ok {
				verdicts = append(verdicts, v)
			}
		}
	}
	return verdicts
}

func (c check) judge(all results) (verdict, bool) {
	value, ok := c.of.in(all)
	v := verdict{
		Row: c.of.row, Entrant: c.of.entrant, Metric: c.of.metric.name, Value: value, BaseName: c.baseName,
		Ratio: value.Median, AtLeast: c.atLeast, AtMost: c.atMost, check: c,
	}
	for _, base := range c.bases() {
		if found, measured := base.in(all); measured && found.Median > v.Base.Median {
			v.Base, v.check.base = found, base
		}
	}
	if len(c.bases()) > 0 {
		ok = ok && v.Base.Median > 0
		v.Ratio = value.Median / v.Base.Median
	}
	v.Met = (c.atLeast == 0 || v.Ratio >= c.atLeast) && (c.atMost == 0 || v.Ratio <= c.atMost)
	return v, ok
}
