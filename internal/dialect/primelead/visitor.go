package primelead

import (
	"net/http"
	"net/netip"
	"strings"
)

// ConnectionIP returns the address at the other end of the connection; the zero Addr when it has none.
func ConnectionIP(r *http.Request) netip.Addr {
	at, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	return at.Addr().Unmap()
}

// BehindProxies returns a VisitorIP for a server behind proxies of the operator's, in the given networks: the last address in
// X-Forwarded-For that is none of theirs. What a visitor wrote into the header itself stands before it and is not believed.
// A connection from elsewhere is the visitor's own.
func BehindProxies(proxies ...netip.Prefix) func(*http.Request) netip.Addr {
	isProxy := func(a netip.Addr) bool {
		for _, network := range proxies {
			if network.Contains(a) {
				return true
			}
		}
		return false
	}
	return func(r *http.Request) netip.Addr {
		last := ConnectionIP(r)
		hops := strings.Split(strings.Join(r.Header["X-Forwarded-For"], ","), ",")
		for i := len(hops) - 1; i >= 0 && isProxy(last); i-- {
			hop, ok := parseHop(strings.TrimSpace(hops[i]))
			if !ok {
				break // a proxy of ours does not write this
			}
			last = hop
		}
		return last
	}
}

// parseHop reads what a proxy writes of an address: some put it in brackets, and some put the port behind it.
func parseHop(text string) (netip.Addr, bool) {
	if at, err := netip.ParseAddrPort(text); err == nil {
		return at.Addr().Unmap(), true
	}
	if inner, ok := strings.CutPrefix(text, "["); ok {
		text = strings.TrimSuffix(inner, "]")
	}
	hop, err := netip.ParseAddr(text)
	return hop.Unmap(), err == nil
}
