//go:build linux

package main

import (
	"fmt"
	"io"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// report is a whole run; written as JSON it holds every sample behind the table.
type report struct {
	At       time.Time     `json:"at"`
	Machine  machine       `json:"machine"`
	Settings settings      `json:"settings"`
	Rows     []reportedRow `json:"rows"`
	Checks   []verdict     `json:"checks"`
	// Incomplete is why the run ended before its last round.
	Incomplete string `json:"incomplete,omitzero"`
}

// settings are the options that the figures depend on.
type settings struct {
	Rounds        int       `json:"rounds"`
	Seconds       float64   `json:"seconds"`
	WarmupSeconds float64   `json:"warmup_seconds"`
	Books         bookSizes `json:"books"` // customers in each
	IDs           string    `json:"ids"`
}

// reportedRow is what one entrant of one row did.
type reportedRow struct {
	Row     string   `json:"row"`
	Entrant string   `json:"entrant"`
	Rounds  []sample `json:"rounds"`
	Rate    spread   `json:"rate"`   // requests or rows a second
	P50     spread   `json:"p50_us"` // closed loop
	P99     spread   `json:"p99_us"`
	HalfP99 spread   `json:"half_load_p99_us,omitzero"`
	LateP99 spread   `json:"half_load_generator_late_p99_us,omitzero"`

	ServerCPU    spread `json:"server_cpu"` // cores
	DatabaseCPU  spread `json:"database_cpu"`
	GeneratorCPU spread `json:"generator_cpu"`
	OtherCPU     spread `json:"other_cpu"`
	MemoryMiB    spread `json:"memory_mib"`
}

// newReport puts the results in the order of the rows.
func newReport(rows []row, all results) report {
	var r report
	for _, row := range rows {
		for _, e := range row.entrants {
			if samples := all[row.name][e.name]; len(samples) > 0 {
				r.Rows = append(r.Rows, summarise(row.name, e.name, samples))
			}
		}
	}
	r.Checks = judge(rows, all)
	return r
}

func summarise(row, entrant string, samples []sample) reportedRow {
	over := func(of func(sample) float64) spread {
		values := make([]float64, len(samples))
		for i, s := range samples {
			values[i] = of(s)
		}
		return spreadOf(values)
	}
	return reportedRow{
		Row: row, Entrant: entrant, Rounds: samples,
		Rate: over(rate.of), P50: over(median.of), HalfP99: over(halfP99.of), MemoryMiB: over(memory.of),
		P99:          over(func(s sample) float64 { return s.Closed.P99 }),
		ServerCPU:    over(func(s sample) float64 { return s.Closed.ServerCPU }),
		DatabaseCPU:  over(func(s sample) float64 { return s.Closed.DatabaseCPU }),
		GeneratorCPU: over(func(s sample) float64 { return s.Closed.GeneratorCPU }),
		OtherCPU:     over(func(s sample) float64 { return s.Closed.OtherCPU }),
		LateP99:      over(func(s sample) float64 { return s.Half.LateP99 }),
	}
}

// writeJSON writes the report as one JSON object.
func (r report) writeJSON(to io.Writer) error {
	if err := json.MarshalWrite(to, r, jsontext.WithIndent("  ")); err != nil {
		return fmt.Errorf("write report: %w", err)
	}
	_, err := fmt.Fprintln(to)
	return err
}

// worst is the largest median of a figure over all rows.
func (r report) worst(of func(reportedRow) spread) float64 {
	var worst float64
	for _, row := range r.Rows {
		worst = max(worst, of(row).Median)
	}
	return worst
}

// row finds an entrant's summary; nil when it was not measured.
func (r report) row(row, entrant string) *reportedRow {
	for i := range r.Rows {
		if r.Rows[i].Row == row && r.Rows[i].Entrant == entrant {
			return &r.Rows[i]
		}
	}
	return nil
}
