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
	deliveryShare    = 0.50 // of the Go client that posts the same from memory
	maxMemoryMiB     = 120  // at 256 connections, with a full book
	maxStartMillis   = 150  // on an existing book

	overloadShare     = 0.90    // accepted at twice the sustainable rate, of that rate
	maxOverloadP99    = 250_000 // microseconds, of those that are accepted
	maxRefusalP99     = 100_000 // microseconds, of those that are refused
	maxOverloadMiB    = 200     // the most memory in all that time
	maxRecoveryMillis = 2_000   // until nothing is refused nor slow any more
)

// How the table calls what it divides by.
const (
	nameOneCommit  = "one commit"
	nameEmptyBook  = "empty book"
	nameEmptyTable = "the same, a small table"
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
func (b *bench) fullBookChecks(r row, onPostgres bool) []check {
	empty := nameSQLite
	if onPostgres {
		empty = nameClientelePostgres
	}
	var checks []check
	for _, book := range b.fullBooks(onPostgres) {
		full := func(m metric) quantity { return quantity{r.name, book.name(), m} }
		checks = append(checks,
			check{of: full(rate), base: quantity{r.name, empty, rate}, baseName: nameEmptyBook, atLeast: fullBookShare},
			check{of: full(startTime), atMost: maxStartMillis})
	}
	return checks
}

// memoryChecks belong to the rows with the most connections.
func (b *bench) memoryChecks(r row, onPostgres bool) []check {
	var checks []check
	for _, book := range b.fullBooks(onPostgres) {
		checks = append(checks, check{of: quantity{r.name, book.name(), memory}, atMost: maxMemoryMiB})
	}
	return checks
}
