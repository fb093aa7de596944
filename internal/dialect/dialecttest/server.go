package dialecttest

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"clientele"
	"clientele/internal/access"
	"clientele/internal/book"
	"clientele/internal/httpd"
	"clientele/internal/intake"

	"github.com/go-chi/chi/v5"
)

// Server is a server of one dialect over a store of its own, with two projects in it.
type Server struct {
	Store  Store
	Access *access.Access
	Book   *book.Book
	Clock  *Clock
	// Project and OtherProject are the ids of two projects.
	Project, OtherProject int64
	// Vars are the variables of the cases, by their names without $.
	Vars map[string]string

	dialect clientele.Dialect
	intake  *intake.Intake
	http    *httpd.Server
	faults  faults
	log     logBuffer
	secrets []string
}

// Start starts a server of the dialect over a new store; it ends with the test. Vars are complete.
func Start(t testing.TB, d *Dialect, m StoreMaker) *Server {
	t.Helper()
	s := &Server{
		Store: m.New(t), Clock: &Clock{now: startOfTime}, Vars: map[string]string{},
		dialect: d.Name, faults: faults{mode: "works"},
	}
	s.intake = intake.New(s.Store, intake.Options{})
	s.Access = access.New(faultyDirectory{s.Store, &s.faults}, s.Clock.Now)
	s.Book = book.New(faultyCommitter{s.intake, &s.faults}, s.Clock.Now)
	s.Project, s.OtherProject = s.createProject(t, "first"), s.createProject(t, "second")
	s.Vars["PROJECT"], s.Vars["OTHER_PROJECT"] = fmt.Sprint(s.Project), fmt.Sprint(s.OtherProject)
	d.Prepare(t, s)
	s.listen(t, d)
	return s
}

func (s *Server) listen(t testing.TB, d *Dialect) {
	t.Helper()
	routes := chi.NewRouter()
	d.Routes(routes, s)
	if err := d.Description.CheckRoutes(routes); err != nil {
		t.Error(err)
	}
	log := slog.New(slog.NewJSONHandler(&s.log, nil))
	around := httpd.Middleware(log, httpd.NewMetrics("test", s.intake.Waiting), time.Now)
	var err error
	if s.http, err = httpd.Listen("127.0.0.1:0", around(routes), log); err != nil {
		t.Fatal(err)
	}
	s.http.Serve()
	t.Cleanup(func() { s.stop(t) })
}

// stop ends the server and looks at its log.
func (s *Server) stop(t testing.TB) {
	ctx, cancel := context.WithTimeout(context.Background(), exchangeTimeout)
	defer cancel()
	for _, end := range []func(context.Context) error{s.http.Shutdown, s.intake.Close, s.Access.Close} {
		if err := end(ctx); err != nil {
			t.Errorf("stop: %v", err)
		}
	}
	if err := s.checkLog(s.log.String()); err != nil {
		t.Error(err)
	}
}

// personal matches the e-mail addresses and the phone numbers of the cases' made-up people, and of the documents' examples.
var personal = regexp.MustCompile(`@(example|gmail)\.com|\+[0-9]{7}`)

// checkLog reports what is missing in the log, the cause of a failure, and what must not be in it.
func (s *Server) checkLog(log string) error {
	if s.faults.happened() && !strings.Contains(log, cause) {
		return fmt.Errorf("the cause of a failure is not in the log:\n%s", log)
	}
	for line := range strings.Lines(log) {
		if personal.MatchString(line) {
			return fmt.Errorf("the log holds personal data: %s", line)
		}
		for _, secret := range s.secrets {
			if strings.Contains(line, secret) {
				return fmt.Errorf("the log holds a secret: %s", line)
			}
		}
	}
	return nil
}

func (s *Server) createProject(t testing.TB, name string) int64 {
	t.Helper()
	p, err := s.Store.CreateProject(t.Context(), clientele.Project{
		Name: name, TimeZone: clientele.DefaultTimeZone, CreatedAt: s.Clock.Now(),
	})
	if err != nil {
		t.Fatal(err)
	}
	return p.ID
}

// Issue stores a credential and returns its secret, which must not appear in the log. The dialect is the server's, and
// the project its first, unless c says otherwise; with a RevokedAt it is revoked then.
func (s *Server) Issue(t testing.TB, c clientele.Credential) string {
	t.Helper()
	if c.Dialect == "" {
		c.Dialect = s.dialect
	}
	if len(c.Grants) == 0 {
		c.Grants = []clientele.Grant{{ProjectID: s.Project}}
	}
	c.Name, c.CreatedAt = "partner", s.Clock.Now()
	secret := access.NewSecret(c.Dialect)
	c.Hint = access.Hint(secret)
	hash := clientele.HashSecret(c.Dialect, access.Canonical(secret))
	revokedAt := c.RevokedAt
	c, err := s.Store.CreateCredential(t.Context(), c, hash)
	if err == nil && !revokedAt.IsZero() {
		err = s.Store.RevokeCredential(t.Context(), c.ID, revokedAt)
	}
	if err != nil {
		t.Fatal(err)
	}
	s.secrets = append(s.secrets, secret)
	return secret
}

// Addr returns host and port of the server.
func (s *Server) Addr() string { return strings.TrimPrefix(s.http.URL(), "http://") }

// Send sends a request to the server.
func (s *Server) Send(r *Request) (*Answer, error) { return Send(s.Addr(), r) }

// logBuffer gathers the log. Its methods may be called from any goroutine.
type logBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

// Write implements io.Writer.
func (l *logBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

// String returns what was written.
func (l *logBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}
