//go:build linux

package main

import (
	"bytes"
	"io"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"
)

// shortOptions measure the fake for moments.
func shortOptions(t *testing.T) options {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return options{
		rounds: 2, seconds: 0.1, warmup: 0.02, ids: idsScattered, book: 300, dir: t.TempDir(), binary: self,
		only: regexp.MustCompile(`^GET /ping|^POST /entry update, 64`),
	}
}

func TestRun_MeasuresEveryContenderInEachRound(t *testing.T) {
	var stdout, stderr bytes.Buffer
	o := shortOptions(t)
	o.jsonFile = "-"
	if err := runBench(t.Context(), o, &stdout, &stderr); err != nil {
		t.Fatalf("run: %v\n%s", err, stderr.String())
	}
	var got report
	if err := json.Unmarshal(stdout.Bytes(), &got); err != nil {
		t.Fatalf("standard output is not one JSON report: %v", err)
	}
	for _, want := range []struct{ row, entrant string }{
		{rowSync, nameDisk},
		{rowCommit, nameDriver},
		{"GET /ping, 64 connections", nameBare},
		{"GET /ping, 64 connections", nameSQLite},
		{"POST /entry update, 64 connections", nameBare},
		{"POST /entry update, 64 connections", nameSQLite},
		{"POST /entry update, 64 connections", nameSQLiteFull},
	} {
		row := got.row(want.row, want.entrant)
		if row == nil {
			t.Errorf("%s, %s: not measured", want.row, want.entrant)
			continue
		}
		if len(row.Rounds) != o.rounds || row.Rate.Median <= 0 || row.P99.Median < row.P50.Median {
			t.Errorf("%s, %s: %d rounds, rate %v, p50 %v, p99 %v", want.row, want.entrant, len(row.Rounds),
				row.Rate, row.P50, row.P99)
		}
	}
	if got.row("POST /entry create, 256 connections", nameBare) != nil {
		t.Error("--only left in a row that it does not match")
	}
	if table := stderr.String(); !strings.Contains(table, "÷ bare") || !strings.Contains(table, "targets met") {
		t.Errorf("no table on standard error beside JSON on standard output:\n%s", table)
	}
	if left, err := os.ReadDir(o.dir); err != nil || len(left) > 0 {
		t.Errorf("the run left %v (%v)", left, err)
	}
}

func TestProbe_BareServerRepeatsTheAnswer(t *testing.T) {
	b, err := newBench(shortOptions(t), t.TempDir(), io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	if err := b.prepare(t.Context(), []workload{ping(), entryUpdate(), entryCreate()}); err != nil {
		t.Fatal(err)
	}
	for _, w := range []workload{ping(), entryUpdate(), entryCreate()} {
		s, err := bare{b}.start(t.Context(), w)
		if err != nil {
			t.Fatal(err)
		}
		got, err := b.probeOne(t.Context(), s, w, 1)
		if err != nil {
			t.Errorf("%s: %v", w.name, err)
		}
		want := b.probed[w.name].route
		if got := got.route; got.Body != want.Body || got.Header.Get("X-Fake") != want.Header.Get("X-Fake") {
			t.Errorf("%s: bare answers %v, clientele %v", w.name, got, want)
		}
		if err := s.stop(); err != nil {
			t.Error(err)
		}
	}
	if got := b.probed[ping().name].route.Header.Get("X-Fake"); got != "yes" {
		t.Errorf("the probed header is %q", got)
	}
}

func TestStartChild_TellsWhyAServerDidNotStart(t *testing.T) {
	_, err := startChild(t.Context(), "/bin/sh", "-c", "echo no such book >&2; exit 3")
	if err == nil || !strings.Contains(err.Error(), "no such book") {
		t.Errorf("got %v, want the server's own words", err)
	}
}
