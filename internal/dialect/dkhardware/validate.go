package dkhardware

import (
	"bytes"
	"strings"
	"unicode/utf8"

	"clientele"
	"clientele/internal/dialect"

	"github.com/go-json-experiment/json/jsontext"
)

// property is one property of a contract on its way from the body. Its value is raw, so that a wrong type is answered in
// the document's words.
type property struct {
	path string // Email, Addresses[0].Zip
	raw  jsontext.Value
}

// display returns the property's name as it stands in sentences.
func (p property) display() string { return display(lastName(p.path)) }

// decode reads a body as an object of raw properties.
func decode(body []byte, v any) error {
	err := dialect.DecodeObject(body, v)
	if err == nil {
		return nil
	}
	var f faults
	if err == error(dialect.ErrNotObject) {
		f.add(keyBody, "The request body must be a JSON object.")
	} else {
		f.add(keyBody, "The request body is not valid JSON: %s.", dialect.Reason(err))
	}
	return f.err()
}

// text reads a text of at most maxRunes characters. Absent and null are a missing one.
func (p property) text(f *faults, maxRunes int) clientele.Text {
	switch p.raw.Kind() {
	case jsontext.KindInvalid, jsontext.KindNull: // a property that was not sent is empty
		return clientele.Text{}
	case jsontext.KindString:
		text := unquote(p.raw)
		p.checkLength(f, text, maxRunes)
		p.checkNUL(f, text)
		return clientele.Some(text)
	default:
		addNotValid(f, p.path, string(p.raw))
		return clientele.Text{}
	}
}

// required reads a text that has to be there and not be blank.
func (p property) required(f *faults, maxRunes int) clientele.Text {
	if p.isEmpty() {
		f.add(p.path, "'%s' must not be empty.", p.display())
		return clientele.Text{}
	}
	return p.text(f, maxRunes)
}

// empty notes a property that must not be sent here. A list of nothing is empty, too.
func (p property) empty(f *faults) {
	if !p.isEmpty() && !p.isEmptyList() {
		f.add(p.path, "'%s' must be empty.", p.display())
	}
}

// isEmpty reports whether a property is absent, null or a blank text.
func (p property) isEmpty() bool {
	switch p.raw.Kind() {
	case jsontext.KindInvalid, jsontext.KindNull:
		return true
	case jsontext.KindString:
		if inner := p.raw[1 : len(p.raw)-1]; bytes.IndexByte(inner, '\\') < 0 {
			return len(bytes.TrimSpace(inner)) == 0
		}
		return strings.TrimSpace(unquote(p.raw)) == ""
	default:
		return false
	}
}

func (p property) isEmptyList() bool {
	return p.raw.Kind() == jsontext.KindBeginArray && strings.TrimSpace(string(p.raw[1:len(p.raw)-1])) == ""
}

// identifier reads a required id: a text, or a whole number, which is kept digit for digit.
func (p property) identifier(f *faults, maxRunes int) string {
	if p.raw.Kind() != jsontext.KindNumber {
		return p.required(f, maxRunes).V
	}
	if strings.ContainsAny(string(p.raw), ".eE") {
		addNotValid(f, p.path, string(p.raw))
		return ""
	}
	p.checkLength(f, string(p.raw), maxRunes)
	return string(p.raw)
}

// flag reads a boolean; absent and null are false.
func (p property) flag(f *faults) bool {
	switch p.raw.Kind() {
	case jsontext.KindTrue:
		return true
	case jsontext.KindInvalid, jsontext.KindNull, jsontext.KindFalse:
		return false
	case jsontext.KindString:
		addNotValid(f, p.path, unquote(p.raw))
	default:
		addNotValid(f, p.path, string(p.raw))
	}
	return false
}

func (p property) checkLength(f *faults, text string, maxRunes int) {
	if len(text) <= maxRunes {
		return
	}
	if n := utf8.RuneCountInString(text); n > maxRunes {
		f.add(p.path, "The length of '%s' must be %d characters or fewer. You entered %d characters.", p.display(), maxRunes, n)
	}
}

func (p property) checkNUL(f *faults, text string) {
	if strings.IndexByte(text, 0) >= 0 {
		f.add(p.path, "'%s' must not contain a NUL character.", p.display())
	}
}

// unquote returns the text of a JSON string of a body that was decoded, and so is well-formed.
func unquote(raw jsontext.Value) string {
	if inner := raw[1 : len(raw)-1]; bytes.IndexByte(inner, '\\') < 0 {
		return string(inner)
	}
	text, err := jsontext.AppendUnquote(nil, raw)
	if err != nil {
		return ""
	}
	return string(text)
}
