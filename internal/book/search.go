package book

import (
	"slices"
	"strconv"
	"strings"
	"unicode"

	"clientele"
)

const (
	// maxSearchText is how many bytes of a search are looked at; no key is longer.
	maxSearchText = 256
	// maxSearchWords is how many words of a search count.
	maxSearchWords = 8
	// minPhoneDigits is how many digits look like the beginning of a phone number.
	minPhoneDigits = 4
)

// ReadSearch states in q what somebody may mean who types the text: words of a name or company, each the beginning of one; an
// e-mail address, or its beginning; a phone number in any spelling, or its beginning; whole, an external id or number, a VAT
// number, or our id. Whatever it can mean is looked for. A blank text states nothing.
func ReadSearch(q *clientele.CustomerSearch, text string) {
	text = strings.TrimSpace(strings.Map(printable, text))
	if len(text) > maxSearchText {
		text = strings.ToValidUTF8(text[:maxSearchText], "")
	}
	if text == "" {
		return
	}
	q.ExternalID, q.ExternalNumber = clientele.Some(text), clientele.Some(text)
	q.VATNormal = clientele.NonEmpty(NormalVAT(text))
	if id, err := strconv.ParseInt(strings.TrimPrefix(text, "#"), 10, 64); err == nil {
		q.ID = id
	}
	q.Terms = [][]string{}
	if !strings.Contains(text, "@") {
		addWords(q, text)
	}
	if !strings.ContainsFunc(text, unicode.IsSpace) {
		addEmail(q, text)
	}
	if isPhone(text) {
		addPhone(q, text)
	}
}

// printable drops what no stored text can hold, and what a pasted one brings along unseen.
func printable(r rune) rune {
	if r == '\t' || r == '\n' || r == '\r' || r == '\u00a0' {
		return ' '
	}
	if r == unicode.ReplacementChar || unicode.IsControl(r) || unicode.Is(unicode.Cf, r) {
		return -1
	}
	return r
}

// addWords looks for each word; the longest first, because few have it.
func addWords(q *clientele.CustomerSearch, text string) {
	words := clientele.FoldWords(text)
	if len(words) == 0 {
		return
	}
	var terms []string
	for _, word := range words[:min(len(words), maxSearchWords)] {
		terms = append(terms, clientele.WordTerm(word))
	}
	slices.SortStableFunc(terms, func(a, b string) int { return len(b) - len(a) })
	q.Terms = append(q.Terms, terms)
}

func addEmail(q *clientele.CustomerSearch, text string) {
	if normal, ok := normaliseEmail(text); ok {
		text = normal
	}
	if term := clientele.EmailTerm(text); term != "" {
		q.Terms = append(q.Terms, []string{term})
	}
}

func addPhone(q *clientele.CustomerSearch, text string) {
	if e164, ok := normalisePhone(text, ""); ok {
		text = e164
	}
	q.Terms = append(q.Terms, []string{clientele.PhoneTerm(text)})
}

// isPhone reports whether a text may be a phone number or the beginning of one: digits and what stands between them.
func isPhone(text string) bool {
	digits := 0
	for _, r := range text {
		switch {
		case '0' <= r && r <= '9':
			digits++
		case !strings.ContainsRune("+-./() ", r):
			return false
		}
	}
	return digits >= minPhoneDigits
}
