package access

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"runtime"
	"strings"
	"sync"
	"time"

	"clientele"

	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

const (
	// issuerTimeout bounds one question to the issuer.
	issuerTimeout = 5 * time.Second
	// issuerGap is the least time between two questions of the same sort to the issuer: anybody can send tokens with keys
	// that nobody knows.
	issuerGap = 5 * time.Second
	// maxIssuerAnswer bounds an answer of the issuer, in bytes.
	maxIssuerAnswer = 1 << 20
)

// issuerAlgorithms are the signatures that are looked at: every one with a public key.
var issuerAlgorithms = []jose.SignatureAlgorithm{
	jose.RS256, jose.RS384, jose.RS512, jose.PS256, jose.PS384, jose.PS512, jose.ES256, jose.ES384, jose.ES512, jose.EdDSA,
}

// OIDC verifies access tokens of an external OpenID Connect issuer, such as Keycloak, for those who run one. A token's
// client (azp, or client_id) is mapped to the credential with that ClientID, so limits, expiry and revocation are ours. Its
// methods may be called from any goroutine.
type OIDC struct {
	access  *Access
	dialect clientele.Dialect
	issuer  string
	config  oidc.Config
	client  *http.Client
	asks    *sparingly // the client's transport

	mu      sync.Mutex
	keys    *oidc.RemoteKeySet // nil until the issuer was reached
	keysURL string
}

// NewOIDC returns a verifier of the tokens of issuer, an absolute URL, that are meant for audience. The issuer is asked for
// its keys when the first token comes, not before.
func NewOIDC(a *Access, d clientele.Dialect, issuer, audience string) *OIDC {
	o := &OIDC{access: a, dialect: d, issuer: issuer, config: oidc.Config{ClientID: audience, Now: a.now}}
	for _, algorithm := range issuerAlgorithms {
		o.config.SupportedSigningAlgs = append(o.config.SupportedSigningAlgs, string(algorithm))
	}
	o.asks = &sparingly{now: a.now, askedAt: map[string]time.Time{}}
	o.client = &http.Client{Timeout: issuerTimeout, Transport: o.asks}
	return o
}

// issuerClaims are the claims that matter here. Which client a token was issued to is azp in OpenID Connect and client_id
// in RFC 9068; scope is a text of names with blanks between them in both.
type issuerClaims struct {
	AuthorizedParty string `json:"azp"`
	ClientID        string `json:"client_id"`
	Scope           string `json:"scope"`
}

// Verify returns the credential that a token speaks for, with the scopes that both were given.
//
// The error is of kind unauthorized when the token is none of the issuer's for our audience, is over, or no active
// credential has its client's id, all alike; unavailable when the issuer or the store cannot be asked.
func (o *OIDC) Verify(ctx context.Context, text string) (*clientele.Credential, error) {
	if !o.claimsToBe(text) {
		return nil, unauthorized
	}
	token, err := o.verify(ctx, text)
	if err != nil {
		return nil, err
	}
	var c issuerClaims
	if err := token.Claims(&c); err != nil || token.Expiry.IsZero() {
		return nil, unauthorized
	}
	if c.AuthorizedParty == "" {
		c.AuthorizedParty = c.ClientID
	}
	credential, err := o.access.ByClientID(ctx, o.dialect, c.AuthorizedParty)
	if err != nil {
		return nil, err
	}
	return restrict(credential, intersect(credential.Scopes, strings.Fields(c.Scope))), nil
}

// verify returns a token of the issuer's whose signature, times and audience are good. The key set hands the answer of one
// question to everybody who comes before it has put that answer away: who gets a refusal to ask which is over by now asks
// again.
func (o *OIDC) verify(ctx context.Context, text string) (*oidc.IDToken, error) {
	remote, err := o.keySet(ctx)
	if err != nil {
		return nil, err
	}
	for {
		keys := &attentiveKeys{keys: remote}
		token, err := oidc.NewVerifier(o.issuer, keys, &o.config).Verify(ctx, text)
		if err == nil {
			return token, nil
		}
		if ctx.Err() != nil || !errors.Is(keys.err, errAskedJustNow) || !o.asks.wouldAsk(o.keysURL) {
			return nil, o.refusal(keys.err)
		}
		runtime.Gosched() // it is being put away
	}
}

