package book

import (
	"net/netip"
	"strings"
)

// privateNetworks are the ranges beyond those that net/netip names itself: shared address space behind a carrier's NAT
// (RFC 6598) and documentation (RFC 5737, RFC 3849, RFC 9637).
var privateNetworks = []netip.Prefix{
	netip.MustParsePrefix("100.64.0.0/10"),
	netip.MustParsePrefix("192.0.2.0/24"),
	netip.MustParsePrefix("198.51.100.0/24"),
	netip.MustParsePrefix("203.0.113.0/24"),
	netip.MustParsePrefix("2001:db8::/32"),
	netip.MustParsePrefix("3fff::/20"),
}

// classifyIP says whether raw, blanks around it aside, is an IPv4 or IPv6 address, and whether it is one that no visitor
// from the internet can have: private (RFC 1918, RFC 4193), loopback, link-local, unspecified, shared, documentation.
// An IPv4 address in IPv6 form is judged as the IPv4 address. private is false when valid is.
func classifyIP(raw string) (valid, private bool) {
	addr, err := netip.ParseAddr(strings.TrimSpace(raw))
	if err != nil {
		return false, false
	}
	addr = addr.WithZone("").Unmap()
	if addr.IsPrivate() || addr.IsLoopback() || addr.IsLinkLocalUnicast() || addr.IsUnspecified() {
		return true, true
	}
	for _, network := range privateNetworks {
		if network.Contains(addr) {
			return true, true
		}
	}
	return true, false
}
