//go:build linux

package main

import (
	"fmt"
	"slices"
)

// entryBody is the example of the OPM document (section "Creating a customer") with made-up values that differ
// from request to request, so that each update changes the customer.
const entryBody = `{"customerId":{id},"customerEmail":"c{seq}@example.com","customerPhone":"+1585555{tel}",` +
	`"customerFirstName":"John","customerLastName":"Doe","customerIP":"192.0.2.10"}`

func entryCreate() workload {
	return workload{
		name: "POST /entry create", dialect: "opm", method: "POST", path: "/entry",
		headers: []string{"x-api-key: {x-api-key}", "Content-Type: application/json"},
		body:    entryBody, decodes: bodyEntry, wantStatus: 201,
	}
}

func entryUpdate() workload {
	w := entryCreate()
	w.name, w.wantStatus, w.usesPool = "POST /entry update", 202, true
	return w
}

// entryRows measure the customer upsert, the path that group commit is for.
func entryRows(b *bench) []row {
	var rows []row
	for _, w := range []workload{entryCreate(), entryUpdate()} {
		for _, connections := range []int{64, 256} {
			share := entryShare64
			if connections == 256 {
				share = entryShare256
			}
			name := fmt.Sprintf("%s, %d connections", w.name, connections)
			r := b.httpRow(name, load{workload: w, connections: connections, halfLoad: true, fullBook: true})
			r.checks = append(loadChecks(r, share), b.fullBookChecks(r, false)...)
			r.entrants = slices.Insert(r.entrants, 1, b.httpEntrant(namePlain, plain{b}, load{workload: w, connections: connections}))
			r.checks = append(r.checks, check{
				of: quantity{r.name, namePlain, rate}, base: quantity{r.name, nameBare, rate}, baseName: nameBare,
			}, check{
				of: quantity{r.name, nameSQLite, rate}, base: quantity{r.name, namePlain, rate}, baseName: namePlain,
			})
			if w.usesPool {
				for _, full := range b.plains {
					r.entrants = append(r.entrants, b.httpEntrant(full.name(), full, load{workload: w, connections: connections}))
					r.checks = append(r.checks, check{
						of: quantity{r.name, full.name(), rate}, base: quantity{r.name, namePlain, rate}, baseName: nameEmptyTable,
					})
				}
			}
			if connections == 256 {
				r.checks = append(r.checks, b.memoryChecks(r, false)...)
			}
			rows = append(rows, r)
		}
	}
	return rows
}

// idleRows measure what a lone caller waits for: with one connection there is no one to share a commit with.
func idleRows(b *bench) []row {
	var rows []row
	for _, w := range []workload{entryCreate(), entryUpdate()} {
		r := b.httpRow(w.name+", 1 connection", load{workload: w, connections: 1})
		r.checks = []check{{
			of: quantity{r.name, nameSQLite, median}, base: oneCommit, baseName: nameOneCommit, atMost: loneWriteCommits,
		}, {
			of: quantity{r.name, nameSQLite, startTime}, atMost: maxStartMillis,
		}}
		rows = append(rows, r)
	}
	return rows
}
