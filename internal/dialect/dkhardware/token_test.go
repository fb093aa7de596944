package dkhardware_test

import (
	"context"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"clientele"
	"clientele/internal/access"
	"clientele/internal/dialect/dialecttest"
)

// TestToken_SecretsThatPartnersBroughtAlong asks for tokens with secrets that form-encoding changes: in HTTP Basic encoded, as
// RFC 6749 section 2.3.1 has it, and as they stand, as many clients do; and in the body.
func TestToken_SecretsThatPartnersBroughtAlong(t *testing.T) {
	onEveryStore(t, func(t *testing.T, m dialecttest.StoreMaker) {
		s := newShop(t, m, nil)
		for i, secret := range []string{"YWJj+ZGVm/Z2hp==", "100%sure", "100%25sure", "a:b:c:d:e", "%zz%zz%zz"} {
			p, err := s.store.CreateProject(t.Context(), clientele.Project{Name: secret, TimeZone: "UTC", CreatedAt: time.Now()})
			if err != nil {
				t.Fatal(err)
			}
			id := fmt.Sprint("partner ", i)
			_, err = s.store.CreateCredential(t.Context(), clientele.Credential{
				Dialect: clientele.DKHardware, Name: "partner", ClientID: clientele.Some(id), Scopes: allScopes,
				Grants: []clientele.Grant{{ProjectID: p.ID}}, CreatedAt: time.Now(),
			}, clientele.HashSecret(clientele.DKHardware, secret))
			if err != nil {
				t.Fatal(err)
			}
			body := url.Values{"grant_type": {"client_credentials"}}
			for name, header := range map[string]string{
				"as they stand": id + ":" + secret, "encoded": url.QueryEscape(id) + ":" + url.QueryEscape(secret),
			} {
				header = "Basic " + base64.StdEncoding.EncodeToString([]byte(header))
				for range 33 { // more often than a client may fail
					if w := s.askForToken(header, body); w.Code != http.StatusOK {
						t.Fatalf("%s, %s: %d %s", secret, name, w.Code, w.Body)
					}
				}
			}
			body.Set("client_id", id)
			body.Set("client_secret", secret)
			if w := s.askForToken("", body); w.Code != http.StatusOK {
				t.Errorf("%s, in the body: %d %s", secret, w.Code, w.Body)
			}
		}
	})
}

func (s *shop) askForToken(authorization string, body url.Values) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodPost, "/oauth/token", strings.NewReader(body.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if authorization != "" {
		r.Header.Set("Authorization", authorization)
	}
	w := httptest.NewRecorder()
	s.handler.ServeHTTP(w, r)
	return w
}

// elsewhere is an issuer of other tokens.
type elsewhere struct {
	store access.Directory
	away  bool
}

// Verify implements dkhardware.Verifier: it knows the tokens that are "elsewhere" and the public id of a client.
func (e *elsewhere) Verify(ctx context.Context, token string) (*clientele.Credential, error) {
	if e.away {
		return nil, clientele.Unavailable("The issuer is away", nil)
	}
	id, ok := strings.CutPrefix(token, "elsewhere:")
	if !ok {
		return nil, clientele.Errorf(clientele.KindUnauthorized, "not mine")
	}
	c, err := e.store.FindCredentialByClientID(ctx, id)
	if err != nil {
		return nil, err
	}
	c.Scopes = []string{"customers"}
	return &c, nil
}

// TestAccept holds that tokens of another issuer let in beside ours, with the scopes that it says.
func TestAccept(t *testing.T) {
	onEveryStore(t, func(t *testing.T, m dialecttest.StoreMaker) {
		s := newShop(t, m, nil)
		project, token := s.project(t) // of "client 1"
		s.commit(t, project, creation(moment(0), 0))
		other := &elsewhere{store: s.store}
		want := func(what, method, target, token string, status int) {
			t.Helper()
			if w := s.send(method, target, token, "{}"); w.Code != status {
				t.Errorf("%s: %d %s, want %d", what, w.Code, w.Body, status)
			}
		}
		want("before", "GET", "/v1/customer", "elsewhere:client 1", http.StatusUnauthorized)
		s.api.Accept(other)
		want("one of ours", "GET", "/v1/customer", token, http.StatusOK)
		want("one of theirs", "GET", "/v1/customer", "elsewhere:client 1", http.StatusOK)
		want("a scope that theirs lacks", "POST", "/v1/customer/create", "elsewhere:client 1", http.StatusForbidden)
		want("nobody's", "GET", "/v1/customer", "x", http.StatusUnauthorized)
		if ids := s.walk(t, "/v1/customer", "elsewhere:client 1"); len(ids) != 1 {
			t.Errorf("customers %v, want one", ids)
		}
		other.away = true
		want("one of ours while they are away", "GET", "/v1/customer", token, http.StatusOK)
		want("one of theirs while they are away", "GET", "/v1/customer", "elsewhere:client 1", http.StatusServiceUnavailable)
	})
}
