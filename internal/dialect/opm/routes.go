// Package opm speaks the OPM Partners API: a partner sends customers one by one, under its own ids.
package opm

import (
	"context"
	"net/http"

	"clientele"
	"clientele/internal/access"
	"clientele/internal/book"
	"clientele/internal/dialect"

	"github.com/go-chi/chi/v5"
)

// maxBodyBytes bounds a body (rulings: body over 64 KiB).
const maxBodyBytes = 64 << 10

// Book is what this dialect needs of the book.
type Book interface {
	Upsert(ctx context.Context, call book.Call, d clientele.Details) (clientele.Result, error)
}

// API serves the dialect.
type API struct {
	dialect.API
	book Book
}

// New returns the API over a book.
func New(a *access.Access, b Book) *API {
	api := &API{book: b}
	api.API = dialect.API{
		Dialect: clientele.OPM, Access: a, Identify: api.identify, Fail: fail, MaxBodyBytes: maxBodyBytes,
	}
	return api
}

// Routes adds the routes of the document. It also answers for every path and method that nobody serves: the document's
// API has the root of the host to itself.
func (a *API) Routes(r chi.Router) {
	ping := a.Handle(dialect.Endpoint{Class: access.Read, Serve: a.ping})
	r.Get("/ping", ping)
	r.Head("/ping", ping)
	r.Post("/entry", a.Handle(dialect.Endpoint{Class: access.Write, Media: dialect.JSONOrPlain, Serve: a.entry}))
	r.NotFound(notFound)
	r.MethodNotAllowed(notFound)
}

// identify knows the caller by x-api-key, which must be sent once.
func (a *API) identify(r *http.Request) (*clientele.Credential, int64, error) {
	keys := r.Header["X-Api-Key"]
	if len(keys) != 1 || keys[0] == "" {
		return nil, 0, clientele.Errorf(clientele.KindUnauthorized, "no key")
	}
	c, err := a.Access.BySecret(r.Context(), clientele.OPM, keys[0])
	if err != nil {
		return nil, 0, err
	}
	return c, c.Grants[0].ProjectID, nil
}

var pong = []byte(`{"statusCode":200,"message":"pong"}`)

func (a *API) ping(*dialect.Request) (dialect.Answer, error) {
	return dialect.Answer{Body: pong}, nil
}
