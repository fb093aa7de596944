//go:build linux

package main

import (
	"fmt"
	"io"
	"strings"
	"time"
)

// quietCores is what other processes may use without a warning above the table.
const quietCores = 0.25

// writeTable writes the report for people: where and how, the rates beside the bare server's, the other targets.
func (r report) writeTable(to io.Writer) error {
	var text strings.Builder
	r.writeHeader(&text)
	rates := newTable(&text)
	r.writeRates(rates)
	rates.end()
	targets := newTable(&text)
	if met, all := r.writeTargets(targets); len(r.Checks) > 0 {
		fmt.Fprintln(&text)
		targets.end()
		fmt.Fprintf(&text, "\n%d of %d targets met\n", met, all)
	}
	_, err := io.WriteString(to, text.String())
	return err
}

func (r report) writeHeader(to io.Writer) {
	m := r.Machine
	fmt.Fprintf(to, "Clientele bench, %s\n", r.At.UTC().Format(time.DateTime+" UTC"))
	fmt.Fprintf(to, "%d cores (%s), Linux %s, %s, %s, data on %s\n", m.Cores, m.Processor, m.Kernel, m.Go, m.Platform,
		m.FileSystem)
	for _, line := range []struct{ name, row, entrant string }{
		{"one commit of one row (SQLite, synchronous FULL)", rowCommit, nameDriver},
		{"one write of 4 KiB with fdatasync", rowSync, nameDisk},
	} {
		if found := r.row(line.row, line.entrant); found != nil {
			fmt.Fprintf(to, "%s: median %s (rounds %s to %s)\n", line.name, micros(found.P50.Median),
				micros(found.P50.Min), micros(found.P50.Max))
		}
	}
	if r.Incomplete != "" {
		fmt.Fprintf(to, "INCOMPLETE: %s\n", r.Incomplete)
	}
	s := r.Settings
	fmt.Fprintf(to, "%d rounds of %g s after %g s of warm-up, contenders in turn; ids %s; %s\n",
		s.Rounds, s.Seconds, s.WarmupSeconds, s.IDs, s.Books.grouped())
	others := r.worst(func(row reportedRow) spread { return row.OtherCPU })
	late := r.worst(func(row reportedRow) spread { return row.LateP99 })
	fmt.Fprintf(to, "other processes used up to %.2f cores; the generator sent up to %s late at half load (p99, worst row)\n",
		others, micros(late))
	if others > quietCores {
		fmt.Fprint(to, "THE MACHINE WAS NOT QUIET: latencies say little, and rates less than they could\n")
	}
	fmt.Fprint(to, "p50 and p99 are under full load, p99 half load counts from the intended send time;\n",
		"driver rows count rows a second and time whole transactions\n\n")
}

func (r report) writeRates(table grid) {
	table.line("row", "contender", "per second", "min–max", "p50", "p99", "p99 half load",
		"÷ bare", "target", "met", "CPU server", "CPU database", "CPU generator", "memory")
	for _, row := range r.Rows {
		ratio, target, met := "", "", ""
		if v := r.againstBare(row); v != nil {
			ratio, target, met = fmt.Sprintf("%.2f", v.Ratio), v.target(), v.word()
		}
		table.line(row.Row, row.Entrant, grouped(row.Rate.Median),
			grouped(row.Rate.Min)+"–"+grouped(row.Rate.Max), micros(row.P50.Median), micros(row.P99.Median),
			blankZero(row.HalfP99, micros), ratio, target, met, blankZero(row.ServerCPU, cores),
			blankZero(row.DatabaseCPU, cores), blankZero(row.GeneratorCPU, cores), blankZero(row.MemoryMiB, mebibytes))
	}
}

// againstBare finds the verdict that belongs into the line of the rates.
func (r report) againstBare(row reportedRow) *verdict {
	for i, v := range r.Checks {
		if v.Row == row.Row && v.Entrant == row.Entrant && v.BaseName == nameBare {
			return &r.Checks[i]
		}
	}
	return nil
}

func (r report) writeTargets(table grid) (met, all int) {
	table.line("row", "contender", "measure", "median", "min–max", "compared with", "ratio", "target", "met")
	for _, v := range r.Checks {
		if v.bounded() {
			all++
			if v.Met {
				met++
			}
		}
		if v.BaseName == nameBare {
			continue
		}
		format := v.check.of.metric.format
		base, ratio := "", ""
		if v.BaseName != "" {
			base = fmt.Sprintf("%s, %s", v.BaseName, v.check.base.metric.format(v.Base.Median))
			ratio = fmt.Sprintf("%.2f", v.Ratio)
		}
		table.line(v.Row, v.Entrant, v.Metric, format(v.Value.Median),
			format(v.Value.Min)+"–"+format(v.Value.Max), base, ratio, v.target(), v.word())
	}
	return met, all
}

// target writes the verdict's bound, in the unit of the measure when there is nothing to divide by.
func (v verdict) target() string {
	if !v.bounded() {
		return ""
	}
	sign, bound := "≥", v.AtLeast
	if v.AtMost > 0 {
		sign, bound = "≤", v.AtMost
	}
	if v.BaseName == "" {
		return sign + " " + v.check.of.metric.format(bound)
	}
	return fmt.Sprintf("%s %.2f", sign, bound)
}

// bounded says that there is a target; without one the ratio is for information.
func (v verdict) bounded() bool { return v.AtLeast > 0 || v.AtMost > 0 }

func (v verdict) word() string {
	switch {
	case !v.bounded():
		return ""
	case v.Met:
		return "yes"
	}
	return "NO"
}

func cores(used float64) string { return fmt.Sprintf("%.2f", used) }

// blankZero leaves out what the row does not measure.
func blankZero(s spread, format func(float64) string) string {
	if s.Median == 0 {
		return ""
	}
	return format(s.Median)
}
