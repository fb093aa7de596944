package console

import (
	"net/http"
	"net/url"
	"strings"

	"clientele"
)

// The pages that work before everything else does.
const (
	loginPath    = root + "login"
	logoutPath   = root + "logout"
	passwordPath = root + "account/password"
)

// loginPage asks who is there.
type loginPage struct {
	Email string
	// Next is where to go afterwards.
	Next string
	// Problem says why the last try failed; empty for none.
	Problem string
	// NeedsHTTPS says that the browser would not keep the session's cookie.
	NeedsHTTPS bool
}

func (c *Console) showLogin(w http.ResponseWriter, req *http.Request) {
	r := c.anonymous(req)
	next := localPath(req.URL.Query().Get("next"))
	if c.identify(r) == nil {
		http.Redirect(w, req, next, http.StatusSeeOther)
		return
	}
	c.send(w, r, view("Log in", loginView(loginPage{Next: next, NeedsHTTPS: needsHTTPS(req)})))
}

// saveLogin opens a session.
func (c *Console) saveLogin(w http.ResponseWriter, req *http.Request) {
	r := c.anonymous(req)
	req.Body = http.MaxBytesReader(w, req.Body, maxFormBytes)
	if err := req.ParseForm(); err != nil {
		c.fail(w, r, &clientele.Error{Kind: clientele.KindInvalid, Message: "the form could not be read", Err: err})
		return
	}
	p := loginPage{Email: strings.TrimSpace(req.PostFormValue("email")), Next: localPath(req.PostFormValue("next")), NeedsHTTPS: needsHTTPS(req)}
	operator, err := c.Operators.Login(req.Context(), p.Email, req.PostFormValue("password"))
	if err != nil {
		c.refuseLogin(w, r, p, err)
		return
	}
	clientele.RequestOf(req.Context()).OperatorID = operator.ID
	r.Operator = operator
	if err := r.audit("login", ""); err != nil {
		c.fail(w, r, err)
		return
	}
	if err := c.open(r, operator); err != nil {
		c.fail(w, r, err)
		return
	}
	http.Redirect(w, req, p.Next, http.StatusSeeOther)
}

// refuseLogin shows the form again. The audit log does not get the name that was tried: people type passwords there.
func (c *Console) refuseLogin(w http.ResponseWriter, r *request, p loginPage, err error) {
	status := http.StatusUnauthorized
	switch clientele.KindOf(err) {
	case clientele.KindUnauthorized:
		p.Problem = "The e-mail address or the password is wrong."
		if err := c.auditKnock(r); err != nil {
			c.fail(w, r, err)
			return
		}
	case clientele.KindRateLimited: // no audit entry: it costs whoever knocks nothing, and the lock is in the log by what led to it
		status = http.StatusTooManyRequests
		p.Problem = "Too many tries were wrong. Wait a little and try again; another owner can reset the password."
	default:
		c.fail(w, r, err)
		return
	}
	clientele.RequestOf(r.Context()).Err = err
	c.send(w, r, view("Log in", loginView(p)).withStatus(status))
}

// saveLogout ends the session.
func (c *Console) saveLogout(r *request) (answer, error) {
	if err := r.audit("logout", ""); err != nil {
		return answer{}, err
	}
	c.live.endSession(r.sessions.Token(r.Context()))
	if err := r.sessions.Destroy(r.Context()); err != nil {
		return answer{}, err
	}
	return seeOther(loginPath), nil
}

// localPath returns a path of the console: what it is given if that is one, otherwise its first page. Nobody can be sent
// elsewhere after the login.
func localPath(next string) string {
	u, err := url.Parse(next)
	if err != nil || u.Scheme != "" || u.Host != "" || u.User != nil || !strings.HasPrefix(u.Path, root) ||
		strings.ContainsAny(next, "\\\r\n\t") || strings.HasPrefix(u.Path, loginPath) || strings.Contains(u.Path, "//") ||
		strings.Contains(u.Path, "/../") {
		return root
	}
	return next
}

// needsHTTPS reports whether a browser that comes so keeps no cookie of ours.
func needsHTTPS(r *http.Request) bool {
	return r.TLS == nil && !isLoopbackHost(r.Host) && r.Header.Get("X-Forwarded-Proto") != "https"
}
