package webhook

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"time"

	"clientele"

	"golang.org/x/net/dns/dnsmessage"
)

// forbidden are addresses that nothing may be sent to, by what they are.
var forbidden = map[string]string{
	"private 10":       "10.0.0.1",
	"private 172.16":   "172.16.5.4",
	"private 192.168":  "192.168.1.1",
	"loopback":         "127.0.0.1",
	"loopback further": "127.255.0.9",
	"loopback v6":      "::1",
	"link-local":       "169.254.10.10",
	"metadata":         "169.254.169.254",
	"metadata v6":      "fd00:ec2::254",
	"link-local v6":    "fe80::1",
	"unique local v6":  "fc00::1",
	"shared":           "100.64.0.1",
	"unspecified":      "0.0.0.0",
	"unspecified v6":   "::",
	"this network":     "0.1.2.3",
	"multicast":        "224.0.0.1",
	"multicast v6":     "ff02::1",
	"broadcast":        "255.255.255.255",
	"IPv4-mapped":      "::ffff:10.0.0.1",
	"IPv4-compatible":  "::7f00:1",
	"NAT64":            "64:ff9b::7f00:1",
	"NAT64 local":      "64:ff9b:1::7f00:1",
	"6to4":             "2002:7f00:1::1",
	"Teredo":           "2001::1",
	"benchmarking":     "198.18.0.1",
	"documentation":    "192.0.2.1",
	"documentation v6": "2001:db8::1",
}

func TestGuard_RefusesWhatIsNotPublic(t *testing.T) {
	for _, o := range []ClientOptions{{}, {AllowLoopbackHTTP: true}} {
		g := newGuard(o)
		for name, text := range forbidden {
			ip := netip.MustParseAddr(text)
			network := "tcp4"
			if ip.Is6() {
				network = "tcp6"
			}
			refused := g.control(network, netip.AddrPortFrom(ip, 443).String(), nil) != nil
			if want := !(o.AllowLoopbackHTTP && ip.IsLoopback()); refused != want {
				t.Errorf("https to %s (%s), loopback allowed %t: refused %t", name, text, o.AllowLoopbackHTTP, refused)
			}
		}
		if err := g.control("tcp6", "[::ffff:8.8.8.8]:443", nil); err == nil {
			t.Error("an IPv4-mapped address is let through")
		}
		for _, public := range []string{"8.8.8.8:443", "1.1.1.1:8443", "[2606:4700::1111]:443"} {
			network := map[bool]string{true: "tcp6", false: "tcp4"}[strings.HasPrefix(public, "[")]
			if err := g.control(network, public, nil); err != nil {
				t.Errorf("https to %s: %v", public, err)
			}
			if err := g.controlLoopback(network, public, nil); err == nil {
				t.Errorf("http to %s is let through", public)
			}
		}
		if err := g.controlLoopback("tcp4", "127.0.0.1:80", nil); (err == nil) != o.AllowLoopbackHTTP {
			t.Errorf("http to loopback, allowed %t: %v", o.AllowLoopbackHTTP, err)
		}
	}
}

// TestClient_RefusesAddressesAndNames sends to each address, and to a name that resolves to it.
func TestClient_RefusesAddressesAndNames(t *testing.T) {
	for name, text := range forbidden {
		ip := netip.MustParseAddr(text)
		o := ClientOptions{Resolver: resolving(ip)}
		client := newClient(o, newGuard(o))
		for _, host := range []string{"rebound.example.com", hostText(ip)} {
			ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
			r, err := http.NewRequestWithContext(ctx, http.MethodPost, "https://"+host+"/", nil)
			if err != nil {
				t.Fatal(err)
			}
			response, err := client.Do(r)
			if err == nil {
				_ = response.Body.Close()
			}
			if err == nil || classify(err) != classAddressRefused {
				t.Errorf("%s as %s: %v, want it refused", name, host, err)
			}
			cancel()
		}
	}
}

func hostText(ip netip.Addr) string {
	if ip.Is6() {
		return "[" + ip.String() + "]"
	}
	return ip.String()
}

