package clientele

import (
	"net/url"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// DefaultTimeZone is the zone of a project that states none; it is Prime Lead's (Europe/Warsaw).
const DefaultTimeZone = "Europe/Warsaw"

// Project is one isolated book: OPM's "project", Onlinewerkrooster's company, Prime Lead's advertiser, DKHardware's shop.
type Project struct {
	ID int64
	// Name is unique, 1 to 100 characters (CheckName).
	Name string
	// TimeZone is an IANA name. Dialects whose dates carry no zone read and write them in it.
	TimeZone  string
	CreatedAt time.Time
}

// Campaign is what an advertiser runs: a click on it creates a lead and leads to its landing page.
type Campaign struct {
	ID        int64
	ProjectID int64
	// UUID names the campaign in links; canonical lower-case form.
	UUID string
	// Name is 1 to 100 characters; two campaigns may have the same.
	Name string
	// LandingURL is where a visitor is sent, absolute, http or https.
	LandingURL string
	// PausedAt is zero while the campaign takes clicks and registrations.
	PausedAt  time.Time
	CreatedAt time.Time
}

// Publisher brings visitors to campaigns of any project.
type Publisher struct {
	ID int64
	// UUID names the publisher in links; canonical lower-case form.
	UUID string
	// Name is 1 to 100 characters; two publishers may have the same.
	Name string
	// PausedAt is zero while the publisher may send clicks and registrations.
	PausedAt  time.Time
	CreatedAt time.Time
}

// The bounds of names and landing pages, in characters.
const (
	maxName       = 100
	maxLandingURL = 2048
)

// CheckName says whether a project, a credential, a campaign or a publisher can have the name; the error is of kind invalid.
// A control character would break the lists that names are printed in, or tell the terminal something.
func CheckName(name string) error {
	n := utf8.RuneCountInString(name)
	if n < 1 || n > maxName || !utf8.ValidString(name) || strings.ContainsFunc(name, unicode.IsControl) {
		return &Error{Kind: KindInvalid, Field: "name", Message: "a name has 1 to 100 characters, none of them a control character"}
	}
	return nil
}

// CheckTimeZone says whether a project can have the time zone: an IANA name that this machine knows. The error is of kind
// invalid.
func CheckTimeZone(name string) error {
	if _, err := time.LoadLocation(name); err != nil || name == "" || name == "Local" {
		e := Errorf(KindInvalid, "there is no time zone %q; use an IANA name such as Europe/Warsaw", name)
		e.Field = "time_zone"
		return e
	}
	return nil
}

// CheckLandingURL says whether visitors can be sent to the address: absolute, http or https, at most 2,048 characters, as
// it goes into a header, so in printable ASCII. The error is of kind invalid.
func CheckLandingURL(address string) error {
	refuse := func(message string) error {
		return &Error{Kind: KindInvalid, Field: "landing_url", Message: message}
	}
	if len(address) > maxLandingURL {
		return refuse("a landing URL has at most 2048 characters")
	}
	for i := range len(address) {
		if c := address[i]; c <= ' ' || c > '~' {
			return refuse("a landing URL is written in ASCII without blanks: percent-encode other characters")
		}
	}
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" || u.User != nil {
		return refuse("a landing URL is absolute, with http or https, such as https://shop.example.com/offer")
	}
	return nil
}
