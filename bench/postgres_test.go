//go:build linux

package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
)

// TestCluster_CeilingsWriteWhatTheySay runs the ceilings on a real PostgreSQL and looks at what they left.
func TestCluster_CeilingsWriteWhatTheySay(t *testing.T) {
	c, err := startCluster(t.Context(), os.TempDir()) // whose user has to pass, as through no test's own directory
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.stop(); err != nil {
			t.Errorf("stop: %v", err)
		}
		if _, err := os.Stat(c.dir); !os.IsNotExist(err) {
			t.Errorf("the cluster's directory is left: %v", err)
		}
	})
	conn := connectTo(t, c, "postgres")
	for _, setting := range []string{"fsync", "synchronous_commit", "full_page_writes"} {
		var got string
		if err := conn.QueryRow(t.Context(), "SELECT current_setting($1)", setting).Scan(&got); err != nil || got != "on" {
			t.Errorf("%s is %s, %v; want on", setting, got, err)
		}
	}
	for _, there := range []int64{0, poolSize, 3 * poolSize} {
		t.Run(fmt.Sprint(there), func(t *testing.T) { checkCeilings(t, c, there) })
	}
}

func connectTo(t *testing.T, c *cluster, database string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), c.url(database))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(t.Context()) })
	return conn
}

func checkCeilings(t *testing.T, c *cluster, there int64) {
	update := there > 0
	database, drop, err := c.createCeiling(t.Context(), there)
	if err != nil {
		t.Fatal(err)
	}
	rows := func() (count, written int64) {
		conn, err := pgx.Connect(t.Context(), c.url(database))
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close(t.Context())
		err = conn.QueryRow(t.Context(), "SELECT count(*), sum(version)::bigint FROM customer").Scan(&count, &written)
		if err != nil {
			t.Fatal(err)
		}
		return count, written
	}
	j := unnestJob{
		URL: c.url(database), DatabasePID: c.command.Process.Pid, Writers: 2, Batch: 50, Update: update, Seconds: 0.05,
	}
	loop, err := runUnnestLoop(t.Context(), j)
	if err != nil || loop.Counted < 50 || loop.Counted%50 != 0 || loop.P50 <= 0 || loop.Rate <= 0 {
		t.Fatalf("loop: got %+v, %v", loop, err)
	}
	p := pgbench{cluster: c, database: database, dir: t.TempDir(), clients: 4}
	if err := os.WriteFile(p.script(), []byte(pgbenchScript(there)), 0o600); err != nil {
		t.Fatal(err)
	}
	single, err := p.run(t.Context(), 0, 0)
	if err != nil || single.Counted < 4 || single.P50 <= 0 || single.P99 < single.P50 || single.DatabaseCPU <= 0 {
		t.Fatalf("pgbench: got %+v, %v", single, err)
	}
	sent := loop.Counted + single.Counted
	count, written := rows()
	if !update && (count != sent || written != count) {
		t.Errorf("%d rows, %d writes; want %d new rows", count, written, sent)
	}
	if update && (count != there || written != there+sent) {
		t.Errorf("%d rows, %d writes; want %d updates of %d rows", count, written, sent, there)
	}
	if err := drop(); err != nil {
		t.Error(err)
	}
}

func TestParsePgbench_FailsWhereItCannotBeRight(t *testing.T) {
	const good = "number of transactions actually processed: 30\nnumber of failed transactions: 0 (0.000%)\n" +
		"initial connection time = 250 ms\ntps = 9980.5 (without initial connection time)\n"
	if got, err := parsePgbench(good); err != nil || got.Rate != 9980.5 || got.Counted != 30 || got.Seconds != 0.25 {
		t.Errorf("got %+v, %v", got, err)
	}
	for _, text := range []string{
		"", strings.Replace(good, "failed transactions: 0", "failed transactions: 2", 1), strings.Replace(good, "tps", "x", 1),
		strings.Replace(good, "connection time = 250", "connection time = x", 1),
	} {
		if got, err := parsePgbench(text); err == nil {
			t.Errorf("%q: got %+v", text, got)
		}
	}
}

func TestParsePgbench_NothingDoneIsNoRate(t *testing.T) {
	const none = "number of transactions actually processed: 0\nnumber of failed transactions: 0 (NaN%)\n"
	if got, err := parsePgbench(none); err != nil || got.Seconds < 1e9 {
		t.Errorf("got %+v, %v; want connecting to have taken all the time, so that it is run again", got, err)
	}
}

func TestSelected_BringsWhatARowIsComparedWith(t *testing.T) {
	b, err := newBench(options{books: bookSizes{1}}, t.TempDir(), io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]bool{
		rowSync: true, rowCommit: true, rowCommitPostgres: true, "PostgreSQL: POST /entry create, 256 connections": true,
		pgbenchName(false, 16): true, pgbenchName(false, 64): true,
	}
	for _, r := range selected(b.plan(), onlyOf(t, "^PostgreSQL: POST /entry create, 256")) {
		if !want[r.name] {
			t.Errorf("%s was not asked for", r.name)
		}
		delete(want, r.name)
	}
	if len(want) > 0 {
		t.Errorf("missing: %v", want)
	}
	for _, r := range selected(b.plan(), onlyOf(t, "^(GET|POST|driver)")) {
		if r.needsPostgres {
			t.Errorf("%s is left although the regexp of the advice leaves PostgreSQL out", r.name)
		}
	}
}
