package webhook

import (
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"time"

	"clientele"

	standard "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

// FuzzSign holds that the library of the standard knows every message by its signature, with each of the secrets, and none that
// was changed.
func FuzzSign(f *testing.F) {
	f.Add("evt_1", []byte(`{"payload":{}}`), []byte("a"))
	f.Add("", []byte(nil), []byte("."))
	f.Add("evt.1", []byte("1.2"), []byte("\n"))
	f.Fuzz(func(t *testing.T, id string, body, more []byte) {
		old, now, h := newSigningSecret(), newSigningSecret(), http.Header{}
		if err := sign(h, []string{now, old}, id, time.Now(), body); err != nil {
			t.Fatal(err)
		}
		for _, secret := range []string{now, old} {
			receiver, err := standard.NewWebhook(secret)
			if err != nil {
				t.Fatal(err)
			}
			if err := receiver.Verify(body, h); err != nil && id != "" {
				t.Errorf("%q of %q is not known: %v", body, id, err)
			}
			if changed := append(body[:len(body):len(body)], more...); len(more) > 0 && receiver.Verify(changed, h) == nil {
				t.Errorf("%q is taken for %q", changed, body)
			}
		}
		if stranger, _ := standard.NewWebhook(newSigningSecret()); stranger.Verify(body, h) == nil {
			t.Errorf("%q is known to whoever", body)
		}
	})
}

// FuzzCheckURL holds that events go by HTTPS, to a host by name or to a public address, and that what is accepted stays so when it
// is written and read once more.
func FuzzCheckURL(f *testing.F) {
	for _, address := range []string{
		"https://shop.example.com/events?a=b", "http://shop.example.com", "https://127.0.0.1/", "https://[::1]:8443/", "https://0x7f.1/",
		"https://10.0.0.1", "https://[::ffff:10.0.0.1]/", "https://a:b@shop.example.com/", "https://[fe80::1%25eth0]/", "https:///x",
		"//shop.example.com", "https://shop.example.com/#x", "https://169.254.169.254/latest", "HTTPS://SHOP.EXAMPLE.COM:443", "https://[64:ff9b::7f00:1]/",
	} {
		f.Add(address)
	}
	s := &Service{guard: newGuard(ClientOptions{})}
	f.Fuzz(func(t *testing.T, address string) {
		u, err := s.CheckURL(address)
		if err != nil {
			if clientele.KindOf(err) != clientele.KindInvalid {
				t.Errorf("%q: %v", address, err)
			}
			return
		}
		if u.Scheme != "https" || u.User != nil || u.Hostname() == "" || !u.IsAbs() {
			t.Errorf("%q is accepted as %+v", address, u)
		}
		if ip, err := netip.ParseAddr(u.Hostname()); err == nil {
			if ip = ip.Unmap(); !ip.IsGlobalUnicast() || ip.IsPrivate() || ip.IsLoopback() {
				t.Errorf("%q leads to %s", address, ip)
			}
		}
		again, err := s.CheckURL(u.String())
		if err != nil && len(u.String()) <= MaxURL || err == nil && !sameTarget(u, again) {
			t.Errorf("%q is accepted, and written %q it is %v (%v)", address, u, again, err)
		}
	})
}

func sameTarget(a, b *url.URL) bool {
	return strings.EqualFold(a.Host, b.Host) && a.Path == b.Path && a.RawQuery == b.RawQuery
}
