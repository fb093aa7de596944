package clientele_test

import (
	stdjson "encoding/json"
	"testing"
	"unicode/utf8"

	"clientele"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

func TestText_MissingIsNotEmpty(t *testing.T) {
	for what, c := range map[string]struct {
		text  clientele.Text
		valid bool
		empty bool
		json  string
	}{
		"zero":            {clientele.Text{}, false, true, "null"},
		"some empty":      {clientele.Some(""), true, true, `""`},
		"some":            {clientele.Some("x"), true, false, `"x"`},
		"nonempty empty":  {clientele.NonEmpty(""), false, true, "null"},
		"nonempty":        {clientele.NonEmpty("x"), true, false, `"x"`},
		"nonempty blanks": {clientele.NonEmpty(" "), true, false, `" "`},
	} {
		if c.text.Valid != c.valid || c.text.IsEmpty() != c.empty {
			t.Errorf("%s: valid %t, empty %t; want %t, %t", what, c.text.Valid, c.text.IsEmpty(), c.valid, c.empty)
		}
		if got := string(c.text.AppendJSON([]byte("["))); got != "["+c.json {
			t.Errorf("%s: JSON %s, want %s after what was there", what, got, c.json)
		}
		value, err := c.text.Value()
		if err != nil || (value == nil) == c.valid {
			t.Errorf("%s: bound as %v, %v", what, value, err)
		}
		back := clientele.Some("old")
		if err := back.Scan(value); err != nil || back != c.text {
			t.Errorf("%s: scanned as %v, %v", what, back, err)
		}
	}
}

func TestText_Scan(t *testing.T) {
	var text clientele.Text
	if err := text.Scan([]byte("bytes")); err != nil || text != clientele.Some("bytes") {
		t.Errorf("bytes: %v, %v", text, err)
	}
	for _, src := range []any{int64(1), 1.5, true} {
		if err := text.Scan(src); err == nil {
			t.Errorf("%T was scanned as the text %v", src, text)
		}
	}
}

// quotes are texts that a JSON string must escape, or that look as if.
var quotes = []string{
	"", "plain", `"`, `\`, `\u0041`, "/", "<>&'", "\b\f\n\r\t", "\x00\x01\x1f\x7f", "\u0080", "\u2028\u2029", "żółć", "日本", "😀",
	"\U0010ffff", "\ufffd", "\xff", "a\xc3", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xc0\x80", "ok\xe2\x82end", "\xf0\x9f\x98",
}

func TestAppendQuoted(t *testing.T) {
	for _, s := range quotes {
		checkQuoted(t, s)
	}
	for r := rune(0); r <= utf8.MaxRune; r++ {
		if r < 0x3000 || r%257 == 0 { // the surrogates among them become U+FFFD
			checkQuoted(t, "a"+string(r)+"z")
		}
	}
	if got := string(clientele.AppendQuoted([]byte(`{"a":`), "b")); got != `{"a":"b"` {
		t.Errorf("appended: %s", got)
	}
}

func FuzzAppendQuoted(f *testing.F) {
	for _, s := range quotes {
		f.Add(s)
	}
	f.Fuzz(checkQuoted)
}

// checkQuoted reads what AppendQuoted writes with two decoders, of which the second is strict.
func checkQuoted(t *testing.T, s string) {
	quoted := clientele.AppendQuoted(nil, s)
	want := string([]rune(s)) // each byte that is not UTF-8 becomes U+FFFD
	var std, strict string
	if err := stdjson.Unmarshal(quoted, &std); err != nil || std != want {
		t.Errorf("%q is quoted as %s, which encoding/json reads as %q, %v", s, quoted, std, err)
	}
	if err := json.Unmarshal(quoted, &strict); err != nil || strict != want {
		t.Errorf("%q is quoted as %s, which go-json-experiment reads as %q, %v", s, quoted, strict, err)
	}
	theirs, err := jsontext.AppendQuote(nil, want)
	if err != nil || len(quoted) > len(theirs)+5*len(s) || utf8.Valid(quoted) != true {
		t.Errorf("%q is quoted as %q, %v", s, quoted, err)
	}
}
