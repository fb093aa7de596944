package importer

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"clientele"

	"github.com/go-json-experiment/json/jsontext"
)

const reasonNotObject = "the line is not one JSON object"

// jsonDecoder reads rows of NDJSON: an object a line, strictly (RFC 8259, no member twice, valid UTF-8).
type jsonDecoder struct {
	names  *names
	cache  map[string]target // of names as they were written, as far as they are known
	source bytes.Reader
	json   *jsontext.Decoder
}

// maxCached bounds the cache: a column can be written in many ways.
const maxCached = 256

func newJSONDecoder(n *names) *jsonDecoder {
	d := &jsonDecoder{names: n, cache: map[string]target{}}
	d.json = jsontext.NewDecoder(&d.source)
	return d
}

func (d *jsonDecoder) decode(raw []byte, r *record) (reason string) {
	d.source.Reset(raw)
	d.json.Reset(&d.source)
	if d.json.PeekKind() != '{' {
		return reasonNotObject
	}
	if _, err := d.json.ReadToken(); err != nil {
		return malformed(err)
	}
	for d.json.PeekKind() != '}' {
		if reason := d.member(r); reason != "" {
			return reason
		}
	}
	if _, err := d.json.ReadToken(); err != nil {
		return malformed(err)
	}
	if _, err := d.json.ReadToken(); !errors.Is(err, io.EOF) {
		return reasonNotObject
	}
	return ""
}

func (d *jsonDecoder) member(r *record) (reason string) {
	token, err := d.json.ReadToken()
	if err != nil {
		return malformed(err)
	}
	name := token.String()
	t, ok := d.find(name)
	switch {
	case !ok:
		return fmt.Sprintf("the member %.40q is not known", name)
	case t < 0:
		if err := d.json.SkipValue(); err != nil {
			return malformed(err)
		}
		return ""
	case r.named>>t&1 == 1:
		return t.column().name + " is there twice"
	}
	r.named |= 1 << t
	return d.value(t, r)
}

func (d *jsonDecoder) find(name string) (target, bool) {
	if t, found := d.cache[name]; found {
		return t, true
	}
	t, ok := d.names.find(name)
	if ok && t != notRead && len(d.cache) < maxCached {
		d.cache[name] = t
	}
	return t, ok
}

// value reads the value of a column: a text, or null; of an id a whole number too, kept digit for digit.
func (d *jsonDecoder) value(t target, r *record) (reason string) {
	isID := clientele.Field(t) == clientele.FieldExternalID || clientele.Field(t) == clientele.FieldExternalNumber
	value, err := d.json.ReadValue()
	switch {
	case err != nil:
		return malformed(err)
	case value.Kind() == '"':
		text, err := jsontext.AppendUnquote(nil, value)
		if err != nil {
			return malformed(err)
		}
		return r.put(t, string(text))
	case value.Kind() == 'n':
		return ""
	case isID && value.Kind() == '0' && !bytes.ContainsAny(value, ".eE"):
		return r.put(t, string(value))
	default:
		return t.column().name + " is not a text"
	}
}

// malformed says what is wrong with JSON, and at which byte of the line, counted from 0.
func malformed(err error) string {
	if e, ok := errors.AsType[*jsontext.SyntacticError](err); ok {
		return fmt.Sprintf("the line is not valid JSON: %v at position %d", e.Err, e.ByteOffset)
	}
	return "the line is not valid JSON: unexpected end"
}
