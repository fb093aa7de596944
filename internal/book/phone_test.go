package book

import (
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/nyaruka/phonenumbers"
	"pgregory.net/rapid"
)

func TestNormalisePhone(t *testing.T) {
	tests := []struct {
		name, raw, region string
		want              string // "": not a number
	}{
		{"the OPM document's number", "+15853042456", "", "+15853042456"},
		{"region does not matter behind a plus", "+15853042456", "BE", "+15853042456"},
		{"blanks around", " \t+15853042456\n", "", "+15853042456"},
		{"punctuation", "+1 (585) 304-2456", "", "+15853042456"},
		{"dots and slashes", "+32 470/12.34.56", "", "+32470123456"},
		{"double zero", "0032 470 12 34 56", "", "+32470123456"},
		{"double zero where it is dialled so", "0032 470 12 34 56", "PL", "+32470123456"},
		{"011 in the United States", "011 32 470 12 34 56", "US", "+32470123456"},
		{"national prefix behind the country code", "+32 (0)470 12 34 56", "", "+32470123456"},
		{"national prefix and country code", "+44 020 7183 8750", "", "+442071838750"},
		{"zero that belongs to the number", "+39 06 698 12345", "", "+390669812345"},
		{"national number", "0470 12 34 56", "BE", "+32470123456"},
		{"national number without prefix", "713-254-1161", "US", "+17132541161"},
		{"second region of a calling code", "+1 416 967 1111", "", "+14169671111"},
		{"territory with leading digits", "+1 242 365 1234", "", "+12423651234"},
		{"code that belongs to no country", "+800 1234 5678", "", "+80012345678"},
		{"extension", "+1 585 304 2456 ext. 12", "", "+15853042456"},
		{"letters", "+1 800 FLOWERS", "", "+18003569377"},
		{"full-width digits", "＋１５８５３０４２４５６", "", "+15853042456"},
		{"national number without a region", "713-254-1161", "", ""},
		{"national number with prefix and without a region", "0470 12 34 56", "", ""},
		{"unknown region", "0470 12 34 56", "ZZ", ""},
		{"the DKHardware document's number", "4678478", "", ""},
		{"too short", "+1585304245", "", ""},
		{"too long", "+158530424567", "", ""},
		{"area code that nobody has", "+1 123 304 2456", "", ""},
		{"country code that nobody has", "+999 1234 5678", "", ""},
		{"zero behind the plus", "+02 01555 0123", "", ""},
		{"zeros behind the plus", "+0015853042456", "", ""},
		{"plus alone", "+", "", ""},
		{"double zero alone", "00", "", ""},
		{"empty", "", "", ""},
		{"blanks", "  ", "BE", ""},
		{"words", "call me", "BE", ""},
		{"NUL", "+1585304\x002456", "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, ok := normalisePhone(tt.raw, tt.region)
			if got != tt.want || ok != (tt.want != "") {
				t.Errorf("normalisePhone(%q, %q) = %q, %t; want %q, %t", tt.raw, tt.region, got, ok, tt.want, tt.want != "")
			}
		})
	}
}

// examplePhones returns, in a fixed order, the library's example of every kind of number of every region, in E.164 form.
var examplePhones = sync.OnceValue(func() []string {
	var examples []string
	add := func(number *phonenumbers.PhoneNumber) {
		if number != nil {
			examples = append(examples, phonenumbers.Format(number, phonenumbers.E164))
		}
	}
	for region := range phonenumbers.GetSupportedRegions() {
		for kind := phonenumbers.FIXED_LINE; kind <= phonenumbers.VOICEMAIL; kind++ {
			add(phonenumbers.GetExampleNumberForType(region, kind))
		}
	}
	for code := range phonenumbers.GetSupportedGlobalNetworkCallingCodes() {
		add(phonenumbers.GetExampleNumberForNonGeoEntity(code))
	}
	slices.Sort(examples)
	return slices.Compact(examples)
})

func TestPlainPhone_DecidesEveryCountrysExamples(t *testing.T) {
	decided := 0
	codes := map[*numberingPlan]bool{}
	for _, example := range examplePhones() {
		got, ok := plainPhone(example)
		if !ok {
			continue
		}
		decided++
		if want, _ := parsePhone(example, ""); got != want {
			t.Errorf("plainPhone(%q) = %q; the library says %q", example, got, want)
		}
		plan, _ := findNumberingPlan(example[1:])
		codes[plan] = true
	}
	if want := len(examplePhones()) * 9 / 10; decided < want {
		t.Errorf("decided %d of %d examples, want at least %d", decided, len(examplePhones()), want)
	}
	if all := len(phonenumbers.GetSupportedCallingCodes()); len(codes) < all*9/10 {
		t.Errorf("decided numbers of %d calling codes of %d", len(codes), all)
	}
}

