package book

import (
	"net/netip"
	"strings"
	"testing"
)

func TestClassifyIP(t *testing.T) {
	const (
		public  = "public"
		private = "private"
		invalid = "invalid"
	)
	tests := []struct{ name, raw, want string }{
		{"IPv4", "93.184.215.14", public},
		{"IPv6", "2606:2800:220:1:248:1893:25c8:1946", public},
		{"blanks around", " 93.184.215.14\n", public},
		{"IPv4 in IPv6 form", "::ffff:93.184.215.14", public},
		{"private A", "10.0.0.1", private},
		{"private B, first", "172.16.0.0", private},
		{"private B, last", "172.31.255.255", private},
		{"before private B", "172.15.255.255", public},
		{"after private B", "172.32.0.0", public},
		{"private C", "192.168.1.77", private},
		{"private in IPv6 form", "::ffff:10.0.0.1", private},
		{"private in IPv6 form, hexadecimal", "::FFFF:C0A8:0101", private},
		{"shared, first", "100.64.0.0", private},
		{"shared, last", "100.127.255.255", private},
		{"shared in IPv6 form", "::ffff:100.64.0.1", private},
		{"before shared", "100.63.255.255", public},
		{"after shared", "100.128.0.0", public},
		{"loopback", "127.0.0.1", private},
		{"loopback, any", "127.255.0.9", private},
		{"link-local", "169.254.10.10", private},
		{"unspecified", "0.0.0.0", private},
		{"documentation 1", "192.0.2.1", private},
		{"documentation 2", "198.51.100.200", private},
		{"documentation 3", "203.0.113.9", private},
		{"IPv6 loopback", "::1", private},
		{"IPv6 unspecified", "::", private},
		{"IPv6 unique local", "fd12:3456:789a::1", private},
		{"IPv6 unique local, lower half", "fc00::1", private},
		{"IPv6 link-local", "fe80::1", private},
		{"IPv6 link-local with zone", "fe80::1%eth0", private},
		{"IPv6 documentation", "2001:db8::8a2e:370:7334", private},
		{"IPv6 documentation, newer", "3fff:fff::1", private},
		{"beside IPv6 documentation", "2001:db9::1", public},
		{"too large", "256.1.1.1", invalid},
		{"three parts", "10.0.1", invalid},
		{"leading zero", "010.0.0.1", invalid},
		{"port", "93.184.215.14:80", invalid},
		{"brackets", "[::1]", invalid},
		{"network", "10.0.0.0/8", invalid},
		{"two addresses", "93.184.215.14, 10.0.0.1", invalid},
		{"name", "localhost", invalid},
		{"NUL", "10.0.0.1\x00", invalid},
		{"empty", "", invalid},
		{"blanks", "  ", invalid},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			valid, isPrivate := classifyIP(tt.raw)
			if valid != (tt.want != invalid) || isPrivate != (tt.want == private) {
				t.Errorf("classifyIP(%q) = %t, %t; want %s", tt.raw, valid, isPrivate, tt.want)
			}
		})
	}
}

func FuzzClassifyIP(f *testing.F) {
	for _, raw := range []string{"93.184.215.14", "::ffff:10.0.0.1", "fe80::1%eth0", "1::%", "::", "1.2.3", "\xff", ""} {
		f.Add(raw)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		valid, private := classifyIP(raw)
		if private && !valid {
			t.Fatalf("classifyIP(%q): private but not valid", raw)
		}
		addr, err := netip.ParseAddr(strings.TrimSpace(raw))
		if valid != (err == nil) {
			t.Fatalf("classifyIP(%q): valid = %t, net/netip says %v", raw, valid, err)
		}
		if !valid || !addr.Is4() {
			return
		}
		mapped := netip.AddrFrom16(addr.As16()).String()
		if _, mappedPrivate := classifyIP(mapped); mappedPrivate != private {
			t.Fatalf("classifyIP(%q): private = %t, in IPv6 form %t", raw, private, mappedPrivate)
		}
	})
}

func BenchmarkClassifyIP(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		classifyIP("93.184.215.14")
	}
}
