package config

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
)

// checkURLs refuses what no browser, no token and no proxy would ever match. What may have a password in it is not repeated: where
// one begins in a URL that is none nobody can tell.
func (s *Serve) checkURLs() error {
	for _, origin := range s.CORSOrigin {
		if err := checkOrigin(origin); err != nil {
			return err
		}
	}
	if s.OIDCIssuer != "" {
		u, err := url.Parse(s.OIDCIssuer)
		if err != nil || !leadsTo(u, "https", "http") || u.RawQuery != "" || u.Fragment != "" {
			return fmt.Errorf("--oidc-issuer %q is no issuer: write the URL that its tokens have as iss, such as https://login.example.com/realms/shop", s.OIDCIssuer)
		}
	}
	if s.WebhookProxy != nil && !leadsTo(s.WebhookProxy, "http", "https", "socks5", "socks5h") {
		return errors.New("--webhook-proxy is no proxy: write a URL with http, https or socks5, such as http://proxy.example.com:3128; a % or ^ in a password is %25 or %5E there")
	}
	if s.ACMEURL != nil && !leadsTo(s.ACMEURL, "https", "http") {
		return errors.New("--acme-url is no directory: write a URL, such as https://acme.example.com/directory")
	}
	return nil
}

// leadsTo reports whether a URL has one of the schemes, and a host.
func leadsTo(u *url.URL, schemes ...string) bool {
	return slices.Contains(schemes, u.Scheme) && u.Host != ""
}

// checkOrigin refuses what is not an origin as browsers send it: a scheme, a host, and a port that is not the scheme's own. A * stands
// for anything.
func checkOrigin(origin string) error {
	if origin == "*" {
		return nil
	}
	u, err := url.Parse(strings.Replace(origin, "*", "1", 1)) // which may stand in a host and for a port
	if err != nil || u.Scheme == "" || u.Host == "" {
		return fmt.Errorf("--cors-origin %q is no origin: write a scheme and a host, such as https://shop.example.com", origin)
	}
	host := strings.TrimSuffix(u.Host, map[string]string{"https": ":443", "http": ":80"}[u.Scheme])
	if sent := u.Scheme + "://" + host; !strings.EqualFold(u.String(), sent) {
		return fmt.Errorf("--cors-origin %q is more than an origin, and no browser sends it: write a scheme and a host alone, such as %s", origin, sent)
	}
	return nil
}
