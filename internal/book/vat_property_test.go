package book

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// uncaught lists the numbers in which a wrong digit can go unseen, and why. In all others the national algorithm sees
// every single wrong digit.
var uncaught = []struct{ country, format, why string }{
	{"BG", "999999999", "two rounds of mod 11, and 10 and 0 are written alike"},
	{"BG", "9999999999", "three rules, any of which may accept the changed number"},
	{"CZ", "99999999", "the remainders 0 and 10 have the same check digit"},
	{"CZ", "999999999", "birth numbers have no check digit"},
	{"CZ", "9999999999", "10 and 0 are written alike"},
	{"EL", "999999999", "10 and 0 are written alike"},
	{"FR", "9L999999999", "keys with a letter are much alike mod 11"},
	{"FR", "L9999999999", "keys with a letter are much alike mod 11"},
	{"LT", "999999999", "two rounds of mod 11, and 10 and 0 are written alike"},
	{"LT", "999999999999", "two rounds of mod 11, and 10 and 0 are written alike"},
	{"LV", "99999999999", "a legal entity's number may turn into a person's"},
	{"NL", "999999999B99", "the elfproef does not cover the suffix, and the sole traders' rule may accept what it refuses"},
	{"PT", "999999999", "10 and 11 are written alike"},
	{"RO", "9999999999", "10 and 0 are written alike"},
	{"RO", "99999999", "as above"},
	{"RO", "999999", "as above"},
	{"RO", "99", "as above"},
	{"SE", "999999999999", "the suffix has no check digit"},
	{"XI", "999999999", "two rules that accept sums 42 apart, which is 6 times 7"},
	{"XI", "999999999999", "as above, and the branch has no check digit"},
	{"XI", "GD999", "no check digit"},
	{"XI", "HA999", "no check digit"},
}

func mayBeUncaught(number string) bool {
	for _, u := range uncaught {
		if u.country == number[:2] && matchesVATFormat(number[2:], u.format) {
			return true
		}
	}
	return false
}

// wrongDigits calls yield with each number that differs from the given one in one digit.
func wrongDigits(number string, yield func(string)) {
	changed := []byte(number)
	for i, c := range changed {
		if c < '0' || c > '9' {
			continue
		}
		for d := byte('0'); d <= '9'; d++ {
			if changed[i] = d; d != c {
				yield(string(changed))
			}
		}
		changed[i] = c
	}
}

// checkWrongDigits holds the promise of the algorithms: of a valid number, each single wrong digit is seen.
func checkWrongDigits(t interface{ Errorf(string, ...any) }, number string) {
	wrongDigits(number, func(changed string) {
		if _, valid := normaliseVAT(changed); valid {
			t.Errorf("%s is valid, and so is %s with one digit changed", number, changed)
		}
	})
}

func TestNormaliseVAT_OneWrongDigit(t *testing.T) {
	guaranteed := map[string]bool{}
	for country, numbers := range vatExamples {
		for _, number := range numbers {
			if !mayBeUncaught(number) {
				checkWrongDigits(t, number)
				guaranteed[country] = true
			}
		}
	}
	for _, country := range strings.Fields("AT BE CY DE DK EE ES FI FR HR HU IE IT LU MT PL SI SK") {
		if !guaranteed[country] {
			t.Errorf("no number of %s was looked at", country)
		}
	}
}

// drawVAT draws a valid number: random characters in one of the country's forms, then the check characters that make it
// valid, found by trying all pairs at the places where countries have them.
// ok is false when there are none, as for one in eleven Polish numbers.
func drawVAT(t *rapid.T) (number string, ok bool) {
	countries := slices.Sorted(maps.Keys(vatForms))
	country := rapid.SampledFrom(countries).Draw(t, "country")
	form := rapid.SampledFrom(vatForms[country]).Draw(t, "form")
	body := make([]byte, len(form.format))
	for i := range body {
		body[i] = rapid.SampledFrom(charactersFor(form.format[i])).Draw(t, "character")
	}
	last := len(body) - 1
	for _, places := range [][2]int{{last - 1, last}, {0, 1}} {
		if number, ok := completeVAT(country, form.format, body, places); ok {
			return number, true
		}
	}
	return "", false
}

func completeVAT(country, format string, body []byte, places [2]int) (number string, ok bool) {
	body = slices.Clone(body)
	for _, body[places[0]] = range charactersFor(format[places[0]]) {
		for _, body[places[1]] = range charactersFor(format[places[1]]) {
			if _, valid := normaliseVAT(country + string(body)); valid {
				return country + string(body), true
			}
		}
	}
	return "", false
}

// charactersFor lists what a symbol of the VIES notation stands for.
func charactersFor(symbol byte) []byte {
	var characters []byte
	for c := byte(' '); c < 0x7f; c++ {
		if matchesVATSymbol(c, symbol) {
			characters = append(characters, c)
		}
	}
	return characters
}

func TestNormaliseVAT_OneWrongDigitOfAnyNumber(t *testing.T) {
	drawn := map[string]bool{}
	rapid.Check(t, func(t *rapid.T) {
		if number, ok := drawVAT(t); ok && !mayBeUncaught(number) {
			drawn[number[:2]] = true
			checkWrongDigits(t, number)
		}
	})
	if len(drawn) < 3 {
		t.Errorf("numbers of %d countries were looked at", len(drawn))
	}
}
