package clientele

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxWordBytes is how much of a word counts in a search.
const maxWordBytes = 40

// FoldWords returns the words of s as a search compares them: letters and digits in lower case without diacritics, so that
// "Łukasz O'Brien-Müller" is lukasz, obrien, muller. An apostrophe is no end of a word; any other character is. A word longer
// than 40 bytes is cut. Both stores find the same, because this is the only place that folds.
func FoldWords(s string) []string { return appendWords(nil, "", s) }

// appendWords appends the folded words of s, each behind the prefix.
func appendWords(words []string, prefix, s string) []string {
	var buffer [2 * maxWordBytes]byte
	word := append(buffer[:0], prefix...)
	end := func() {
		if len(word) > len(prefix) {
			words = append(words, cutWord(word, maxWordBytes+len(prefix)))
			word = word[:len(prefix)]
		}
	}
	for _, r := range s {
		switch {
		case 'a' <= r && r <= 'z' || '0' <= r && r <= '9':
			word = append(word, byte(r))
		case 'A' <= r && r <= 'Z':
			word = append(word, byte(r)+'a'-'A')
		case r < utf8.RuneSelf && r != '\'':
			end()
		case unicode.Is(unicode.Mn, r) || r == '\'' || r == '’' || r == 'ʼ': // within a word they are nothing
		case unicode.IsLetter(r) || unicode.IsDigit(r):
			word = appendFolded(word, r)
		default:
			end()
		}
	}
	end()
	return words
}

func appendFolded(b []byte, r rune) []byte {
	r = unicode.ToLower(r)
	if folded, found := foldingOf()[r]; found {
		return append(b, folded...)
	}
	return utf8.AppendRune(b, r)
}

// cutWord returns a word as a text, cut at the last character that fits.
func cutWord(word []byte, most int) string {
	if len(word) <= most {
		return string(word)
	}
	return cutAt(string(word), most)
}

// maxEmailBytes is how much of an e-mail address counts in a search, maxPhoneDigits how much of a phone number.
const (
	maxEmailBytes  = 128
	maxPhoneDigits = 20
)

// foldEmail returns an e-mail address, or the beginning of one, as a search compares it: in lower case, without blanks and
// what else no address can hold.
func foldEmail(s string) string {
	folded := s
	if strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r > '~' || 'A' <= r && r <= 'Z' }) {
		folded = strings.Map(func(r rune) rune {
			if unicode.IsSpace(r) || r == utf8.RuneError || unicode.IsControl(r) {
				return -1
			}
			return unicode.ToLower(r)
		}, s)
	}
	if len(folded) > maxEmailBytes {
		return cutAt(folded, maxEmailBytes)
	}
	return folded
}

// cutAt returns the beginning of s, at most so many bytes, without a part of a character.
func cutAt(s string, most int) string {
	for !utf8.RuneStart(s[most]) {
		most--
	}
	return s[:most]
}

// foldPhone returns the digits of a phone number without the zeros of the international prefix.
func foldPhone(s string) string {
	var buffer [maxPhoneDigits + 2]byte
	digits := buffer[:0]
	for i := 0; i < len(s) && len(digits) < cap(digits); i++ {
		if '0' <= s[i] && s[i] <= '9' {
			digits = append(digits, s[i])
		}
	}
	folded := strings.TrimPrefix(string(digits), "00")
	return folded[:min(len(folded), maxPhoneDigits)]
}
