package clientele

import (
	"database/sql/driver"
	"fmt"
	"unicode/utf8"
)

// Text is a text that may be missing. The zero value is missing (NULL, JSON null), which is not the same as "":
// a partner that reads its customer back gets what it stored.
type Text struct {
	V     string
	Valid bool
}

// Some returns the text s, which is there even when it is empty.
func Some(s string) Text { return Text{V: s, Valid: true} }

// NonEmpty returns the text s, or a missing one when s is "".
func NonEmpty(s string) Text { return Text{V: s, Valid: s != ""} }

// IsEmpty reports whether the text is missing or "".
func (t Text) IsEmpty() bool { return t.V == "" }

// Scan implements database/sql.Scanner.
func (t *Text) Scan(src any) error {
	switch v := src.(type) {
	case nil:
		*t = Text{}
	case string:
		*t = Some(v)
	case []byte:
		*t = Some(string(v))
	default:
		return fmt.Errorf("scan text: unexpected %T", src)
	}
	return nil
}

// Value implements database/sql/driver.Valuer.
func (t Text) Value() (driver.Value, error) {
	if !t.Valid {
		return nil, nil
	}
	return t.V, nil
}

// AppendJSON appends the text as a JSON string, or null when it is missing.
func (t Text) AppendJSON(b []byte) []byte {
	if !t.Valid {
		return append(b, "null"...)
	}
	return AppendQuoted(b, t.V)
}

const hexDigits = "0123456789abcdef"

// AppendQuoted appends s as a JSON string (RFC 8259 section 7). Bytes that are not UTF-8 become U+FFFD.
// It stands here because this package uses the standard library only, whose encoder escapes HTML and allocates.
func AppendQuoted(b []byte, s string) []byte {
	b = append(b, '"')
	start := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c >= utf8.RuneSelf {
			r, size := utf8.DecodeRuneInString(s[i:])
			if r == utf8.RuneError && size == 1 {
				b = append(append(b, s[start:i]...), "\uFFFD"...)
				start = i + 1
			}
			i += size
			continue
		}
		if c < ' ' || c == '"' || c == '\\' {
			b = append(b, s[start:i]...)
			if c < ' ' {
				b = append(b, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
			} else {
				b = append(b, '\\', c)
			}
			start = i + 1
		}
		i++
	}
	return append(append(b, s[start:]...), '"')
}
