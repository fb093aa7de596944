package book

import (
	"strings"
	"unicode"
)

// normaliseVAT makes raw comparable and says whether it is a well-formed VAT identification number of a member state of
// the European Union or of Northern Ireland: known prefix, the state's pattern, right check digits. Well-formed does not
// mean registered; only VIES knows that.
//
// normal is raw without blanks, dots, dashes and slashes, in upper case, and is given even when valid is false (it is
// then good for searching, no more). Of punctuation alone, which stands for "none", nothing would be left: that is given as it is.
// Greek numbers always start with EL, also those sent
// with the ISO code GR. A number without a prefix or with an unknown one is never valid.
func normaliseVAT(raw string) (normal string, valid bool) {
	if normal = strings.Map(cleanVATRune, raw); normal == "" {
		return strings.TrimSpace(raw), false
	}
	if len(normal) < len("RO12") {
		return normal, false
	}
	if body := normal[2:]; normal[:2] == "GR" && matchesVATFormat(body, greekVATFormat) {
		normal = "EL" + body
	}
	country, body := normal[:2], normal[2:]
	for _, form := range vatForms[country] {
		if form.accepts(body) {
			return normal, true
		}
	}
	return normal, false
}

// cleanVATRune drops what people put between the groups of a number and turns the rest to upper case.
func cleanVATRune(r rune) rune {
	switch {
	case r == '.' || r == '/' || unicode.IsSpace(r) || unicode.Is(unicode.Pd, r):
		return -1
	case 'a' <= r && r <= 'z':
		return r - 'a' + 'A'
	case r <= unicode.MaxASCII:
		return r
	default:
		return unicode.ToUpper(r)
	}
}

// vatForm is one way in which a country writes its numbers, the prefix left out.
type vatForm struct {
	// format describes every character in the notation of the VIES FAQ ("VAT identification number structure"):
	// 9 is a digit, L a letter, X a letter or a digit, S a letter, a digit, "+" or "*"; any other stands for itself.
	format string
	// shortest is how few characters suffice, counted from the format's end; 0 means all of them.
	shortest int
	// check gets a body of this format and decides by check digits and ranges.
	check func(body string) bool
}

func (f vatForm) accepts(body string) bool {
	format := f.format
	if f.shortest > 0 && f.shortest <= len(body) && len(body) < len(format) {
		format = format[len(format)-len(body):]
	}
	// Zeros satisfy most weighted sums, but stand for "none" in partners' data.
	return matchesVATFormat(body, format) && strings.Trim(body, "0") != "" && f.check(body)
}

func matchesVATFormat(body, format string) bool {
	if len(body) != len(format) {
		return false
	}
	for i := range len(body) {
		if !matchesVATSymbol(body[i], format[i]) {
			return false
		}
	}
	return true
}

func matchesVATSymbol(c, symbol byte) bool {
	isDigit := '0' <= c && c <= '9'
	isLetter := 'A' <= c && c <= 'Z'
	switch symbol {
	case '9':
		return isDigit
	case 'L':
		return isLetter
	case 'X':
		return isDigit || isLetter
	case 'S':
		return isDigit || isLetter || c == '+' || c == '*'
	default:
		return c == symbol
	}
}

// The arithmetic that the national rules share. Arguments called digits hold ASCII digits only.

// weighted returns the sum of each digit times its weight, from the left; digits without a weight do not count.
func weighted(digits string, weights ...int) int {
	sum := 0
	for i, w := range weights {
		sum += w * int(digits[i]-'0')
	}
	return sum
}

// sumMod returns a check that the weighted sum of all digits leaves the given remainder.
func sumMod(modulus, remainder int, weights ...int) func(string) bool {
	return func(digits string) bool { return weighted(digits, weights...)%modulus == remainder }
}

// intOf returns the value of at most eighteen digits.
func intOf(digits string) int {
	n := 0
	for i := range len(digits) {
		n = n*10 + int(digits[i]-'0')
	}
	return n
}

// luhnSum returns the sum of ISO/IEC 7812-1 annex B: from the right, every second digit counts double, less 9 if above 9.
func luhnSum(digits string) int {
	sum := 0
	for i := range len(digits) {
		d := int(digits[len(digits)-1-i] - '0')
		if i%2 == 1 {
			d *= 2
		}
		sum += d/10 + d%10
	}
	return sum
}

func luhn(digits string) bool { return luhnSum(digits)%10 == 0 }

// mod11And10 is the hybrid system MOD 11,10 of ISO/IEC 7064.
func mod11And10(digits string) bool {
	product := 10
	for i := range len(digits) - 1 {
		sum := (product + int(digits[i]-'0')) % 10
		if sum == 0 {
			sum = 10
		}
		product = sum * 2 % 11
	}
	return (product+int(digits[len(digits)-1]-'0'))%10 == 1
}

// notZeroFirst adds to a check that the body does not start with 0.
func notZeroFirst(check func(string) bool) func(string) bool {
	return func(body string) bool { return body[0] != '0' && check(body) }
}
