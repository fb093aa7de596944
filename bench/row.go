//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"time"
)

// row is one line or more of the table: one measure, taken of several contenders in turn.
type row struct {
	name     string
	workload *workload // nil when the row sends no requests
	entrants []entrant
	checks   []check
	always   bool // the other rows are compared with it, so --only does not leave it out

	needsPostgres bool
	slow          bool // --quick leaves it out
	once          bool // measured in the first round only: it takes long
	besideEntry   bool // has the bare entry among its entrants
}

// entrant is one contender of a row.
type entrant struct {
	name    string
	prepare func(ctx context.Context) error // may be nil
	measure func(ctx context.Context) (sample, error)
}

// Names of the contenders.
const (
	nameBare   = "bare"
	nameSQLite = "clientele, sqlite"
)

// httpRow puts a load to the bare server and to every kind of Clientele that the options ask for.
func (b *bench) httpRow(name string, l load) row {
	r := row{name: name, workload: &l.workload}
	r.entrants = []entrant{b.httpEntrant(nameBare, bare{b}, l), b.httpEntrant(nameSQLite, clienteleSQLite{b}, l)}
	return b.withFullBooks(r, l, false)
}

// withFullBooks adds the full books of a store to a row that is about them too.
func (b *bench) withFullBooks(r row, l load, onPostgres bool) row {
	if !l.fullBook {
		return r
	}
	for _, full := range b.fullBooks(onPostgres) {
		r.entrants = append(r.entrants, b.httpEntrant(full.name(), full, l))
	}
	return r
}

// httpEntrant puts a load to a contender.
func (b *bench) httpEntrant(name string, c contender, l load) entrant {
	return entrant{
		name: name, prepare: c.prepare,
		measure: func(ctx context.Context) (sample, error) { return b.measure(ctx, c, l) },
	}
}

// plan lists every row there is, in the order in which a round goes through them. A new subject is a file with a
// function like these and one line here.
func (b *bench) plan() []row {
	return slices.Concat(diskRows(b), pingRows(b), entryRows(b), idleRows(b), postgresRows(b), registerRows(b), leadRows(b),
		submissionRows(b), listRows(b), importRows(b), deliveryRows(b), overloadRows(b))
}

// selected are the rows that --only leaves, with those that they are compared with.
func selected(rows []row, only *regexp.Regexp) []row {
	wanted := map[string]bool{}
	for _, r := range rows {
		if r.always || only.MatchString(r.name) {
			wanted[r.name] = true
			for _, c := range r.checks {
				for _, base := range c.bases() {
					wanted[base.row] = true
				}
			}
		}
	}
	return slices.DeleteFunc(slices.Clone(rows), func(r row) bool { return !wanted[r.name] })
}

// withoutSlow splits off the rows that --quick leaves out.
func withoutSlow(rows []row) (left []row, slow []string) {
	for _, r := range rows {
		if r.slow {
			slow = append(slow, r.name)
		} else {
			left = append(left, r)
		}
	}
	return left, slow
}

// workloads lists what the rows send, each once.
func workloads(rows []row) []workload {
	var list []workload
	add := func(w *workload) {
		if w != nil && !slices.ContainsFunc(list, func(known workload) bool { return w.name == known.name }) {
			list = append(list, *w)
		}
	}
	for _, r := range rows {
		add(r.workload)
		if r.besideEntry {
			w := entryCreate()
			add(&w)
		}
	}
	return list
}

// results holds the samples of each row and entrant, one per round.
type results map[string]map[string][]sample

// rounds measures rows again and again.
type rounds struct {
	rows  []row
	count int
	until time.Time // when it is over even if rounds are left; zero for never
	say   func(string, ...any)
}

// errOutOfTime says that rounds were left when the time was over.
var errOutOfTime = errors.New("the time of --max-time was over")

// run measures every entrant of every row once a round, so that whatever slows the machine for a while slows all alike. With
// an error it returns what has been measured before.
func (r *rounds) run(ctx context.Context) (results, error) {
	all := results{}
	for _, row := range r.rows {
		for _, e := range row.entrants {
			if e.prepare == nil {
				continue
			}
			if err := e.prepare(ctx); err != nil {
				return all, fmt.Errorf("prepare %s: %w", e.name, err)
			}
		}
	}
	for round := range r.count {
		for _, row := range r.rows {
			if row.once && round > 0 {
				continue
			}
			if err := r.measure(ctx, round, row, all); err != nil {
				return all, err
			}
		}
	}
	return all, nil
}

// measure takes a round of one row.
func (r *rounds) measure(ctx context.Context, round int, row row, all results) error {
	if all[row.name] == nil {
		all[row.name] = map[string][]sample{}
	}
	for _, e := range row.entrants {
		if !r.until.IsZero() && time.Now().After(r.until) {
			return fmt.Errorf("%w in round %d of %d", errOutOfTime, round+1, r.count)
		}
		s, err := e.measure(ctx)
		if err != nil {
			return fmt.Errorf("%s, %s: %w", row.name, e.name, err)
		}
		all[row.name][e.name] = append(all[row.name][e.name], s)
		r.say("round %d of %d: %s: %s: %s/s, p50 %s, p99 %s", round+1, r.count, row.name, e.name,
			grouped(s.Closed.Rate), micros(s.Closed.P50), micros(s.Closed.P99))
	}
	return nil
}
