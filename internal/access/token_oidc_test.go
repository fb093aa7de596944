package access_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"clientele"
	"clientele/internal/access"

	"github.com/go-jose/go-jose/v4"
)

// issuer is an OpenID Connect issuer on loopback, as far as a verifier asks it.
type issuer struct {
	*httptest.Server
	mu    sync.Mutex
	keys  []jose.JSONWebKey
	asked map[string]int
	away  bool
}

func newIssuer(t testing.TB) *issuer {
	t.Helper()
	i := &issuer{asked: map[string]int{}}
	i.addKey(t, "first")
	mux := http.NewServeMux()
	mux.HandleFunc("GET /realm/.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, `{"issuer":%q,"jwks_uri":%q}`, i.name(), i.name()+"/keys")
	})
	mux.HandleFunc("GET /realm/keys", func(w http.ResponseWriter, _ *http.Request) {
		i.mu.Lock()
		defer i.mu.Unlock()
		var public jose.JSONWebKeySet
		for _, k := range i.keys {
			public.Keys = append(public.Keys, k.Public())
		}
		if err := json.NewEncoder(w).Encode(public); err != nil {
			t.Error(err)
		}
	})
	i.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		i.mu.Lock()
		i.asked[r.URL.Path]++
		away := i.away
		i.mu.Unlock()
		if away {
			panic(http.ErrAbortHandler)
		}
		mux.ServeHTTP(w, r)
	}))
	t.Cleanup(i.Close)
	return i
}

// name is what the issuer calls itself.
func (i *issuer) name() string { return i.URL + "/realm" }

func (i *issuer) addKey(t testing.TB, id string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	i.keys = append(i.keys, jose.JSONWebKey{Key: key, KeyID: id, Algorithm: "ES256"})
}

func (i *issuer) key(n int) jose.JSONWebKey {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.keys[n]
}

func (i *issuer) goAway(away bool) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.away = away
}

// keysAsked returns how often it was asked for its keys.
func (i *issuer) keysAsked() int {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.asked["/realm/keys"]
}

// outside is a server that accepts the tokens of an issuer.
type outside struct {
	*fixture
	issuer *issuer
	oidc   *access.OIDC
}

func newOutside(t testing.TB) *outside {
	t.Helper()
	f, i := newFixture(t), newIssuer(t)
	s := f.serve(t, f, f)
	return &outside{f, i, access.NewOIDC(s.access, clientele.DKHardware, i.name(), "clientele")}
}

// token returns a token of the issuer's newest key, as Keycloak issues them, with other claims in the place of its own; nil
// takes one out.
func (o *outside) token(t testing.TB, other map[string]any) string {
	t.Helper()
	now := o.clock.Now()
	claims := map[string]any{
		"iss": o.issuer.name(), "aud": []string{"account", "clientele"}, "sub": "service-account", "typ": "Bearer", "azp": clientID,
		"scope": "openid customers customers:create profile", "iat": now.Unix(), "exp": now.Add(5 * time.Minute).Unix(),
	}
	maps.Copy(claims, other)
	maps.DeleteFunc(claims, func(_ string, v any) bool { return v == nil })
	return sign(t, jose.ES256, o.issuer.key(len(o.issuer.keys)-1), claims)
}

func TestOIDC_LetsInTheClientOfTheToken(t *testing.T) {
	o := newOutside(t)
	for name, tt := range map[string]struct {
		other map[string]any
		want  []string
	}{
		"azp, as Keycloak has it":          {nil, []string{"customers", "customers:create"}},
		"client_id, as RFC 9068 has it":    {map[string]any{"azp": nil, "client_id": clientID}, []string{"customers", "customers:create"}},
		"audience that is a text":          {map[string]any{"aud": "clientele"}, []string{"customers", "customers:create"}},
		"no scope of ours":                 {map[string]any{"scope": "openid subscriptions"}, nil},
		"no scope":                         {map[string]any{"scope": nil}, nil},
		"all the scopes of the client":     {map[string]any{"scope": strings.Join(allScopes, " ")}, allScopes},
		"begins within the skew of clocks": {map[string]any{"nbf": o.clock.Now().Add(time.Minute).Unix()}, []string{"customers", "customers:create"}},
	} {
		c, err := o.oidc.Verify(t.Context(), o.token(t, tt.other))
		if err != nil || c.ID != o.client.ID || !slices.Equal(c.Scopes, tt.want) {
			t.Errorf("%s: lets in %v, %v; want scopes %v", name, c, err, tt.want)
		}
	}
	if o.client.Scopes = allScopes; o.issuer.keysAsked() != 1 {
		t.Errorf("the issuer was asked %d times for its keys", o.issuer.keysAsked())
	}
}