// resolving returns a resolver for which every name is at one address.
func resolving(ip netip.Addr) *net.Resolver {
	return &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) {
		client, server := net.Pipe()
		go answerDNS(server, ip)
		return client, nil
	}}
}

// answerDNS answers questions on a connection as a name server does over TCP: each message after its length.
func answerDNS(c net.Conn, ip netip.Addr) {
	defer c.Close()
	head := make([]byte, 2)
	for {
		if _, err := readFull(c, head); err != nil {
			return
		}
		message := make([]byte, int(head[0])<<8|int(head[1]))
		if _, err := readFull(c, message); err != nil {
			return
		}
		var m dnsmessage.Message
		if m.Unpack(message) != nil || len(m.Questions) != 1 {
			return
		}
		q := m.Questions[0]
		m.Response, m.Additionals = true, nil
		header := dnsmessage.ResourceHeader{Name: q.Name, Class: q.Class, TTL: 1, Type: q.Type}
		switch {
		case q.Type == dnsmessage.TypeA && ip.Is4():
			m.Answers = []dnsmessage.Resource{{Header: header, Body: &dnsmessage.AResource{A: ip.As4()}}}
		case q.Type == dnsmessage.TypeAAAA && ip.Is6():
			m.Answers = []dnsmessage.Resource{{Header: header, Body: &dnsmessage.AAAAResource{AAAA: ip.As16()}}}
		}
		packed, err := m.Pack()
		if err != nil {
			return
		}
		if _, err := c.Write(append([]byte{byte(len(packed) >> 8), byte(len(packed))}, packed...)); err != nil {
			return
		}
	}
}

func readFull(c net.Conn, b []byte) (int, error) {
	n := 0
	for n < len(b) {
		m, err := c.Read(b[n:])
		if n += m; err != nil {
			return n, err
		}
	}
	return n, nil
}

func TestClient_LoopbackHTTPOnlyWithTheFlag(t *testing.T) {
	r := newReceiver(t, nil)
	for _, allowed := range []bool{false, true} {
		o := ClientOptions{AllowLoopbackHTTP: allowed}
		client := newClient(o, newGuard(o))
		response, err := client.Post(r.URL, "application/json", nil)
		if err == nil {
			_ = response.Body.Close()
		}
		client.CloseIdleConnections()
		if (err == nil) != allowed {
			t.Errorf("http to loopback, allowed %t: %v", allowed, err)
		}
	}
}

func TestClient_NoProxyOfTheEnvironment(t *testing.T) {
	proxy := newReceiver(t, nil)
	t.Setenv("HTTP_PROXY", proxy.URL)
	t.Setenv("HTTPS_PROXY", proxy.URL)
	o := ClientOptions{Resolver: resolving(netip.MustParseAddr("10.0.0.1"))}
	if _, err := newClient(o, newGuard(o)).Post("https://shop.example.com", "", nil); err == nil {
		t.Error("a private address was reached")
	}
	if len(proxy.got()) != 0 {
		t.Error("the environment's proxy was used")
	}
	u, err := url.Parse(proxy.URL)
	if err != nil {
		t.Fatal(err)
	}
	o = ClientOptions{ProxyURL: u, AllowLoopbackHTTP: true}
	client := newClient(o, newGuard(o))
	defer client.CloseIdleConnections()
	response, err := client.Post("http://localhost:1/", "", nil)
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	if len(proxy.got()) != 1 {
		t.Error("the proxy of the settings was not used")
	}
}

func TestClassify(t *testing.T) {
	secure := httptest.NewTLSServer(http.NotFoundHandler())
	defer secure.Close()
	plain := newReceiver(t, nil)
	gone := newReceiver(t, nil)
	gone.Close()
	o := ClientOptions{anyAddress: true, Resolver: &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) {
		return nil, errors.New("no name server")
	}}}
	client := newClient(o, newGuard(o))
	defer client.CloseIdleConnections()
	for target, want := range map[string]string{
		secure.URL:                 classTLS, // its certificate is nobody's
		"https" + plain.URL[4:]:    classTLS,
		gone.URL:                   classRefused,
		"https://shop.example.com": classDNS,
	} {
		response, err := client.Post(target, "", nil)
		if err == nil {
			_ = response.Body.Close()
			t.Errorf("%s answered", target)
			continue
		}
		if got := classify(err); got != want {
			t.Errorf("%s: %v is %s, want %s", target, err, got, want)
		}
	}
	trusted := trusting(secure)
	trusted.anyAddress = true
	client = newClient(trusted, newGuard(trusted))
	defer client.CloseIdleConnections()
	response, err := client.Post(secure.URL, "", nil)
	if err != nil || response.StatusCode != http.StatusNotFound {
		t.Fatalf("a certificate that is trusted: %v", err)
	}
	_ = response.Body.Close()
}

