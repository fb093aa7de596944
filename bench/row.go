//go:build linux

package main

import (
	"context"
	"fmt"
	"regexp"
	"slices"
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
	nameBare       = "bare"
	nameSQLite     = "clientele, sqlite"
	nameSQLiteFull = "clientele, sqlite, full book"
)

// httpRow puts a load to the bare server and to every kind of Clientele that the options ask for.
func (b *bench) httpRow(name string, l load) row {
	r := row{name: name, workload: &l.workload}
	r.entrants = []entrant{b.httpEntrant(nameBare, bare{b}, l), b.httpEntrant(nameSQLite, clienteleSQLite{b}, l)}
	if b.options.book > 0 && l.fullBook {
		r.entrants = append(r.entrants, b.httpEntrant(nameSQLiteFull, b.book, l))
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
		submissionRows(b), listRows(b), importRows(b))
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

// runRounds measures every entrant of every row once a round, so that whatever slows the machine for a while
// slows all alike.
func runRounds(ctx context.Context, rows []row, rounds int, say func(string, ...any)) (results, error) {
	for _, r := range rows {
		for _, e := range r.entrants {
			if e.prepare == nil {
				continue
			}
			if err := e.prepare(ctx); err != nil {
				return nil, fmt.Errorf("prepare %s: %w", e.name, err)
			}
		}
	}
	all := results{}
	for round := range rounds {
		for _, r := range rows {
			if all[r.name] == nil {
				all[r.name] = map[string][]sample{}
			}
			for _, e := range r.entrants {
				s, err := e.measure(ctx)
				if err != nil {
					return nil, fmt.Errorf("%s, %s: %w", r.name, e.name, err)
				}
				all[r.name][e.name] = append(all[r.name][e.name], s)
				say("round %d of %d: %s: %s: %s/s, p50 %s, p99 %s", round+1, rounds, r.name, e.name,
					grouped(s.Closed.Rate), micros(s.Closed.P50), micros(s.Closed.P99))
			}
		}
	}
	return all, nil
}
