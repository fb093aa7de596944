package dossier

import (
	"iter"
	"strconv"
	"strings"
	"unicode/utf16"
)

// maxEncodings is how many times a text may be encoded for what stands in it to be found.
const maxEncodings = 3

// spellings goes through a text as it is and as it reads when it is decoded, once and again, all in lower case.
func spellings(text string) iter.Seq[string] {
	return func(yield func(string) bool) {
		for range maxEncodings {
			if !yield(strings.ToLower(text)) {
				return
			}
			decoded := decode(text)
			if decoded == text {
				return
			}
			text = decoded
		}
		yield(strings.ToLower(text))
	}
}

// decode undoes one layer of percent-encoding and of the escapes of JSON, wherever they stand.
func decode(text string) string {
	i := strings.IndexAny(text, `%\`)
	if i < 0 {
		return text
	}
	var b strings.Builder
	b.Grow(len(text))
	for i >= 0 {
		b.WriteString(text[:i])
		plain, n := decodeOne(text[i:])
		b.WriteString(plain)
		text = text[i+n:]
		i = strings.IndexAny(text, `%\`)
	}
	b.WriteString(text)
	return b.String()
}

// decodeOne returns what an escape at the beginning of a text stands for, and how many bytes it has. What is no escape stands
// for itself.
func decodeOne(text string) (plain string, n int) {
	if text[0] == '%' {
		if c, isHex := hexAt(text, 1, 2); isHex {
			return string([]byte{byte(c)}), 3
		}
		return "%", 1
	}
	if len(text) < 2 {
		return text, len(text)
	}
	switch text[1] {
	case '"', '\\', '/':
		return text[1:2], 2
	case 'b', 'f', 'n', 'r', 't':
		return " ", 2
	case 'u':
		return decodeRune(text)
	}
	return `\`, 1
}

// decodeRune is decodeOne for \u and the four digits behind it, or two of these that are one character.
func decodeRune(text string) (plain string, n int) {
	r, isHex := hexAt(text, 2, 4)
	if !isHex {
		return `\`, 1
	}
	if utf16.IsSurrogate(r) && strings.HasPrefix(text[6:], `\u`) {
		if low, isHex := hexAt(text, 8, 4); isHex {
			return string(utf16.DecodeRune(r, low)), 12
		}
	}
	return string(r), 6
}

// hexAt reads n hexadecimal digits.
func hexAt(text string, from, n int) (r rune, isHex bool) {
	if len(text) < from+n {
		return 0, false
	}
	v, err := strconv.ParseUint(text[from:from+n], 16, 32)
	return rune(v), err == nil
}