func TestCreate_RefusesWhatCannotBe(t *testing.T) {
	s := New(openSQLite(t)(t), Options{})
	t.Cleanup(func() { _ = s.Stop(context.Background()) })
	good := clientele.SubscriptionOrder{ProjectID: 1, EventType: clientele.CustomerChanged, URL: "https://shop.example.com/events?a=b"}
	if sub, err := s.Create(t.Context(), good); err != nil || sub.RequestTimeout != DefaultRequestTimeout || sub.Host != "shop.example.com:443" {
		t.Fatalf("create: %+v, %v", sub, err)
	}
	for name, k := range map[string]struct {
		change func(*clientele.SubscriptionOrder)
		field  string
	}{
		"http":              {func(o *clientele.SubscriptionOrder) { o.URL = "http://shop.example.com" }, "url"},
		"http to loopback":  {func(o *clientele.SubscriptionOrder) { o.URL = "http://127.0.0.1:8080" }, "url"},
		"another scheme":    {func(o *clientele.SubscriptionOrder) { o.URL = "ftp://shop.example.com" }, "url"},
		"relative":          {func(o *clientele.SubscriptionOrder) { o.URL = "/events" }, "url"},
		"no host":           {func(o *clientele.SubscriptionOrder) { o.URL = "https:///events" }, "url"},
		"user":              {func(o *clientele.SubscriptionOrder) { o.URL = "https://u:p@shop.example.com" }, "url"},
		"fragment":          {func(o *clientele.SubscriptionOrder) { o.URL = "https://shop.example.com/#a" }, "url"},
		"private":           {func(o *clientele.SubscriptionOrder) { o.URL = "https://192.168.0.1/" }, "url"},
		"mapped public":     {func(o *clientele.SubscriptionOrder) { o.URL = "https://[::ffff:8.8.8.8]/" }, "url"},
		"mapped":            {func(o *clientele.SubscriptionOrder) { o.URL = "https://[::ffff:127.0.0.1]/" }, "url"},
		"zone":              {func(o *clientele.SubscriptionOrder) { o.URL = "https://[fe80::1%25eth0]/" }, "url"},
		"long URL":          {func(o *clientele.SubscriptionOrder) { o.URL = "https://shop.example.com/" + strings.Repeat("x", 1000) }, "url"},
		"long secret":       {func(o *clientele.SubscriptionOrder) { o.Secret = strings.Repeat("ł", 65) }, "secret"},
		"NUL in a secret":   {func(o *clientele.SubscriptionOrder) { o.Secret = "a\x00" }, "secret"},
		"event":             {func(o *clientele.SubscriptionOrder) { o.EventType = "customer:deleted" }, "eventType"},
		"21 intervals":      {func(o *clientele.SubscriptionOrder) { o.Retry = make([]time.Duration, 21) }, "intervals"},
		"interval of 0":     {func(o *clientele.SubscriptionOrder) { o.Retry = []time.Duration{0} }, "intervals"},
		"interval too long": {func(o *clientele.SubscriptionOrder) { o.Retry = []time.Duration{25 * time.Hour} }, "intervals"},
		"time-out too long": {func(o *clientele.SubscriptionOrder) { o.RequestTimeout = time.Hour }, "requestTimeout"},
	} {
		o := good
		k.change(&o)
		_, err := s.Create(t.Context(), o)
		if e, ok := errors.AsType[*clientele.Error](err); !ok || e.Kind != clientele.KindInvalid || e.Field != k.field {
			t.Errorf("%s: %v, want a refusal of %s", name, err, k.field)
		}
	}
}
