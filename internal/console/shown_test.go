package console

import (
	"testing"
	"time"

	"clientele"
)

func TestShownURL_KeepsNoSecret(t *testing.T) {
	for address, want := range map[string]string{
		"https://shop.example.com/events":                     "https://shop.example.com/events",
		"https://shop.example.com:8443/a%20b?key=s3cret&n=2":  "https://shop.example.com:8443/a%20b?key=…&n=…",
		"https://shop.example.com/?s3cret":                    "https://shop.example.com/?…",
		"https://user:s3cret@shop.example.com/":               "https://shop.example.com/",
		"https://shop.example.com/#s3cret":                    "https://shop.example.com/",
		"https://shop.example.com/?=s3cret&&k=s3cret=s3cret;": "https://shop.example.com/?=…&…&k=…",
		"javascript:alert(1)":                                 "(an address that cannot be read)",
		"%zz":                                                 "(an address that cannot be read)",
		"":                                                    "(an address that cannot be read)",
	} {
		if got := shownURL(address); got != want {
			t.Errorf("%s is shown as %s, want %s", address, got, want)
		}
	}
}

func TestPrintable_ShowsWhatHasNoShape(t *testing.T) {
	for text, want := range map[string]string{
		"Gdańsk 東京 🚢":           "Gdańsk 東京 🚢",
		"two\r\nlines\tand tab": "two\nlines\tand tab",
		"a\x00b\x1b[31m":        "a\ufffdb\ufffd[31m",
		"abc\u202etxt.exe":      "abc\ufffdtxt.exe",
		"half \xc3":             "half \ufffd",
		"zero\u200bwidth":       "zero\ufffdwidth",
		"港区\u3000東京\u00a0都":     "港区\u3000東京\u00a0都",
		"می\u200cخواهم":         "می\u200cخواهم",
	} {
		if got := printable(text); got != want {
			t.Errorf("%q is shown as %q, want %q", text, got, want)
		}
	}
}

func TestDurationText(t *testing.T) {
	for d, want := range map[time.Duration]string{
		-time.Second: "", 0: "", time.Microsecond: "under 1 ms", 12*time.Millisecond + 999*time.Microsecond: "12 ms",
		time.Second: "1.0 s", 59*time.Second + 990*time.Millisecond: "59.9 s", 61 * time.Second: "1 min 1 s",
		2*time.Hour + 5*time.Minute: "2 h 5 min", 76 * time.Hour: "3 d 4 h",
	} {
		if got := durationText(d); got != want {
			t.Errorf("%s is %q, want %q", d, got, want)
		}
	}
}

// TestAttemptShown_HasWords for each class of error that an attempt can have, and for statuses.
func TestAttemptShown_HasWords(t *testing.T) {
	seen := map[string]bool{}
	for _, class := range []string{"timeout", "dns", "address_refused", "refused", "reset", "closed", "unreachable", "tls", "other"} {
		a := attemptShown{clientele.Attempt{ErrorClass: class}}
		if a.words() == "" || seen[a.words()] || a.good() || a.outcome() != "no answer" {
			t.Errorf("%s: %q, %s", class, a.words(), a.outcome())
		}
		seen[a.words()] = true
	}
	for status, good := range map[int]bool{200: true, 204: true, 301: false, 404: false, 410: false, 429: false, 500: false} {
		a := attemptShown{clientele.Attempt{StatusCode: status}}
		if (a.words() == "") != good || a.good() != good {
			t.Errorf("%d: %q", status, a.words())
		}
	}
}
