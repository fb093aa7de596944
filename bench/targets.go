//go:build linux

package main

// Targets, as ratios to something measured in the same run unless the name has a unit.
const (
	pingShare        = 0.85 // of the bare server's rate
	entryShare64     = 0.50 // likewise, at 64 connections
	entryShare256    = 0.70 // likewise, at 256 connections
	fullBookShare    = 0.80 // of the rate with an empty book
	halfLoadCommits  = 5.0  // p99 at half load, in commits
	loneWriteCommits = 1.3  // latency of a lone write, in commits
	pgbenchMultiple  = 1.8  // of pgbench with one row a commit, at 256 connections
	dialectShare     = 0.65 // of the bare entry, at 256 connections: postback, click, Onlinewerkrooster create
	submissionShare  = 0.60 // likewise: a submission accepted
	carriedShare     = 0.80 // of the submissions accepted a second
	listShare        = 0.50 // of a server that encodes the same 1,000 customers from memory
	cursorShare      = 0.95 // of the first page's rate
	importLoopShare  = 0.60 // of the loop over the SQLite driver, 500 rows a commit
	importCopyShare  = 0.50 // of COPY
	maxMemoryMiB     = 120  // at 256 connections, with a full book
	maxStartMillis   = 150  // on an existing book
)

// How the table calls what it divides by.
const (
	nameOneCommit = "one commit"
	nameEmptyBook = "empty book"
)

// loadChecks compare each kind of Clientele in the row with the bare server, and its latency with one commit.
func loadChecks(r row, share float64) []check {
	var checks []check
	for _, e := range r.entrants {
		if e.name == nameBare {
			continue
		}
		checks = append(checks, check{
			of: quantity{r.name, e.name, rate}, base: quantity{r.name, nameBare, rate}, baseName: nameBare,
			atLeast: share,
		}, check{
			of: quantity{r.name, e.name, halfP99}, base: oneCommit, baseName: nameOneCommit, atMost: halfLoadCommits,
		})
	}
	return checks
}

// fullBookChecks hold that a book's size hardly matters.
func fullBookChecks(r row) []check {
	full := func(m metric) quantity { return quantity{r.name, nameSQLiteFull, m} }
	return []check{
		{of: full(rate), base: quantity{r.name, nameSQLite, rate}, baseName: nameEmptyBook, atLeast: fullBookShare},
		{of: full(startTime), atMost: maxStartMillis},
	}
}

// memoryChecks belong to the rows with the most connections.
func memoryChecks(r row) []check {
	return []check{{of: quantity{r.name, nameSQLiteFull, memory}, atMost: maxMemoryMiB}}
}
