package access

import (
	"crypto/rand"
	"encoding/hex"
	"strings"

	"clientele"

	"github.com/google/uuid"
)

// prefixes are the readable beginnings of the secrets we make, so that a secret found somewhere tells what it opens.
var prefixes = map[clientele.Dialect]string{
	clientele.OPM:               "opm_",
	clientele.Onlinewerkrooster: "owr_",
	clientele.DKHardware:        "dkh_",
}

// hintLength is how much of a secret is kept in clear to recognise it by: the prefix and four characters.
const hintLength = 8

// NewSecret returns a new secret of the dialect: a prefix and 256 random bits, or, for Prime Lead, whose document
// asks for a UUID, a random UUID.
func NewSecret(d clientele.Dialect) string {
	var b [32]byte
	_, _ = rand.Read(b[:]) // never fails
	return SecretOf(d, b)
}

// SecretOf returns the secret of the dialect that is made of these random bits: always the same.
func SecretOf(d clientele.Dialect, random [32]byte) string {
	prefix, ok := prefixes[d]
	if !ok {
		id, _ := uuid.FromBytes(random[:16]) // never fails: it is 16 bytes
		id[6], id[8] = id[6]&0x0f|0x40, id[8]&0x3f|0x80
		return id.String()
	}
	return prefix + hex.EncodeToString(random[:])
}

// Hint returns the beginning of a secret, by which an operator recognises it.
func Hint(secret string) string {
	if len(secret) < 3*hintLength { // of a short secret that was brought along, a beginning would be too much
		return ""
	}
	return secret[:hintLength]
}

// Canonical returns a secret in the form in which it is hashed: one of UUID form in lower case, since its letter case
// does not count (rulings on the Onlinewerkrooster document); any other as it is.
func Canonical(secret string) string {
	if len(secret) == 36 || len(secret) == 32 {
		if _, err := uuid.Parse(secret); err == nil {
			return strings.ToLower(secret)
		}
	}
	return secret
}
