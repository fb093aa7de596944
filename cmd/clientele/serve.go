package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strings"
	"time"

	"clientele"
	"clientele/internal/access"
	"clientele/internal/book"
	"clientele/internal/config"
	"clientele/internal/dialect/opm"
	"clientele/internal/httpd"
	"clientele/internal/intake"
	"clientele/internal/sqlite"

	"github.com/go-chi/chi/v5"
	"github.com/lmittmann/tint"
	"github.com/rs/cors"
)

type serveCommand struct {
	config.Serve
}

// Run serves until ctx is done, drains, and returns.
func (c *serveCommand) Run(ctx context.Context, std streams) (err error) {
	if c.Demo {
		if err := c.prepareDemo(); err != nil {
			return err
		}
	}
	logs := httpd.NewLogWriter(std.err)
	defer logs.Close()
	lock, err := sqlite.LockDir(c.DataDir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, lock.Unlock()) }()
	s, err := openStore(ctx, c.Book)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	if _, _, err := s.Migrate(ctx); err != nil {
		return err
	}
	return c.serve(ctx, s, newLog(&c.Serve, logs, std.err), std.out)
}

// newLog returns the program's log, written through w; dest is where it ends up.
func newLog(c *config.Serve, w io.Writer, dest io.Writer) *slog.Logger {
	var level slog.Level
	_ = level.UnmarshalText([]byte(c.LogLevel)) // the parser knows the names
	if c.LogFormat == "text" || c.LogFormat == "auto" && isTerminal(dest) {
		return slog.New(tint.NewHandler(w, &tint.Options{Level: level, NoColor: !isTerminal(dest)}))
	}
	return slog.New(slog.NewJSONHandler(w, &slog.HandlerOptions{Level: level}))
}

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// serve puts the rooms together and serves the book until ctx is done.
func (c *serveCommand) serve(ctx context.Context, s store, log *slog.Logger, out io.Writer) error {
	var line *intake.Intake
	metrics := httpd.NewMetrics(version, func() int { return line.Waiting() })
	line = intake.New(s, intake.Options{MaxWaiting: c.MaxWaiting, MaxBatch: c.MaxBatch, OnCommit: metrics.ObserveCommit})
	guard := access.New(s, time.Now)
	customers := book.New(line, time.Now)
	if c.Demo {
		if err := fillDemo(ctx, s, customers, out); err != nil {
			return err
		}
	}
	health := &httpd.Health{Ping: s.Ping}
	servers, err := c.listen(log, metrics, health, opm.New(guard, customers))
	if err == nil {
		err = c.announce(ctx, s, servers[0].URL(), out)
	}
	if err == nil {
		stop := startDuties(ctx, log, guard, s)
		err = waitForEnd(ctx, servers)
		stop()
	}
	health.Drain()
	log.Info("draining", "timeout", c.DrainTimeout.String())
	return errors.Join(err, c.drain(servers, line, guard))
}

// listen opens the listeners: the main one first, and one for the metrics if it was asked for.
func (c *serveCommand) listen(log *slog.Logger, m *httpd.Metrics, health *httpd.Health, api *opm.API) ([]*httpd.Server, error) {
	r := chi.NewRouter()
	if len(c.CORSOrigin) > 0 {
		r.Use(corsPolicy(c.CORSOrigin))
	}
	api.Routes(r)
	r.Get("/healthz", health.Live)
	r.Get("/readyz", health.Ready)
	if c.MetricsListen == "" {
		r.Method(http.MethodGet, "/metrics", m.Handler())
	}
	main, err := httpd.Listen(c.Listen, httpd.Middleware(log, m, time.Now)(r), log)
	if err != nil || c.MetricsListen == "" {
		return []*httpd.Server{main}, err
	}
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", m.Handler())
	numbers, err := httpd.Listen(c.MetricsListen, mux, log)
	if err != nil {
		return []*httpd.Server{main}, err
	}
	return []*httpd.Server{main, numbers}, nil
}

