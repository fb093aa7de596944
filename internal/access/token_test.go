package access_test

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"clientele"
	"clientele/internal/access"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

func TestTokens_LetInFor90Minutes(t *testing.T) {
	f := newFixture(t)
	s := f.serve(t, f, f)
	f.clock.Move(700 * time.Millisecond) // dates of tokens are whole seconds
	token := f.token(t, s)
	f.wantIn(t, "at once", s, token, allScopes)
	f.clock.Move(access.TokenAge - 1700*time.Millisecond)
	f.wantIn(t, "a second before its end", s, token, allScopes)
	f.clock.Move(time.Second)
	wantOut(t, "at its end", s, token)
}

func TestTokens_AreWhatTheirDocumentSays(t *testing.T) {
	f := newFixture(t)
	token := f.token(t, f.serve(t, f, f), "customers:create", "customers")
	parsed, err := jwt.ParseSigned(token, []jose.SignatureAlgorithm{jose.EdDSA})
	if err != nil {
		t.Fatal(err)
	}
	keys, err := f.ListSigningKeys(t.Context())
	if err != nil || len(keys) != 1 || parsed.Headers[0].KeyID != keys[0].ID {
		t.Fatalf("signed with key %q, of %v, %v", parsed.Headers[0].KeyID, keys, err)
	}
	var c map[string]any
	if err := parsed.Claims(ed25519.NewKeyFromSeed(keys[0].Seed).Public(), &c); err != nil {
		t.Fatal(err)
	}
	now := f.clock.Now()
	for name, want := range map[string]any{
		"iss": "clientele", "aud": "dkhardware", "sub": fmt.Sprint(f.client.ID), "client_id": clientID, "scope": "customers customers:create",
		"iat": float64(now.Unix()), "exp": float64(now.Add(90 * time.Minute).Unix()),
	} {
		if got := c[name]; fmt.Sprint(got) != fmt.Sprint(want) && fmt.Sprint(got) != fmt.Sprintf("[%v]", want) {
			t.Errorf("%s is %v, want %v", name, got, want)
		}
	}
	if id, ok := c["jti"].(string); !ok || len(id) != 36 || len(c) != 8 {
		t.Errorf("claims %v", c)
	}
}

func TestTokens_Scopes(t *testing.T) {
	f := newFixture(t)
	s := f.serve(t, f, f)
	for _, tt := range []struct{ asked, want []string }{
		{nil, allScopes},
		{[]string{"customers:create"}, []string{"customers:create"}},
		{[]string{"customers:create", "customers", "customers"}, []string{"customers", "customers:create"}},
		{allScopes, allScopes},
	} {
		token, err := s.tokens.Issue(t.Context(), &f.client, tt.asked)
		if err != nil || !slices.Equal(token.Scopes, tt.want) {
			t.Errorf("asked for %v: %v, %v; want %v", tt.asked, token.Scopes, err, tt.want)
		}
		c, err := s.tokens.Verify(t.Context(), token.Text)
		if err != nil || !slices.Equal(c.Scopes, tt.want) {
			t.Errorf("asked for %v: lets in with %v, %v", tt.asked, c, err)
		}
	}
	_, err := s.tokens.Issue(t.Context(), &f.client, []string{"customers", "everything"})
	e, ok := errors.AsType[*clientele.Error](err)
	if !ok || e.Kind != clientele.KindInvalid || e.Field != "scope" {
		t.Errorf("a scope that was not granted: %v", err)
	}
}

func TestTokens_EndWithTheCredential(t *testing.T) {
	f := newFixture(t)
	s := f.serve(t, f, f)
	token := f.token(t, s)
	f.wantIn(t, "before", s, token, allScopes)
	f.revoke(t)
	f.clock.Move(access.MaxAge)
	wantOut(t, "revoked", s, token)

	f.client.ExpiresAt = f.clock.Now().Add(10 * time.Minute)
	short, err := s.tokens.Issue(t.Context(), &f.client, nil)
	if err != nil || short.ExpiresIn != 10*time.Minute {
		t.Errorf("token of a credential that expires in ten minutes: %v, %v", short.ExpiresIn, err)
	}
}

