package opm

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"clientele"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// limits are the maximum lengths of the rulings, in characters, in the documented order of properties.
var limits = []struct {
	property string
	field    clientele.Field
	max      int
}{
	{"customerId", clientele.FieldExternalID, 255},
	{"customerEmail", clientele.FieldEmail, 320},
	{"customerPhone", clientele.FieldPhone, 50},
	{"customerFirstName", clientele.FieldFirstName, 150},
	{"customerLastName", clientele.FieldLastName, 150},
	{"customerIP", clientele.FieldIP, 45},
}

// FuzzDecodeEntry: whatever a caller sends, decodeEntry refuses it with an answer for the caller, or what it makes of it
// can be stored, and comes out the same when it is sent once more.
func FuzzDecodeEntry(f *testing.F) {
	f.Fuzz(func(t *testing.T, body []byte) {
		d, err := decodeEntry(body)
		if err != nil {
			checkRefusal(t, err)
			return
		}
		checkDetails(t, d)
		for _, again := range [][]byte{encodeEntry(t, d, false), encodeEntry(t, d, true)} {
			got, err := decodeEntry(again)
			if err != nil || got != d {
				t.Errorf("%q is decoded as %+v, which encoded as %q is decoded as %+v, %v", body, d, again, got, err)
			}
		}
	})
}

// checkRefusal: the caller is at fault, and is told in UTF-8 what is wrong.
func checkRefusal(t *testing.T, err error) {
	t.Helper()
	e, ok := errors.AsType[*clientele.Error](err)
	if !ok || e.Kind != clientele.KindInvalid {
		t.Fatalf("error %v is not of kind invalid", err)
	}
	if e.Message == "" || !jsontext.Value(errorBody(400, message(e))).IsValid() {
		t.Errorf("the answer to %v is not JSON: %s", err, errorBody(400, message(e)))
	}
}

// checkDetails: what is accepted is within the limits and can be stored.
func checkDetails(t *testing.T, d clientele.Details) {
	t.Helper()
	if strings.TrimSpace(d.ExternalID.V) == "" {
		t.Errorf("no external id in %+v", d)
	}
	if d.Email.IsEmpty() && d.Phone.IsEmpty() {
		t.Errorf("neither e-mail nor phone in %+v", d)
	}
	var seen clientele.Details
	for _, limit := range limits {
		text := *d.Of(limit.field)
		*seen.Of(limit.field) = text
		switch {
		case text.Valid != (strings.TrimSpace(text.V) != ""):
			t.Errorf("%s holds a blank: %+v", limit.property, text)
		case utf8.RuneCountInString(text.V) > limit.max:
			t.Errorf("%s is longer than %d characters: %q", limit.property, limit.max, text.V)
		case strings.ContainsRune(text.V, 0) || !utf8.ValidString(text.V):
			t.Errorf("%s cannot be stored: %q", limit.property, text.V)
		}
	}
	if seen != d {
		t.Errorf("details beyond the documented properties: %+v", d)
	}
}

// encodeEntry writes details as the body of an entry: as they are, or backwards, with null for what is missing, a number
// for the id where it can be one, and an unknown property.
func encodeEntry(t *testing.T, d clientele.Details, odd bool) []byte {
	t.Helper()
	b := []byte{'{'}
	if odd {
		b = append(b, `"unknown":[{"customerId":"x"}],`...)
	}
	order := slices.Clone(limits)
	if odd {
		slices.Reverse(order)
	}
	for _, limit := range order {
		text := *d.Of(limit.field)
		if !text.Valid && !odd {
			continue
		}
		value, err := json.Marshal(text.V)
		if err != nil {
			t.Fatal(err)
		}
		switch number := jsontext.Value(text.V); {
		case !text.Valid:
			value = []byte("null")
		case odd && limit.property == "customerId" && isInteger(number):
			value = number
		}
		b = append(append(append(b, `"`+limit.property+`":`...), value...), ',')
	}
	b[len(b)-1] = '}'
	return b
}

// isInteger reports whether v is a JSON number without fraction and exponent, and nothing around it.
func isInteger(v jsontext.Value) bool {
	return v.IsValid() && len(v) > 0 && strings.Trim(string(v), "-0123456789") == ""
}
