// Package apidoc serves the descriptions of the partner APIs, and the pages that explain them: an index, and for each API a
// reference with samples of calls that can be tried out against the server that serves it.
//
// Everything is made once and held compressed. Nothing is loaded from anywhere else; without JavaScript the pages list the
// operations.
package apidoc

import (
	"fmt"
	"net/http"
	"strings"
	"sync"

	"clientele"

	"github.com/go-chi/chi/v5"
)

// Reference serves descriptions and their pages.
type Reference struct {
	// documents makes what is served, at the first call.
	documents func() (*documents, error)
}

// documents are what is served.
type documents struct {
	index        *content
	licences     *content
	descriptions map[string]*content // by the name of the API
	pages        map[string]*content // likewise
	assets       map[string]*content // by the name of the file, hash included
}

// New returns the reference of descriptions, in the order in which the index shows them. What is served is made when it is
// asked for first, so that a server need not wait for it when it starts.
func New(list []Description) *Reference {
	return &Reference{sync.OnceValues(func() (*documents, error) { return makeDocuments(list) })}
}

// Check makes what is served now. Its error says which description cannot be read, and why; it is what every request would be
// answered 500 for.
func (a *Reference) Check() error {
	_, err := a.documents()
	return err
}

func makeDocuments(list []Description) (*documents, error) {
	a, err := loadAssets()
	if err != nil {
		return nil, err
	}
	made := &documents{
		licences: a.licences, assets: a.byName,
		descriptions: map[string]*content{}, pages: map[string]*content{},
	}
	var apis []*described
	for _, d := range list {
		api, err := describe(d)
		if err != nil {
			return nil, err
		}
		if made.descriptions[d.Name] != nil {
			return nil, fmt.Errorf("two descriptions are called %s", d.Name)
		}
		made.descriptions[d.Name] = api.json
		apis = append(apis, api)
	}
	if made.index, err = renderIndex(apis, a.links); err != nil {
		return nil, err
	}
	for _, api := range apis {
		if made.pages[api.Name], err = renderReference(apis, api, a.links); err != nil {
			return nil, err
		}
	}
	return made, nil
}

// Routes adds the routes of the reference.
func (a *Reference) Routes(r chi.Router) {
	description := func(d *documents, r *http.Request) *content { return d.descriptions[chi.URLParam(r, "dialect")] }
	page := func(d *documents, r *http.Request) *content { return d.pages[chi.URLParam(r, "dialect")] }
	index := func(d *documents, _ *http.Request) *content { return d.index }
	for _, method := range []string{http.MethodGet, http.MethodHead} {
		r.MethodFunc(method, "/openapi/{dialect}.json", a.serve(description, (*content).ServeHTTP))
		r.MethodFunc(method, "/docs/", a.serve(index, (*content).ServeHTTP))
		r.MethodFunc(method, "/docs", a.serve(index, addSlash))
		r.MethodFunc(method, "/docs/{dialect}/", a.serve(page, (*content).ServeHTTP))
		r.MethodFunc(method, "/docs/{dialect}", a.serve(page, addSlash))
		r.MethodFunc(method, "/docs/licences.txt", a.serve(func(d *documents, _ *http.Request) *content {
			return d.licences
		}, (*content).ServeHTTP))
		r.MethodFunc(method, "/docs/static/{file}", a.serve(func(d *documents, r *http.Request) *content {
			return d.assets[chi.URLParam(r, "file")]
		}, (*content).ServeHTTP))
	}
}

// serve answers with what pick finds for a request; 404 when it finds nothing.
func (a *Reference) serve(
	pick func(*documents, *http.Request) *content, answer func(*content, http.ResponseWriter, *http.Request),
) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		d, err := a.documents()
		if err != nil {
			clientele.RequestOf(r.Context()).Err = err
			refuse(w, http.StatusInternalServerError, "Something went wrong here.")
			return
		}
		c := pick(d, r)
		if c == nil {
			refuse(w, http.StatusNotFound, "There is nothing here. The descriptions are listed at /docs/.")
			return
		}
		answer(c, w, r)
	}
}

// addSlash leads to a page, whose address ends with a slash.
func addSlash(_ *content, w http.ResponseWriter, r *http.Request) {
	protect(w.Header(), strictPolicy)
	// With one slash at its beginning: with two it would name another host.
	http.Redirect(w, r, "/"+strings.Trim(r.URL.Path, "/")+"/", http.StatusPermanentRedirect)
}

func refuse(w http.ResponseWriter, status int, sentence string) {
	protect(w.Header(), strictPolicy)
	w.Header().Set("Cache-Control", revalidate)
	http.Error(w, sentence, status)
}
