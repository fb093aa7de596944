package dkhardware

import (
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"clientele"
)

// parameters are the parameters of a query, decoded, with the values that were sent.
type parameters map[string][]string

func parseParameters(query string) parameters {
	p := parameters{}
	for pair := range strings.SplitSeq(query, "&") {
		name, value, _ := strings.Cut(pair, "=")
		name = unescape(name)
		p[name] = append(p[name], unescape(value))
	}
	return p
}

// unescape decodes a part of a query; one that cannot be decoded stays as it is, so that a value is refused in the words of
// its parameter.
func unescape(s string) string {
	if text, err := url.QueryUnescape(s); err == nil {
		return text
	}
	return s
}

// value returns the value of a parameter. One without a value counts as not sent; one that was sent twice is a fault
// (rulings, Reading) and not looked into.
func (p parameters) value(name string, f *faults) (text string, sent bool) {
	switch values := p[name]; len(values) {
	case 0:
		return "", false
	case 1:
		return values[0], values[0] != ""
	default:
		f.add(pascal(name), "'%s' must be sent once.", display(pascal(name)))
		return "", false
	}
}

// query returns what the parameters select; unknown ones are ignored. All faults are noted, in the order of the document.
func (p parameters) query(project int64, f *faults) clientele.CustomerQuery {
	q := clientele.CustomerQuery{ProjectID: project}
	q.From, q.To = p.bounds(f)
	q.Newest = p.flag("newest", true, f)
	q.Limit = p.limit(f)
	q.Offset = p.offset(f)
	q.ByCreated = p.flag("basedOnCreatedDate", false, f)
	if text, sent := p.value("cursor", f); sent {
		q.Offset = 0 // a cursor says where to go on
		if q.After = readCursor(text, &q); q.After == nil {
			f.add("Cursor", "'Cursor' is not valid.")
		}
	}
	return q
}

// flag reads true or false, in any letter case.
func (p parameters) flag(name string, otherwise bool, f *faults) bool {
	text, sent := p.value(name, f)
	switch value := strings.ToLower(strings.TrimSpace(text)); {
	case !sent:
		return otherwise
	case value == "true":
		return true
	case value == "false":
		return false
	default:
		addNotValid(f, pascal(name), text)
		return otherwise
	}
}

var wholeNumber = regexp.MustCompile(`^[+-]?[0-9]+$`)

// number reads a whole number; one that no int holds becomes the nearest. ok is false when there is none.
func (p parameters) number(name string, f *faults) (n int, text string, ok bool) {
	text, sent := p.value(name, f)
	if !sent {
		return 0, "", false
	}
	digits := strings.TrimSpace(text)
	if !wholeNumber.MatchString(digits) {
		addNotValid(f, pascal(name), text)
		return 0, "", false
	}
	n, _ = strconv.Atoi(digits) // out of range is the nearest
	return n, digits, true
}

func (p parameters) limit(f *faults) int {
	n, text, ok := p.number("limit", f)
	if !ok {
		return clientele.DefaultPage
	}
	if n < 1 || n > clientele.MaxPage {
		f.add("Limit", "'Limit' must be between 1 and %d. You entered %s.", clientele.MaxPage, shorten(text))
	}
	return n
}

func (p parameters) offset(f *faults) int {
	n, _, _ := p.number("offset", f)
	if n < 0 {
		f.add("Offset", "'Offset' must be greater than or equal to '0'.")
	}
	return n
}

// dateTime is a date, or a date and a time with an optional fraction and an optional zone (RFC 3339 section 5.6).
var dateTime = regexp.MustCompile(`^(\d{4}-\d{2}-\d{2})(?:[Tt ](\d{2}:\d{2}:\d{2})(\.\d+)?([Zz]|[+-]\d{2}:\d{2})?)?$`)

// bounds reads from and to, both inclusive, in the precision of the book. The zero time means no bound.
func (p parameters) bounds(f *faults) (from, to time.Time) {
	var ofTo faults // what is wrong with both together is said of from, which comes first
	first, _, hasFrom := p.moment("from", f)
	_, last, hasTo := p.moment("to", &ofTo)
	if hasFrom && hasTo && first.After(last) {
		f.add("From", "'From' must be less than or equal to 'To'.")
	}
	*f = append(*f, ofTo...)
	if hasFrom {
		from = atLeast(first.Add(time.Microsecond-1).Truncate(time.Microsecond), earliest)
	}
	if hasTo {
		to = atLeast(last.Truncate(time.Microsecond), earliest)
	}
	return from, to
}

// moment reads a date and time and returns the first and the last nanosecond that it means: without a fraction the whole
// second, without a time the whole day (rules that hold in all four); without a zone in UTC. ok is false when there is none.
func (p parameters) moment(name string, f *faults) (first, last time.Time, ok bool) {
	text, sent := p.value(name, f)
	if !sent {
		return first, last, false
	}
	start, length, ok := parseDateTime(text)
	if !ok {
		addNotValid(f, pascal(name), text)
		return first, last, false
	}
	return start, start.Add(length - 1), true
}

func atLeast(t, least time.Time) time.Time {
	if t.Before(least) {
		return least
	}
	return t
}

// earliest is before anything in a book, and unlike the zero time it is a bound.
var earliest = time.Date(1900, time.January, 1, 0, 0, 0, 0, time.UTC)

// parseDateTime returns when a date and time starts, and how long what it means takes.
func parseDateTime(text string) (start time.Time, length time.Duration, ok bool) {
	parts := dateTime.FindStringSubmatch(unplus(text))
	if parts == nil {
		return time.Time{}, 0, false
	}
	day, clock, fraction, zone := parts[1], parts[2], parts[3], strings.ToUpper(parts[4])
	length = 24 * time.Hour
	switch {
	case clock == "":
		clock = "00:00:00"
	case fraction == "":
		length = time.Second
	default:
		length = 1
	}
	if zone == "" {
		zone = "Z"
	}
	start, err := time.Parse(time.RFC3339Nano, day+"T"+clock+fraction+zone)
	return start.UTC(), length, err == nil
}

// unplus mends a zone whose plus sign was not escaped and so arrived as a blank.
func unplus(text string) string {
	if i := len(text) - len(" 02:00"); i > len("2006-01-02T") && text[i] == ' ' {
		return text[:i] + "+" + text[i+1:]
	}
	return text
}
