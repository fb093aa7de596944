package book

import (
	"strings"
	"testing"

	"clientele"

	"github.com/google/go-cmp/cmp"
)

func TestReadSearch(t *testing.T) {
	for text, want := range map[string]struct {
		id    int64
		vat   string
		terms [][]string
	}{
		"kowal":                   {vat: "KOWAL", terms: [][]string{{"nkowal"}, {"ekowal"}}},
		"  Jan\tKOWALSKI ":        {vat: "JANKOWALSKI", terms: [][]string{{"nkowalski", "njan"}}},
		"Żółć":                    {vat: "ŻÓŁĆ", terms: [][]string{{"nzolc"}, {"eżółć"}}},
		"Anna@Example.COM":        {vat: "ANNA@EXAMPLECOM", terms: [][]string{{"eanna@example.com"}}},
		"anna@müller.example":     {vat: "ANNA@MÜLLEREXAMPLE", terms: [][]string{{"eanna@xn--mller-kva.example"}}},
		"anna@ex":                 {vat: "ANNA@EX", terms: [][]string{{"eanna@ex"}}},
		"+48 22 555 01 00":        {vat: "+48225550100", terms: [][]string{{"n555", "n48", "n22", "n01", "n00"}, {"p48225550100"}}},
		"0048 (22) 555-01-00":     {vat: "0048(22)5550100", terms: [][]string{{"n0048", "n555", "n22", "n01", "n00"}, {"p48225550100"}}},
		"+48 22":                  {vat: "+4822", terms: [][]string{{"n48", "n22"}, {"p4822"}}},
		"7519":                    {id: 7519, vat: "7519", terms: [][]string{{"n7519"}, {"e7519"}, {"p7519"}}},
		"#12":                     {id: 12, vat: "#12", terms: [][]string{{"n12"}, {"e#12"}}},
		"99999999999999999999999": {vat: "99999999999999999999999", terms: [][]string{{"n99999999999999999999999"}, {"e99999999999999999999999"}, {"p99999999999999999999"}}},
		"PL 526-10-40-828":        {vat: "PL5261040828", terms: [][]string{{"n526", "n828", "npl", "n10", "n40"}}},
		"% ?":                     {vat: "%?", terms: [][]string{}},
	} {
		var got clientele.CustomerSearch
		ReadSearch(&got, text)
		var want2 clientele.CustomerSearch
		key := clientele.Some(strings.TrimSpace(strings.ReplaceAll(text, "\t", " ")))
		want2.ExternalID, want2.ExternalNumber, want2.ID, want2.Terms = key, key, want.id, want.terms
		want2.VATNormal = clientele.NonEmpty(want.vat)
		if diff := cmp.Diff(want2, got); diff != "" {
			t.Errorf("%q (-want +got):\n%s", text, diff)
		}
	}
}

func TestReadSearch_BlankStatesNothing(t *testing.T) {
	for _, text := range []string{"", " \t\r\n", "\u200b", "\x00\x01", "\u00a0"} {
		var got clientele.CustomerSearch
		if ReadSearch(&got, text); !cmp.Equal(got, clientele.CustomerSearch{}) {
			t.Errorf("%q states %+v", text, got)
		}
	}
}

func FuzzReadSearch(f *testing.F) {
	for _, seed := range []string{"Jan Kowalski", "+48 22", "a@b", "\xff\x00", strings.Repeat("王 ", 400), "1-1-1-1"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var q clientele.CustomerSearch
		ReadSearch(&q, text)
		if strings.ContainsRune(q.ExternalID.V, 0) || q.ExternalID.V != strings.ToValidUTF8(q.ExternalID.V, "") || len(q.ExternalID.V) > maxSearchText {
			t.Errorf("%q asks for the key %q", text, q.ExternalID.V)
		}
		for _, terms := range q.Terms {
			if len(terms) == 0 || len(terms) > maxSearchWords {
				t.Errorf("%q asks for %d terms", text, len(terms))
			}
			for _, term := range terms {
				if len(term) < 2 || strings.ContainsRune(term, 0) || term != strings.ToValidUTF8(term, "") {
					t.Errorf("%q asks for the term %q", text, term)
				}
			}
		}
	})
}
