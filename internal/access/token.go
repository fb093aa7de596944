package access

import (
	"context"
	"crypto/ed25519"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"clientele"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
	"github.com/google/uuid"
)

// TokenAge is how long an access token is valid (rulings on the DKHardware document, section Access).
const TokenAge = 90 * time.Minute

// tokenIssuer is the iss of our tokens. Where a token is good is told by its key and its audience; our own address is
// unknown behind a proxy.
const tokenIssuer = "clientele"

// maxClientID bounds the public id of a client, in bytes.
const maxClientID = 255

// tokenType is the typ of our tokens (RFC 9068 section 2.1).
const tokenType = "at+jwt"

// Tokens issues and verifies the access tokens of one dialect: signed statements about a credential, so that verifying one
// asks nobody but for the credential itself. Its methods may be called from any goroutine.
type Tokens struct {
	access  *Access
	dialect clientele.Dialect
	ring    keyring
	failed  failures
}

// NewTokens returns the tokens of a dialect, signed with the keys of the book. All servers of a book know each other's.
func NewTokens(a *Access, keys SigningKeys, d clientele.Dialect) *Tokens {
	return &Tokens{access: a, dialect: d, ring: keyring{store: keys, now: a.now}, failed: failures{now: a.now, most: maxFailures}}
}

// Token is an access token.
type Token struct {
	// Text is what the client sends as Bearer.
	Text string
	// Scopes are those it is good for, in the order of the credential.
	Scopes    []string
	ExpiresIn time.Duration
}

// tokenClaims are the claims of our tokens (RFC 9068 section 2.2): sub is our id of the credential.
type tokenClaims struct {
	jwt.Claims
	ClientID string `json:"client_id"`
	Scope    string `json:"scope"`
}

// Issue returns a token for a credential, good for the scopes that are asked for, or for all that it was granted when none
// is. The error is of kind invalid, with Field "scope", when one was not granted.
func (t *Tokens) Issue(ctx context.Context, credential *clientele.Credential, asked []string) (Token, error) {
	scopes, err := subset(credential.Scopes, asked)
	if err != nil {
		return Token{}, err
	}
	now := t.access.now().Truncate(time.Second) // the precision of its dates
	token := Token{Scopes: scopes, ExpiresIn: TokenAge}
	if end := credential.ExpiresAt; !end.IsZero() {
		token.ExpiresIn = min(TokenAge, end.Sub(now))
	}
	token.Text, err = t.sign(ctx, &tokenClaims{
		Claims: jwt.Claims{
			Issuer: tokenIssuer, Subject: strconv.FormatInt(credential.ID, 10), Audience: jwt.Audience{string(t.dialect)},
			IssuedAt: jwt.NewNumericDate(now), Expiry: jwt.NewNumericDate(now.Add(token.ExpiresIn)), ID: uuid.NewString(),
		},
		ClientID: credential.ClientID.V, Scope: strings.Join(scopes, " "),
	})
	if err != nil {
		return Token{}, fmt.Errorf("issue token to credential %d: %w", credential.ID, err)
	}
	return token, nil
}

// subset returns the scopes that were asked for, in the order in which they were granted; all when none was asked for.
func subset(granted, asked []string) ([]string, error) {
	for _, s := range asked {
		if !slices.Contains(granted, s) {
			return nil, &clientele.Error{Kind: clientele.KindInvalid, Field: "scope", Message: "a scope was not granted"}
		}
	}
	if len(asked) == 0 {
		return granted, nil
	}
	return intersect(granted, asked), nil
}

// intersect returns those of a that are in b, in the order of a.
func intersect(a, b []string) []string {
	var both []string
	for _, s := range a {
		if slices.Contains(b, s) {
			both = append(both, s)
		}
	}
	return both
}

func (t *Tokens) sign(ctx context.Context, c *tokenClaims) (string, error) {
	key, err := t.ring.signer(ctx)
	if err != nil {
		return "", err
	}
	signer, err := jose.NewSigner(jose.SigningKey{
		Algorithm: jose.EdDSA, Key: jose.JSONWebKey{Key: ed25519.NewKeyFromSeed(key.Seed), KeyID: key.ID},
	}, (&jose.SignerOptions{}).WithType(tokenType))
	if err != nil {
		return "", err
	}
	return jwt.Signed(signer).Claims(c).Serialize()
}
