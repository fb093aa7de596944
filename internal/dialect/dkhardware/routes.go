// Package dkhardware speaks the DKHardware Partner API: a partner lists the customers of a shop, and submits changes, asking
// what became of them.
package dkhardware

import (
	"context"
	"net/http"
	"strings"
	"sync"

	"clientele"
	"clientele/internal/access"
	"clientele/internal/book"
	"clientele/internal/dialect"

	"github.com/go-chi/chi/v5"
)

// maxBodyBytes bounds a body (rulings, Writing: body limit).
const maxBodyBytes = 1 << 20

// The scopes of the document.
const (
	scopeRead   = "customers"
	scopeCreate = "customers:create"
	scopeUpdate = "customers:update"
	scopeStatus = "customers:status"
)

// Book is what this dialect needs of the book.
type Book interface {
	Create(ctx context.Context, call book.Call, d clientele.Details, addresses []clientele.Address) (string, error)
	Update(ctx context.Context, call book.Call, target string, id int64, p clientele.Patch) (string, error)
}

// Shelf is what this dialect reads. Both stores are one.
type Shelf interface {
	ListPositions(ctx context.Context, q clientele.CustomerQuery) ([]clientele.Position, error)
	clientele.CustomerShelf
	FindCustomer(ctx context.Context, project, id int64) (clientele.Customer, error)
	FindSubmission(ctx context.Context, project int64, id string) (clientele.Submission, error)
}

// API serves the dialect.
type API struct {
	dialect.API
	tokens   *access.Tokens
	external Verifier
	book     Book
	shelf    Shelf
	buffers  sync.Pool // of *[]byte, for lists
}

// Verifier knows the tokens of another issuer. The error is of kind unauthorized when a token is none of them.
type Verifier interface {
	Verify(ctx context.Context, token string) (*clientele.Credential, error)
}

// New returns the API over a book, which it reads from the shelf, with the tokens that it gives out.
func New(a *access.Access, t *access.Tokens, b Book, s Shelf) *API {
	api := &API{tokens: t, book: b, shelf: s}
	api.API = dialect.API{
		Dialect: clientele.DKHardware, Access: a, Identify: api.identify, Fail: fail, MaxBodyBytes: maxBodyBytes,
	}
	return api
}

// Accept makes the API accept the tokens that v knows, besides its own. Call it before the API serves.
func (a *API) Accept(v Verifier) { a.external = v }

// Routes adds the token endpoint and the routes of the document, each with and without the final slash. All else below /v1
// is answered in this dialect's form.
func (a *API) Routes(r chi.Router) {
	a.routeToken(r)
	read := func(serve func(*dialect.Request) (dialect.Answer, error)) http.HandlerFunc {
		return a.Handle(dialect.Endpoint{Class: access.Read, Scope: scopeRead, Serve: serve})
	}
	body := func(class access.Class, scope string, serve func(*dialect.Request) (dialect.Answer, error)) http.HandlerFunc {
		return a.Handle(dialect.Endpoint{Class: class, Scope: scope, Media: dialect.JSONOrNone, Serve: serve})
	}
	r.Route("/v1", func(r chi.Router) {
		fallback(r, "")
		r.Route("/customer", func(r chi.Router) {
			get(r, "/", read(a.list))
			get(r, "/{customerId}", read(a.show))
			post(r, "/create", body(access.Write, scopeCreate, a.create))
			post(r, "/update", body(access.Write, scopeUpdate, a.update))
			post(r, "/status", body(access.Read, scopeStatus, a.status))
		})
	})
}

// get serves GET and HEAD of a path, with and without the final slash.
func get(r chi.Router, path string, h http.HandlerFunc) {
	serve(r, path, func(r chi.Router) {
		r.Get("/", h)
		r.Head("/", h)
		fallback(r, "GET, HEAD")
	})
}

// post serves POST of a path, with and without the final slash.
func post(r chi.Router, path string, h http.HandlerFunc) {
	serve(r, path, func(r chi.Router) {
		r.Post("/", h)
		fallback(r, "POST")
	})
}

func serve(r chi.Router, path string, add func(chi.Router)) {
	if path == "/" {
		add(r)
		return
	}
	r.Route(path, add)
}

// fallback answers below r what nobody serves. methods are those that the path of r has.
func fallback(r chi.Router, methods string) {
	r.NotFound(notFound)
	r.MethodNotAllowed(methodNotAllowed(methods))
}

// identify knows the caller by its access token (RFC 6750 section 2.1), which must be sent once.
func (a *API) identify(r *http.Request) (*clientele.Credential, int64, error) {
	token, ok := bearer(r)
	if !ok {
		return nil, 0, clientele.Errorf(clientele.KindUnauthorized, "no token")
	}
	c, err := a.tokens.Verify(r.Context(), token)
	if a.external != nil && clientele.KindOf(err) == clientele.KindUnauthorized {
		c, err = a.external.Verify(r.Context(), token)
	}
	if err != nil {
		return nil, 0, err
	}
	return c, c.Grants[0].ProjectID, nil
}

// bearer returns the token of the Authorization header.
func bearer(r *http.Request) (string, bool) {
	headers := r.Header["Authorization"]
	if len(headers) != 1 {
		return "", false
	}
	scheme, token, _ := strings.Cut(headers[0], " ")
	token = strings.TrimLeft(token, " ")
	return token, strings.EqualFold(scheme, "Bearer") && token != ""
}
