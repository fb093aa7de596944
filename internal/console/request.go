package console

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"clientele"

	"github.com/alexedwards/scs/v2"
	"github.com/go-chi/chi/v5"
)

// root is where the console begins.
const root = "/console/"

// maxFormBytes bounds the body of a form.
const maxFormBytes = 256 << 10

// request is a request whose sender is known.
type request struct {
	*http.Request
	console *Console
	// sessions holds the session of the request.
	sessions *scs.SessionManager
	// Operator is who asks; its ID is 0 on the pages before the login.
	Operator clientele.Operator
	// Project is the one the URL names; its ID is 0 on pages that belong to none.
	Project clientele.Project
	// Projects are all of them, for the choice in the layout.
	Projects []clientele.Project
	// zone is the project's time zone, UTC where there is no project.
	zone *time.Location
}

// Why a request may not come in.
var (
	errLogIn           = errors.New("console: nobody is logged in")
	errOneTimePassword = errors.New("console: the one-time password has to be changed first")
)

// enter finds out who asks, for which project, and whether the role is enough. The request it returns is never nil.
func (c *Console) enter(w http.ResponseWriter, req *http.Request, needed clientele.Role) (*request, error) {
	r := c.anonymous(req)
	if err := c.identify(r); err != nil {
		return r, err
	}
	clientele.RequestOf(r.Context()).OperatorID = r.Operator.ID
	if !r.Operator.Role.Includes(needed) {
		return r, clientele.Errorf(clientele.KindForbidden, "This needs the role of %s; yours is %s. An owner can change it under Operators", needed, r.Operator.Role)
	}
	if err := checkAddress(req.URL); err != nil {
		return r, err
	}
	if req.Method == http.MethodPost {
		req.Body = http.MaxBytesReader(w, req.Body, maxFormBytes)
		if err := req.ParseForm(); err != nil {
			return r, &clientele.Error{Kind: clientele.KindInvalid, Message: "the form could not be read", Err: err}
		}
	}
	return r, c.choose(r)
}

// checkOpenedHere refuses what a link on a page of another site led to. The session's cookie goes along with such a link, which
// is no matter for a page that is only shown; but a file that is taken along and a look at personal values stand in the audit log
// in the operator's name, who may have meant neither. A browser that does not say where it comes from is let through: it is too
// old, or the connection is none that it trusts.
func (r *request) checkOpenedHere() error {
	switch r.Header.Get("Sec-Fetch-Site") {
	case "", "same-origin", "same-site", "none": // the last: typed, or from a bookmark
		return nil
	}
	return clientele.Errorf(clientele.KindForbidden, "A page of another site led here, so nothing was done: this goes into the audit "+
		"log in your name. If you want it, open it from the console's own page")
}

// checkAddress refuses an address with what no text of a book can hold: NUL characters, and bytes that are no UTF-8.
// PostgreSQL takes neither as a parameter, so that a filter or an id with them would fail instead of finding nothing.
func checkAddress(u *url.URL) error {
	if !storable(u.Path) {
		return clientele.Errorf(clientele.KindNotFound, "The address holds characters that no name has")
	}
	for _, values := range u.Query() {
		for _, value := range values {
			if !storable(value) {
				return clientele.Errorf(clientele.KindInvalid, "The address asks for a text that must be UTF-8 without NUL characters")
			}
		}
	}
	return nil
}

// storable reports whether a text can be a value in a book of either kind.
func storable(text string) bool { return utf8.ValidString(text) && !strings.Contains(text, "\x00") }

// anonymous is a request of nobody yet.
func (c *Console) anonymous(req *http.Request) *request {
	return &request{Request: req, console: c, sessions: c.sessionsOf(req), zone: time.UTC}
}

// choose finds the project that the URL names, and which there are.
func (c *Console) choose(r *request) error {
	var err error
	if r.Projects, err = c.Store.ListProjects(r.Context()); err != nil {
		return err
	}
	if chi.URLParam(r.Request, "project") == "" {
		return nil
	}
	id, err := r.id("project")
	if err != nil {
		return err
	}
	for _, p := range r.Projects {
		if p.ID == id {
			r.Project, r.zone = p, zoneOf(p)
			return nil
		}
	}
	return clientele.Errorf(clientele.KindNotFound, "There is no project %d", id)
}

// zoneOf returns the time zone of a project; UTC when the machine does not know it.
func zoneOf(p clientele.Project) *time.Location {
	if zone, err := time.LoadLocation(p.TimeZone); err == nil {
		return zone
	}
	return time.UTC
}

// id returns the number in a named part of the URL; the error is of kind not found.
func (r *request) id(name string) (int64, error) {
	id, err := strconv.ParseInt(chi.URLParam(r.Request, name), 10, 64)
	if err != nil || id < 1 {
		return 0, clientele.Errorf(clientele.KindNotFound, "This address names no %s", name)
	}
	return id, nil
}

// param returns a named part of the URL as it is.
func (r *request) param(name string) string { return chi.URLParam(r.Request, name) }

// can reports whether the operator may do what needs a role: for links and buttons. The route guards itself.
func (r *request) can(needed clientele.Role) bool { return r.Operator.Role.Includes(needed) }

// projectURL returns the path of a page of the request's project: projectURL("/customers/7").
func (r *request) projectURL(path string) string { return projectURL(r.Project.ID, path) }

func projectURL(project int64, path string) string {
	return fmt.Sprintf("%sp/%d%s", root, project, path)
}

// audit writes an entry of the audit log. Call it right before what it tells of, or right after what gets its id only then;
// when it fails, nothing more is done. subject is kind and id ("customer 7519"), never personal data.
func (r *request) audit(action, subject string) error {
	return r.auditIn(r.Project.ID, action, subject)
}

// auditIn is audit for what belongs to a project that the URL does not name; 0 for none.
func (r *request) auditIn(project int64, action, subject string) error {
	return r.console.appendAudit(r.Context(), clientele.AuditEntry{
		OperatorID: r.Operator.ID, Operator: r.Operator.Email, Action: action, ProjectID: project, Subject: subject,
		RequestID: clientele.RequestOf(r.Context()).ID,
	})
}

func (c *Console) appendAudit(ctx context.Context, e clientele.AuditEntry) error {
	e.At = c.Now().UTC().Truncate(time.Microsecond)
	if err := c.Store.AppendAudit(context.WithoutCancel(ctx), e); err != nil {
		return fmt.Errorf("write %s into the audit log: %w", e.Action, err)
	}
	return nil
}

// origin is who causes the writes of this request.
func (r *request) origin() clientele.Origin {
	return clientele.Origin{Dialect: clientele.ViaConsole, RequestID: clientele.RequestOf(r.Context()).ID}
}

// flash shows a sentence on the next page.
func (r *request) flash(text string) { r.sessions.Put(r.Context(), keyFlash, text) }
