//go:build linux

package main

import (
	"bytes"
	"errors"
	"flag"
	"io"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const nameFull = nameSQLite + ", 5 customers"

// madeUpRow has one round per rate given, of a bare server and of Clientele.
func madeUpRow() ([]row, results) {
	r := row{name: "POST /x", entrants: []entrant{{name: nameBare}, {name: nameSQLite}, {name: nameFull}}}
	r.checks = append(loadChecks(r, 0.5), (&bench{books: []*fullBook{{customers: 5}}}).fullBookChecks(r, false)...)
	commit := row{name: rowCommit, entrants: []entrant{{name: nameDriver}}}
	one := func(rate, p50, p99, half float64) sample {
		return sample{
			Closed: result{Rate: rate, P50: p50, P99: p99, ServerCPU: 1.5, GeneratorCPU: 0.25, OtherCPU: 0.1, RSS: 30 << 20},
			Half:   result{P99: half, LateP99: 60}, StartMillis: 40,
		}
	}
	return []row{commit, r}, results{
		rowCommit: {nameDriver: {{Closed: result{Rate: 4000, P50: 250, P99: 900}}}},
		r.name: {
			nameBare:   {one(30_000, 900, 2000, 500), one(10_000, 900, 2000, 500), one(20_000, 900, 2000, 500)},
			nameSQLite: {one(12_000, 1500, 4000, 1000), one(8_000, 1500, 4000, 1000), one(9_000, 1500, 4000, 1250)},
		},
	}
}

func TestJudge_ComparesMedians(t *testing.T) {
	rows, all := madeUpRow()
	got := judge(rows, all)
	if len(got) != 2 {
		t.Fatalf("got %d verdicts, want only those whose quantities were measured: %+v", len(got), got)
	}
	if v := got[0]; v.BaseName != nameBare || v.Ratio != 0.45 || v.Met {
		t.Errorf("9,000 of 20,000 at a target of 0.5: %+v", v)
	}
	if v := got[1]; v.BaseName != nameOneCommit || v.Ratio != 4 || !v.Met {
		t.Errorf("1,000 µs by 250 µs at a target of at most 5: %+v", v)
	}
}

func TestJudge_AbsoluteTarget(t *testing.T) {
	rows, all := madeUpRow()
	all["POST /x"][nameFull] = []sample{{Closed: result{Rate: 7200}, StartMillis: 151}}
	got := judge(rows, all)
	start := got[len(got)-1]
	if start.Metric != startTime.name || start.Ratio != 151 || start.Met || start.target() != "≤ 150 ms" {
		t.Errorf("got %+v, target %s", start, start.target())
	}
	if share := got[len(got)-2]; share.BaseName != nameEmptyBook || share.Ratio != 0.8 || !share.Met {
		t.Errorf("got %+v", share)
	}
}

func TestWriteTable(t *testing.T) {
	rows, all := madeUpRow()
	r := newReport(rows, all)
	r.At = time.Date(2026, 11, 22, 3, 4, 5, 0, time.UTC)
	r.Machine = machine{2, "a processor", "6.1", "go1.26", "linux/amd64", "ext4"}
	r.Settings = settings{Rounds: 3, Seconds: 10, WarmupSeconds: 2, Books: bookSizes{1_000_000}, IDs: idsSequential}
	var got bytes.Buffer
	if err := r.writeTable(&got); err != nil {
		t.Fatal(err)
	}
	want, err := os.ReadFile("testdata/table.txt")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got.String()); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestFormat(t *testing.T) {
	for _, c := range []struct{ got, want string }{
		{grouped(0), "0"},
		{grouped(999), "999"},
		{grouped(1000), "1,000"},
		{grouped(1234567.6), "1,234,568"},
		{micros(12.4), "12 µs"},
		{micros(1500), "1.50 ms"},
		{micros(2.5e6), "2.50 s"},
	} {
		if c.got != c.want {
			t.Errorf("got %s, want %s", c.got, c.want)
		}
	}
}

func TestParseOptions_QuickLeavesWhatIsGiven(t *testing.T) {
	o, err := parseOptions([]string{"--quick", "--seconds", "2", "--only", "ping|entry"}, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	if o.seconds != 2 || o.warmup != quickWarmup || len(o.books) != 0 || o.rounds != quickRounds {
		t.Errorf("got %+v", o)
	}
	if !o.only.MatchString("GET /ping") || o.only.MatchString("driver loop") {
		t.Errorf("--only became %v", o.only)
	}
	if o, err = parseOptions(nil, io.Discard); err != nil || o.seconds != 10 || o.rounds != 3 || o.books.largest() != 1_000_000 {
		t.Errorf("defaults: %+v, %v", o, err)
	}
}

func TestParseOptions_WrongUsage(t *testing.T) {
	for _, line := range []string{
		"extra", "--rounds 0", "--seconds 0", "--warmup -1", "--book -1", "--ids random", "--only [", "--nonsense",
	} {
		if _, err := parseOptions(strings.Fields(line), io.Discard); !errors.Is(err, errUsage) {
			t.Errorf("%s: got %v", line, err)
		}
	}
	var help strings.Builder
	if _, err := parseOptions([]string{"--help"}, &help); !errors.Is(err, flag.ErrHelp) {
		t.Errorf("--help: got %v", err)
	}
	for _, name := range []string{"bench overload ", "bench pages ", "-rounds "} {
		if !strings.Contains(help.String(), name) {
			t.Errorf("--help does not tell of %s:\n%s", name, &help)
		}
	}
}

func TestSelected_KeepsWhatOthersAreComparedWith(t *testing.T) {
	b, err := newBench(options{books: bookSizes{1}}, t.TempDir(), io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, r := range selected(b.plan(), regexp.MustCompile("^GET /ping")) {
		names = append(names, r.name)
	}
	if diff := cmp.Diff([]string{rowSync, rowCommit, "GET /ping, 64 connections"}, names); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestPlan_EveryCheckNamesWhatIsMeasured(t *testing.T) {
	b, err := newBench(options{books: bookSizes{1_000_000, 10_000_000}}, t.TempDir(), io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	rows := b.plan()
	measured := results{}
	for _, r := range rows {
		if measured[r.name] != nil {
			t.Errorf("two rows are called %s", r.name)
		}
		measured[r.name] = map[string][]sample{}
		for _, e := range r.entrants {
			measured[r.name][e.name] = []sample{{Closed: result{Rate: 1, P50: 1}}}
		}
	}
	for _, r := range rows {
		for _, c := range r.checks {
			if _, ok := c.judge(measured); !ok {
				t.Errorf("%s: a check of %+v by %+v finds no figures", r.name, c.of, c.base)
			}
		}
	}
}