func TestOIDC_LetsNobodyElseIn(t *testing.T) {
	o := newOutside(t)
	stranger := newIssuer(t)
	now := o.clock.Now()
	good := o.token(t, nil)
	parts := strings.Split(good, ".")
	ours := o.issuer.key(0)
	for name, token := range map[string]string{
		"nothing":              "",
		"no token":             "x.y.z",
		"without signature":    parts[0] + "." + parts[1] + ".",
		"another audience":     o.token(t, map[string]any{"aud": "account"}),
		"no audience":          o.token(t, map[string]any{"aud": nil}),
		"another issuer":       o.token(t, map[string]any{"iss": stranger.name()}),
		"our own issuer":       o.token(t, map[string]any{"iss": "clientele"}),
		"over":                 o.token(t, map[string]any{"exp": now.Add(-time.Second).Unix()}),
		"no end":               o.token(t, map[string]any{"exp": nil}),
		"not begun":            o.token(t, map[string]any{"nbf": now.Add(time.Hour).Unix()}),
		"no client":            o.token(t, map[string]any{"azp": nil}),
		"unknown client":       o.token(t, map[string]any{"azp": "somebody"}),
		"azp before client_id": o.token(t, map[string]any{"azp": "somebody", "client_id": clientID}),
		"key of a stranger":    sign(t, jose.ES256, jose.JSONWebKey{Key: stranger.key(0).Key, KeyID: "first"}, map[string]any{"iss": o.issuer.name(), "aud": "clientele", "azp": clientID, "exp": now.Add(time.Hour).Unix()}),
		"shared secret":        sign(t, jose.HS256, jose.JSONWebKey{Key: []byte(strings.Repeat("x", 32)), KeyID: ours.KeyID}, map[string]any{"iss": o.issuer.name(), "aud": "clientele", "azp": clientID, "exp": now.Add(time.Hour).Unix()}),
		"too long":             good + strings.Repeat("A", 10_000),
	} {
		c, err := o.oidc.Verify(t.Context(), token)
		wantKind(t, name, err, clientele.KindUnauthorized)
		if c != nil {
			t.Errorf("%s: lets in credential %d", name, c.ID)
		}
	}
	if _, err := o.oidc.Verify(t.Context(), good); err != nil {
		t.Errorf("the good one: %v", err)
	}
}

// TestOIDC_LimitsAreOurs holds that the credential decides, whatever the issuer says.
func TestOIDC_LimitsAreOurs(t *testing.T) {
	o := newOutside(t)
	if _, err := o.oidc.Verify(t.Context(), o.token(t, nil)); err != nil {
		t.Fatal(err)
	}
	foreign, err := o.CreateCredential(t.Context(), clientele.Credential{
		Dialect: clientele.OPM, Name: "partner", ClientID: clientele.Some("of another dialect"), Grants: o.client.Grants, CreatedAt: o.clock.Now(),
	}, clientele.HashSecret(clientele.OPM, "secret"))
	if err != nil {
		t.Fatal(err)
	}
	_, err = o.oidc.Verify(t.Context(), o.token(t, map[string]any{"azp": foreign.ClientID.V}))
	wantKind(t, "a credential of another dialect", err, clientele.KindUnauthorized)
	o.revoke(t)
	o.clock.Move(access.MaxAge)
	_, err = o.oidc.Verify(t.Context(), o.token(t, nil))
	wantKind(t, "a credential that was revoked", err, clientele.KindUnauthorized)
}

// TestOIDC_IssuerChangesItsKeys holds that a new key of the issuer is heard of, and that made-up ones are asked for sparingly.
func TestOIDC_IssuerChangesItsKeys(t *testing.T) {
	o := newOutside(t)
	if _, err := o.oidc.Verify(t.Context(), o.token(t, nil)); err != nil {
		t.Fatal(err)
	}
	stranger := newIssuer(t)
	for i := range 20 {
		made := sign(t, jose.ES256, jose.JSONWebKey{Key: stranger.key(0).Key, KeyID: fmt.Sprint("made up ", i)}, map[string]any{"iss": o.issuer.name()})
		_, err := o.oidc.Verify(t.Context(), made)
		wantKind(t, "made-up key", err, clientele.KindUnauthorized)
	}
	if got := o.issuer.keysAsked(); got != 1 {
		t.Errorf("asked %d times for keys, want once", got)
	}
	o.issuer.addKey(t, "second")
	o.clock.Move(5 * time.Second)
	if _, err := o.oidc.Verify(t.Context(), o.token(t, nil)); err != nil {
		t.Errorf("token of the new key: %v", err)
	}
	if got := o.issuer.keysAsked(); got != 2 {
		t.Errorf("asked %d times for keys, want twice", got)
	}
}

// TestOIDC_IssuerAway holds that an issuer which cannot be reached is no reason to refuse for good, and that the server needs
// none to start: it asks when the first token comes.
func TestOIDC_IssuerAway(t *testing.T) {
	o := newOutside(t)
	o.issuer.goAway(true)
	_, err := o.oidc.Verify(t.Context(), o.token(t, nil))
	wantKind(t, "never reached", err, clientele.KindUnavailable)
	o.issuer.goAway(false)
	o.clock.Move(5 * time.Second)
	if _, err := o.oidc.Verify(t.Context(), o.token(t, nil)); err != nil {
		t.Errorf("reached: %v", err)
	}
	o.issuer.goAway(true)
	o.clock.Move(5 * time.Second)
	if _, err := o.oidc.Verify(t.Context(), o.token(t, nil)); err != nil {
		t.Errorf("away, with a key that is known: %v", err)
	}
	o.issuer.addKey(t, "second")
	_, err = o.oidc.Verify(t.Context(), o.token(t, nil))
	wantKind(t, "away, with a key that is not known", err, clientele.KindUnavailable)
}

// TestOIDC_IssuerOfAnotherName holds that an issuer which calls itself otherwise than it is configured is not believed.
func TestOIDC_IssuerOfAnotherName(t *testing.T) {
	o := newOutside(t)
	s := o.serve(t, o, o)
	wrong := access.NewOIDC(s.access, clientele.DKHardware, o.issuer.name()+"/", "clientele")
	_, err := wrong.Verify(t.Context(), o.token(t, map[string]any{"iss": o.issuer.name() + "/"}))
	wantKind(t, "another name", err, clientele.KindUnavailable)
}
