package config

import (
	"fmt"
	"net"
)

// checkAddresses refuses what nobody can listen on.
func (s *Serve) checkAddresses() error {
	for _, a := range []struct{ flag, address string }{
		{"--listen", s.Listen}, {"--metrics-listen", s.MetricsListen}, {"--http-redirect", s.HTTPRedirect},
	} {
		if a.address == "" && a.flag != "--listen" {
			continue // it was not asked for
		}
		_, port, err := net.SplitHostPort(a.address)
		if err != nil || port == "" {
			return fmt.Errorf("%s %q is no address: write a host and a port, such as 127.0.0.1:8080, or :8080 for all addresses of the machine",
				a.flag, a.address)
		}
		if _, err := net.LookupPort("tcp", port); err != nil {
			return fmt.Errorf("%s %q has no port that can be listened on: write one from 1 to 65535, or 0 to take a free one", a.flag, a.address)
		}
	}
	return nil
}
