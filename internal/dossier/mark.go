package dossier

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"clientele"

	"github.com/go-json-experiment/json/jsontext"
)

// marks are what a person is recognised by in texts: the partner's ids and numbers, e-mail addresses and phone numbers, all in
// lower case.
type marks struct {
	// quoted are the values as they stand in JSON that we wrote.
	quoted []string
	// values are those that are compared with a whole value, phones the phone numbers among them by their digits.
	values, phones map[string]bool
	// long are looked for in the middle of a text, alone only where neither side goes on with a word.
	long, alone []string
}

// minMark is how long a value is at least that is looked for in the middle of a text.
const minMark = 6

// marksOf returns the marks of somebody by the values that they have and had.
func marksOf(people []clientele.Details) *marks {
	m := &marks{values: map[string]bool{}, phones: map[string]bool{}}
	for i := range people {
		d := &people[i]
		for _, t := range []clientele.Text{d.ExternalID, d.ExternalNumber, d.Email, d.Phone, d.AltPhone} {
			m.add(t.V)
		}
		for _, id := range clientele.Identifiers(d, &clientele.Normal{}) {
			if id.Kind == clientele.IdentifiedByPhone && !m.phones[id.Value] {
				m.phones[id.Value] = true
				m.alone = append(m.alone, id.Value)
			}
		}
	}
	return m
}

func (m *marks) add(text string) {
	value := fold(text)
	if value == "" || m.values[value] {
		return
	}
	m.values[value] = true
	m.quoted = append(m.quoted, strings.ToLower(string(clientele.AppendQuoted(nil, text))))
	if len(value) < minMark {
		m.alone = append(m.alone, value)
		return
	}
	m.long = append(m.long, value)
	if inQuery := strings.ReplaceAll(value, " ", "+"); inQuery != value {
		m.long = append(m.long, inQuery)
	}
}

// fold returns a value as it is compared.
func fold(value string) string { return strings.ToLower(strings.TrimSpace(value)) }

// inPayload reports whether JSON that we wrote has one of the marks as a whole value.
func (m *marks) inPayload(text any) bool {
	folded := strings.ToLower(fmt.Sprintf("%s", text))
	for _, mark := range m.quoted {
		if strings.Contains(folded, mark) {
			return true
		}
	}
	return false
}

// inText reports whether a text of any form, however it is encoded, has a long mark in it.
func (m *marks) inText(text string) bool {
	for spelling := range spellings(text) {
		for _, mark := range m.long {
			if strings.Contains(spelling, mark) {
				return true
			}
		}
	}
	return false
}

// inTarget reports whether a path and query has a mark: a long one anywhere, any as a whole segment or value.
func (m *marks) inTarget(target string) bool {
	path, query, _ := strings.Cut(target, "?")
	for segment := range strings.SplitSeq(path, "/") {
		if m.has(decode(segment)) {
			return true
		}
	}
	return m.inForm(query) || m.inText(target)
}

// inForm reports whether a query or a form has a mark as the whole value of a pair.
func (m *marks) inForm(form string) bool {
	for pair := range strings.SplitSeq(form, "&") {
		name, value, isPair := strings.Cut(pair, "=")
		if !isPair {
			name, value = "", pair
		}
		if (m.has(decode(value)) || m.has(decode(strings.ReplaceAll(value, "+", " ")))) && !isOther(decode(name)) {
			return true
		}
	}
	return false
}

// inBody reports whether a refused call's body has a mark: a long one anywhere, any as a whole value of JSON or of a form. In
// what cannot be read, such as a body that was cut off, any that stands alone counts.
func (m *marks) inBody(body, media string) bool {
	if body == "" {
		return false
	}
	found, isJSON := m.inJSON(body)
	switch {
	case found || m.inText(body):
		return true
	case isJSON:
		return false
	case strings.HasPrefix(fold(media), "application/x-www-form-urlencoded"):
		return m.inForm(body)
	}
	for spelling := range spellings(body) {
		for _, mark := range m.alone {
			if standsAlone(spelling, mark) {
				return true
			}
		}
	}
	return false
}

// inJSON reports whether a text has a mark as a name, a string or a number, as far as it is JSON, and whether all of it is.
func (m *marks) inJSON(text string) (found, isJSON bool) {
	d := jsontext.NewDecoder(bytes.NewBufferString(text), jsontext.AllowDuplicateNames(true))
	for {
		token, err := d.ReadToken()
		if err != nil {
			return false, errors.Is(err, io.EOF)
		}
		if kind := token.Kind(); (kind == '"' && m.has(token.String()) || kind == '0' && m.hasNumber(token.String())) &&
			!isOther(d.StackPointer().LastToken()) {
			return true, true
		}
	}
}

// has reports whether a whole value is one of the marks.
func (m *marks) has(value string) bool {
	value = fold(value)
	return value != "" && (m.values[value] || m.phones[phoneDigits(value)])
}

// hasNumber is has for a number of JSON, which may be written with a fraction or an exponent.
func (m *marks) hasNumber(number string) bool {
	if !strings.ContainsAny(number, ".eE") {
		return m.has(number)
	}
	f, err := strconv.ParseFloat(number, 64)
	return err == nil && m.has(strconv.FormatFloat(f, 'f', -1, 64))
}

// phoneDigits returns the digits of what is written like a phone number, and nothing of anything else.
func phoneDigits(value string) string {
	if strings.ContainsFunc(value, func(r rune) bool { return !strings.ContainsRune("+0123456789 ()-./", r) }) {
		return ""
	}
	return strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, value)
}

// otherNames are documented names, in lower case, under which short numbers stand that name nobody. A customer with the id 1
// would else be found in whatever asks for page 1.
var otherNames = map[string]bool{
	"limit": true, "offset": true, "page": true, "pagesize": true, "streetnumber": true, "postalcode": true, "zip": true,
	"addressid": true, "contractnetvalue": true, "contractnominalvalue": true, "contract_net_value": true, "contract_nominal_value": true,
}

func isOther(name string) bool { return otherNames[strings.ToLower(name)] }

// standsAlone reports whether a value stands in a text with no letter, digit or the like on either side.
func standsAlone(text, value string) bool {
	for from := 0; ; from++ {
		i := strings.Index(text[from:], value)
		if i < 0 {
			return false
		}
		from += i
		before, _ := utf8.DecodeLastRuneInString(text[:from])
		after, _ := utf8.DecodeRuneInString(text[from+len(value):])
		if !isWord(before) && !isWord(after) {
			return true
		}
	}
}

func isWord(r rune) bool {
	return unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune("-_.@%", r)
}
