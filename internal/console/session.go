package console

import (
	"context"
	"net"
	"net/http"
	"time"

	"clientele"
	"clientele/internal/access"

	"github.com/alexedwards/scs/v2"
)

// How long a session lasts: from the login, and without a request.
const (
	sessionLifetime = 12 * time.Hour
	sessionIdle     = time.Hour
	// sessionSeenEvery is how exactly the last request is known: a page that is only read costs no write.
	sessionSeenEvery = 5 * time.Minute
)

// What a session holds.
const (
	keyOperator = "operator" // int64, the id
	keyMark     = "mark"     // string, of the password the session was opened with
	keySeen     = "seen"     // int64, Unix seconds of the last request, about
	keyFlash    = "flash"    // string, a sentence for the next page
	keyFormSeed = "formSeed" // string, 64 hexadecimal digits; see once.go
)

// sessionStore keeps sessions by the hash of their token.
type sessionStore interface {
	FindSession(ctx context.Context, token string, now time.Time) (data []byte, found bool, err error)
	// PutSession begins a session. UpdateSession stores one that there is still, and leaves one that has ended as it is.
	PutSession(ctx context.Context, token string, data []byte, expiresAt time.Time) error
	UpdateSession(ctx context.Context, token string, data []byte, expiresAt time.Time) error
	DeleteSession(ctx context.Context, token string) error
}

// cookieKind says how a session's cookie is sent.
type cookieKind uint8

const (
	// cookieSecure is sent over HTTPS only.
	cookieSecure cookieKind = iota
	// cookieLoopback is for a browser on the same machine, where no network can listen: it may come without HTTPS.
	cookieLoopback
)

func (c *Console) sessions(k cookieKind) *scs.SessionManager {
	m := scs.New()
	m.Store = heldSessions{c.Store, c.Now}
	m.Lifetime = sessionLifetime
	m.HashTokenInStore = true
	m.Cookie.Name, m.Cookie.Secure = "__Host-clientele", true
	if k == cookieLoopback {
		m.Cookie.Name, m.Cookie.Secure = "clientele-loopback", false
	}
	m.Cookie.HttpOnly, m.Cookie.SameSite, m.Cookie.Path = true, http.SameSiteLaxMode, "/"
	m.Cookie.Persist = false
	m.ErrorFunc = func(w http.ResponseWriter, r *http.Request, err error) { c.fail(w, c.anonymous(r), err) }
	return m
}

// sessionsOf returns the manager of the sessions that a request can have. A browser elsewhere than on this machine has a
// cookie that it sends over HTTPS only, whoever ends the TLS.
func (c *Console) sessionsOf(r *http.Request) *scs.SessionManager {
	if r.TLS == nil && isLoopbackHost(r.Host) {
		return c.loopback
	}
	return c.secure
}

func isLoopbackHost(hostport string) bool {
	host, _, err := net.SplitHostPort(hostport)
	if err != nil {
		host = hostport
	}
	ip := net.ParseIP(host)
	return host == "localhost" || host == "[::1]" || ip != nil && ip.IsLoopback()
}

// withSession is the middleware that loads the session and saves what changed in it.
func (c *Console) withSession(next http.Handler) http.Handler {
	secure, loopback := c.secure.LoadAndSave(next), c.loopback.LoadAndSave(next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r = r.WithContext(context.WithValue(r.Context(), foundKey{}, new(found)))
		if c.sessionsOf(r) == c.loopback {
			loopback.ServeHTTP(w, r)
			return
		}
		secure.ServeHTTP(w, r)
	})
}

// identify finds the operator of a session. A session ends when the password changes, the operator is disabled, or nothing
// was asked for a while.
func (c *Console) identify(r *request) error {
	ctx := r.Context()
	id := r.sessions.GetInt64(ctx, keyOperator)
	if id == 0 {
		return errLogIn
	}
	operator, err := c.Operators.ByID(ctx, id)
	switch clientele.KindOf(err) {
	case clientele.KindNotFound, clientele.KindUnauthorized: // gone, or disabled
		return errLogIn
	}
	if err != nil {
		return err
	}
	now, seen := c.Now(), time.Unix(r.sessions.GetInt64(ctx, keySeen), 0)
	if r.sessions.GetString(ctx, keyMark) != access.PasswordMark(operator) || now.Sub(seen) > sessionIdle {
		return errLogIn
	}
	if now.Sub(seen) > sessionSeenEvery && r.Header.Get("X-Live") == "" { // a page that is only left open asks with X-Live
		r.sessions.Put(ctx, keySeen, now.Unix())
	}
	r.Operator = operator
	if operator.PasswordIsOneTime && r.URL.Path != passwordPath && r.URL.Path != logoutPath {
		return errOneTimePassword
	}
	return nil
}

// open makes the session that of an operator, under a new token.
func (c *Console) open(r *request, o clientele.Operator) error {
	ctx := r.Context()
	if err := r.sessions.RenewToken(ctx); err != nil {
		return err
	}
	r.sessions.Put(ctx, keyOperator, o.ID)
	r.sessions.Put(ctx, keyMark, access.PasswordMark(o))
	r.sessions.Put(ctx, keySeen, c.Now().Unix())
	r.sessions.Put(ctx, keyFormSeed, newFormSeed())
	return nil
}

// heldSessions fits the store to the session library.
type heldSessions struct {
	store sessionStore
	now   func() time.Time
}

// found is the session that a request came with and that the store had, by the hash of its token; empty for none.
type found struct{ token string }

type foundKey struct{}

// foundBy returns what is known of the session of a request; a new one where nobody will ask.
func foundBy(ctx context.Context) *found {
	if f, ok := ctx.Value(foundKey{}).(*found); ok {
		return f
	}
	return &found{}
}

func (s heldSessions) FindCtx(ctx context.Context, token string) ([]byte, bool, error) {
	data, ok, err := s.store.FindSession(ctx, token, s.now())
	if err == nil && ok {
		foundBy(ctx).token = token
	}
	return data, ok, err
}

// CommitCtx keeps a session for as long as the library, which knows the machine's clock only, wants to. One that the request
// came with may have ended meanwhile, by a logout or a login: it does not begin again.
func (s heldSessions) CommitCtx(ctx context.Context, token string, data []byte, expiresAt time.Time) error {
	until := s.now().Add(time.Until(expiresAt))
	if foundBy(ctx).token == token {
		return s.store.UpdateSession(ctx, token, data, until)
	}
	return s.store.PutSession(ctx, token, data, until)
}

func (s heldSessions) DeleteCtx(ctx context.Context, token string) error {
	return s.store.DeleteSession(ctx, token)
}

func (s heldSessions) Find(token string) ([]byte, bool, error) {
	return s.FindCtx(context.Background(), token)
}

func (s heldSessions) Commit(token string, data []byte, expiresAt time.Time) error {
	return s.CommitCtx(context.Background(), token, data, expiresAt)
}

func (s heldSessions) Delete(token string) error { return s.DeleteCtx(context.Background(), token) }
