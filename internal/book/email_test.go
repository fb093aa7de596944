package book

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestNormaliseEmail(t *testing.T) {
	label63 := strings.Repeat("a", 63)
	domain253 := label63 + "." + label63 + "." + label63 + "." + strings.Repeat("b", 61)
	tests := []struct {
		name, raw string
		want      string // "": not an address
	}{
		{"the OPM document's address", "customer7519xx@gmail.com", "customer7519xx@gmail.com"},
		{"the DKHardware document's address", "some.email@some.site", "some.email@some.site"},
		{"upper case", "Ann.Other@Example.COM", "ann.other@example.com"},
		{"blanks around", " \tann@example.com\u00a0\r\n", "ann@example.com"},
		{"tag", "ann+shop@example.com", "ann+shop@example.com"},
		{"every other sign", "!#$%&'*+-/=?^_`{|}~@example.com", "!#$%&'*+-/=?^_`{|}~@example.com"},
		{"one label", "ann@localhost", "ann@localhost"},
		{"digits in the domain", "ann@123.example.com", "ann@123.example.com"},
		{"international domain", "ann@BÜCHER.example.com", "ann@xn--bcher-kva.example.com"},
		{"international domain in punycode", "ann@XN--BCHER-KVA.example.com", "ann@xn--bcher-kva.example.com"},
		{"ideographic full stop", "ann@example。com", "ann@example.com"},
		{"Arabic domain", "ann@مثال.example", "ann@xn--mgbh0fb.example"},
		{"international local part", "JÖRG@example.com", "jörg@example.com"},
		{"local part of 64 bytes", strings.Repeat("a", 64) + "@example.com", strings.Repeat("a", 64) + "@example.com"},
		{"local part of 65 bytes", strings.Repeat("a", 65) + "@example.com", ""},
		{"international local part of 64 bytes", strings.Repeat("ö", 32) + "@example.com", strings.Repeat("ö", 32) + "@example.com"},
		{"international local part of 66 bytes", strings.Repeat("ö", 33) + "@example.com", ""},
		{"label of 63 bytes", "a@" + label63 + ".com", "a@" + label63 + ".com"},
		{"label of 64 bytes", "a@" + label63 + "a.com", ""},
		{"last label of 64 bytes", "a@com." + label63 + "a", ""},
		{"domain of 253 bytes", "a@" + domain253, "a@" + domain253},
		{"domain of 254 bytes", "a@" + domain253 + "b", ""},
		{"display name", "Ann Other <ann@example.com>", ""},
		{"angle brackets", "<ann@example.com>", ""},
		{"comment", "ann@example.com (Ann)", ""},
		{"quoted local part", `"ann other"@example.com`, ""},
		{"two addresses", "ann@example.com, bob@example.com", ""},
		{"blank inside", "ann @example.com", ""},
		{"line break inside", "ann\r\n @example.com", ""},
		{"no at", "ann.example.com", ""},
		{"two ats", "ann@bob@example.com", ""},
		{"nothing before the at", "@example.com", ""},
		{"nothing behind the at", "ann@", ""},
		{"dot first", ".ann@example.com", ""},
		{"dot last", "ann.@example.com", ""},
		{"two dots", "ann..other@example.com", ""},
		{"domain starts with a dot", "ann@.example.com", ""},
		{"domain ends with a dot", "ann@example.com.", ""},
		{"domain ends with an ideographic full stop", "ann@example.com。", ""},
		{"two dots in the domain", "ann@example..com", ""},
		{"domain starts with a hyphen", "ann@-example.com", ""},
		{"label ends with a hyphen", "ann@example-.com", ""},
		{"domain ends with a hyphen", "ann@example.com-", ""},
		{"hyphens where IDNA forbids them", "ann@ab--cd.com", ""},
		{"hyphens elsewhere", "ann@abc--d.com", "ann@abc--d.com"},
		{"broken punycode", "ann@xn--a.com", ""},
		{"underscore in the domain", "ann@ex_ample.com", ""},
		{"domain literal", "ann@[192.0.2.1]", ""},
		{"NUL", "ann\x00@example.com", ""},
		{"not UTF-8", "ann\xff@example.com", ""},
		{"empty", "", ""},
		{"blanks", " \t", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, ok := normaliseEmail(tt.raw)
			if got != tt.want || ok != (tt.want != "") {
				t.Errorf("normaliseEmail(%q) = %q, %t; want %q, %t", tt.raw, got, ok, tt.want, tt.want != "")
			}
		})
	}
}

