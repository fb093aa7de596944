package main

import (
	"clientele/internal/httpd"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/rs/cors"
)

// api is a dialect that adds its routes.
type api interface{ Routes(r chi.Router) }

// listen opens the listeners: the main one first, and one for the metrics if it was asked for.
func (c *serveCommand) listen(log *slog.Logger, m *httpd.Metrics, health *httpd.Health, apis []api) ([]*httpd.Server, error) {
	r := chi.NewRouter()
	if len(c.CORSOrigin) > 0 {
		r.Use(corsPolicy(c.CORSOrigin))
	}
	for _, a := range apis {
		a.Routes(r)
	}
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
	fmt.Fprintf(out, "  OPM Partners       %s/ping  %s/entry\n", url, url)
	fmt.Fprintf(out, "  Onlinewerkrooster  %s/api/customers\n", url)
	fmt.Fprintf(out, "  Health             %s/healthz  %s/readyz\n", url, url)
	if c.MetricsListen == "" {
		fmt.Fprintf(out, "  Metrics            %s/metrics\n", url)
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

// isLoopback reports whether an address to listen on is reached from this machine only.
func isLoopback(addr string) bool {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return false
	}
	ip := net.ParseIP(host)
	return strings.EqualFold(host, "localhost") || ip != nil && ip.IsLoopback()
}
