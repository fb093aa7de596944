package book

import (
	"strings"

	"github.com/nyaruka/phonenumbers"
)

// normalisePhone returns the E.164 form ("+" and digits) of a number that libphonenumber's metadata calls valid; ok is
// false, and e164 "", for any other text. region, in ISO 3166-1 alpha-2 ("BE"), is where a number without country code
// belongs; with region "" only an international number, starting with + or 00, can be normalised. An extension is
// left out.
func normalisePhone(raw, region string) (e164 string, ok bool) {
	raw = strings.TrimSpace(raw)
	if region == "" {
		if rest, found := strings.CutPrefix(raw, "00"); found {
			raw = "+" + rest
		}
	}
	if e164, decided := plainPhone(raw); decided {
		return e164, e164 != ""
	}
	return parsePhone(raw, region)
}

// parsePhone decides about every number. It costs 15 to 25 µs, most of them spent on regular expressions for what a
// partner hardly ever sends (extensions, letters, full-width digits), so plainPhone goes before it.
func parsePhone(raw, region string) (e164 string, ok bool) {
	if region == "" && !strings.ContainsAny(raw, "+＋") {
		return "", false // the library comes to the same answer, slowly
	}
	number, err := phonenumbers.Parse(raw, region)
	if err != nil || !phonenumbers.IsValidNumber(number) {
		return "", false
	}
	return phonenumbers.Format(number, phonenumbers.E164), true
}

// The digits of a number that plainPhone looks at, country code included: E.164 allows 15; below 7 there is nothing to win.
const (
	minPlainDigits = 7
	maxPlainDigits = 15
)

// plainPhone decides about "+", then ASCII digits and the usual punctuation, exactly as parsePhone would, whatever the
// region: e164 is "" when the number is not valid. decided is false for any other text, for a country code that nobody
// has, and for a number in which a national prefix could hide, as in "+32 (0)470 …".
func plainPhone(raw string) (e164 string, decided bool) {
	digits, ok := plainDigits(raw)
	if !ok {
		return "", false
	}
	plan, national := findNumberingPlan(digits)
	if plan == nil || plan.mayHavePrefix(national) {
		return "", false
	}
	if !plan.isValid(national) {
		return "", true
	}
	if len(raw) == len("+")+len(digits) {
		return raw, true
	}
	return "+" + digits, true
}

// plainDigits returns the digits behind the leading + when there is nothing else but blanks, hyphens, dots, brackets and
// slashes among them. It returns a part of raw when the digits stand together.
func plainDigits(raw string) (digits string, ok bool) {
	if len(raw) <= minPlainDigits || len(raw) > 3*maxPlainDigits || raw[0] != '+' {
		return "", false
	}
	var buf [maxPlainDigits]byte
	n := 0
	for i := 1; i < len(raw); i++ {
		switch c := raw[i]; c {
		case '0', '1', '2', '3', '4', '5', '6', '7', '8', '9':
			if n == len(buf) {
				return "", false
			}
			buf[n] = c
			n++
		case ' ', '-', '.', '(', ')', '/':
		default:
			return "", false
		}
	}
	if n == len(raw)-1 {
		return raw[1:], true
	}
	return string(buf[:n]), n >= minPlainDigits
}
