//go:build linux

package main

import "fmt"

// listLengths are the lengths of the pages that are listed; the longest is what the document allows at most.
var listLengths = []int{100, 1000}

const (
	// listConnections keep both cores busy; more would only wait.
	listConnections = 16
	// offsetConnections keep them busy, too; a page that counts a million customers before it takes seconds, and for more than a few
	// callers longer than the generator waits.
	offsetConnections = 4

	nameBareList  = "bare list"
	nameFirstPage = "first page"
)

// list is a page of customers with one address each, newest first.
func list(length int, query string) workload {
	return workload{
		name: fmt.Sprintf("GET /v1/customer, %d", length), dialect: dialectDKHardware, method: "GET",
		path:    fmt.Sprintf("/v1/customer?limit=%d%s", length, query),
		headers: dkhardwareHeaders(), wantStatus: 200, fit: fetchToken, unprobed: true,
	}
}

// listRows measure pages at several places of a list as long as the full book; none when there is no such book.
func listRows(b *bench) []row {
	if b.lists.customers == 0 {
		return nil
	}
	var rows []row
	for _, length := range listLengths {
		first := listRow(b, length, nameFirstPage, "", listConnections)
		first.entrants = append([]entrant{b.listEntrant(nameBareList, bareList{b.lists, length}, *first.workload, listConnections)}, first.entrants...)
		share := check{
			of: quantity{first.name, nameSQLite, rate}, base: quantity{first.name, nameBareList, rate}, baseName: nameBareList,
		}
		if length == 1000 { // shorter pages have no target
			share.atLeast = listShare
		}
		first.checks = []check{share}
		rows = append(rows, first)
		for _, place := range []struct {
			name, query string
			connections int
			share       float64
		}{
			{fmt.Sprintf("cursor at %d", b.lists.depth()), "&cursor={cursor}", listConnections, cursorShare},
			{fmt.Sprintf("offset %d", b.lists.depth()), fmt.Sprintf("&offset=%d", b.lists.depth()), offsetConnections, 0},
			{"window from–to", "&from={from}&to={to}", listConnections, 0},
		} {
			r := listRow(b, length, place.name, place.query, place.connections)
			r.checks = []check{{
				of: quantity{r.name, nameSQLite, rate}, base: quantity{first.name, nameSQLite, rate}, baseName: nameFirstPage,
				atLeast: place.share,
			}}
			r.slow = r.slow || place.share == 0
			rows = append(rows, r)
		}
	}
	return rows
}

func listRow(b *bench, length int, name, query string, connections int) row {
	w := list(length, query)
	return row{
		name: fmt.Sprintf("GET /v1/customer, %d customers, %s", length, name), workload: &w, slow: length != 1000,
		entrants: []entrant{b.listEntrant(nameSQLite, b.lists, w, connections)},
	}
}

func (b *bench) listEntrant(name string, c contender, w workload, connections int) entrant {
	return b.httpEntrant(name, c, load{workload: w, connections: connections})
}
