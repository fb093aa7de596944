//go:build linux

package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

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
		rounds: 2, seconds: 0.1, warmup: 0.02, ids: idsScattered, books: bookSizes{300}, dir: t.TempDir(), binary: self,
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
		{"POST /entry update, 64 connections", fullName(nameSQLite, 300)},
		{"POST /entry update, 64 connections", fullName(namePlain, 300)},
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

// cutter ends something as soon as a word is written.
type cutter struct {
	bytes.Buffer
	word string
	cut  func()
}

func (c *cutter) Write(p []byte) (int, error) {
	if strings.Contains(string(p), c.word) {
		c.cut()
	}
	return c.Buffer.Write(p)
}

// TestRun_InterruptedTellsWhatWasMeasured: in the table, the JSON and the Markdown.
func TestRun_InterruptedTellsWhatWasMeasured(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	stderr := cutter{word: "round 1 of 2: GET /ping, 64 connections: bare", cut: cancel}
	var stdout bytes.Buffer
	o := shortOptions(t)
	kept := t.TempDir()
	o.jsonFile, o.markdownFile = filepath.Join(kept, "report.json"), filepath.Join(kept, "report.md")
	if err := runBench(ctx, o, &stdout, &stderr); !errors.Is(err, errInterrupted) {
		t.Fatalf("run: %v\n%s", err, stderr.String())
	}
	for name, read := range map[string]func() string{
		"table":    stdout.String,
		"JSON":     func() string { return readFile(t, o.jsonFile) },
		"Markdown": func() string { return readFile(t, o.markdownFile) },
	} {
		text := read()
		if !strings.Contains(text, "interrupted") || !strings.Contains(text, rowCommit) || strings.Contains(text, nameSQLite+`"`) {
			t.Errorf("the %s does not say what was measured before the interruption:\n%s", name, text)
		}
	}
	if left, err := os.ReadDir(o.dir); err != nil || len(left) > 0 {
		t.Errorf("the run left %v (%v)", left, err)
	}
}

// TestRun_OutOfTime: no measurement begins after --max-time, and that is no failure.
func TestRun_OutOfTime(t *testing.T) {
	var stdout, stderr bytes.Buffer
	o := shortOptions(t)
	o.rounds, o.maxTime = 1_000_000, 5*time.Second
	if err := runBench(t.Context(), o, &stdout, &stderr); err != nil {
		t.Fatalf("run: %v\n%s", err, stderr.String())
	}
	if !strings.Contains(stdout.String(), "INCOMPLETE: the time of --max-time was over in round") {
		t.Errorf("the table does not say that it is incomplete:\n%s", stdout.String())
	}
}

func readFile(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
