package dkhardware

import (
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"runtime/debug"
	"strconv"
	"strings"

	"clientele"
	"clientele/internal/access"
	"clientele/internal/dialect"

	"github.com/go-chi/chi/v5"
)

// maxFormBytes bounds the body of a token request.
const maxFormBytes = 8 << 10

// routeToken adds the token endpoint (rulings, Access; RFC 6749 section 4.4).
func (a *API) routeToken(r chi.Router) {
	r.Route("/oauth/token", func(r chi.Router) {
		r.Post("/", a.token)
		r.NotFound(func(w http.ResponseWriter, r *http.Request) {
			clientele.RequestOf(r.Context()).Dialect = clientele.DKHardware
			refuse(w, http.StatusNotFound, "invalid_request", "there is nothing here: send POST to /oauth/token")
		})
		r.MethodNotAllowed(func(w http.ResponseWriter, r *http.Request) {
			clientele.RequestOf(r.Context()).Dialect = clientele.DKHardware
			w.Header().Set("Allow", http.MethodPost)
			refuse(w, http.StatusMethodNotAllowed, "invalid_request", "a token is asked for with POST")
		})
	})
}

// token answers a token request.
func (a *API) token(w http.ResponseWriter, r *http.Request) {
	info := clientele.RequestOf(r.Context())
	info.Dialect = clientele.DKHardware
	token, err := a.issueSafely(w, r)
	if err != nil {
		info.Err = err
		failToken(w, err)
		return
	}
	b := clientele.AppendQuoted([]byte(`{"access_token":`), token.Text)
	b = strconv.AppendInt(append(b, `,"token_type":"Bearer","expires_in":`...), int64(token.ExpiresIn.Seconds()), 10)
	b = clientele.AppendQuoted(append(b, `,"scope":`...), strings.Join(token.Scopes, " "))
	noStore(w)
	dialect.WriteJSON(w, http.StatusOK, append(b, '}'))
}

// issueSafely turns a panic into an error, so that it is answered in the endpoint's form.
func (a *API) issueSafely(w http.ResponseWriter, r *http.Request) (token access.Token, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	return a.issue(w, r)
}

// issue knows the client before it says anything about what was asked for.
func (a *API) issue(w http.ResponseWriter, r *http.Request) (access.Token, error) {
	form, err := readForm(w, r)
	if err != nil {
		return access.Token{}, err
	}
	credential, err := a.authenticate(r, form)
	if err != nil {
		return access.Token{}, err
	}
	info := clientele.RequestOf(r.Context())
	info.CredentialID, info.ProjectID = credential.ID, credential.Grants[0].ProjectID
	switch form["grant_type"] {
	case "client_credentials":
	case "":
		return access.Token{}, oauthError("invalid_request", "grant_type is missing")
	default:
		return access.Token{}, oauthError("unsupported_grant_type", "the only grant_type is client_credentials")
	}
	token, err := a.tokens.Issue(r.Context(), credential, strings.Fields(form["scope"]))
	if clientele.KindOf(err) == clientele.KindInvalid {
		return token, oauthError("invalid_scope", "the client was not granted a scope that it asks for")
	}
	return token, err
}

// readForm reads the parameters in the body. One without a value counts as not sent, and none may be sent twice (RFC 6749
// section 3.2).
func readForm(w http.ResponseWriter, r *http.Request) (map[string]string, error) {
	if err := dialect.CheckEncoding(r); err != nil {
		return nil, err
	}
	media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || media != "application/x-www-form-urlencoded" {
		return nil, oauthError("invalid_request", "the request body must be application/x-www-form-urlencoded")
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxFormBytes))
	if err != nil {
		return nil, oauthError("invalid_request", "the request body is too large or did not arrive")
	}
	clientele.RequestOf(r.Context()).Body = body
	sent, err := url.ParseQuery(string(body))
	if err != nil {
		return nil, oauthError("invalid_request", "the request body is malformed")
	}
	form := make(map[string]string, len(sent))
	for name, values := range sent {
		if len(values) > 1 {
			return nil, oauthError("invalid_request", "a parameter was sent twice")
		}
		form[name] = values[0]
	}
	return form, nil
}

