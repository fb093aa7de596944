package clientele

import (
	"strings"
	"testing"
)

func TestCheckLandingURL(t *testing.T) {
	long := "https://shop.example.com/" + strings.Repeat("a", 2048-len("https://shop.example.com/"))
	for _, address := range []string{
		"https://shop.example.com", "http://shop.example.com:8443/a?b=c&d=%20#e", "HTTPS://SHOP.EXAMPLE.COM/", "https://[2001:db8::1]/",
		"https://192.0.2.1/x", long,
	} {
		if err := CheckLandingURL(address); err != nil {
			t.Errorf("%.60s: %v", address, err)
		}
	}
	for _, address := range []string{
		"", "shop.example.com", "/offer", "//shop.example.com/", "https://", "https:///offer", "https://:443/", "ftp://shop.example.com",
		"javascript:alert(1)", "https://user:pass@shop.example.com/", "https://shop.example.com/a b", "https://shop.example.com/\r\nX: y",
		"https://żółw.example.com/", "https://shop.example.com/%zz", long + "a",
	} {
		if err := CheckLandingURL(address); KindOf(err) != KindInvalid || err == nil {
			t.Errorf("%.60q is taken: %v", address, err)
		}
	}
}

func TestCheckName(t *testing.T) {
	for name, ok := range map[string]bool{
		"a": true, strings.Repeat("ż", 100): true, "": false, strings.Repeat("ż", 101): false, "\xff": false,
		"a\tb": false, "a\nb": false, "\x1b[31mred": false, "\u0085": false,
	} {
		if err := CheckName(name); (err == nil) != ok {
			t.Errorf("%.20q: %v, want taken %v", name, err, ok)
		}
	}
}