// drawPhone draws something like an international number: a library's example, a few digits of it changed, left out or
// doubled, and punctuation strewn in.
func drawPhone(t *rapid.T) string {
	digits := []byte(rapid.SampledFrom(examplePhones()).Draw(t, "example")[1:])
	for range rapid.IntRange(0, 3).Draw(t, "changes") {
		i := rapid.IntRange(0, len(digits)-1).Draw(t, "place")
		switch rapid.IntRange(0, 3).Draw(t, "change") {
		case 0:
			digits = slices.Delete(digits, i, i+1)
		case 1:
			digits = slices.Insert(digits, i, digits[i])
		default:
			digits[i] = rapid.SampledFrom([]byte("0123456789")).Draw(t, "digit")
		}
	}
	for range rapid.IntRange(0, 4).Draw(t, "marks") {
		i := rapid.IntRange(0, len(digits)).Draw(t, "place of mark")
		digits = slices.Insert(digits, i, rapid.SampledFrom([]byte(" -./()")).Draw(t, "mark"))
	}
	return "+" + string(digits)
}

func TestPlainPhone_AgreesWithTheLibrary(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		raw := drawPhone(t)
		region := rapid.SampledFrom([]string{"", "BE", "US", "IT", "AR", "ZZ"}).Draw(t, "region")
		got, decided := plainPhone(raw)
		if want, _ := parsePhone(raw, region); decided && got != want {
			t.Fatalf("plainPhone(%q) = %q; the library says %q (region %q)", raw, got, want, region)
		}
	})
}

func TestNormalisePhone_FormIsStable(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		raw := rapid.OneOf(rapid.Custom(drawPhone), rapid.String()).Draw(t, "raw")
		checkPhone(t, raw, rapid.SampledFrom([]string{"", "BE", "US"}).Draw(t, "region"))
	})
}

// checkPhone holds what is true of any input: a form is E.164, and normalising it again changes nothing.
func checkPhone(t interface{ Fatalf(string, ...any) }, raw, region string) {
	e164, ok := normalisePhone(raw, region)
	if !ok {
		if e164 != "" {
			t.Fatalf("normalisePhone(%q, %q) = %q, false; want an empty form", raw, region, e164)
		}
		return
	}
	if e164[0] != '+' || len(e164) > 18 || strings.Trim(e164[1:], "0123456789") != "" {
		t.Fatalf("normalisePhone(%q, %q) = %q: not E.164", raw, region, e164)
	}
	if again, ok := normalisePhone(e164, ""); again != e164 || !ok {
		t.Fatalf("normalisePhone(%q, %q) = %q, and of that %q, %t", raw, region, e164, again, ok)
	}
}

// TestNormalisePhone_PlainFormAllocatesLittle: the library makes about 80 allocations. Ours are none but those of package
// regexp when its pools were emptied, as the race detector does at random.
func TestNormalisePhone_PlainFormAllocatesLittle(t *testing.T) {
	normalisePhone("+15853042456", "") // makes the numbering plan
	if got := testing.AllocsPerRun(100, func() { normalisePhone("+15853042456", "") }); got > 10 {
		t.Errorf("%v allocations, want at most 10", got)
	}
}

func TestNormalisePhone_ManyAtOnce(t *testing.T) {
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for _, raw := range examplePhones() {
				if _, ok := normalisePhone(raw, ""); !ok {
					t.Errorf("normalisePhone(%q) is not ok", raw)
				}
			}
		})
	}
	wg.Wait()
}

func FuzzNormalisePhone(f *testing.F) {
	for _, raw := range []string{
		"+15853042456", "0032 (0)470/12.34.56", "+1 800 FLOWERS;ext=12", "tel:470123456;phone-context=+32", "＋１", "+", "00",
		"٠٠٣٢٤٧٠١٢٣٤٥٦", "tel:;phone-context=+", "+1#*,;", "\xff",
	} {
		f.Add(raw, "")
		f.Add(raw, "BE")
	}
	f.Fuzz(func(t *testing.T, raw, region string) { checkPhone(t, raw, region) })
}

func BenchmarkNormalisePhone(b *testing.B) {
	for _, bb := range []struct{ name, raw, region string }{
		{"US", "+15853042456", ""},
		{"CA", "+14169671111", ""},
		{"BE", "+32470123456", ""},
		{"GB", "+442071838750", ""},
		{"PL", "+48512345678", ""},
		{"punctuated", "+1 (585) 304-2456", ""},
		{"library/trunk", "+32 (0)470 12 34 56", ""},
		{"library/national", "713-254-1161", "US"},
		{"refused/national", "713-254-1161", ""},
		{"refused/invalid", "+11234567890", ""},
	} {
		b.Run(bb.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				normalisePhone(bb.raw, bb.region)
			}
		})
	}
}

// BenchmarkParsePhone is what a plain number would cost without the way around the library.
func BenchmarkParsePhone(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		parsePhone("+15853042456", "")
	}
}
