package traffic

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Where the dialects' secrets stand: OPM's x-api-key, Onlinewerkrooster's apikey and CustomerKey, and DKHardware's token and
// client_secret are sent in headers, the last in a body as well. Prime Lead's advertiser is known by a UUID in the path, and
// an action by another one in path, query and body: whoever knows it may report on it. Receivers of events have secrets in
// bodies. All of them may be sent in the wrong place, so what has the form of one is hidden wherever it stands.

// secretHeaders are those that a caller proves itself with, in any dialect.
var secretHeaders = []string{"X-Api-Key", "Apikey", "Customerkey", "Authorization", "Proxy-Authorization", "Cookie"}

// minSecret is the length from which a text that was sent as a key is taken for one wherever else it stands. In a shorter one
// there is nothing to guess, and hiding it would blot out words.
const minSecret = 6

// presented returns the secrets in the headers of a call, also those inside of others.
func presented(h http.Header) []string {
	var list []string
	add := func(s string) {
		if s = strings.TrimSpace(s); len(s) >= minSecret {
			list = append(list, s)
		}
	}
	for _, name := range secretHeaders {
		for _, value := range h[name] {
			add(value)
			for part := range strings.FieldsFuncSeq(value, func(r rune) bool { return r == ' ' || r == ',' || r == ';' }) {
				add(part)
			}
			_, encoded, _ := strings.Cut(strings.TrimSpace(value), " ")
			if plain, err := base64.StdEncoding.DecodeString(strings.TrimSpace(encoded)); err == nil {
				_, secret, _ := strings.Cut(string(plain), ":")
				add(secret)
				if decoded, err := url.QueryUnescape(secret); err == nil {
					add(decoded)
				}
			}
		}
	}
	return list
}

// What has the form of a secret.
var (
	keyForm  = regexp.MustCompile(`(?i)(?:opm|owr|dkh)_[0-9a-z]{4,}`)
	uuidForm = regexp.MustCompile(`(?i)[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}`)
	jwtForm  = regexp.MustCompile(`eyJ[A-Za-z0-9_-]{4,}(?:\.[A-Za-z0-9_-]*){0,4}`)
	authForm = regexp.MustCompile(`(?i)\b(bearer|basic)(\s+|%20|\+)([A-Za-z0-9+/=._~-]{6,})`)
	longForm = regexp.MustCompile(`[A-Za-z0-9_~-]{32,}`)
	runForm  = regexp.MustCompile(`[A-Za-z0-9_~-]{20,}`)

	// namedForm is a name that says that a secret follows, in JSON, in a form, in a header or in a part of a multipart body.
	namedForm = regexp.MustCompile(`(?i)((?:secret|token|passw(?:or)?d|pwd|api[-_]?key|customer[-_]?key|\bkey|authorization|advertiser[-_]?uuid|assertion)` +
		`["'\]]*\s*(?:[:=]|\r?\n\r?\n)\s*)("(?:[^"\\]|\\.)*"?|'[^']*'?|[^\s&,;}"']+)`)
)

// hider takes secrets out of the texts of one call.
type hider struct {
	known []string
	keep  string
}

// newHider returns a hider that knows these secrets. keep is a UUID that is none: our own name for the call.
func newHider(known []string, keep string) *hider { return &hider{known: known, keep: keep} }

// contains reports whether a text has one of the known secrets in it.
func (h *hider) contains(text string) bool {
	for _, s := range h.known {
		if indexFold(text, s) >= 0 {
			return true
		}
	}
	return false
}

// maxEncodings is how many times a text may be encoded for secrets in it to be found.
const maxEncodings = 3

// text returns a text without secrets. Of a long one its beginning stays, by which its owner recognises it. Where one is
// hidden behind percent-encoding or the escapes of JSON, the text is returned decoded.
func (h *hider) text(s string) string {
	s = h.plain(s)
	decoded := s
	for range maxEncodings {
		next := decode(decoded)
		if next == decoded {
			break
		}
		decoded = next
		if clean := h.plain(decoded); clean != decoded {
			s, decoded = clean, clean
		}
	}
	return s
}

// plain hides what stands in the text as it is.
func (h *hider) plain(s string) string {
	for _, secret := range h.known {
		for from := 0; ; {
			i := indexFold(s[from:], secret)
			if i < 0 {
				break
			}
			i += from
			s = s[:i] + hidden(s[i:i+len(secret)]) + s[i+len(secret):]
			from = i + len(hidden(secret))
		}
	}
	s = authForm.ReplaceAllStringFunc(s, func(found string) string {
		m := authForm.FindStringSubmatch(found)
		return m[1] + m[2] + hidden(m[3])
	})
	s = namedForm.ReplaceAllStringFunc(s, func(found string) string {
		m := namedForm.FindStringSubmatch(found)
		return m[1] + hideValue(m[2])
	})
	s = keyForm.ReplaceAllStringFunc(s, hidden)
	s = jwtForm.ReplaceAllStringFunc(s, hidden)
	s = longForm.ReplaceAllStringFunc(s, func(found string) string {
		if found == h.keep || !mixed(found) {
			return found
		}
		return hidden(found)
	})
	return uuidForm.ReplaceAllStringFunc(s, func(found string) string {
		if found == h.keep {
			return found
		}
		return hidden(found)
	})
}

