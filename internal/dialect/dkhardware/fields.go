package dkhardware

import (
	"bytes"

	"github.com/go-json-experiment/json/jsontext"
)

// readFields reads the object that the decoder is at, and notes where in the text the values of the named properties lie: they
// are not copied. Others are left out; null instead of an object has none. The names are quoted, as they stand in the text.
func readFields(d *jsontext.Decoder, text []byte, names []string, values []*jsontext.Value) error {
	opening, err := d.ReadToken()
	if err != nil || opening.Kind() != jsontext.KindBeginObject {
		return err
	}
	for d.PeekKind() == jsontext.KindString {
		name, err := d.ReadValue()
		if err != nil {
			return err
		}
		place := find(names, values, name)
		value, err := d.ReadValue()
		if err != nil {
			return err
		}
		if place != nil {
			end := int(d.InputOffset())
			*place = text[end-len(value) : end : end]
		}
	}
	_, err = d.ReadToken()
	return err
}

// find returns the place of the value with a name; nil when nobody asks for it.
func find(names []string, values []*jsontext.Value, quoted jsontext.Value) *jsontext.Value {
	if bytes.IndexByte(quoted, '\\') >= 0 {
		quoted = jsontext.Value(`"` + unquote(quoted) + `"`)
	}
	for i, name := range names {
		if string(quoted) == name {
			return values[i]
		}
	}
	return nil
}
