// Package apidoc serves the descriptions of the partner APIs, and the pages that explain them: an index, and for each API a
// reference with samples of calls that can be tried out against the server that serves it.
//
// Everything is made once, at start, and held compressed. Nothing is loaded from anywhere else; without JavaScript the pages
// list the operations.
package apidoc

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/go-chi/chi/v5"
)

// Reference serves descriptions and their pages.
type Reference struct {
	index        *content
	licences     *content
	descriptions map[string]*content // by the name of the API
	pages        map[string]*content // likewise
	assets       map[string]*content // by the name of the file, hash included
}

// New makes what is served of descriptions, in the order in which the index shows them. Its error says which description
// cannot be read, and why.
func New(list []Description) (*Reference, error) {
	a, err := loadAssets()
	if err != nil {
		return nil, err
	}
	r := &Reference{
		licences: a.licences, assets: a.byName,
		descriptions: map[string]*content{}, pages: map[string]*content{},
	}
	var apis []*described
	for _, d := range list {
		api, err := describe(d)
		if err != nil {
			return nil, err
		}
		if r.descriptions[d.Name] != nil {
			return nil, fmt.Errorf("two descriptions are called %s", d.Name)
		}
		if r.descriptions[d.Name], err = compress("application/json; charset=utf-8", api.json); err != nil {
			return nil, err
		}
		apis = append(apis, api)
	}
	if r.index, err = renderIndex(apis, a.links); err != nil {
		return nil, err
	}
	for _, api := range apis {
		if r.pages[api.Name], err = renderReference(apis, api, a.links); err != nil {
			return nil, err
		}
	}
	return r, nil
}

// Routes adds the routes of the reference.
func (a *Reference) Routes(r chi.Router) {
	for _, method := range []string{http.MethodGet, http.MethodHead} {
		r.MethodFunc(method, "/openapi/{dialect}.json", a.one(a.descriptions, "dialect"))
		r.Method(method, "/docs/", a.index)
		r.Method(method, "/docs/licences.txt", a.licences)
		r.MethodFunc(method, "/docs/{dialect}/", a.one(a.pages, "dialect"))
		r.MethodFunc(method, "/docs/static/{file}", a.one(a.assets, "file"))
		r.MethodFunc(method, "/docs", addSlash)
		r.MethodFunc(method, "/docs/{dialect}", a.addSlash)
	}
}

// one serves the content of the name that a path parameter has.
func (a *Reference) one(contents map[string]*content, parameter string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		c := contents[chi.URLParam(r, parameter)]
		if c == nil {
			notFound(w)
			return
		}
		c.ServeHTTP(w, r)
	}
}

// addSlash leads to the page of an API, whose address ends with a slash.
func (a *Reference) addSlash(w http.ResponseWriter, r *http.Request) {
	if a.pages[chi.URLParam(r, "dialect")] == nil {
		notFound(w)
		return
	}
	addSlash(w, r)
}

func addSlash(w http.ResponseWriter, r *http.Request) {
	protect(w.Header(), strictPolicy)
	// Relative, so that a path with two slashes at its beginning leads nowhere else.
	http.Redirect(w, r, "/"+strings.Trim(r.URL.Path, "/")+"/", http.StatusPermanentRedirect)
}

func notFound(w http.ResponseWriter) {
	protect(w.Header(), strictPolicy)
	w.Header().Set("Cache-Control", revalidate)
	http.Error(w, "There is nothing here. The descriptions are listed at /docs/.", http.StatusNotFound)
}
