//go:build linux

package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// The table that the ceilings of PostgreSQL write to: what an upsert writes of a customer, under the same two unique
// keys as in the book. There is no change record, and no other index.
const (
	ceilingTable = `CREATE TABLE customer (project_id bigint NOT NULL, id bigint NOT NULL,
		external_id text COLLATE "C" NOT NULL, email text, phone text, first_name text, last_name text, ip text,
		version bigint NOT NULL, created_at timestamptz NOT NULL, updated_at timestamptz NOT NULL,
		PRIMARY KEY (project_id, id), UNIQUE (project_id, external_id))`
	ceilingInsert = `INSERT INTO customer (project_id, id, external_id, email, phone, first_name, last_name, ip,
		version, created_at, updated_at) `
	ceilingUpsert = ` ON CONFLICT (project_id, external_id) DO UPDATE SET email = excluded.email, phone = excluded.phone,
		first_name = excluded.first_name, last_name = excluded.last_name, ip = excluded.ip,
		version = customer.version + 1, updated_at = excluded.updated_at`
	ceilingValues = `1, n, (1000000000::bigint + n)::text, 'c' || n || '@example.com', '+15855550100', 'John', 'Doe',
		'192.0.2.10', 1, now(), now()`
)

// ceilingRows fills the table with so many customers.
func ceilingRows(count int64) []string {
	return []string{
		fmt.Sprintf("%s SELECT %s FROM generate_series(1, %d) AS n", ceilingInsert, ceilingValues, count),
		"VACUUM ANALYZE customer",
	}
}

// pgbenchScript is one upsert a transaction: of a pool of customers spread over so many that are there, or of a new one when
// none are. Each client counts on from n then, far from the numbers of the others.
func pgbenchScript(there int64) string {
	number := `\set n :n + 1` + "\n" + `\set id :client_id * 100000000 + :n` + "\n"
	if there > 0 {
		pool := min(there, poolSize)
		number = fmt.Sprintf(`\set id random(1, %d) * %d`, pool, there/pool) + "\n"
	}
	return number + `\set seq random(1, 1000000000)` + "\n" + strings.Join(strings.Fields(ceilingInsert+
		`VALUES (1, :id, (1000000000::bigint + :id::bigint)::text, 'c' || :seq::text || '@example.com', '+15855550100', 'John', 'Doe',
		'192.0.2.10', 1, now(), now())`+ceilingUpsert), " ") + ";\n"
}

// createCeiling makes a database with the table and so many customers in it.
func (c *cluster) createCeiling(ctx context.Context, there int64) (database string, drop func() error, err error) {
	database, drop, err = c.createDatabase(ctx)
	if err != nil {
		return "", nil, err
	}
	statements := []string{ceilingTable}
	if there > 0 {
		statements = append(statements, ceilingRows(there)...)
	}
	if err := c.execute(ctx, database, statements...); err != nil {
		return "", nil, errors.Join(fmt.Errorf("make the ceiling's table: %w", err), drop())
	}
	return database, drop, nil
}

// fullCeiling is a table that is full already, for the whole run.
type fullCeiling struct {
	bench    *bench
	rows     int64
	database string // "" until filled
}

func (f *fullCeiling) name() string { return fullName(namePgbench, f.rows) }

func (f *fullCeiling) prepare(ctx context.Context) error {
	if f.database != "" {
		return nil
	}
	cluster, err := f.bench.postgres(ctx)
	if err != nil {
		return err
	}
	f.bench.say("filling the table of %s", f.name())
	f.database, _, err = cluster.createCeiling(ctx, f.rows) // which goes with its cluster
	return err
}

// measurePgbench puts pgbench to a table of its own.
func (b *bench) measurePgbench(ctx context.Context, there int64, clients int) (s sample, err error) {
	cluster, err := b.postgres(ctx)
	if err != nil {
		return sample{}, err
	}
	database, drop, err := cluster.createCeiling(ctx, there)
	if err != nil {
		return sample{}, err
	}
	s, err = b.measurePgbenchOn(ctx, database, there, clients)
	return s, errors.Join(err, drop())
}

