package main

import (
	"net/http"
	"strings"
	"testing"

	"clientele/internal/faulttest"
)

// consoleParameters are the names that pages of the console read from a query.
func consoleParameters() []string {
	return []string{
		"q", "source", "partner", "from", "to", "after", "before", "project", "dialect", "state", "status", "route", "range", "campaign",
		"publisher", "stage", "type", "mark", "text", "same_ip", "uuid", "subscription", "operator", "action", "next",
	}
}

// TestTwins_TextsThatPostgreSQLCannotHold: NUL, and bytes that are no UTF-8, in a query, a path or a form of the console are no
// failure of the server, on either store, and are answered alike.
func TestTwins_TextsThatPostgreSQLCannotHold(t *testing.T) {
	count := faulttest.NewTally(t)
	twins := newTwins(t)
	try := func(s step) {
		count.Try()
		s.header = map[string]string{"Cookie": "{{cookie}}"}
		if s.method == http.MethodPost {
			s.header["Content-Type"] = "application/x-www-form-urlencoded"
		}
		one, other := twins[0].carryOut(s), twins[1].carryOut(s)
		if one != other || twins[0].status >= http.StatusInternalServerError || twins[1].status >= http.StatusInternalServerError {
			count.Violation(t, "%s %s %s: %d and %d", s.method, s.target, s.body, twins[0].status, twins[1].status)
		}
	}
	for _, route := range consoleRoutes(t) {
		method, pattern, _ := strings.Cut(route, " ")
		if pattern == "/console/live" {
			continue
		}
		for _, bad := range faulttest.InLongTests([]string{"%00"}, []string{"%00", "%ff", "a%00b"}) {
			path := namedPart.ReplaceAllString(strings.ReplaceAll(pattern, "{project}", "1"), bad)
			if method == http.MethodPost {
				if path != strings.ReplaceAll(pattern, "{project}", "1") {
					try(step{method: method, target: path})
				}
				continue
			}
			try(step{method: method, target: path})
			for _, name := range consoleParameters() {
				if bad != "a%00b" && path == strings.ReplaceAll(pattern, "{project}", "1") {
					try(step{method: method, target: path + "?" + name + "=" + bad})
				}
			}
		}
	}
	for _, form := range []string{
		"email=%00&password=x", "email=a%00@example.com&password=x", "email=%ff@example.com&password=x", "email=ada@example.com&password=%00",
	} {
		try(step{method: http.MethodPost, target: "/console/login", body: form})
	}
	for _, path := range []string{"/console/publishers", "/console/p/1/campaigns", "/console/projects", "/console/operators", "/console/keys"} {
		for _, bad := range []string{"%00", "%ff", "a%00b"} {
			try(step{method: http.MethodPost, target: path, body: "name=" + bad + "&landing_url=https://shop.example.com/" + bad +
				"&time_zone=" + bad + "&email=a" + bad + "@example.com&role=viewer&dialect=opm&project=1&secret=" + bad})
		}
	}
}
