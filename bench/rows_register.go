//go:build linux

package main

import "fmt"

// register is the example of the Onlinewerkrooster document (section "POST api/customers") with keys of its own for
// each request.
func register() workload {
	return workload{
		name: "POST /api/customers", dialect: "onlinewerkrooster", method: "POST", path: "/api/customers",
		headers: []string{"apikey: {apikey}", "CustomerKey: {CustomerKey}", "Content-Type: application/json"},
		body: `{"extCustomerId":{id},"extCustomerNumber":"{id}","enterpriseNumber":"BE01234567899","name":"OWR.GG.{seq}",` +
			`"address":{"street":"Louis Pasteurstraat","streetNumber":"15B","city":"Lommel","postalCode":"3920",` +
			`"country":"belgium"}}`,
		decodes: bodyRegister, wantStatus: 200,
	}
}

// registerRows measure the Onlinewerkrooster create.
func registerRows(b *bench) []row {
	l := load{workload: register(), connections: dialectConnections, halfLoad: true}
	return []row{b.besideEntryRow(fmt.Sprintf("%s, %d connections", l.workload.name, l.connections), l, dialectShare)}
}
