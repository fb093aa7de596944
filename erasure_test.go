package clientele_test

import (
	"testing"

	"clientele"
)

func TestVisitorIP(t *testing.T) {
	for stated, want := range map[string]string{
		"203.0.113.7": "203.0.113.7", " 203.0.113.7\t": "203.0.113.7", "::ffff:203.0.113.7": "203.0.113.7",
		"2001:DB8::1": "2001:db8::1", "2001:0db8:0:0:0:0:0:1": "2001:db8::1", "fe80::1%eth0": "fe80::1",
		"": "", "203.0.113": "", "203.0.113.7:80": "", "unknown": "", "203.0.113.7, 203.0.113.8": "",
	} {
		if got := clientele.VisitorIP(stated); got != want {
			t.Errorf("VisitorIP(%q) = %q, want %q", stated, got, want)
		}
	}
}
