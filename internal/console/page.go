package console

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"runtime/debug"
	"strings"

	"clientele"

	"github.com/a-h/templ"
)

// answer is what a page function returns: a page to show, or a place to go.
type answer struct {
	title  string
	body   templ.Component
	status int
	to     string
}

// view is a page with a title, which is plain text without the product's name.
func view(title string, body templ.Component) answer {
	return answer{title: title, body: body, status: http.StatusOK}
}

// withStatus is the same page under another status: 422 for a form with a mistake in it, 409 for one that came too late.
func (a answer) withStatus(status int) answer {
	a.status = status
	return a
}

// seeOther sends the browser to a path of ours after a form was carried out (303).
func seeOther(path string) answer { return answer{to: path} }

// pageFunc shows a page, or carries out a form.
type pageFunc func(*request) (answer, error)

// page wraps a page function: session, role, project, errors, and the layout around it. Nothing is sent before all of it
// was rendered.
func (c *Console) page(needed clientele.Role, f pageFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, req *http.Request) {
		r, err := c.enter(w, req, needed)
		if err != nil {
			c.turnAway(w, r, err)
			return
		}
		a, err := c.callSafely(r, f)
		if err != nil {
			c.fail(w, r, err)
			return
		}
		c.send(w, r, a)
	}
}

// stream wraps what is no page: it writes its own answer as long as it likes. An error before its first byte is shown as a
// page; one after it cuts the connection, so that an answer that broke off does not look whole.
func (c *Console) stream(needed clientele.Role, f func(http.ResponseWriter, *request) error) http.HandlerFunc {
	return func(w http.ResponseWriter, req *http.Request) {
		r, err := c.enter(w, req, needed)
		if err != nil {
			c.turnAway(w, r, err)
			return
		}
		begun := &beginning{ResponseWriter: w}
		switch err := f(begun, r); {
		case err == nil:
		case !begun.isBegun:
			for _, name := range []string{"Content-Disposition", "Content-Type"} {
				w.Header().Del(name)
			}
			c.fail(w, r, err)
		default:
			clientele.RequestOf(r.Context()).Err = err
			panic(http.ErrAbortHandler)
		}
	}
}

// callSafely turns a panic into an error, so that it is answered by a page.
func (c *Console) callSafely(r *request, f pageFunc) (a answer, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	return f(r)
}

// send renders a page in the layout and sends it.
func (c *Console) send(w http.ResponseWriter, r *request, a answer) {
	if a.to != "" {
		http.Redirect(w, r.Request, a.to, http.StatusSeeOther)
		return
	}
	var page bytes.Buffer
	if err := c.render(r, a, &page); err != nil {
		c.fail(w, r, err)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(a.status)
	_, _ = w.Write(page.Bytes()) // a browser that left hears nothing
}

func (c *Console) render(r *request, a answer, page *bytes.Buffer) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic in the page %q: %v\n%s", a.title, p, debug.Stack())
		}
	}()
	if err := layout(c.shell(r, a)).Render(r.Context(), page); err != nil {
		return fmt.Errorf("render the page %q: %w", a.title, err)
	}
	return nil
}

// turnAway answers a request that may not come in: to the login, to the change of a one-time password, or an error.
func (c *Console) turnAway(w http.ResponseWriter, r *request, err error) {
	isPage := r.Method == http.MethodGet || r.Method == http.MethodHead
	switch {
	case errors.Is(err, errLogIn) && isPage:
		next := strings.TrimPrefix(r.URL.RequestURI(), root)
		http.Redirect(w, r.Request, loginPath+"?"+url.Values{"next": {root + next}}.Encode(), http.StatusSeeOther)
	case errors.Is(err, errLogIn):
		c.fail(w, r, clientele.Errorf(clientele.KindUnauthorized, "You are not logged in any more, so nothing was done. Log in and try again"))
	case errors.Is(err, errOneTimePassword):
		http.Redirect(w, r.Request, passwordPath, http.StatusSeeOther)
	default:
		c.fail(w, r, err)
	}
}

// fail shows an error as a page. What is not an error of the domain is logged with its cause and shown without it.
func (c *Console) fail(w http.ResponseWriter, r *request, err error) {
	clientele.RequestOf(r.Context()).Err = err
	told := errorPage{Status: http.StatusInternalServerError, Title: "Something went wrong", RequestID: clientele.RequestOf(r.Context()).ID}
	told.Text = "It is our fault, not yours. The server's log tells the cause under the number of this request."
	var e *clientele.Error
	if errors.As(err, &e) && e.Kind != clientele.KindInternal {
		told.Status, told.Title = statusOf(e.Kind)
		told.Text = sentence(e.Message)
	}
	var page bytes.Buffer
	if err := c.render(r, view(told.Title, errorView(told)), &page); err != nil {
		c.Log.Error("the console cannot show an error", "cause", err.Error())
		http.Error(w, told.Title, told.Status)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(told.Status)
	_, _ = w.Write(page.Bytes()) // a browser that left hears nothing
}

// statusOf returns the status and the heading of an error page.
func statusOf(k clientele.Kind) (status int, title string) {
	switch k {
	case clientele.KindInvalid:
		return http.StatusUnprocessableEntity, "That cannot be done"
	case clientele.KindUnauthorized:
		return http.StatusUnauthorized, "Please log in"
	case clientele.KindForbidden:
		return http.StatusForbidden, "Not allowed"
	case clientele.KindNotFound:
		return http.StatusNotFound, "There is nothing here"
	case clientele.KindConflict:
		return http.StatusConflict, "That is not possible any more"
	case clientele.KindTooLarge:
		return http.StatusRequestEntityTooLarge, "Too much"
	case clientele.KindRateLimited:
		return http.StatusTooManyRequests, "Too many tries"
	case clientele.KindUnavailable:
		return http.StatusServiceUnavailable, "Not available at the moment"
	default:
		return http.StatusInternalServerError, "Something went wrong"
	}
}

// sentence makes of an error's message what can stand alone.
func sentence(message string) string {
	if message == "" {
		return ""
	}
	message = strings.ToUpper(message[:1]) + message[1:]
	if strings.HasSuffix(message, ".") || strings.HasSuffix(message, "?") {
		return message
	}
	return message + "."
}

// beginning remembers whether anything was sent.
type beginning struct {
	http.ResponseWriter
	isBegun bool
}

func (b *beginning) WriteHeader(status int) {
	b.isBegun = true
	b.ResponseWriter.WriteHeader(status)
}

func (b *beginning) Write(p []byte) (int, error) {
	b.isBegun = true
	return b.ResponseWriter.Write(p)
}

// Unwrap lets http.ResponseController reach the connection.
func (b *beginning) Unwrap() http.ResponseWriter { return b.ResponseWriter }
