package access

import (
	"crypto/rand"
	"fmt"
	"strings"
	"unicode/utf8"

	"clientele"

	"github.com/alexedwards/argon2id"
)

// The bounds of an operator's own password, in characters: NIST SP 800-63B-4 asks for 15 where a password stands alone and
// for no rules about its kinds of characters; with the lock-out 12 do. The upper one keeps a hash from becoming work.
const (
	MinPassword = 12
	MaxPassword = 128
)

// checkPassword returns an error of kind invalid, with Field "new", when a new password will not do.
func checkPassword(password, old, email string) error {
	refuse := func(format string, args ...any) error {
		return &clientele.Error{Kind: clientele.KindInvalid, Field: "new", Message: fmt.Sprintf(format, args...)}
	}
	switch n := utf8.RuneCountInString(password); {
	case n < MinPassword || n > MaxPassword || !utf8.ValidString(password):
		return refuse("The new password must have %d to %d characters", MinPassword, MaxPassword)
	case password == old:
		return refuse("The new password must not be the present one")
	case strings.EqualFold(strings.TrimSpace(password), email):
		return refuse("The new password must not be the e-mail address")
	}
	return nil
}

// oneTimeAlphabet has 32 characters, none of which is taken for another: Crockford's, in lower case.
const oneTimeAlphabet = "0123456789abcdefghjkmnpqrstvwxyz"

// newOneTimePassword returns 100 random bits as four groups of five characters.
func newOneTimePassword() string {
	var b [20]byte
	_, _ = rand.Read(b[:]) // never fails
	var text strings.Builder
	for i, random := range b {
		if i > 0 && i%5 == 0 {
			text.WriteByte('-')
		}
		text.WriteByte(oneTimeAlphabet[random%32])
	}
	return text.String()
}

// hasher makes and compares hashes of passwords. It is argon2 but in tests.
type hasher interface {
	create(password string) (hash string, err error)
	match(password, hash string) (bool, error)
}

// The costs of a hash: what the OWASP Password Storage Cheat Sheet names first for argon2id, 19 MiB and two passes with one
// thread. More memory would be the operator's to pay for with every login; the lock-out limits guessing through the door, and
// these limit it for who has stolen the book.
const (
	argon2MemoryKiB  = 19 * 1024
	argon2Passes     = 2
	argon2Threads    = 1
	argon2SaltBytes  = 16
	argon2HashBytes  = 32
	argon2ZeroSalt64 = "AAAAAAAAAAAAAAAAAAAAAA"                      // 16 bytes of zero
	argon2ZeroHash64 = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" // 32 bytes of zero, which no password gives
)

// nobodysHash is compared with the password of whoever is unknown, at the cost of any other.
var nobodysHash = fmt.Sprintf("$argon2id$v=19$m=%d,t=%d,p=%d$%s$%s",
	argon2MemoryKiB, argon2Passes, argon2Threads, argon2ZeroSalt64, argon2ZeroHash64)

type argon2 struct{}

func (argon2) create(password string) (string, error) {
	return argon2id.CreateHash(password, &argon2id.Params{
		Memory: argon2MemoryKiB, Iterations: argon2Passes, Parallelism: argon2Threads,
		SaltLength: argon2SaltBytes, KeyLength: argon2HashBytes,
	})
}

func (argon2) match(password, hash string) (bool, error) {
	return argon2id.ComparePasswordAndHash(password, hash)
}

// hashes lets a few in at a time to compute hashes.
type hashes struct {
	hasher hasher
	line   line
	inside chan struct{}
}

func newHashes(h hasher) *hashes {
	return &hashes{hasher: h, inside: make(chan struct{}, hashesAtOnce)}
}

func (h *hashes) create(password string) (string, error) {
	hash, err := h.hasher.create(password)
	if err != nil {
		return "", fmt.Errorf("hash password: %w", err)
	}
	return hash, nil
}

// match compares at full cost always. A password longer than any is none, and not worth reading.
func (h *hashes) match(password, hash string) (bool, error) {
	tooLong := len(password) > MaxPassword*utf8.UTFMax
	if tooLong {
		password = ""
	}
	right, err := h.hasher.match(password, hash)
	if err != nil {
		return false, fmt.Errorf("compare password: %w", err)
	}
	return right && !tooLong, nil
}