// corsPolicy lets pages of the listed origins call the partner APIs. Credentials are headers of the caller's, never
// cookies, so the browser's own are not allowed along.
func corsPolicy(origins []string) func(http.Handler) http.Handler {
	return cors.New(cors.Options{
		AllowedOrigins: origins,
		AllowedMethods: []string{http.MethodGet, http.MethodHead, http.MethodPost},
		AllowedHeaders: []string{"*"},
		ExposedHeaders: []string{
			"X-Request-Id", "RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset", "Retry-After", "Link", "X-Total-Count",
		},
		MaxAge: 3600,
	}).Handler
}

// announce prints one line per useful URL, and what to do first where there is no project yet.
func (c *serveCommand) announce(ctx context.Context, s store, url string, out io.Writer) error {
	projects, err := s.ListProjects(ctx)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "Clientele %s serves %s from %s\n", version, url, c.DataDir)
	fmt.Fprintf(out, "  OPM Partners API  %s/ping  %s/entry\n", url, url)
	fmt.Fprintf(out, "  Health            %s/healthz  %s/readyz\n", url, url)
	if c.MetricsListen == "" {
		fmt.Fprintf(out, "  Metrics           %s/metrics\n", url)
	}
	if len(projects) == 0 {
		dir := shellQuote(c.DataDir)
		fmt.Fprintf(out, "There is no project yet. In another terminal:\n"+
			"  clientele project create shop --data-dir %s\n"+
			"  clientele key issue --project shop --dialect opm --name partner --data-dir %s\n", dir, dir)
	}
	if c.Demo {
		printDemo(out, url)
	}
	return nil
}

// waitForEnd returns nil when ctx is done, or why a listener failed before.
func waitForEnd(ctx context.Context, servers []*httpd.Server) error {
	failed := make(chan error, len(servers))
	for _, s := range servers {
		go func() { failed <- <-s.Failed() }()
	}
	select {
	case <-ctx.Done():
		return nil
	case err := <-failed:
		return fmt.Errorf("serve: %w", err)
	}
}

// drain answers what is under way and then ends the rooms, within the time the operator gave.
func (c *serveCommand) drain(servers []*httpd.Server, line *intake.Intake, guard *access.Access) error {
	ctx, cancel := context.WithTimeout(context.Background(), c.DrainTimeout)
	defer cancel()
	var errs []error
	for _, s := range servers {
		if s != nil {
			errs = append(errs, s.Shutdown(ctx))
		}
	}
	errs = append(errs, line.Close(ctx), guard.RecordUse(context.WithoutCancel(ctx)), guard.Close(context.WithoutCancel(ctx)))
	return errors.Join(errs...)
}

// Duties that come round again.
const (
	recordUseEvery   = 30 * time.Second
	forgetCallsEvery = 10 * time.Minute
	forgetCallsLimit = 1000 // in one transaction
)

// startDuties records when credentials were used and forgets old calls, until the returned function is called.
func startDuties(ctx context.Context, log *slog.Logger, guard *access.Access, s store) (stop func()) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	done := make(chan struct{})
	go func() {
		defer close(done)
		use, calls := time.NewTicker(recordUseEvery), time.NewTicker(forgetCallsEvery)
		defer use.Stop()
		defer calls.Stop()
		for {
			var err error
			select {
			case <-ctx.Done():
				return
			case <-use.C:
				err = guard.RecordUse(ctx)
			case <-calls.C:
				err = forgetCalls(ctx, s)
			}
			if err != nil && ctx.Err() == nil {
				log.Error("duty failed", "cause", err.Error())
			}
		}
	}()
	return func() { cancel(); <-done }
}

func forgetCalls(ctx context.Context, s store) error {
	for {
		n, err := s.ForgetCalls(ctx, time.Now().Add(-clientele.MaxIdempotencyAge), forgetCallsLimit)
		if err != nil || n < forgetCallsLimit {
			return err
		}
	}
}

// isLoopback reports whether an address to listen on is reached from this machine only.
func isLoopback(addr string) bool {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return false
	}
	ip := net.ParseIP(host)
	return strings.EqualFold(host, "localhost") || ip != nil && ip.IsLoopback()
}
