package primelead

import (
	"math/big"
	"strings"
	"testing"
	"time"
	_ "time/tzdata"

	"pgregory.net/rapid"
)

// TestParseAmount_IsExact holds the reader to arithmetic of rationals on texts that are nearly amounts.
func TestParseAmount_IsExact(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.OneOf(
			rapid.StringMatching(`[0-9]{1,13}(\.[0-9]{0,3})?`),
			rapid.StringMatching(`[-+ ]?[0-9]{0,3}[.,eE]{0,2}[0-9]{0,3}[ ]?`),
			rapid.String(),
		).Draw(t, "text")
		whole, fraction, hasPoint := strings.Cut(text, ".")
		value, isRational := new(big.Rat).SetString(text)
		digits := strings.Trim(whole+fraction, "0123456789") == ""
		want := isRational && digits && value.Sign() > 0 && len(whole) >= 1 && len(whole) <= 12 && len(fraction) <= 2 &&
			(!hasPoint || fraction != "")
		got, ok := parseAmount(text)
		if ok != want {
			t.Fatalf("parseAmount(%q) = %d, %v; want taken %v", text, got, ok, want)
		}
		if ok && value.Cmp(big.NewRat(int64(got), 100)) != 0 {
			t.Fatalf("parseAmount(%q) = %d hundredths", text, got)
		}
	})
}

// TestParseDate_IsTheFirstInstantThatClocksShow holds the reader to the clocks of a zone: going through its instants in
// order, the first that shows the date; none shows one that does not exist.
func TestParseDate_IsTheFirstInstantThatClocksShow(t *testing.T) {
	for _, c := range []struct {
		zone string
		from time.Time // of three days
	}{
		{"Europe/Warsaw", time.Date(2026, 3, 28, 0, 0, 0, 0, time.UTC)},
		{"Europe/Warsaw", time.Date(2026, 10, 24, 0, 0, 0, 0, time.UTC)},
		{"America/New_York", time.Date(2026, 3, 7, 0, 0, 0, 0, time.UTC)},
		{"America/New_York", time.Date(2026, 10, 31, 0, 0, 0, 0, time.UTC)},
		{"Australia/Lord_Howe", time.Date(2026, 4, 3, 0, 0, 0, 0, time.UTC)},  // half an hour twice
		{"Australia/Lord_Howe", time.Date(2026, 10, 2, 0, 0, 0, 0, time.UTC)}, // half an hour skipped
		{"Pacific/Apia", time.Date(2011, 12, 29, 0, 0, 0, 0, time.UTC)},       // a day skipped
		{"America/Santiago", time.Date(2026, 9, 5, 0, 0, 0, 0, time.UTC)},     // skipped at midnight
		{"Africa/Casablanca", time.Date(2026, 2, 14, 0, 0, 0, 0, time.UTC)},   // offsets that go the other way
		{"Asia/Kathmandu", time.Date(1985, 12, 31, 0, 0, 0, 0, time.UTC)},     // 15 minutes skipped at new year
		{"Europe/Lisbon", time.Date(1992, 9, 26, 0, 0, 0, 0, time.UTC)},       // no change although daylight saving ended
		{"Atlantic/Stanley", time.Date(2010, 9, 4, 0, 0, 0, 0, time.UTC)},     // the last change there ever was
		{"Etc/UTC", time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)},
	} {
		zone, err := time.LoadLocation(c.zone)
		if err != nil {
			t.Fatal(err)
		}
		const step = 5 * time.Minute
		first := map[string]time.Time{}
		for at := c.from.Add(-26 * time.Hour); at.Before(c.from.Add(98 * time.Hour)); at = at.Add(step) {
			if shown := at.In(zone).Format(dateLayout); first[shown].IsZero() {
				first[shown] = at
			}
		}
		for wall := c.from; wall.Before(c.from.Add(72 * time.Hour)); wall = wall.Add(step) {
			text := wall.Format(dateLayout)
			got, wrong := parseDate(text, zone)
			if want := first[text]; !got.Equal(want) || (wrong == noSuchDate) != want.IsZero() {
				t.Errorf("%s in %s = %v (%s), want %v", text, c.zone, got, wrong, want)
			}
		}
	}
}

func TestParseDate_TakesOnlyItsForm(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.OneOf(
			rapid.StringMatching(`[0-9]{4}-[01][0-9]-[0-3][0-9] [0-2][0-9]:[0-5][0-9]:[0-5][0-9]`),
			rapid.StringMatching(`[0-9]{1,4}[-/][0-9]{1,2}-[0-9]{1,2}[ T][0-9]{1,2}:[0-9]{1,2}:[0-9]{1,2}(\.[0-9])?`),
			rapid.String(),
		).Draw(t, "text")
		at, wrong := parseDate(text, time.UTC)
		switch {
		case wrong == "" && at.Format("2006-01-02 15:04:05") != text:
			t.Fatalf("%q is read as %v", text, at)
		case wrong == "" && at.Location() != time.UTC:
			t.Fatalf("%q is in %v", text, at.Location())
		case wrong != "" && !at.IsZero():
			t.Fatalf("%q is %s and yet %v", text, wrong, at)
		}
	})
}

// TestParseDate_NoneBeforeActions: the zero time stands for no date everywhere else, and a year below 0 for none at all.
func TestParseDate_NoneBeforeActions(t *testing.T) {
	warsaw, err := time.LoadLocation("Europe/Warsaw")
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{"0000-01-01 00:00:00", "0001-01-01 00:00:00", "0001-01-01 00:00:01", "1899-12-31 23:59:59"} {
		for _, zone := range []*time.Location{time.UTC, warsaw} {
			if at, wrong := parseDate(text, zone); wrong != noSuchDate {
				t.Errorf("%s in %s: %v, %q, want %q", text, zone, at, wrong, noSuchDate)
			}
		}
	}
	if at, wrong := parseDate("1900-01-01 00:00:00", time.UTC); wrong != "" {
		t.Errorf("%v: %s", at, wrong)
	}
}