// TestTokens_VerifyingAsksForTheCredentialOnly holds that a token which was verified costs a question for its credential every
// few seconds, and for the keys every minute.
func TestTokens_VerifyingAsksForTheCredentialOnly(t *testing.T) {
	f := newFixture(t)
	store := &flakyStore{Store: f.Store}
	s := f.serve(t, store, store)
	token := f.token(t, s)
	f.wantIn(t, "first", s, token, allScopes)
	store.asked()
	for range 10 {
		f.wantIn(t, "again", s, token, allScopes)
	}
	if lists, finds := store.asked(); lists != 0 || finds != 0 {
		t.Errorf("asked %d times for keys and %d times for the credential", lists, finds)
	}
	f.clock.Move(access.MaxAge)
	f.wantIn(t, "later", s, token, allScopes)
	if lists, finds := store.asked(); lists != 0 || finds != 1 {
		t.Errorf("later: asked %d times for keys and %d times for the credential", lists, finds)
	}
	f.clock.Move(time.Minute)
	f.wantIn(t, "a minute later", s, token, allScopes)
	if lists, finds := store.asked(); lists != 1 || finds != 1 {
		t.Errorf("a minute later: asked %d times for keys and %d times for the credential", lists, finds)
	}
}

func TestTokens_StoreAway(t *testing.T) {
	f := newFixture(t)
	store := &flakyStore{Store: f.Store}
	s := f.serve(t, store, store)
	token := f.token(t, s)
	f.wantIn(t, "before", s, token, allScopes)
	store.fail(true)
	f.wantIn(t, "at once", s, token, allScopes)
	f.clock.Move(access.MaxAge)
	_, err := s.tokens.Verify(t.Context(), token)
	wantKind(t, "later", err, clientele.KindUnavailable)
	_, err = s.tokens.Authenticate(t.Context(), access.Client{ID: clientID, Secret: f.secret})
	wantKind(t, "authenticate", err, clientele.KindUnavailable)
	f.clock.Move(2 * time.Minute)
	_, err = s.tokens.Issue(t.Context(), &f.client, nil)
	wantKind(t, "issue", err, clientele.KindUnavailable)
	store.fail(false)
	f.wantIn(t, "back again", s, token, allScopes)
}

