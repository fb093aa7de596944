//go:build linux

package main

// dialectConnections is the number of connections of the rows that are compared with the bare entry.
const dialectConnections = 256

// nameBareEntry is the bare server put to the OPM entry, the common measure of the other dialects' writes.
const nameBareEntry = "bare entry"

// besideEntryRow puts a load to the bare entry, to a bare server that answers the same request, and to Clientele, whose
// share of the bare entry's rate has a target.
func (b *bench) besideEntryRow(name string, l load, share float64) row {
	plain := load{workload: l.workload, connections: l.connections, halfLoad: l.halfLoad}
	r := row{name: name, workload: &l.workload, besideEntry: true, entrants: []entrant{
		b.httpEntrant(nameBareEntry, bare{b}, load{workload: entryCreate(), connections: l.connections}),
		b.httpEntrant(nameBare, bare{b}, plain),
		b.httpEntrant(nameSQLite, clienteleSQLite{b}, l),
	}}
	ours := func(m metric) quantity { return quantity{r.name, nameSQLite, m} }
	r.checks = []check{
		{of: ours(rate), base: quantity{r.name, nameBare, rate}, baseName: nameBare},
		{of: ours(rate), base: quantity{r.name, nameBareEntry, rate}, baseName: nameBareEntry, atLeast: share},
	}
	if l.halfLoad {
		r.checks = append(r.checks, check{of: ours(halfP99), base: oneCommit, baseName: nameOneCommit, atMost: halfLoadCommits})
	}
	return r
}
