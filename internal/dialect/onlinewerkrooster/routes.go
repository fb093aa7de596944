// Package onlinewerkrooster speaks the Onlinewerkrooster Customers API: a partner creates customers under two unique keys
// of its own. Reading them back is an extension: the document says "retrieve and create" and describes only create.
package onlinewerkrooster

import (
	"context"

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
	Register(ctx context.Context, call book.Call, d clientele.Details, a *clientele.Address) (book.Registration, error)
}

// Shelf is what this dialect reads.
type Shelf interface {
	FindCustomer(ctx context.Context, project, id int64) (clientele.Customer, error)
	FilterCustomers(ctx context.Context, f clientele.CustomerFilter) (ids []int64, total int, err error)
	clientele.CustomerShelf
}

// API serves the dialect.
type API struct {
	dialect.API
	book  Book
	shelf Shelf
}

// New returns the API over a book, which it reads from the shelf.
func New(a *access.Access, b Book, s Shelf) *API {
	api := &API{book: b, shelf: s}
	api.API = dialect.API{
		Dialect: clientele.Onlinewerkrooster, Access: a, Identify: api.identify, Fail: fail, MaxBodyBytes: maxBodyBytes,
	}
	return api
}

// Routes adds the document's route, with and without the final slash, and the extension.
func (a *API) Routes(r chi.Router) {
	create := a.Handle(dialect.Endpoint{Class: access.Write, Media: dialect.JSONOrNone, Serve: a.create})
	list := a.Handle(dialect.Endpoint{Class: access.Read, Serve: a.list})
	show := a.Handle(dialect.Endpoint{Class: access.Read, Serve: a.show})
	r.Route("/api/customers", func(r chi.Router) {
		r.NotFound(notFound)
		r.Post("/", create)
		r.Get("/", list)
		r.Head("/", list)
		r.MethodNotAllowed(methodNotAllowed("GET, HEAD, POST"))
		r.Route("/{customerId}", func(r chi.Router) {
			r.NotFound(notFound)
			r.Get("/", show)
			r.Head("/", show)
			r.MethodNotAllowed(methodNotAllowed("GET, HEAD"))
		})
	})
}