// TestTokens_ForgedOnes holds that no token lets in but one that a key of the book signed, for this dialect.
func TestTokens_ForgedOnes(t *testing.T) {
	f := newFixture(t)
	s := f.serve(t, f, f)
	good := f.token(t, s)
	keys, err := f.ListSigningKeys(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	ours := jose.JSONWebKey{Key: ed25519.NewKeyFromSeed(keys[0].Seed), KeyID: keys[0].ID}
	_, stranger, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	claims := func(change func(map[string]any)) map[string]any {
		now := f.clock.Now()
		c := map[string]any{
			"iss": "clientele", "aud": "dkhardware", "sub": fmt.Sprint(f.client.ID), "client_id": clientID, "scope": "customers",
			"iat": now.Unix(), "exp": now.Add(time.Hour).Unix(),
		}
		change(c)
		return c
	}
	set := func(name string, value any) map[string]any { return claims(func(c map[string]any) { c[name] = value }) }
	without := func(name string) map[string]any { return claims(func(c map[string]any) { delete(c, name) }) }

	c, err := s.tokens.Verify(t.Context(), sign(t, jose.EdDSA, ours, set("scope", "customers everything")))
	if err != nil || !slices.Equal(c.Scopes, []string{"customers"}) {
		t.Errorf("a good one, by hand, with a scope too many: %v, %v", c, err)
	}
	parts := strings.Split(good, ".")
	none := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none","kid":"` + keys[0].ID + `"}`))
	for name, token := range map[string]string{
		"nothing":             "",
		"no token":            "x",
		"two parts":           parts[0] + "." + parts[1],
		"without signature":   parts[0] + "." + parts[1] + ".",
		"algorithm none":      none + "." + parts[1] + ".",
		"changed claims":      parts[0] + "." + base64.RawURLEncoding.EncodeToString([]byte(`{"sub":"1"}`)) + "." + parts[2],
		"JSON form":           `{"payload":"` + parts[1] + `","protected":"` + parts[0] + `","signature":"` + parts[2] + `"}`,
		"too long":            good + strings.Repeat("A", 10_000),
		"key of a stranger":   sign(t, jose.EdDSA, jose.JSONWebKey{Key: stranger, KeyID: keys[0].ID}, set("iss", "clientele")),
		"unknown key":         sign(t, jose.EdDSA, jose.JSONWebKey{Key: stranger, KeyID: "unknown"}, set("iss", "clientele")),
		"no key id":           sign(t, jose.EdDSA, jose.JSONWebKey{Key: ours.Key}, set("iss", "clientele")),
		"HMAC with the key":   sign(t, jose.HS256, jose.JSONWebKey{Key: []byte(ours.Public().Key.(ed25519.PublicKey)), KeyID: ours.KeyID}, set("iss", "clientele")),
		"another issuer":      sign(t, jose.EdDSA, ours, set("iss", "somebody")),
		"another dialect":     sign(t, jose.EdDSA, ours, set("aud", "opm")),
		"no audience":         sign(t, jose.EdDSA, ours, without("aud")),
		"no end":              sign(t, jose.EdDSA, ours, without("exp")),
		"over":                sign(t, jose.EdDSA, ours, set("exp", f.clock.Now().Unix())),
		"not begun":           sign(t, jose.EdDSA, ours, set("iat", f.clock.Now().Add(2*time.Minute).Unix())),
		"no subject":          sign(t, jose.EdDSA, ours, without("sub")),
		"unknown credential":  sign(t, jose.EdDSA, ours, set("sub", "999")),
		"client of another":   sign(t, jose.EdDSA, ours, set("client_id", "another")),
		"claims that are odd": sign(t, jose.EdDSA, ours, set("exp", "tomorrow")),
	} {
		wantOut(t, name, s, token)
	}
}

// sign makes a token by hand.
func sign(t testing.TB, algorithm jose.SignatureAlgorithm, key jose.JSONWebKey, claims any) string {
	t.Helper()
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: algorithm, Key: key}, nil)
	if err != nil {
		t.Fatal(err)
	}
	token, err := jwt.Signed(signer).Claims(claims).Serialize()
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func TestAuthenticate(t *testing.T) {
	f := newFixture(t)
	s := f.serve(t, f, f)
	_, otherSecret := f.newClient(t, f.client.Grants[0].ProjectID, "another client")
	c, err := s.tokens.Authenticate(t.Context(), access.Client{ID: clientID, Secret: f.secret})
	if err != nil || c.ID != f.client.ID {
		t.Fatalf("%v, %v", c, err)
	}
	for name, try := range map[string][2]string{
		"unknown client": {"nobody", f.secret}, "wrong secret": {clientID, "dkh_wrong"}, "no secret": {clientID, ""},
		"no client": {"", f.secret}, "secret of another": {clientID, otherSecret}, "endless client": {strings.Repeat("x", 256), f.secret},
	} {
		c, err := s.tokens.Authenticate(t.Context(), access.Client{ID: try[0], Secret: try[1]})
		wantKind(t, name, err, clientele.KindUnauthorized)
		if c != nil || err != nil && err.Error() != "unauthorized: unknown credential" {
			t.Errorf("%s: %v, %v; want no difference", name, c, err)
		}
	}
	f.revoke(t)
	f.clock.Move(access.MaxAge)
	_, err = s.tokens.Authenticate(t.Context(), access.Client{ID: clientID, Secret: f.secret})
	wantKind(t, "revoked", err, clientele.KindUnauthorized)
}

