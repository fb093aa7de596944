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
	r.Media = m.media(r.Media)
	if r.Field != "" && !known(r.Field) {
		m.said(r.Field)
		r.Field = blank
	}
	r.Answer = m.answer(&r)
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

// media masks the type of a body that no dialect reads, and the parameters of one.
func (m *masker) media(header string) string {
	kind, ok := media(header)
	_, parameters, has := strings.Cut(header, ";")
	if ok && (!has || strings.EqualFold(strings.TrimSpace(parameters), "charset=utf-8")) {
		return header
	}
	m.said(header)
	m.words(parameters)
	if !ok {
		return blank
	}
	return kind + "; " + blank
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
		if pairs[i] = m.name(name); pairs[i] != name {
			m.said(unplus(name))
		}
		if hasValue {
			if masked := m.value(name, decode(value)); masked != decode(value) {
				m.said(value)
				m.said(unplus(value))
				value = masked
			}
			pairs[i] += "=" + value
		}
	}
	return strings.Join(pairs, "&")
}

// unplus returns a part of a form with blanks where it has +.
func unplus(s string) string { return strings.ReplaceAll(s, "+", " ") }

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
	m.words(r.Body) // whatever it is: the answer must not repeat it
	return fmt.Sprintf("(%s, %d bytes, not readable as %s)", kindOfText(r.Body), r.BodyBytes, readableAs(kind))
}

// words remembers each word of a text of an unknown form.
func (m *masker) words(text string) {
	for _, word := range strings.FieldsFunc(text, isSeparator) {
		if !known(word) {
			m.said(word)
		}
	}
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
		before := decoder.InputOffset()
		token, err := decoder.ReadToken()
		if err != nil {
			break
		}
		m.raw(text[before:decoder.InputOffset()])
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

// raw remembers a text as it stands in JSON, where that is not how it is read. What separates it from the one before may
// come first.
func (m *masker) raw(token string) {
	if token = strings.TrimLeft(token, " \t\r\n,:"); strings.HasPrefix(token, `"`) && strings.Contains(token, `\`) {
		m.said(token[1 : len(token)-1])
	}
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
