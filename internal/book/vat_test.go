package book

import (
	_ "embed"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// vatExamples are published numbers: examples of the tax offices, of the Commission's documents, of encyclopedias and of
// test suites, and numbers that companies and public bodies print on their invoices. Numbers of persons are examples or
// made up.
var vatExamples = map[string][]string{
	"AT": {"ATU13585627", "ATU10223006", "ATU14243102"},
	"BE": {"BE0428759497", "BE0403019261", "BE0202239951", "BE1000000021"},
	"BG": {
		"BG175074752",
		"BG131272009",  // second round
		"BG7523169263", // EGN
		"BG7542011030", // EGN of somebody born in 2075
		"BG7111042925", // foreigner
		"BG7153849522", // neither
	},
	"CY": {"CY10259033P", "CY00632993F", "CY60000000S"},
	"CZ": {
		"CZ25123891", "CZ61467839", "CZ00023205",
		"CZ640903926",  // special case
		"CZ7103192745", // birth number
		"CZ991231123",  // birth number of 1899
		"CZ530101123",  // the last year without check digit
		"CZ0481010002", // a woman of 2004, on a day whose numbers ran out
	},
	"DE": {"DE136695976", "DE129390950", "DE118619592"},
	"DK": {"DK13585628", "DK10150817"},
	"EE": {"EE100931558", "EE100594102"},
	"EL": {"EL094259216", "EL039868210", "EL800179925"},
	"ES": {
		"ESB58378431", "ESA28184661", "ESJ99216582", "ESU99216426",
		"ESA0011012B", // foreign company with a letter, until 2008
		"ESQ2818015F", "ESR9600075G", "ESW4003922D",
		"ES12345678Z", "ESX1234567L", "ESY1234567X", "ESZ1234567R", "ESM1234567L", "ESL1111111G", "ESK1111111G",
	},
	"FI": {"FI20774740", "FI02459042"},
	"FR": {
		"FR40303265045", "FR83404833048", "FR19552008443",
		"FRK7399859412", "FR4Z123456782", // keys with a letter
		"FR53000004605", // Monaco
	},
	"HR": {"HR33392005961"},
	"HU": {"HU12892312", "HU10672101"},
	"IE": {
		"IE6433435F", "IE6388047V",
		"IE6433435OA", "IE6433435IH", "IE1234567FA", "IE6433435FW",
		"IE8D79739I", "IE9Y71814N",
	},
	"IT": {"IT00743110157", "IT02153481201", "IT09596821000"},
	"LT": {"LT119511515", "LT100001919017", "LT100004801610"}, // the last one needs the second round
	"LU": {"LU15027442", "LU10059929"},
	"LV": {"LV40003521600", "LV90000528023", "LV16117519997", "LV32867300679"},
	"MT": {"MT11679112", "MT20291423"},
	"NL": {
		"NL004495445B01", "NL802003217B01", "NL111222333B90",
		"NL000099998B57", "NL123456789B13", // sole traders since 2020
	},
	"PL": {"PL8567346215", "PL5261025421"},
	"PT": {"PT501964843", "PT500019720"},
	"RO": {"RO18547290", "RO573768", "RO19"},
	"SE": {"SE123456789701", "SE556043606401", "SE556043606494"},
	"SI": {"SI50223054", "SI15012557"},
	"SK": {"SK2022749619", "SK2021853504"},
	"XI": {
		"XI432525179", "XI980780684", "XI242338087388",
		"XI100190874", // 9755
		"XIGD100", "XIGD499", "XIHA500", "XIHA999",
	},
}

func TestNormaliseVAT_PublishedNumbers(t *testing.T) {
	for country, numbers := range vatExamples {
		for _, number := range numbers {
			if normal, valid := normaliseVAT(number); normal != number || !valid {
				t.Errorf("normaliseVAT(%q) = %q, %t; want it unchanged and valid", number, normal, valid)
			}
			if !strings.HasPrefix(number, country) {
				t.Errorf("%q stands under %s", number, country)
			}
		}
	}
}

//go:embed testdata/vat_numbers.txt
var vatNumbers string

func TestNormaliseVAT_MadeUpNumbers(t *testing.T) {
	for line := range strings.Lines(vatNumbers) {
		number, verdict, found := strings.Cut(strings.TrimSpace(line), " ")
		if !found || number == "#" {
			continue
		}
		if _, valid := normaliseVAT(number); valid != (verdict == "valid") {
			t.Errorf("normaliseVAT(%q): valid = %t, want %s", number, valid, verdict)
		}
	}
}

func TestVATForms_EveryMemberState(t *testing.T) {
	states := strings.Fields("AT BE BG CY CZ DE DK EE EL ES FI FR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK XI")
	for _, state := range states {
		if len(vatForms[state]) == 0 || len(vatExamples[state]) == 0 {
			t.Errorf("%s: %d forms, %d examples; want some of each", state, len(vatForms[state]), len(vatExamples[state]))
		}
	}
	if len(vatForms) != len(states) {
		t.Errorf("%d countries in the table, want %d", len(vatForms), len(states))
	}
}

func TestNormaliseVAT_Invalid(t *testing.T) {
	numbers := map[string]string{
		"the Onlinewerkrooster document's example body":     "BE01234567899",
		"the Onlinewerkrooster document's field table":      "BE0123456789",
		"Belgian, starts with 2":                            "BE2000000042",
		"Belgian, old form of nine digits":                  "BE428759497",
		"Belgian, 97 written 00":                            "BE0000009700",
		"Austrian without U":                                "AT13585627",
		"Bulgarian legal entity":                            "BG175074751",
		"Bulgarian second round":                            "BG131272000",
		"Bulgarian of ten digits":                           "BG7523169260",
		"Bulgarian born in the 19th month":                  "BG8319010002",
		"Cypriot that starts with 12":                       "CY12000000F",
		"Cypriot":                                           "CY10259033Z",
		"Czech legal entity that starts with 9":             "CZ90000005",
		"Czech birth number with a wrong day":               "CZ7102302746",
		"Czech birth number without check digit after 1953": "CZ590312123",
		"Czech special case":                                "CZ640903925",
		"Czech legal entity":                                "CZ25123890",
		"Czech birth number":                                "CZ7103192746",
		"German that starts with 0":                         "DE036695975",
		"Danish that starts with 0":                         "DK00000019",
		"Greek":                                             "EL123456781",
		"Spanish with a letter for another kind":            "ESO1234567L",
		"Spanish public body with a digit":                  "ESQ28180156",
		"Spanish company with a wrong letter":               "ESA0011012A",
		"Spanish company with a letter in the middle":       "ESA00A1012B",
		"French key with O":                                 "FRO7399859412",
		"French key with I":                                 "FR1I123456782",
		"French SIREN that is not Luhn's":                   "FR08123456781",
		"French numeric key":                                "FR41303265045",
		"French key with a letter":                          "FRK8399859412",
		"Irish":                                             "IE6433435E",
		"Irish of 2013":                                     "IE6433435VH",
		"Irish with an unknown kind":                        "IE6433435FZ",
		"Irish, old, with an impossible sign":               "IE8?79739J",
		"Italian of no company":                             "IT00000000018",
		"Italian of no office":                              "IT00743112005",
		"Lithuanian whose last but one is not 1":            "LT119511522",
		"Lithuanian":                                        "LT119511516",
		"Lithuanian of twelve digits":                       "LT100001919018",
		"Luxembourg":                                        "LU15027443",
		"Latvian legal entity":                              "LV40003521601",
		"Latvian personal code without date":                "LV32867300677",
		"Latvian born on 16 13 75":                          "LV16137519994",
		"Maltese that starts with 0":                        "MT01234534",
		"Dutch":                                             "NL123456789B90",
		"Dutch with A":                                      "NL004495445A01",
		"Dutch with suffix 00":                              "NL004495445B00",
		"Dutch zeros":                                       "NL000000000B01",
		"Polish":                                            "PL8567346216",
		"Portuguese":                                        "PT501964842",
		"Portuguese that starts with 0":                     "PT000000019",
		"Romanian":                                          "RO18547291",
		"Romanian that starts with 0":                       "RO019",
		"Romanian of one digit":                             "RO1",
		"Romanian of eleven digits":                         "RO10000018547290",
		"Swedish":                                           "SE123456789101",
		"Swedish with suffix 00":                            "SE556043606400",
		"Swedish with suffix 95":                            "SE556043606495",
		"Slovenian that starts with 0":                      "SI02234564",
		"Slovenian of remainder 0":                          "SI10000101",
		"Slovak that starts with 0":                         "SK0022749616",
		"Slovak with an impossible third digit":             "SK2012749618",
		"Northern Irish":                                    "XI802311781",
		"Northern Irish 9755 below 100":                     "XI001234589",
		"Northern Irish zeros with a branch":                "XI000000000001",
		"Northern Irish department above 499":               "XIGD500",
		"Northern Irish health authority below 500":         "XIHA499",
		"British":                  "GB980780684",
		"EU one-stop shop":         "EU372022452",
		"Swiss":                    "CHE123456788",
		"without prefix":           "0428759497",
		"prefix alone":             "BE",
		"one letter":               "B",
		"zeros":                    "HU00000000",
		"digits of another script": "DK１３５８５６２８",
		"letter of another script": "СY10259033P",
		"NUL":                      "BE0428759497\x00",
		"not UTF-8":                "BE\xff\xfe28759497",
	}
	for name, number := range numbers {
		t.Run(name, func(t *testing.T) {
			if normal, valid := normaliseVAT(number); valid {
				t.Errorf("normaliseVAT(%q) = %q, valid", number, normal)
			}
		})
	}
}

func TestNormaliseVAT_Cleaning(t *testing.T) {
	tests := []struct {
		raw, want string
		wantValid bool
	}{
		{" be 0428.759.497\n", "BE0428759497", true},
		{"BE-0428/759/497", "BE0428759497", true},
		{"be\u00a00428\u2009759\u2013497", "BE0428759497", true}, // no-break space, thin space, en dash
		{"nl.0044.95.445.b.01", "NL004495445B01", true},
		{"esz1234567r", "ESZ1234567R", true},
		{"IE 9+71814 X", "IE9+71814X", false},
		{"GR 094259216", "EL094259216", true},
		{"gr094259217", "EL094259217", false},
		{"GR09425921", "GR09425921", false},
		{"Grafisch bureau", "GRAFISCHBUREAU", false},
		{"0428.759.497", "0428759497", false},
		{"CHE-123.456.788 MWST", "CHE123456788MWST", false},
		{"123 é", "123É", false},
		{"", "", false},
		{"  ", "", false},
		{" .-/ ", ".-/", false}, // of punctuation alone nothing would be left
		{"–", "–", false},
		{"x", "X", false},
	}
	for _, tt := range tests {
		if got, valid := normaliseVAT(tt.raw); got != tt.want || valid != tt.wantValid {
			t.Errorf("normaliseVAT(%q) = %q, %t; want %q, %t", tt.raw, got, valid, tt.want, tt.wantValid)
		}
	}
}

// TestNormaliseVAT_OldIrishSigns: numbers with "+" and "*" as second character are rare, so the check letter is computed
// here: 0, 7, 1, 8, 1, 4, 9 weigh 8 to 2, the sum is 129, and 129 mod 23 is 14, the letter N.
func TestNormaliseVAT_OldIrishSigns(t *testing.T) {
	for _, number := range []string{"IE9+71814N", "IE9*71814N", "IE9A71814N"} {
		if normal, valid := normaliseVAT(number); normal != number || !valid {
			t.Errorf("normaliseVAT(%q) = %q, %t; want it unchanged and valid", number, normal, valid)
		}
	}
}

func TestNormaliseVAT_FormIsStable(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		checkVAT(t, rapid.OneOf(rapid.String(), rapid.StringMatching(`[ A-Z]{2}[-. /0-9A-Z+*]{0,14}`)).Draw(t, "raw"))
	})
}

