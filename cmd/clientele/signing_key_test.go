package main

import (
	"net/http"
	"testing"
)

// TestSigningKey_Rotate: after a rotation tokens in circulation are good; after a leak they end, and new ones are had.
func TestSigningKey_Rotate(t *testing.T) {
	onEachBook(t, func(t *testing.T, b crashBook) {
		p := newSubmitter(t, b)
		s := b.start()
		p.login(t, s)
		list := func() int {
			return s.ask(request{url: "/v1/customer", header: map[string]string{"Authorization": "Bearer " + p.token}}).status
		}
		b.command("signing-key", "rotate").wants(t, exitOK)
		if got := list(); got != http.StatusOK {
			t.Fatalf("after a rotation: %d", got)
		}
		if got := b.command("signing-key", "rotate", "--leaked", "--json").object(t); got["leaked"] != true {
			t.Errorf("printed %v", got)
		}
		s.stop()
		s = b.start() // the running one believes its keys for up to a minute
		if got := list(); got != http.StatusUnauthorized {
			t.Errorf("after a leak: %d", got)
		}
		p.login(t, s)
		if got := list(); got != http.StatusOK {
			t.Errorf("with a new token: %d", got)
		}
	})
}
