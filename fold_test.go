package clientele

import (
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

func TestFoldWords(t *testing.T) {
	for text, want := range map[string]string{
		"":                             "",
		" \t-- ":                       "",
		"Anna Kowalska":                "anna kowalska",
		"ŁUKASZ  Żółć":                 "lukasz zolc",
		"Jose\u0301 Mu\u0308ller":      "jose muller",
		"José Müller":                  "jose muller",
		"O'Brien-D’Arcy":               "obrien darcy",
		"Weiß & Søn GmbH (Nord)":       "weiss son gmbh nord",
		"A.B.C. Sp. z o.o.":            "a b c sp z o o",
		"Straße 7 ＡＢＣ１２":               "strasse 7 abc12",
		"Ægir Þór Œuvre Đorđe":         "aegir thor oeuvre dorde",
		"ΣΊΣΥΦΟΣ Σίσυφος":              "σισυφοσ σισυφοσ",
		"Ёлкин й":                      "елкин и",
		"İstanbul ılık":                "istanbul ilik",
		"王小明 القاهرة":                  "王小明 القاهرة",
		"\xff\xfeabc\x00def":           "abc def",
		"<script>alert(1)</script>":    "script alert 1 script",
		strings.Repeat("x", 50) + " y": strings.Repeat("x", 40) + " y",
		strings.Repeat("王", 20):        strings.Repeat("王", 13),
	} {
		if got := strings.Join(FoldWords(text), " "); got != want {
			t.Errorf("FoldWords(%q) = %q, want %q", text, got, want)
		}
	}
}

// TestFoldings_AreThoseOfUnicode holds the table to Unicode's own tables.
func TestFoldings_AreThoseOfUnicode(t *testing.T) {
	const takenApartByNobody = "łđøßæœþðħıŧŋς"
	looked := 0
	for r := rune(0x80); r <= 0xffff; r++ {
		if r >= 0x2000 && r < 0xfb00 || r > 0xfb06 && r < 0xff10 || r > 0xff5a || r != unicode.ToLower(r) ||
			!unicode.IsLetter(r) && !unicode.IsDigit(r) {
			continue
		}
		var want []rune
		for _, part := range norm.NFKD.String(string(r)) {
			if !unicode.Is(unicode.Mn, part) && part != 'ʼ' && part != 'ʾ' { // an apostrophe, a half ring
				want = append(want, unicode.ToLower(part))
			}
		}
		if slices.ContainsFunc(want, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }) ||
			strings.ContainsAny(string(want), takenApartByNobody) || len(want) == 0 {
			continue
		}
		looked++
		if got := string(appendFolded(nil, r)); got != string(want) {
			t.Errorf("%q (%U) folds to %q, Unicode says %q", r, r, got, string(want))
		}
	}
	if looked < 1000 {
		t.Errorf("only %d letters were looked at", looked)
	}
	for folded := range foldings {
		if again := strings.Join(FoldWords(folded), ""); again != folded {
			t.Errorf("what %q stands for would be folded again, to %q", folded, again)
		}
	}
}

func FuzzFoldWords(f *testing.F) {
	for _, seed := range []string{"Łukasz O'Brien", "\xff", "ﬃ ＡＢＣ", strings.Repeat("ß", 90)} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for _, word := range FoldWords(s) {
			if word == "" || len(word) > maxWordBytes || !utf8.ValidString(word) || strings.ContainsRune(word, 0) {
				t.Errorf("FoldWords(%q) has the word %q", s, word)
			}
			if WordTerm(word) >= AfterTerms(WordTerm(word)) {
				t.Errorf("%q is behind itself", word)
			}
		}
	})
}