// checkVAT holds what is true of any input: normalising a form again changes nothing, and what is valid has a known prefix
// and no more than 14 characters.
func checkVAT(t interface{ Fatalf(string, ...any) }, raw string) {
	normal, valid := normaliseVAT(raw)
	if again, validAgain := normaliseVAT(normal); again != normal || validAgain != valid {
		t.Fatalf("normaliseVAT(%q) = %q, %t, and of that %q, %t", raw, normal, valid, again, validAgain)
	}
	if valid && (len(normal) > 14 || vatForms[normal[:2]] == nil) {
		t.Fatalf("normaliseVAT(%q) = %q is valid", raw, normal)
	}
}

func FuzzNormaliseVAT(f *testing.F) {
	for _, numbers := range vatExamples {
		f.Add(numbers[0])
	}
	for _, raw := range []string{"BE01234567899", "GR 094259216", "nl.0044.95.445.b.01", "IE9+71814N", "RO1", "ES", "ß\u0130\u0131", "\xff", ""} {
		f.Add(raw)
	}
	f.Fuzz(func(t *testing.T, raw string) { checkVAT(t, raw) })
}

func BenchmarkNormaliseVAT(b *testing.B) {
	for _, raw := range []string{"BE0428759497", "BE 0428.759.497", "FRK7399859412"} {
		b.Run(raw, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				normaliseVAT(raw)
			}
		})
	}
}