// authenticate knows the client by the Authorization header or by the body, not by both (RFC 6749 section 2.3).
func (a *API) authenticate(r *http.Request, form map[string]string) (*clientele.Credential, error) {
	inBody := access.Client{ID: form["client_id"], Secret: form["client_secret"]}
	headers := r.Header["Authorization"]
	if len(headers) == 0 {
		return a.tokens.Authenticate(r.Context(), inBody)
	}
	plain, ok := basic(headers[0])
	if !ok && len(headers) == 1 {
		return nil, clientele.Errorf(clientele.KindUnauthorized, "not HTTP Basic")
	}
	decoded := formDecoded(plain)
	if len(headers) > 1 || inBody.Secret != "" || inBody.ID != "" && inBody.ID != plain.ID && inBody.ID != decoded.ID {
		return nil, oauthError("invalid_request", "the client must prove itself once, in the header or in the body")
	}
	if plain == decoded {
		return a.tokens.Authenticate(r.Context(), plain)
	}
	return a.tokens.Authenticate(r.Context(), decoded, plain) // many clients do not encode
}

// formDecoded returns the client with id and secret read as form-encoded, as RFC 6749 section 2.3.1 has them in HTTP Basic; as
// they stand when they cannot be.
func formDecoded(c access.Client) access.Client {
	id, idErr := url.QueryUnescape(c.ID)
	secret, secretErr := url.QueryUnescape(c.Secret)
	if idErr != nil || secretErr != nil {
		return c
	}
	return access.Client{ID: id, Secret: secret}
}

// basic reads the credentials of HTTP Basic (RFC 7617).
func basic(header string) (access.Client, bool) {
	scheme, encoded, _ := strings.Cut(header, " ")
	text, err := base64.StdEncoding.DecodeString(strings.TrimLeft(encoded, " "))
	if err != nil || !strings.EqualFold(scheme, "Basic") {
		return access.Client{}, false
	}
	id, secret, ok := strings.Cut(string(text), ":")
	return access.Client{ID: id, Secret: secret}, ok
}

// oauthError is an error of the token endpoint: a code of RFC 6749 section 5.2 and a sentence for the developer.
func oauthError(code, description string) error {
	return &clientele.Error{Kind: clientele.KindInvalid, Field: code, Message: description}
}

// failToken answers a token request that failed (RFC 6749 section 5.2).
func failToken(w http.ResponseWriter, err error) {
	e, ok := errors.AsType[*clientele.Error](err)
	if !ok {
		e = &clientele.Error{}
	}
	dialect.SetRetryAfter(w.Header(), e)
	switch e.Kind {
	case clientele.KindInvalid:
		refuse(w, http.StatusBadRequest, e.Field, e.Message)
	case clientele.KindUnsupportedMedia:
		refuse(w, http.StatusUnsupportedMediaType, "invalid_request", e.Message)
	case clientele.KindUnauthorized:
		w.Header().Set("WWW-Authenticate", `Basic realm="clientele"`)
		refuse(w, http.StatusUnauthorized, "invalid_client", "the client is unknown or did not prove itself")
	case clientele.KindRateLimited:
		refuse(w, http.StatusTooManyRequests, "temporarily_unavailable", "the client failed to prove itself too often")
	case clientele.KindUnavailable:
		refuse(w, http.StatusServiceUnavailable, "temporarily_unavailable", "no token can be issued at the moment")
	default:
		refuse(w, http.StatusInternalServerError, "server_error", "something went wrong here")
	}
}

func refuse(w http.ResponseWriter, status int, code, description string) {
	b := clientele.AppendQuoted([]byte(`{"error":`), code)
	b = clientele.AppendQuoted(append(b, `,"error_description":`...), description)
	noStore(w)
	dialect.WriteJSON(w, status, append(b, '}'))
}

// noStore keeps tokens out of caches (RFC 6749 section 5.1).
func noStore(w http.ResponseWriter) {
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Pragma", "no-cache")
}
