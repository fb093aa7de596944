package clientele

import "time"

// SigningKey signs access tokens. It belongs to the book, so that every server of the book knows the tokens of every other.
type SigningKey struct {
	// ID names the key in the header of a token (kid); unlike any other.
	ID string
	// Seed is the private key of Ed25519 (RFC 8032 section 5.1.5), 32 bytes. It is a secret.
	Seed      []byte
	CreatedAt time.Time
	// RetiredAt is from when the key signs no more; zero while it is the newest. What it signed before stays valid.
	RetiredAt time.Time
}
