package clientele

import (
	"crypto/sha256"
	"slices"
	"time"
)

// Dialect names a way into the book: one of the four partner APIs, or one of our own.
type Dialect string

// The four partner APIs, and the ways of the operator.
const (
	OPM               Dialect = "opm"
	Onlinewerkrooster Dialect = "onlinewerkrooster"
	PrimeLead         Dialect = "primelead"
	DKHardware        Dialect = "dkhardware"

	ViaConsole Dialect = "console"
	ViaImport  Dialect = "import"
	ViaCommand Dialect = "command"
)

// PartnerDialects are the dialects a credential can be issued for, in the order they are documented.
var PartnerDialects = []Dialect{OPM, Onlinewerkrooster, PrimeLead, DKHardware}

// SecretHash is the SHA-256 of a secret; the secret itself is never stored.
type SecretHash [sha256.Size]byte

// HashSecret returns the hash under which a secret is stored and looked up. The dialect is part of it, so that a key of
// one dialect is unknown in every other.
func HashSecret(d Dialect, secret string) SecretHash {
	return sha256.Sum256([]byte(string(d) + ":" + secret))
}

// Credential lets one partner in, through one dialect, into one project (Onlinewerkrooster: one or more).
type Credential struct {
	ID      int64
	Dialect Dialect
	// Name is the partner's, as the operator typed it.
	Name string
	// ClientID is the public half where the dialect has one (DKHardware's client_id); otherwise missing.
	ClientID Text
	// Hint is the readable beginning of the newest secret, enough to recognise it and useless to guess it.
	Hint string
	// Grants are the projects it opens, in the order they were named; at least one.
	Grants []Grant
	// Scopes are the dialect's own names; empty where the dialect has none.
	Scopes []string
	// ReadsPerMinute and WritesPerMinute bound the calls in a fixed window; 0 means no limit.
	ReadsPerMinute  int
	WritesPerMinute int
	CreatedAt       time.Time
	// ExpiresAt, RevokedAt and LastUsedAt are zero when that never happens or has not happened.
	ExpiresAt  time.Time
	RevokedAt  time.Time
	LastUsedAt time.Time
}

// Grant is one project that a credential opens. KeyHash is the hash of the key that names the project in a call
// (Onlinewerkrooster's CustomerKey); it is zero in dialects whose secret alone names the project.
type Grant struct {
	ProjectID int64
	KeyHash   SecretHash
}

// Secret is one accepted secret of a credential. During a rotation a credential has two.
type Secret struct {
	CredentialID int64
	Hash         SecretHash
	CreatedAt    time.Time
	// ExpiresAt is when it stops working; zero means with the credential.
	ExpiresAt time.Time
}

// Active reports whether the credential opens anything at time now: neither revoked nor expired.
func (c *Credential) Active(now time.Time) bool {
	return (c.RevokedAt.IsZero() || now.Before(c.RevokedAt)) && (c.ExpiresAt.IsZero() || now.Before(c.ExpiresAt))
}

// HasScope reports whether the credential was granted the scope.
func (c *Credential) HasScope(scope string) bool { return slices.Contains(c.Scopes, scope) }
