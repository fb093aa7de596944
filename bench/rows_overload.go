//go:build linux

package main

import (
	"context"
	"errors"
	"net/http"
)

// commandOverload measures the rows of overload alone.
const commandOverload = "overload"

const (
	rowOverload         = "overload: POST /entry create"
	rowOverloadPostgres = "PostgreSQL: overload: POST /entry create"
	overloadOnly        = "overload: "

	overloadFactor = 2
	// overloadConnections let an open loop have that many requests under way: more than a server that is in time has.
	overloadConnections = 4096
	recoverySeconds     = 5.0

	nameSustainable = "sustainable"
)

// overloadRows send twice of what was sustainable a moment ago, whether or not answers arrive, and half of it afterwards.
func overloadRows(b *bench) []row {
	sqlite := b.overloadRow(rowOverload, nameSQLite, clienteleSQLite{b})
	postgres := b.overloadRow(rowOverloadPostgres, nameClientelePostgres, clientelePostgres{b})
	postgres.needsPostgres = true
	return []row{sqlite, postgres}
}

// overloadRow measures a contestant, and then the bare server, which is sent as much: what that cannot answer in time nobody can who
// uses net/http beside such a generator.
func (b *bench) overloadRow(name, contestant string, c contender) row {
	w := entryCreate()
	var tooMuch float64
	r := row{name: name, workload: &w, once: true, slow: true}
	r.entrants = []entrant{
		{name: contestant, measure: func(ctx context.Context) (s sample, err error) {
			s, err = b.measureOverload(ctx, c, w, 0)
			tooMuch = overloadFactor * s.Closed.Rate
			return s, err
		}},
		{name: nameBare, measure: func(ctx context.Context) (sample, error) { return b.measureOverload(ctx, bare{b}, w, tooMuch) }},
	}
	ours := func(m metric) quantity { return quantity{name, contestant, m} }
	r.checks = []check{
		{of: ours(goodput), base: ours(rate), baseName: nameSustainable, atLeast: overloadShare},
		{of: ours(overP99), atMost: maxOverloadP99},
		{of: ours(refusals), atMost: maxRefusalP99},
		{of: ours(peak), atMost: maxOverloadMiB},
		{of: ours(recovery), atMost: maxRecoveryMillis},
		{of: quantity{name, nameBare, goodput}, base: ours(rate), baseName: nameSustainable + " by " + contestant},
		{of: quantity{name, nameBare, overP99}},
		{of: quantity{name, nameBare, peak}},
	}
	return r
}

// measureOverload finds the sustainable rate in a closed loop, and sends tooMuch a second to the same server; 0 is a multiple of what
// is sustainable.
func (b *bench) measureOverload(ctx context.Context, c contender, w workload, tooMuch float64) (s sample, err error) {
	server, err := c.start(ctx, w)
	if err != nil {
		return sample{}, err
	}
	defer func() { err = errors.Join(err, server.stop()) }()
	j := job{
		Connections: dialectConnections, WarmupSeconds: b.options.warmup, Seconds: b.options.seconds,
		RefusedStatus: http.StatusServiceUnavailable,
	}
	if s.Closed, err = b.send(ctx, server, w, j); err != nil {
		return s, err
	}
	if tooMuch == 0 {
		tooMuch = overloadFactor * s.Closed.Rate
	}
	b.say("%s/s are sustainable: sending %s/s for %g s", grouped(s.Closed.Rate), grouped(tooMuch), b.options.overload)
	s.Over, err = b.send(ctx, server, w, job{
		Connections: overloadConnections, Seconds: b.options.overload, RefusedStatus: http.StatusServiceUnavailable,
		Rate:  tooMuch,
		After: &after{Rate: s.Closed.Rate / 2, Seconds: recoverySeconds, SlowMicros: maxOverloadP99},
	})
	return s, err
}
