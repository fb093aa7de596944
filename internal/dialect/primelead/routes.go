// Package primelead speaks the Prime Lead API v1: clicks on an advertiser's ad make leads, which the document calls actions,
// and the advertiser reports how far each has come, by postback or by POST.
package primelead

import (
	"context"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"clientele"
	"clientele/internal/access"
	"clientele/internal/book"
	"clientele/internal/dialect"

	"github.com/go-chi/chi/v5"
	"github.com/google/uuid"
)

// maxBodyBytes bounds a body (rulings: body limit 64 KiB).
const maxBodyBytes = 64 << 10

// Leads is what this dialect needs of the book.
type Leads interface {
	Landing(ctx context.Context, link book.Link) (book.Clicked, error)
	Click(ctx context.Context, o clientele.Origin, link book.Link, v book.Visit) (book.Clicked, error)
	Find(ctx context.Context, uuid string) (project int64, err error)
	ReportNow(ctx context.Context, o clientele.Origin, uuid string, s clientele.Stage, r clientele.LeadReport) (book.Reported, error)
	Report(ctx context.Context, call book.Call, uuid string, r clientele.LeadReport) (clientele.Result, error)
	Register(ctx context.Context, call book.Call, n book.NewLead) (string, error)
	Zone(ctx context.Context, project int64) (*time.Location, error)
}

// Options are what may be decided from outside. The zero value of each field means its default.
type Options struct {
	// Now is the clock that says which dates are in the future; default time.Now.
	Now func() time.Time
	// VisitorIP returns the address of whoever clicked, the zero Addr when it is not known; default ConnectionIP.
	VisitorIP func(*http.Request) netip.Addr
}

// API serves the dialect.
type API struct {
	advertisers dialect.API // for callers with an advertiser's UUID
	anyone      dialect.API // for callers that need none: whoever knows an action's UUID
	leads       Leads
	options     Options
}

// New returns the API over the leads of a book.
func New(a *access.Access, l Leads, o Options) *API {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.VisitorIP == nil {
		o.VisitorIP = ConnectionIP
	}
	api := &API{leads: l, options: o}
	api.advertisers = dialect.API{
		Dialect: clientele.PrimeLead, Access: a, Identify: api.identify, Fail: fail, MaxBodyBytes: maxBodyBytes,
	}
	api.anyone = api.advertisers
	api.anyone.Identify = func(*http.Request) (*clientele.Credential, int64, error) { return nobody, 0, nil }
	return api
}

// nobody is the credential of those who need none; it has no limit.
var nobody = &clientele.Credential{}

// Routes adds the document's routes, and the links that it presupposes.
func (a *API) Routes(r chi.Router) {
	r.Route("/api/v1", func(r chi.Router) {
		r.Use(noStore)
		r.Get("/postback/{status}/{action_uuid}", a.anyone.Handle(dialect.Endpoint{Class: access.Write, Serve: a.postback}))
		r.Head("/postback/{status}/{action_uuid}", a.anyone.Handle(dialect.Endpoint{Class: access.Read, Serve: a.postbackHead}))
		r.Post("/actions/{advertiserUUID}", a.advertisers.Handle(dialect.Endpoint{
			Class: access.Write, Media: checkMedia, Serve: a.action,
		}))
		r.NotFound(deny)
		r.MethodNotAllowed(deny)
	})
	r.Route("/click", func(r chi.Router) {
		r.Use(noStore, noReferrer)
		r.Get("/{campaignUuid}/{publisherUuid}", a.handleLink(a.click))
		r.Head("/{campaignUuid}/{publisherUuid}", a.handleLink(a.clickHead))
		r.NotFound(deadLink)
		r.MethodNotAllowed(deadLink)
	})
}

// noStore keeps caches from answering: each of these calls may change something.
func noStore(next http.Handler) http.Handler { return always(next, "Cache-Control", "no-store") }

// noReferrer keeps the links' address, and a lead's UUID in it, from whoever is behind.
func noReferrer(next http.Handler) http.Handler {
	return always(next, "Referrer-Policy", "no-referrer")
}

func always(next http.Handler, name, value string) http.Handler {
	values := []string{value}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header()[name] = values
		next.ServeHTTP(w, r)
	})
}

// identify knows the advertiser by the UUID in the path.
func (a *API) identify(r *http.Request) (*clientele.Credential, int64, error) {
	id, ok := parseUUID(pathParam(r, "advertiserUUID"))
	if !ok {
		return nil, 0, faults{{"advertiserUUID", notUUID}}.err()
	}
	c, err := a.advertisers.Access.BySecret(r.Context(), clientele.PrimeLead, id)
	if err != nil {
		return nil, 0, err
	}
	return c, c.Grants[0].ProjectID, nil
}

// pathParam returns a parameter of the route. The router hands it over as it was sent when it is percent-encoded.
func pathParam(r *http.Request, name string) string {
	text := chi.URLParam(r, name)
	if r.URL.RawPath == "" {
		return text
	}
	decoded, err := url.PathUnescape(text)
	if err != nil {
		return text
	}
	return decoded
}

// parseUUID returns a UUID, which has 36 characters of either letter case, in canonical form.
func parseUUID(text string) (string, bool) {
	if len(text) != 36 {
		return "", false
	}
	if _, err := uuid.Parse(text); err != nil {
		return "", false
	}
	return strings.ToLower(text), true
}
