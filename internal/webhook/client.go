package webhook

import (
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"syscall"
	"time"

	"code.dny.dev/ssrf"
)

// ClientOptions say how receivers are reached.
type ClientOptions struct {
	// AllowLoopbackHTTP allows http:// to this machine itself, for development. Everything else stays https to public
	// addresses.
	AllowLoopbackHTTP bool
	// ProxyURL is a proxy that all requests go through; nil for none, whatever the environment says. Through a proxy it is
	// the proxy that resolves names and has to refuse private addresses.
	ProxyURL *url.URL

	// Resolver and anyAddress are for tests: another resolver of names, and a guard that lets everything through.
	Resolver   *net.Resolver
	anyAddress bool
	tls        *tls.Config
}

// Bounds of a connection.
const (
	dialTimeout         = 10 * time.Second
	maxHeaderBytes      = 64 << 10
	maxIdleConns        = defaultMaxInFlight
	maxIdleConnsPerHost = defaultMaxPerHost
	idleTimeout         = 60 * time.Second
)

// guard decides which addresses may be connected to. It is asked with the address itself, after every name was resolved:
// a name that resolves to something else the second time gets nowhere.
type guard struct {
	options  ClientOptions
	public   *ssrf.Guardian
	loopback *ssrf.Guardian
}

var (
	loopback4 = netip.MustParsePrefix("127.0.0.0/8")
	loopback6 = netip.MustParsePrefix("::1/128")
	allV4     = netip.MustParsePrefix("0.0.0.0/0")
)

func newGuard(o ClientOptions) *guard {
	return &guard{
		options: o,
		public:  ssrf.New(ssrf.WithAnyPort()),
		loopback: ssrf.New(ssrf.WithAnyPort(), ssrf.WithAllowedV4Prefixes(loopback4), ssrf.WithDeniedV4Prefixes(allV4),
			ssrf.WithAllowedV6Prefixes(loopback6), ssrf.WithDeniedV6Prefixes(ssrf.IPv6GlobalUnicast)),
	}
}

// control is net.Dialer.Control for https, controlLoopback for http.
func (g *guard) control(network, address string, c syscall.RawConn) error {
	if g.options.anyAddress || g.options.ProxyURL != nil {
		return nil
	}
	err := g.public.Safe(network, address, c)
	if err != nil && g.options.AllowLoopbackHTTP {
		err = g.loopback.Safe(network, address, c)
	}
	return err
}

func (g *guard) controlLoopback(network, address string, c syscall.RawConn) error {
	if g.options.anyAddress || g.options.ProxyURL != nil {
		return nil
	}
	if !g.options.AllowLoopbackHTTP {
		return ssrf.ErrProhibitedIP
	}
	return g.loopback.Safe(network, address, c)
}

// checkLiteral refuses an address that stands in a URL itself.
func (g *guard) checkLiteral(u *url.URL) error {
	ip, err := netip.ParseAddr(u.Hostname())
	if err != nil || g.options.anyAddress {
		return nil // a name, which is looked at when it has been resolved
	}
	err = g.public.SafeAddr(ip.WithZone(""))
	if err != nil && g.options.AllowLoopbackHTTP {
		err = g.loopback.SafeAddr(ip)
	}
	return err
}

// newClient returns the client that reaches receivers: no redirects, no proxy that was not asked for, bounded times.
func newClient(o ClientOptions, g *guard) *http.Client {
	transport := func(control func(string, string, syscall.RawConn) error) *http.Transport {
		dialer := &net.Dialer{Timeout: dialTimeout, Control: control, Resolver: o.Resolver}
		t := &http.Transport{
			DialContext: dialer.DialContext, ForceAttemptHTTP2: true, TLSHandshakeTimeout: dialTimeout,
			MaxIdleConns: maxIdleConns, MaxIdleConnsPerHost: maxIdleConnsPerHost, IdleConnTimeout: idleTimeout,
			MaxResponseHeaderBytes: maxHeaderBytes, DisableCompression: true, TLSClientConfig: o.tls,
		}
		if o.ProxyURL != nil {
			t.Proxy = http.ProxyURL(o.ProxyURL)
		}
		return t
	}
	return &http.Client{
		Transport:     &bySchemes{https: transport(g.control), http: transport(g.controlLoopback)},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// bySchemes has a transport for each scheme, since what may be reached depends on it.
type bySchemes struct{ https, http *http.Transport }

// RoundTrip implements http.RoundTripper.
func (b *bySchemes) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL.Scheme == "https" {
		return b.https.RoundTrip(r)
	}
	return b.http.RoundTrip(r)
}

// CloseIdleConnections is called by http.Client.
func (b *bySchemes) CloseIdleConnections() {
	b.https.CloseIdleConnections()
	b.http.CloseIdleConnections()
}

// Classes of errors, as they are kept with an attempt.
const (
	classTimeout        = "timeout"
	classDNS            = "dns"
	classAddressRefused = "address_refused"
	classRefused        = "refused"
	classReset          = "reset"
	classUnreachable    = "unreachable"
	classTLS            = "tls"
	classClosed         = "closed"
	classOther          = "other"
)

// classify names what went wrong with a request. The error itself is not kept: it shows the URL.
func classify(err error) string {
	if errors.Is(err, ssrf.ErrProhibitedIP) || errors.Is(err, ssrf.ErrProhibitedNetwork) {
		return classAddressRefused
	}
	if _, ok := errors.AsType[*net.DNSError](err); ok {
		return classDNS
	}
	if e, ok := errors.AsType[net.Error](err); ok && e.Timeout() {
		return classTimeout
	}
	if isTLS(err) {
		return classTLS
	}
	for _, known := range []struct {
		err   error
		class string
	}{
		{syscall.ECONNREFUSED, classRefused},
		{syscall.ECONNRESET, classReset},
		{syscall.EPIPE, classReset},
		{syscall.EHOSTUNREACH, classUnreachable},
		{syscall.ENETUNREACH, classUnreachable},
		{io.EOF, classClosed},
		{io.ErrUnexpectedEOF, classClosed},
	} {
		if errors.Is(err, known.err) {
			return known.class
		}
	}
	return classOther
}

func isTLS(err error) bool {
	if errors.Is(err, http.ErrSchemeMismatch) {
		return true
	}
	if _, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return true
	}
	if _, ok := errors.AsType[tls.RecordHeaderError](err); ok {
		return true
	}
	_, ok := errors.AsType[tls.AlertError](err)
	return ok
}