// TestAuthenticate_ManyFailures holds that a client which failed 30 times in a minute is not listened to for the rest of it,
// known or not, and that others are.
func TestAuthenticate_ManyFailures(t *testing.T) {
	f := newFixture(t)
	s := f.serve(t, f, f)
	try := func(client, secret string) error {
		_, err := s.tokens.Authenticate(t.Context(), access.Client{ID: client, Secret: secret})
		return err
	}
	for _, client := range []string{clientID, "nobody"} {
		for range 30 {
			wantKind(t, client, try(client, "wrong"), clientele.KindUnauthorized)
		}
		f.clock.Move(20 * time.Second)
		err := try(client, f.secret)
		if e, ok := errors.AsType[*clientele.Error](err); !ok || e.Kind != clientele.KindRateLimited || e.RetryAfter <= 0 || e.RetryAfter > 40*time.Second {
			t.Errorf("%s, the right secret after 30 wrong ones: %v", client, err)
		}
	}
	f.clock.Move(20 * time.Second) // a minute after the first
	if err := try(clientID, f.secret); err != nil {
		t.Errorf("in the next minute: %v", err)
	}
}

// TestAuthenticate_Readings holds that a client whose proof can be read in two ways is let in by either, as often as it likes, and
// fails once when neither is right: against each id that it may have meant, and against its address.
func TestAuthenticate_Readings(t *testing.T) {
	f := newFixture(t)
	s := f.serve(t, f, f)
	ctx := clientele.WithRequest(t.Context(), &clientele.Request{Client: netip.MustParseAddr("192.0.2.7")})
	right := access.Client{ID: clientID, Secret: f.secret}
	wrong := access.Client{ID: clientID, Secret: "q1 W2"}
	for i := range 100 {
		if _, err := s.tokens.Authenticate(ctx, wrong, right); err != nil {
			t.Fatalf("call %d: %v", i, err)
		}
	}
	if _, err := s.tokens.Authenticate(ctx, right, wrong); err != nil {
		t.Errorf("the first is right: %v", err)
	}
	other := access.Client{ID: "client+1", Secret: "q1+W2"}
	for i := range 30 {
		_, err := s.tokens.Authenticate(ctx, wrong, other)
		wantKind(t, fmt.Sprint("failure ", i), err, clientele.KindUnauthorized)
	}
	for _, reading := range []access.Client{wrong, other} {
		_, err := s.tokens.Authenticate(ctx, reading)
		wantKind(t, reading.ID+" after 30 failures", err, clientele.KindRateLimited)
	}
	for i := range 30 { // the address has shown 30 unknown secrets, and may show 60
		_, err := s.tokens.Authenticate(ctx, access.Client{ID: fmt.Sprint("client ", i), Secret: "wrong"})
		wantKind(t, fmt.Sprint("guess ", i), err, clientele.KindUnauthorized)
	}
	_, err := s.tokens.Authenticate(ctx, access.Client{ID: "one more", Secret: "wrong"})
	wantKind(t, "after 60 guesses", err, clientele.KindRateLimited)
}

// TestAuthenticate_MadeUpClients holds that clients which nobody knows do not fill the memory: counting goes on for all.
func TestAuthenticate_MadeUpClients(t *testing.T) {
	f := newFixture(t)
	s := f.serve(t, unknowing{f.Store}, f)
	for i := range 10_500 {
		_, err := s.tokens.Authenticate(t.Context(), access.Client{ID: fmt.Sprint("client ", i), Secret: "wrong"})
		if clientele.KindOf(err) != clientele.KindUnauthorized {
			t.Fatalf("client %d: %v", i, err)
		}
	}
	for range 30 {
		_, _ = s.tokens.Authenticate(t.Context(), access.Client{ID: "last", Secret: "wrong"})
	}
	_, err := s.tokens.Authenticate(t.Context(), access.Client{ID: "last", Secret: "wrong"})
	wantKind(t, "the last after 30 failures", err, clientele.KindRateLimited)
}

// unknowing knows no secret.
type unknowing struct{ access.Directory }

// FindCredentialBySecret implements access.Directory.
func (unknowing) FindCredentialBySecret(context.Context, clientele.SecretHash) (clientele.Credential, time.Time, error) {
	return clientele.Credential{}, time.Time{}, clientele.Errorf(clientele.KindNotFound, "no")
}
