package clientele

import "time"

// DefaultTimeZone is the zone of a project that states none; it is Prime Lead's (Europe/Warsaw).
const DefaultTimeZone = "Europe/Warsaw"

// Project is one isolated book: OPM's "project", Onlinewerkrooster's company, Prime Lead's advertiser, DKHardware's shop.
type Project struct {
	ID int64
	// Name is unique, 1 to 100 characters.
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
	Name string
	// LandingURL is where a visitor is sent, absolute, http or https.
	LandingURL string
	// PausedAt is zero while the campaign takes clicks and registrations.
	PausedAt  time.Time
	CreatedAt time.Time
}

// Publisher brings visitors to campaigns of any project.
type Publisher struct {
	ID        int64
	UUID      string
	Name      string
	PausedAt  time.Time
	CreatedAt time.Time
}
