package console

import (
	"fmt"
	"net/url"
	"strings"
	"time"
	"unicode"
)

// printable returns a text of somebody else's as it can be shown: what has no shape of its own, such as marks that turn the
// direction of writing, is shown as a replacement character. Blanks of any width stay, and the two marks that join letters and
// keep them apart, which Persian, Hindi and emoji are written with. Escaping it is the template's part.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		if r == '\n' || r == '\t' || r == '\u200c' || r == '\u200d' || unicode.IsGraphic(r) {
			return r
		}
		return unicode.ReplacementChar
	}, strings.ReplaceAll(text, "\r\n", "\n"))
}

// shownURL returns the address of a receiver without what may be secret in it: the values of its query, and a user.
func shownURL(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" {
		return "(an address that cannot be read)"
	}
	shown := u.Scheme + "://" + u.Host + u.EscapedPath()
	if u.RawQuery == "" {
		return printable(shown)
	}
	var names []string
	for pair := range strings.SplitSeq(u.RawQuery, "&") {
		name, _, named := strings.Cut(pair, "=")
		if !named { // all of it may be a token
			name = "…"
		} else {
			name += "=…"
		}
		names = append(names, name)
	}
	return printable(shown + "?" + strings.Join(names, "&"))
}

// durationText returns a duration as people read it: 12 ms, 3.4 s, 2 h 5 min, 3 d 4 h; "" for none.
func durationText(d time.Duration) string {
	in := func(unit time.Duration) int { return int(d / unit) }
	switch {
	case d <= 0:
		return ""
	case d < time.Millisecond:
		return "under 1 ms"
	case d < time.Second:
		return fmt.Sprintf("%d ms", in(time.Millisecond))
	case d < time.Minute:
		return fmt.Sprintf("%.1f s", d.Truncate(100*time.Millisecond).Seconds())
	case d < time.Hour:
		return fmt.Sprintf("%d min %d s", in(time.Minute), in(time.Second)%60)
	case d < 24*time.Hour:
		return fmt.Sprintf("%d h %d min", in(time.Hour), in(time.Minute)%60)
	default:
		return fmt.Sprintf("%d d %d h", in(24*time.Hour), in(time.Hour)%24)
	}
}
