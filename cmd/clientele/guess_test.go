package main

import (
	"fmt"
	"testing"
)

// TestServe_Guessing: whoever tries out keys hears 429, and partners at the same address go on. Behind a proxy it is the
// caller's address that counts, and not the proxy's.
func TestServe_Guessing(t *testing.T) {
	dir, key := newBook(t)
	s := startServer(t, dir, "--trusted-proxy", "127.0.0.0/8")
	from := func(address, key string) answer {
		return s.ask(request{url: "/ping", key: key, header: map[string]string{"X-Forwarded-For": address}})
	}
	var last answer
	for i := range 200 { // more than two windows hold, should a minute end meanwhile
		if last = from("192.0.2.7", fmt.Sprint("guess-", i)); last.status != 401 {
			break
		}
	}
	if last.status != 429 || last.header.Get("Retry-After") == "" {
		t.Errorf("the last guess: %d %s, Retry-After %q; want 429", last.status, last.body, last.header.Get("Retry-After"))
	}
	from("192.0.2.7", key).wants(t, 200, pongBody)
	if a := from("192.0.2.8", "guess"); a.status != 401 {
		t.Errorf("a guess from another address: %d", a.status)
	}
	s.stop()
}
