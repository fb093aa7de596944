package traffic

import (
	"cmp"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"clientele"
)

// echoes are the sentences in which the dialects' answers repeat what was sent, in JSON. A value in one of them may be the
// JSON that was sent, or a part of it: by what is known of the call it would not be found. Without their end, as when the
// answer was cut, all that follows is the value.
var echoes = []*regexp.Regexp{
	echo(`The value '`, `' is not valid for '`),
	echo(`has a range of values which does not include '`, `'."`),
	echo(`You entered `, `."`),
	echo(`Unsupported Media Type: `, `"`),
}

// routeEcho has method and target in it.
var routeEcho = echo(`Route `, ` not found"`)

// echo finds a value between two texts in one string of JSON, which none but the last of the ends ends.
func echo(before, after string) *regexp.Regexp {
	return regexp.MustCompile(`(?s)(` + regexp.QuoteMeta(before) + `)(?:((?:[^"\\]|\\.)*)(` + regexp.QuoteMeta(after) + `)|.*)`)
}

// answer hides in an answer what it repeats of the call, of which the rest is masked.
func (m *masker) answer(r *clientele.Refusal) string {
	text, shown := r.Answer, decode(r.Target)+"\n"+decode(r.Body)
	for _, form := range m.forms() {
		text = strings.ReplaceAll(text, form, blank)
	}
	for _, e := range echoes {
		text = e.ReplaceAllStringFunc(text, func(found string) string {
			part := e.FindStringSubmatch(found)
			if value := part[2]; part[3] != "" && isSafe(value) && strings.Contains(shown, value) || isLength(value) {
				return found
			}
			return part[1] + blank + part[3]
		})
	}
	return routeEcho.ReplaceAllStringFunc(text, func(found string) string {
		part := routeEcho.FindStringSubmatch(found)
		return part[1] + quote(r.Method+":"+r.Target) + part[3]
	})
}

// quote returns a text as it stands in JSON, without quotes.
func quote(s string) string {
	quoted := string(clientele.AppendQuoted(nil, s))
	return quoted[1 : len(quoted)-1]
}

// isLength reports whether a value is no value, but how long one was.
func isLength(s string) bool {
	n, what, _ := strings.Cut(s, " ")
	return (what == "characters" || what == "items") && isSafe(n)
}

// maxEcho is how many characters of a value DKHardware's sentences repeat.
const maxEcho = 100

// forms returns what was said in the forms in which an answer may have it. The longest are the first: what is left of a value
// within which another was found would be seen.
func (m *masker) forms() []string {
	var list []string
	add := func(s string) {
		for _, form := range []string{s, quote(s)} {
			if len(form) < 3 && !strings.ContainsFunc(form, func(r rune) bool { return r >= utf8.RuneSelf }) {
				continue // it would blot out the answer and tells nothing
			}
			list = append(list, form)
		}
	}
	for _, s := range m.sent {
		add(s)
		if utf8.RuneCountInString(s) > maxEcho {
			add(string([]rune(s)[:maxEcho]))
		}
	}
	slices.SortFunc(list, func(a, b string) int { return cmp.Or(cmp.Compare(len(b), len(a)), cmp.Compare(a, b)) })
	return slices.Compact(list)
}
