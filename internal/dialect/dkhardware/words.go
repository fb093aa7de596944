package dkhardware

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// pascal returns the name of a property or parameter as it stands in errors: customerId is CustomerId.
func pascal(name string) string { return strings.ToUpper(name[:1]) + name[1:] }

// display returns a name of errors as it stands in sentences, with a blank before each capital: CustomerId is Customer Id,
// Address1 stays.
func display(name string) string {
	var b strings.Builder
	for i, r := range name {
		if i > 0 && unicode.IsUpper(r) {
			b.WriteByte(' ')
		}
		b.WriteRune(r)
	}
	return b.String()
}

// maxEcho is how many characters of a value a sentence repeats.
const maxEcho = 100

// shorten returns the beginning of a value, for a sentence.
func shorten(value string) string {
	if utf8.RuneCountInString(value) <= maxEcho {
		return value
	}
	return string([]rune(value)[:maxEcho]) + "…"
}

// addNotValid notes that the field cannot be read from the value that was sent.
func addNotValid(f *faults, path, value string) {
	f.add(path, "The value '%s' is not valid for '%s'.", shorten(value), display(lastName(path)))
}

// lastName returns the name of the field at a path: that of Addresses[0].Zip is Zip, that of Addresses[0] is Addresses.
func lastName(path string) string {
	path = path[strings.LastIndexByte(path, '.')+1:]
	name, _, _ := strings.Cut(path, "[")
	return name
}
