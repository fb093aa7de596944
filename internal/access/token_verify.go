package access

import (
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"clientele"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

const (
	// maxTokenBytes bounds a token that is looked at; ours have some 500 bytes.
	maxTokenBytes = 8 << 10
	// clockSkew is how far ahead the clock of the server that issued a token may be.
	clockSkew = time.Minute
)

// tokenAlgorithms is what our tokens are signed with, and nothing else is looked at.
var tokenAlgorithms = []jose.SignatureAlgorithm{jose.EdDSA}

// statement is what a token that was verified says.
type statement struct {
	credentialID int64
	clientID     string
	scopes       []string
	expiresAt    time.Time
}

// Verify returns the credential that a token speaks for, with the scopes of the token that it still has.
//
// The error is of kind unauthorized when the token is none of ours, is over, or its credential was revoked or has expired,
// all alike; unavailable when the store cannot be asked.
func (t *Tokens) Verify(ctx context.Context, text string) (*clientele.Credential, error) {
	s, err := t.read(ctx, text)
	if err != nil {
		return nil, err
	}
	if !t.access.now().Before(s.expiresAt) {
		return nil, unauthorized
	}
	c, err := t.access.ByID(ctx, s.credentialID)
	if err != nil {
		return nil, err
	}
	if c.Dialect != t.dialect || c.ClientID.V != s.clientID {
		return nil, unauthorized
	}
	return restrict(c, s.scopes), nil
}

// restrict returns the credential with no more than the given scopes.
func restrict(c *clientele.Credential, scopes []string) *clientele.Credential {
	if slices.Equal(c.Scopes, scopes) {
		return c
	}
	restricted := *c
	restricted.Scopes = intersect(c.Scopes, scopes)
	return &restricted
}

// read returns what a token says, from memory where it was verified before.
func (t *Tokens) read(ctx context.Context, text string) (*statement, error) {
	if len(text) > maxTokenBytes {
		return nil, unauthorized
	}
	hash := sha256.Sum256([]byte(text))
	if r := t.ring.current.Load(); r != nil && t.ring.isYoung(r, maxRingAge) {
		if s := r.verified.recall(hash); s != nil {
			return s, nil
		}
	}
	token, err := jwt.ParseSigned(text, tokenAlgorithms)
	if err != nil || len(token.Headers) != 1 {
		return nil, unauthorized
	}
	r, err := t.ring.verifying(ctx, token.Headers[0].KeyID)
	if err != nil {
		return nil, err
	}
	s := t.verify(r, token)
	if s == nil {
		return nil, unauthorized
	}
	r.verified.keep(hash, s)
	return s, nil
}

// verify returns what a token says when a key of the ring signed it and it is meant for us; otherwise nil.
func (t *Tokens) verify(r *ring, token *jwt.JSONWebToken) *statement {
	key := r.find(token.Headers[0].KeyID)
	if key == nil {
		return nil
	}
	var c tokenClaims
	if err := token.Claims(ed25519.NewKeyFromSeed(key.Seed).Public(), &c); err != nil {
		return nil
	}
	expected := jwt.Expected{Issuer: tokenIssuer, AnyAudience: jwt.Audience{string(t.dialect)}, Time: t.access.now()}
	id, err := strconv.ParseInt(c.Subject, 10, 64)
	if err != nil || c.Expiry == nil || c.ValidateWithLeeway(expected, clockSkew) != nil {
		return nil
	}
	return &statement{
		credentialID: id, clientID: c.ClientID, scopes: strings.Fields(c.Scope), expiresAt: c.Expiry.Time(),
	}
}

// maxVerified bounds the memory for tokens that were verified.
const maxVerified = 10_000

// verifiedTokens remembers what tokens said, by their hash. The zero value is empty.
type verifiedTokens struct {
	mu    sync.Mutex
	known map[[sha256.Size]byte]*statement
}

func (v *verifiedTokens) recall(hash [sha256.Size]byte) *statement {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.known[hash]
}

func (v *verifiedTokens) keep(hash [sha256.Size]byte, s *statement) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.known == nil || len(v.known) >= maxVerified {
		v.known = map[[sha256.Size]byte]*statement{}
	}
	v.known[hash] = s
}
