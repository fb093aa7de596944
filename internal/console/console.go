package console

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"clientele"
	"clientele/internal/access"
	"clientele/internal/traffic"

	"github.com/alexedwards/scs/v2"
)

// Store is what the console needs of a book.
type Store interface {
	sessionStore
	auditStore
	credentialStore
	projectStore
	campaignStore
	publisherStore
	submissionStore
	leadStore
	overviewStore
	inboxStore
	customerStore

	ListProjects(ctx context.Context) ([]clientele.Project, error)
	FindProjectByID(ctx context.Context, id int64) (clientele.Project, error)
}

// Operators says who may log in.
type Operators interface {
	// Login returns the operator of an e-mail address and a password. The error is of kind unauthorized, whatever is wrong with
	// them, or rate_limited while too many tries were wrong.
	Login(ctx context.Context, email, password string) (clientele.Operator, error)
	// ByID returns an operator as they are now; KindNotFound for none, KindUnauthorized for a disabled one.
	ByID(ctx context.Context, id int64) (clientele.Operator, error)
	// ChangePassword refuses a wrong old password and a bad new one with KindInvalid and the Field "old" or "new", and too many
	// wrong ones with KindRateLimited.
	ChangePassword(ctx context.Context, id int64, old, new string) error
	// Create and ResetPassword return a one-time password.
	Create(ctx context.Context, email string, role clientele.Role) (clientele.Operator, string, error)
	ResetPassword(ctx context.Context, id int64) (string, error)
	SetRole(ctx context.Context, id int64, role clientele.Role) error
	Disable(ctx context.Context, id int64) error
	Enable(ctx context.Context, id int64) error
	List(ctx context.Context) ([]clientele.Operator, error)
}

var _ Operators = (*access.Operators)(nil)

// Options are what the console is made of.
type Options struct {
	Store     Store
	Operators Operators
	Guard     Guard
	// Book changes customers.
	Book customerBook
	// Submitter submits again what failed; Hooks knows subscriptions and deliveries.
	Submitter Submitter
	Hooks     Hooks
	Log       *slog.Logger
	Now       func() time.Time
	// Traffic is what this server sees of the partners' calls; Waiting how many writes wait for a commit.
	Traffic *traffic.Traffic
	Waiting func() int
	// Version is the program's, shown at the foot of the pages.
	Version string
}

// Console serves the pages.
type Console struct {
	Options
	// secure and loopback hold the sessions of browsers that came by HTTPS, and of those on this very machine.
	secure, loopback *scs.SessionManager
	crossOrigin      *http.CrossOriginProtection
	static           *assets
	live             streams
	knocks           knocks
}

// New returns the console.
func New(o Options) *Console {
	c := &Console{Options: o, static: loadAssets(), crossOrigin: http.NewCrossOriginProtection()}
	c.live.beat = beatEvery
	c.secure, c.loopback = c.sessions(cookieSecure), c.sessions(cookieLoopback)
	c.crossOrigin.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c.fail(w, c.anonymous(r), errCrossOrigin)
	}))
	return c
}

// errCrossOrigin refuses a form that was sent from a page of another site.
var errCrossOrigin = clientele.Errorf(clientele.KindForbidden,
	"This form was sent from another site, so nothing was done. If a proxy stands before the server, it must pass the Host header on")
