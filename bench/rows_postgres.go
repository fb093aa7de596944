//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
)

const (
	nameClientelePostgres = "clientele, postgresql"
	namePgbench           = "pgbench"
	namePostgresDriver    = "pgx"

	rowCommitPostgres = "PostgreSQL: driver loop, insert, 1 row a commit"
)

// oneCommitPostgres is the latency of a single-row commit on PostgreSQL.
var oneCommitPostgres = quantity{rowCommitPostgres, namePostgresDriver, median}

// pgbenchClients are the client counts of SPEED's ceilings; the better one counts.
var pgbenchClients = []int{16, 64}

// postgresRows are the entry on PostgreSQL and, in the same run, what PostgreSQL itself can do. Their names begin with
// its own, so that --only can leave them out where it is not installed.
func postgresRows(b *bench) []row {
	rows := []row{unnestRow(b, rowCommitPostgres, unnestJob{Writers: 1, Batch: 1})}
	for _, w := range []workload{entryCreate(), entryUpdate()} {
		for _, connections := range []int{64, 256} {
			rows = append(rows, postgresEntryRow(b, w, connections))
		}
		for _, clients := range pgbenchClients {
			rows = append(rows, pgbenchRow(b, w.usesPool, clients))
		}
		for _, batch := range []int{100, 500} {
			name := fmt.Sprintf("PostgreSQL: driver loop, %s, %d rows a commit, 2 writers", kindOf(w.usesPool), batch)
			rows = append(rows, unnestRow(b, name, unnestJob{Writers: 2, Batch: batch, Update: w.usesPool}))
		}
	}
	for i := range rows {
		rows[i].needsPostgres = true
	}
	return rows
}

// postgresEntryRow has a bare server of its own: a ratio holds best between figures taken one after the other.
func postgresEntryRow(b *bench, w workload, connections int) row {
	l := load{workload: w, connections: connections, halfLoad: true, fullBook: true}
	r := row{name: fmt.Sprintf("PostgreSQL: %s, %d connections", w.name, connections), workload: &w}
	r.entrants = []entrant{b.httpEntrant(nameBare, bare{b}, l), b.httpEntrant(nameClientelePostgres, clientelePostgres{b}, l)}
	r = b.withFullBooks(r, l, true)
	ours := func(m metric) quantity { return quantity{r.name, nameClientelePostgres, m} }
	share, single := entryShare64, check{of: ours(rate), baseName: "pgbench, one row"}
	if connections == 256 {
		share, single.atLeast = entryShare256, pgbenchMultiple
	}
	for _, clients := range pgbenchClients {
		single.anyOf = append(single.anyOf, quantity{pgbenchName(w.usesPool, clients), namePgbench, rate})
	}
	r.checks = []check{
		{of: ours(rate), base: quantity{r.name, nameBare, rate}, baseName: nameBare, atLeast: share},
		single,
		{of: ours(halfP99), base: oneCommitPostgres, baseName: nameOneCommit, atMost: halfLoadCommits},
	}
	r.checks = append(r.checks, b.fullBookChecks(r, true)...)
	if connections == 256 {
		r.checks = append(r.checks, b.memoryChecks(r, true)...)
	}
	// The smaller connection count and the update with it say little that the others do not.
	r.slow = connections == 64 || w.usesPool
	return r
}

func kindOf(update bool) string {
	if update {
		return "update"
	}
	return "insert"
}

func pgbenchName(update bool, clients int) string {
	return fmt.Sprintf("PostgreSQL: pgbench, %s, 1 row a commit, %d clients", kindOf(update), clients)
}

func pgbenchRow(b *bench, update bool, clients int) row {
	there := int64(0)
	if update {
		there = poolSize
	}
	r := row{name: pgbenchName(update, clients), slow: update || clients != 64, entrants: []entrant{{
		name: namePgbench,
		measure: func(ctx context.Context) (sample, error) {
			return b.measurePgbench(ctx, there, clients)
		},
	}}}
	if !update {
		return r
	}
	for _, full := range b.ceilings {
		r.entrants = append(r.entrants, entrant{
			name: full.name(), prepare: full.prepare,
			measure: func(ctx context.Context) (sample, error) {
				return b.measurePgbenchOn(ctx, full.database, full.rows, clients)
			},
		})
		r.checks = append(r.checks, check{
			of: quantity{r.name, full.name(), rate}, base: quantity{r.name, namePgbench, rate}, baseName: nameEmptyTable,
		})
	}
	return r
}

func unnestRow(b *bench, name string, j unnestJob) row {
	return row{name: name, slow: j.Update || j.Batch == 100, entrants: []entrant{{
		name:    namePostgresDriver,
		measure: func(ctx context.Context) (sample, error) { return b.measureUnnest(ctx, j) },
	}}}
}

// measureUnnest runs the loop in a process and a database of its own.
func (b *bench) measureUnnest(ctx context.Context, j unnestJob) (s sample, err error) {
	cluster, err := b.postgres(ctx)
	if err != nil {
		return sample{}, err
	}
	there := int64(0)
	if j.Update {
		there = poolSize
	}
	database, drop, err := cluster.createCeiling(ctx, there)
	if err != nil {
		return sample{}, err
	}
	defer func() { err = errors.Join(err, drop()) }()
	j.URL, j.DatabasePID = cluster.url(database), cluster.command.Process.Pid
	j.WarmupSeconds, j.Seconds = b.options.warmup/2, b.options.seconds/2
	err = runJSON(ctx, &s.Closed, j, b.self, commandPostgresLoop)
	return s, err
}
