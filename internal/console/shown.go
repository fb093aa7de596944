package console

import (
	"fmt"
	"strings"
	"time"
	"unicode"

	"clientele"
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

// shownURL is clientele.ShownURL for a page.
func shownURL(address string) string { return printable(clientele.ShownURL(address)) }

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
