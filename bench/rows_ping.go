//go:build linux

package main

func ping() workload {
	return workload{
		name: "GET /ping", dialect: "opm", method: "GET", path: "/ping",
		headers: []string{"x-api-key: {x-api-key}"}, wantStatus: 200,
	}
}

// pingRows measure what the server costs without a store: routing, authentication, metrics.
func pingRows(b *bench) []row {
	r := b.httpRow("GET /ping, 64 connections", load{workload: ping(), connections: 64, halfLoad: true})
	r.checks = loadChecks(r, pingShare)
	return []row{r}
}