// mixed reports whether a run of characters has letters and digits: names and words have no digits.
func mixed(s string) bool {
	return strings.ContainsAny(s, "0123456789") && strings.ContainsFunc(s, func(r rune) bool { return r|0x20 >= 'a' && r|0x20 <= 'z' })
}

// hiddenMark stands for a secret, or for the rest of it.
const hiddenMark = "…"

// hidden returns what is shown of a secret: the first eight characters of a long one, as `key list` shows them.
func hidden(s string) string {
	const hint, long = 8, 24
	if len(s) < long || !utf8.ValidString(s[:hint]) {
		return hiddenMark
	}
	return s[:hint] + hiddenMark
}

// hideValue hides a value and leaves its quotes. What is no secret by its look (null, true, a short number) stays.
func hideValue(v string) string {
	switch v {
	case "null", "true", "false", `""`, "''", "[", "{":
		return v
	}
	if q := v[:1]; q == `"` || q == "'" {
		inner, closed := strings.CutSuffix(v[1:], q)
		if v = q + hidden(inner); closed {
			v += q
		}
		return v
	}
	return hidden(v)
}

// target returns path and query without secrets. Beyond what has the form of one, every long run of characters is hidden that
// is no part of the route's pattern: a key in the wrong place may look like anything. What was hidden here is known from then
// on: answers may quote it.
func (h *hider) target(route, target string) string {
	path, query, hasQuery := strings.Cut(target, "?")
	literal := map[string]bool{}
	for part := range strings.SplitSeq(route, "/") {
		literal[part] = true
	}
	parts := strings.Split(path, "/")
	for i, part := range parts {
		if !literal[part] {
			parts[i] = h.part(part)
		}
	}
	clean := strings.Join(parts, "/")
	if !hasQuery {
		return clean
	}
	pairs := strings.Split(query, "&")
	for i, pair := range pairs {
		name, value, hasValue := strings.Cut(pair, "=")
		if !hasValue {
			pairs[i] = h.part(name)
			continue
		}
		pairs[i] = h.text(h.part(name) + "=" + h.part(value)) // the name may say that a secret follows
		if !strings.Contains(pairs[i], value) {
			h.learn(value)
		}
	}
	return clean + "?" + strings.Join(pairs, "&")
}

// part hides what a segment of a path, or a name or value of a query, has of secrets.
func (h *hider) part(s string) string {
	clean := h.text(s)
	if clean == s {
		decoded := decode(s)
		runs := runForm.FindAllString(decoded, -1)
		if !anyRun(runs) {
			return s
		}
		clean = runForm.ReplaceAllStringFunc(decoded, func(run string) string {
			if isName(run) {
				return run
			}
			return hidden(run)
		})
		for _, run := range runs {
			if !isName(run) {
				h.learn(run)
			}
		}
	}
	h.learn(s)
	h.learn(decode(s))
	return clean
}

func anyRun(runs []string) bool {
	for _, run := range runs {
		if !isName(run) {
			return true
		}
	}
	return false
}

// isName reports whether a run is the name of something, such as contract_nominal_value: small letters and underscores.
func isName(s string) bool { return documented[strings.ToLower(s)] }

func (h *hider) learn(secret string) {
	if len(secret) >= 2*minSecret {
		h.known = append(h.known, secret)
	}
}

// indexFold is strings.Index without regard to the case of ASCII letters.
func indexFold(s, sub string) int {
	for i := 0; i+len(sub) <= len(s); i++ {
		if s[i]|0x20 == sub[0]|0x20 && strings.EqualFold(s[i:i+len(sub)], sub) {
			return i
		}
	}
	return -1
}

var escapeForm = regexp.MustCompile(`%[0-9A-Fa-f]{2}|\\u[0-9A-Fa-f]{4}|\\/`)

// decode undoes one layer of percent-encoding and of the escapes of JSON, wherever they stand. What is no text then becomes
// U+FFFD.
func decode(s string) string {
	if !strings.ContainsAny(s, `%\`) {
		return s
	}
	s = escapeForm.ReplaceAllStringFunc(s, func(e string) string {
		switch e[0] {
		case '%':
			n, _ := strconv.ParseUint(e[1:], 16, 8)
			return string([]byte{byte(n)})
		default:
			n, err := strconv.ParseUint(strings.TrimPrefix(e, `\u`), 16, 32)
			if err != nil {
				return "/"
			}
			return string(rune(n))
		}
	})
	return strings.Map(func(r rune) rune {
		if r < ' ' && r != '\n' && r != '\r' && r != '\t' {
			return utf8.RuneError
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD"))
}
