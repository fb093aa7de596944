package traffic

import (
	"bytes"
	"fmt"
	"mime"
	"regexp"
	"strings"
	"unicode/utf8"

	"clientele"

	"github.com/go-json-experiment/json/jsontext"
)

// blank stands for a personal value; its length is nobody's business.
const blank = "•••"

// Mask returns a refusal as somebody sees it who may not see personal data: what the caller sent is replaced by its shape, in
// the target, in the body, and where the answer repeats it. Documented names stay, and values that are dates, small numbers
// or documented words of documented fields. Of a body that cannot be read, kind and length are left.
func Mask(r clientele.Refusal) clientele.Refusal {
	m := &masker{}
	r.Target = m.target(r.Route, r.Target)
	r.Body = m.body(&r)
	if _, ok := media(r.Media); !ok {
		m.said(r.Media)
		r.Media = blank
	}
	if r.Field != "" && !known(r.Field) {
		m.said(r.Field)
		r.Field = blank
	}
	r.Answer = m.answer(r.Answer)
	return r
}

// media returns the type of a body if it is one that a dialect reads, or none is named.
func media(header string) (string, bool) {
	if header == "" {
		return "", true
	}
	m, _, err := mime.ParseMediaType(header)
	switch m {
	case "application/json", "application/x-www-form-urlencoded", "multipart/form-data", "text/plain":
		return m, err == nil
	}
	return "", false
}

// masker masks the texts of one refusal and remembers what it masked, so that an answer does not repeat it.
type masker struct{ sent []string }

// said remembers a text that must not be in the answer.
func (m *masker) said(s string) {
	if utf8.RuneCountInString(s) >= 2 {
		m.sent = append(m.sent, s)
	}
	if d := decode(s); d != s {
		m.sent = append(m.sent, d)
	}
}

// value masks the value of a field.
func (m *masker) value(field, s string) string {
	if s == "" || safeFields[strings.ToLower(field)] && isSafe(s) {
		return s
	}
	m.said(s)
	return shape(s)
}

// name masks a name that nobody documents: a value may stand in its place.
func (m *masker) name(s string) string {
	if s == "" || known(s) {
		return s
	}
	m.said(s)
	return blank
}

// shape shows what kind of text it is: of an e-mail address the first letters and the end.
func shape(s string) string {
	local, domain, isMail := strings.Cut(s, "@")
	dot := strings.LastIndexByte(domain, '.')
	if !isMail || local == "" || dot < 1 || strings.ContainsAny(domain, "@ ,;") || len(domain)-dot > 12 {
		return blank
	}
	return first(local) + blank + "@" + first(domain) + blank + domain[dot:]
}

func first(s string) string {
	_, n := utf8.DecodeRuneInString(s)
	return s[:n]
}

var safeForm = regexp.MustCompile(`^(?:\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d{1,6})?)?(?:Z|[+-]\d\d:?\d\d)?)?|-?\d{1,6}(?:[.,]\d{1,2})?)$`)

func isSafe(s string) bool { return safeForm.MatchString(s) || safeWords[s] }

// target masks every part of a path that is no part of the route's pattern or of the documented paths, and the query.
func (m *masker) target(route, target string) string {
	path, query, hasQuery := strings.Cut(target, "?")
	parts, pattern := strings.Split(path, "/"), strings.Split(route, "/")
	for i, part := range parts {
		isLiteral := i < len(pattern) && pattern[i] == part
		if isLiteral || part == "" || safeSegments[part] {
			continue
		}
		m.said(part)
		parts[i] = shape(decode(part))
	}
	path = strings.Join(parts, "/")
	if !hasQuery {
		return path
	}
	return path + "?" + m.form(query)
}

func (m *masker) form(text string) string {
	pairs := strings.Split(text, "&")
	for i, pair := range pairs {
		name, value, hasValue := strings.Cut(pair, "=")
		pairs[i] = m.name(name)
		if hasValue {
			if masked := m.value(name, decode(value)); masked != decode(value) {
				m.said(value)
				value = masked
			}
			pairs[i] += "=" + value
		}
	}
	return strings.Join(pairs, "&")
}

func (m *masker) body(r *clientele.Refusal) string {
	if r.Body == "" {
		return ""
	}
	kind, _ := media(r.Media)
	if kind == "application/x-www-form-urlencoded" {
		return m.form(r.Body)
	}
	if text, ok := m.json(r.Body); ok && kind != "multipart/form-data" {
		return text
	}
	for _, word := range strings.FieldsFunc(r.Body, isSeparator) { // whatever it is: the answer must not repeat it
		if !known(word) {
			m.said(word)
		}
	}
	return fmt.Sprintf("(%s, %d bytes, not readable as %s)", kindOfText(r.Body), r.BodyBytes, readableAs(kind))
}

func isSeparator(r rune) bool { return strings.ContainsRune(" \t\r\n\"'{}[]:,&=<>;", r) }

func kindOfText(s string) string {
	switch strings.TrimSpace(s)[:min(1, len(strings.TrimSpace(s)))] {
	case "{", "[":
		return "text that begins like JSON"
	case "<":
		return "text that begins like XML or HTML"
	case "-":
		return "text in parts"
	default:
		return "text"
	}
}

func readableAs(kind string) string {
	if kind == "multipart/form-data" {
		return "a form without showing its values"
	}
	return "JSON"
}

// json masks a text that is one JSON value and reports whether it is one.
func (m *masker) json(text string) (string, bool) {
	decoder := jsontext.NewDecoder(strings.NewReader(text), jsontext.AllowDuplicateNames(true))
	var out bytes.Buffer
	encoder := jsontext.NewEncoder(&out, jsontext.AllowDuplicateNames(true), jsontext.WithIndent("  "))
	for {
		token, err := decoder.ReadToken()
		if err != nil {
			break
		}
		if err := encoder.WriteToken(m.token(decoder, token)); err != nil {
			return "", false
		}
		if decoder.StackDepth() == 0 {
			break
		}
	}
	_, err := decoder.ReadToken()
	whole := out.Len() > 0 && decoder.StackDepth() == 0 && err != nil && strings.TrimSpace(text[decoder.InputOffset():]) == ""
	return strings.TrimSpace(out.String()), whole
}

// token masks a name or a value.
func (m *masker) token(d *jsontext.Decoder, t jsontext.Token) jsontext.Token {
	kind, members := d.StackIndex(d.StackDepth())
	switch t.Kind() {
	case '"':
		if kind == '{' && members%2 == 1 {
			return jsontext.String(m.name(t.String()))
		}
		return jsontext.String(m.value(d.StackPointer().LastToken(), t.String()))
	case '0':
		if masked := m.value(d.StackPointer().LastToken(), t.String()); masked != t.String() {
			return jsontext.String(masked)
		}
	}
	return t.Clone()
}

// answer hides in an answer what it repeats of the call.
func (m *masker) answer(text string) string {
	for _, s := range m.sent {
		for _, form := range []string{s, string(clientele.AppendQuoted(nil, s))} {
			form = strings.TrimSuffix(strings.TrimPrefix(form, `"`), `"`)
			if len(form) < 3 && !strings.ContainsFunc(form, func(r rune) bool { return r >= utf8.RuneSelf }) {
				continue // it would blot out the answer and tells nothing
			}
			text = strings.ReplaceAll(text, form, blank)
		}
	}
	return text
}