// claimsToBe reports whether a token says that it is the issuer's: for another the issuer is not asked.
func (o *OIDC) claimsToBe(text string) bool {
	if len(text) > maxTokenBytes {
		return false
	}
	token, err := jwt.ParseSigned(text, issuerAlgorithms)
	if err != nil {
		return false
	}
	var c jwt.Claims
	return token.UnsafeClaimsWithoutVerification(&c) == nil && c.Issuer == o.issuer
}

// refusal says why a token was not verified, given what went wrong when its key was looked for.
func (o *OIDC) refusal(err error) error {
	if _, ok := errors.AsType[*url.Error](err); ok && !errors.Is(err, errAskedJustNow) {
		return clientele.Unavailable("The token's issuer cannot be reached", err)
	}
	return unauthorized
}

// keySet returns the issuer's keys, which fetch themselves when needed. The first call asks the issuer where they are.
func (o *OIDC) keySet(ctx context.Context) (*oidc.RemoteKeySet, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.keys != nil {
		return o.keys, nil
	}
	ctx, cancel := context.WithTimeout(oidc.ClientContext(context.WithoutCancel(ctx), o.client), issuerTimeout)
	defer cancel()
	provider, err := oidc.NewProvider(ctx, o.issuer)
	var where struct {
		URL string `json:"jwks_uri"`
	}
	if err == nil {
		err = provider.Claims(&where)
	}
	if err != nil {
		return nil, clientele.Unavailable("The token's issuer cannot be reached", fmt.Errorf("discover %s: %w", o.issuer, err))
	}
	o.keysURL = where.URL
	o.keys = oidc.NewRemoteKeySet(oidc.ClientContext(context.Background(), o.client), where.URL)
	return o.keys, nil
}

// attentiveKeys remembers why a token was not verified: its verifier tells that in words only.
type attentiveKeys struct {
	keys oidc.KeySet
	err  error
}

// VerifySignature implements oidc.KeySet.
func (k *attentiveKeys) VerifySignature(ctx context.Context, text string) ([]byte, error) {
	payload, err := k.keys.VerifySignature(ctx, text)
	k.err = err
	return payload, err
}

// errAskedJustNow says that the issuer was asked the same a moment ago.
var errAskedJustNow = errors.New("the issuer was asked just now")

// sparingly asks for each URL now and then only, and reads no more than it should.
type sparingly struct {
	now     func() time.Time
	mu      sync.Mutex
	askedAt map[string]time.Time
}

// RoundTrip implements http.RoundTripper.
func (s *sparingly) RoundTrip(r *http.Request) (*http.Response, error) {
	if !s.mayAsk(r.URL.String()) {
		return nil, errAskedJustNow
	}
	answer, err := http.DefaultTransport.RoundTrip(r)
	if err == nil {
		answer.Body = bounded{io.LimitReader(answer.Body, maxIssuerAnswer), answer.Body}
	}
	return answer, err
}

// mayAsk reports whether a URL may be asked now, and notes that it is.
func (s *sparingly) mayAsk(what string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.isDue(what) {
		return false
	}
	s.askedAt[what] = s.now()
	return true
}

// wouldAsk reports whether a URL may be asked now.
func (s *sparingly) wouldAsk(what string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.isDue(what)
}

func (s *sparingly) isDue(what string) bool {
	age := s.now().Sub(s.askedAt[what])
	return age < 0 || age >= issuerGap
}

// bounded is a body of which only so much is read.
type bounded struct {
	io.Reader
	io.Closer
}