// drawEmail draws texts on both sides of every rule: well-formed parts, some of them with wrong letters, joined mostly well.
func drawEmail(t *rapid.T) string {
	local := rapid.OneOf(
		rapid.StringMatching(`[A-Za-z0-9+_'-]{1,20}(\.[a-z]{1,22}){0,2}`),
		rapid.StringOfN(rapid.SampledFrom([]rune("abcXYZ019.+-_'\"( ö")), 0, 66, -1),
	).Draw(t, "local")
	plain := rapid.StringMatching(`[A-Za-z0-9]{1,3}(-[a-z0-9]{1,20}){0,3}`)
	label := rapid.OneOf(
		plain, plain, plain, plain, plain, plain,
		rapid.StringMatching(`[Xx]n--[a-z0-9]{0,6}`),
		rapid.StringOfN(rapid.SampledFrom([]rune("abcXYZ019---_ü")), 0, 65, -1),
	)
	labels := rapid.SliceOfN(label, 0, 4).Draw(t, "labels")
	at := rapid.SampledFrom([]string{"@", "@", "@", "@", "@", "@", "", "@@"}).Draw(t, "at")
	return local + at + strings.Join(labels, ".")
}

func TestIsPlainEmail_AgreesWithParseEmail(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) { checkEmail(t, rapid.Custom(drawEmail).Draw(t, "address")) })
}

// TestIsPlainEmail_TakesTheCommonAddresses would fail if the short way were taken by none, and so agreed with all.
func TestIsPlainEmail_TakesTheCommonAddresses(t *testing.T) {
	for _, address := range []string{"customer7519xx@gmail.com", "Ann.Other+shop@mail-1.Example.com", "a@b"} {
		if !isPlainEmail(address) {
			t.Errorf("isPlainEmail(%q) = false", address)
		}
	}
}

// checkEmail holds what is true of any input: the short way and the long way agree, and normalising a form again changes
// nothing.
func checkEmail(t interface{ Fatalf(string, ...any) }, raw string) {
	address := strings.TrimSpace(raw)
	want, wantOK := parseEmail(address)
	if isPlainEmail(address) && (!wantOK || strings.ToLower(address) != want) {
		t.Fatalf("isPlainEmail(%q), but parseEmail gives %q, %t", address, want, wantOK)
	}
	normal, ok := normaliseEmail(raw)
	if normal != want || ok != wantOK {
		t.Fatalf("normaliseEmail(%q) = %q, %t; parseEmail gives %q, %t", raw, normal, ok, want, wantOK)
	}
	if !ok {
		return
	}
	if again, ok := normaliseEmail(normal); again != normal || !ok {
		t.Fatalf("normaliseEmail(%q) = %q, and of that %q, %t", raw, normal, again, ok)
	}
}

func TestNormaliseEmail_LowerCaseAllocatesNothing(t *testing.T) {
	if got := testing.AllocsPerRun(100, func() { normaliseEmail("customer7519xx@gmail.com") }); got != 0 {
		t.Errorf("%v allocations, want 0", got)
	}
}

func FuzzNormaliseEmail(f *testing.F) {
	for _, raw := range []string{
		"customer7519xx@gmail.com", "Ann@BÜCHER.example.com", "a@xn--bcher-kva.com", `"a b"@c`, "a@[192.0.2.1]", "=?utf-8?q?a?=@b",
		"a@b。c", "a@\u00ad.b", "İ@example.com", "g: a@b;", "\xff@a", "",
	} {
		f.Add(raw)
	}
	f.Fuzz(func(t *testing.T, raw string) { checkEmail(t, raw) })
}

func BenchmarkNormaliseEmail(b *testing.B) {
	for _, bb := range []struct{ name, raw string }{
		{"plain", "customer7519xx@gmail.com"},
		{"upper", "Customer7519xx@Gmail.com"},
		{"international", "ann@bücher.example.com"},
		{"refused", "ann.example.com"},
	} {
		b.Run(bb.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				normaliseEmail(bb.raw)
			}
		})
	}
}

// BenchmarkParseEmail is what a plain address would cost without the short way.
func BenchmarkParseEmail(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		parseEmail("customer7519xx@gmail.com")
	}
}