// measurePgbenchOn runs pgbench once to warm up and once to count.
func (b *bench) measurePgbenchOn(ctx context.Context, database string, there int64, clients int) (s sample, err error) {
	dir, err := os.MkdirTemp(b.dir, "pgbench-")
	if err != nil {
		return sample{}, fmt.Errorf("make directory: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	p := pgbench{cluster: b.cluster, database: database, dir: dir, clients: clients}
	if err := os.WriteFile(p.script(), []byte(pgbenchScript(there)), 0o600); err != nil {
		return sample{}, err
	}
	if b.options.warmup >= 1 {
		if _, err := p.run(ctx, b.options.warmup/2, 0); err != nil {
			return sample{}, err
		}
	}
	s.Closed, err = p.run(ctx, b.options.seconds/2, 50_000_000)
	return s, err
}

// pgbench is PostgreSQL's own load generator, put to one script.
type pgbench struct {
	cluster       *cluster
	database, dir string
	clients       int
}

func (p pgbench) script() string { return filepath.Join(p.dir, "script") }

// pgbenchSampling is the share of transactions whose time is logged.
const pgbenchSampling = 0.1

// pgbenchSeconds is the least that it runs: the time in which its clients connect, a second on a busy machine, is within
// it and not counted.
const pgbenchSeconds = 3

// run measures for whole seconds; pgbench knows no others. When connecting took a good part of them, it measures again
// for longer: a figure from what was left would be chance, and a low ceiling flatters whoever is compared with it.
func (p pgbench) run(ctx context.Context, seconds float64, firstNumber int) (result, error) {
	whole := int(math.Max(math.Ceil(seconds), pgbenchSeconds))
	for range pgbenchTries {
		r, err := p.once(ctx, whole, firstNumber)
		if err != nil || r.Seconds >= float64(whole)/2 {
			return r, err
		}
		whole *= 2
		firstNumber += pgbenchNumbers
	}
	return result{}, fmt.Errorf("pgbench: its %d clients take too long to connect", p.clients)
}

const (
	pgbenchTries   = 4
	pgbenchNumbers = 10_000_000 // between the numbers of two runs on one table
)

func (p pgbench) once(ctx context.Context, whole, firstNumber int) (result, error) {
	command := exec.CommandContext(ctx, filepath.Join(p.cluster.bin, "pgbench"), "-n", "-M", "prepared",
		"-c", strconv.Itoa(p.clients), "-j", "2", "-T", strconv.Itoa(whole), "-D", "n="+strconv.Itoa(firstNumber),
		"-l", "--log-prefix", filepath.Join(p.dir, "log"), "--sampling-rate", fmt.Sprint(pgbenchSampling),
		"-f", p.script(), "-h", "127.0.0.1", "-p", strconv.Itoa(p.cluster.port), "-U", "postgres", p.database)
	command.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	processor := meter{database: p.cluster.command.Process.Pid}
	if err := processor.start(0); err != nil {
		return result{}, err
	}
	began := time.Now()
	output, err := command.CombinedOutput()
	if err != nil {
		return result{}, fmt.Errorf("pgbench: %w: %s", err, output)
	}
	if err := processor.stop(int64(time.Since(began))); err != nil {
		return result{}, err
	}
	r, err := parsePgbench(string(output))
	if err != nil {
		return result{}, err
	}
	r.Seconds, r.DatabaseCPU = float64(whole)-r.Seconds, processor.used.database
	r.GeneratorCPU = (command.ProcessState.UserTime() + command.ProcessState.SystemTime()).Seconds() / processor.seconds
	r.OtherCPU = max(processor.used.others()-r.GeneratorCPU, 0)
	return r, p.readLatencies(&r)
}

var (
	pgbenchRate  = regexp.MustCompile(`(?m)^tps = ([0-9.]+) \(without initial connection time\)`)
	pgbenchCount = regexp.MustCompile(`(?m)^number of transactions actually processed: ([0-9]+)`)
	pgbenchWait  = regexp.MustCompile(`(?m)^initial connection time = ([0-9.]+) ms`)
	pgbenchFault = regexp.MustCompile(`(?m)^number of failed transactions: ([0-9]+)`)
)

// parsePgbench reads what pgbench prints at its end; Seconds is the time in which its clients connected. A transaction
// that failed fails the run. Without a single transaction there is no rate, and connecting took all the time.
func parsePgbench(output string) (r result, err error) {
	rate, count := pgbenchRate.FindStringSubmatch(output), pgbenchCount.FindStringSubmatch(output)
	if count != nil && count[1] == "0" {
		return result{Seconds: math.Inf(1)}, nil
	}
	wait := pgbenchWait.FindStringSubmatch(output)
	if wait == nil || rate == nil || count == nil {
		return result{}, fmt.Errorf("pgbench printed no rate: %s", output)
	}
	if failed := pgbenchFault.FindStringSubmatch(output); failed != nil && failed[1] != "0" {
		return result{}, fmt.Errorf("pgbench: %s transactions failed", failed[1])
	}
	r.Rate, err = strconv.ParseFloat(rate[1], 64)
	if err != nil {
		return result{}, fmt.Errorf("read pgbench's rate: %w", err)
	}
	r.Seconds, err = strconv.ParseFloat(wait[1], 64)
	if err != nil {
		return result{}, fmt.Errorf("read pgbench's connection time: %w", err)
	}
	r.Seconds /= 1000
	r.Sent, err = strconv.ParseInt(count[1], 10, 64)
	r.Counted = r.Sent
	return r, err
}

// readLatencies reads and removes the logs, a line for each logged transaction: client, number, microseconds, and more.
func (p pgbench) readLatencies(r *result) error {
	logs, err := filepath.Glob(filepath.Join(p.dir, "log.*"))
	if err != nil {
		return err
	}
	var latencies histogram
	for _, path := range logs {
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for lines := bufio.NewScanner(strings.NewReader(string(text))); lines.Scan(); {
			fields := strings.Fields(lines.Text())
			if len(fields) < 3 {
				return fmt.Errorf("pgbench logged %q", lines.Text())
			}
			micro, err := strconv.ParseInt(fields[2], 10, 64)
			if err != nil {
				return fmt.Errorf("pgbench logged %q", lines.Text())
			}
			latencies.record(micro * nanosecondsPerMicrosecond)
		}
		if err := os.Remove(path); err != nil {
			return err
		}
	}
	r.setLatencies(&latencies)
	return nil
}
