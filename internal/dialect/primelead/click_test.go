package primelead

import (
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
)

func TestWithAction_KeepsTheAddress(t *testing.T) {
	for address, want := range map[string]string{
		"https://shop.example.com":                    "https://shop.example.com?utm_action=u",
		"https://shop.example.com/":                   "https://shop.example.com/?utm_action=u",
		"https://shop.example.com/a?b=c":              "https://shop.example.com/a?b=c&utm_action=u",
		"https://shop.example.com/a?b=c#d":            "https://shop.example.com/a?b=c&utm_action=u#d",
		"https://shop.example.com/a#d":                "https://shop.example.com/a?utm_action=u#d",
		"https://shop.example.com/a#d?e=f":            "https://shop.example.com/a?utm_action=u#d?e=f",
		"https://shop.example.com/a?#":                "https://shop.example.com/a?utm_action=u#",
		"https://shop.example.com/a?b&":               "https://shop.example.com/a?b&utm_action=u",
		"https://shop.example.com/%20?q=%C5%BC+a;b&c": "https://shop.example.com/%20?q=%C5%BC+a;b&c&utm_action=u",
		"https://shop.example.com/?utm_action=mine":   "https://shop.example.com/?utm_action=mine&utm_action=u",
	} {
		if got := withAction(address, "u"); got != want {
			t.Errorf("withAction(%q) = %q, want %q", address, got, want)
		}
	}
}

func TestStorable(t *testing.T) {
	for text, want := range map[string]string{
		"": "", "abc": "abc", "a\x00b": "ab", "a\xffb": "a\uFFFDb", "żółw": "żółw", "żółwi": "żółw", "abcdef": "abcd",
		"\x00\x00\x00abcd": "abcd", "ab🏺cd": "ab🏺c", "\xff\xfe": "\uFFFD",
	} {
		if got := storable(text, 4); got != want {
			t.Errorf("storable(%q, 4) = %q, want %q", text, got, want)
		}
	}
}

func TestVisit_UserAgentIsCut(t *testing.T) {
	api := New(nil, nil, Options{})
	r := httptest.NewRequest(http.MethodGet, "/click/a/b", nil)
	r.Header.Set("User-Agent", strings.Repeat("ż", 600))
	if v := api.visit(r); v.UserAgent.V != strings.Repeat("ż", 512) {
		t.Errorf("user agent of %d bytes is kept", len(v.UserAgent.V))
	}
	r.Header.Del("User-Agent")
	if v := api.visit(r); v.UserAgent.Valid {
		t.Errorf("without a user agent: %v", v.UserAgent)
	}
}

func TestVisitorIP(t *testing.T) {
	proxies := BehindProxies(netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("fd00::/8"))
	for _, c := range []struct {
		connection string
		forwarded  []string
		direct     string // without proxies
		want       string
	}{
		{"192.0.2.7:5000", nil, "192.0.2.7", "192.0.2.7"},
		{"192.0.2.7:5000", []string{"198.51.100.1"}, "192.0.2.7", "192.0.2.7"},
		{"10.0.0.1:5000", nil, "10.0.0.1", "10.0.0.1"},
		{"10.0.0.1:5000", []string{"198.51.100.1"}, "10.0.0.1", "198.51.100.1"},
		{"10.0.0.1:5000", []string{"203.0.113.9, 198.51.100.1"}, "10.0.0.1", "198.51.100.1"},
		{"10.0.0.1:5000", []string{"203.0.113.9", "198.51.100.1 , 10.2.3.4"}, "10.0.0.1", "198.51.100.1"},
		{"10.0.0.1:5000", []string{"10.9.9.9,10.2.3.4"}, "10.0.0.1", "10.9.9.9"},
		{"10.0.0.1:5000", []string{"198.51.100.1, nonsense"}, "10.0.0.1", "10.0.0.1"},
		{"[::ffff:10.0.0.1]:5000", []string{"::ffff:198.51.100.1"}, "10.0.0.1", "198.51.100.1"},
		{"[fd00::1]:5000", []string{"2001:db8::5"}, "fd00::1", "2001:db8::5"},
		{"10.0.0.1:5000", []string{"203.0.113.9, 198.51.100.1:51234"}, "10.0.0.1", "198.51.100.1"},
		{"10.0.0.1:5000", []string{"198.51.100.1:51234, 10.2.3.4:80"}, "10.0.0.1", "198.51.100.1"},
		{"10.0.0.1:5000", []string{"[2001:db8::5]:51234"}, "10.0.0.1", "2001:db8::5"},
		{"10.0.0.1:5000", []string{"[2001:db8::5]"}, "10.0.0.1", "2001:db8::5"},
		{"10.0.0.1:5000", []string{"198.51.100.1:"}, "10.0.0.1", "10.0.0.1"},
		{"@", []string{"198.51.100.1"}, "invalid IP", "invalid IP"},
	} {
		r := httptest.NewRequest(http.MethodGet, "/click/a/b", nil)
		r.RemoteAddr = c.connection
		for _, hop := range c.forwarded {
			r.Header.Add("X-Forwarded-For", hop)
		}
		if got := ConnectionIP(r).String(); got != c.direct {
			t.Errorf("%s: the connection is from %s, want %s", c.connection, got, c.direct)
		}
		if got := proxies(r).String(); got != c.want {
			t.Errorf("%s, forwarded for %q: %s, want %s", c.connection, c.forwarded, got, c.want)
		}
	}
}

func TestVisit_AddressIsOptional(t *testing.T) {
	api := New(nil, nil, Options{})
	r := httptest.NewRequest(http.MethodGet, "/click/a/b", nil)
	r.RemoteAddr = "[fe80::1%eth0]:99"
	if v := api.visit(r); v.IP.V != "fe80::1" {
		t.Errorf("address %q, want it without its zone", v.IP.V)
	}
	r.RemoteAddr = "@"
	if v := api.visit(r); v.IP.Valid {
		t.Errorf("a connection without an address: %v", v.IP)
	}
}
