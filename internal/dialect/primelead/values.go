package primelead

import (
	"strings"
	"time"

	"clientele"
)

// What is wrong with a value. No message holds the value itself.
const (
	notUUID         = "must be a UUID"
	notStatus       = "must be one of wide_contact, narrow_contact, application, contract, contract_canceled"
	notCustomerType = "must be new or returning, or left out"
	notAmount       = "must be a decimal above 0, with a point as separator, at most 12 digits before it and 2 after it"
	notDate         = "must be a date of the form YYYY-MM-DD hh:mm:ss"
	noSuchDate      = "is a date that does not exist in the advertiser's time zone"
	inFuture        = "is more than 24 hours in the future"
	required        = "is required"
	excess          = "must not be sent together with actionUuid"
	twice           = "was sent more than once"
	badEncoding     = "is not encoded properly"
	notText         = "must be a text"
)

// maxFuture is how far in the future a date may be, for clocks that differ.
const maxFuture = 24 * time.Hour

// The digits that an amount may have before its point and after it.
const (
	maxWholeDigits    = 12
	maxFractionDigits = 2
)

// parseAmount reads a decimal such as 1234.5: exact, without sign and exponent. It reports false for anything else, for
// zero, and for more digits than can be kept.
func parseAmount(text string) (clientele.Amount, bool) {
	whole, fraction, hasPoint := strings.Cut(text, ".")
	if len(whole) < 1 || len(whole) > maxWholeDigits || len(fraction) > maxFractionDigits || hasPoint && fraction == "" {
		return 0, false
	}
	var a clientele.Amount
	for _, digit := range []byte(whole + (fraction + "00")[:maxFractionDigits]) {
		if digit < '0' || digit > '9' {
			return 0, false
		}
		a = 10*a + clientele.Amount(digit-'0')
	}
	return a, a > 0
}

// dateLayout is the document's "Y-m-d H:i:s".
const dateLayout = time.DateTime

// parseDate reads a date that is meant in the zone, in UTC. It returns what is wrong with it otherwise. In the hour that
// occurs twice the first is meant.
func parseDate(text string, zone *time.Location) (at time.Time, wrong string) {
	wall, err := time.Parse(dateLayout, text)
	if err != nil && isDateForm(text) {
		return time.Time{}, noSuchDate // 31 February
	}
	if err != nil || wall.Format(dateLayout) != text {
		return time.Time{}, notDate
	}
	at = firstInstant(wall, zone)
	if at.IsZero() || at.Before(earliest) {
		return time.Time{}, noSuchDate
	}
	return at.UTC(), ""
}

// earliest is before anything that can have happened to an action: what is earlier is no date of one.
var earliest = time.Date(1900, time.January, 1, 0, 0, 0, 0, time.UTC)

// isDateForm reports whether the digits and signs of a date stand in their places.
func isDateForm(text string) bool {
	const form = "0000-00-00 00:00:00"
	if len(text) != len(form) {
		return false
	}
	for i := range len(form) {
		if isDigit := text[i] >= '0' && text[i] <= '9'; form[i] == '0' && !isDigit || form[i] != '0' && text[i] != form[i] {
			return false
		}
	}
	return true
}

// firstInstant returns the first instant at which clocks in the zone show what wall shows in UTC; zero when they skip it.
func firstInstant(wall time.Time, zone *time.Location) time.Time {
	near := time.Date(wall.Year(), wall.Month(), wall.Day(), wall.Hour(), wall.Minute(), wall.Second(), 0, zone)
	inForce := []time.Time{near} // one instant for each offset that may be meant
	start, end := near.ZoneBounds()
	if !start.IsZero() {
		inForce = append(inForce, start.Add(-time.Nanosecond))
	}
	if !end.IsZero() {
		inForce = append(inForce, end)
	}
	var first time.Time
	for _, instant := range inForce {
		_, offset := instant.In(zone).Zone()
		at := wall.Add(-time.Duration(offset) * time.Second).In(zone)
		if at.Format(dateLayout) == wall.Format(dateLayout) && (first.IsZero() || at.Before(first)) {
			first = at
		}
	}
	return first
}
