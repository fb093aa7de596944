package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	"clientele/internal/dialect/primelead"
	"clientele/internal/httpd"

	"github.com/go-chi/chi/v5"
	"github.com/rs/cors"
)

// api is a dialect that adds its routes.
type api interface{ Routes(r chi.Router) }

// listen opens the listeners, none of which serves yet: the main one first, and one for the metrics if it was asked for.
func (c *serveCommand) listen(rooms *rooms) ([]*httpd.Server, error) {
	return c.open(rooms, httpd.Middleware(rooms.log, rooms.metrics, rooms.now, rooms.witness)(c.route(rooms)))
}

// route returns the routes of the main listener: everything that a partner or an operator can reach.
func (c *serveCommand) route(rooms *rooms) chi.Router {
	r := chi.NewRouter()
	r.Use(httpd.KnowClient(primelead.BehindProxies(c.TrustedProxy...)))
	if len(c.CORSOrigin) > 0 {
		r.Use(corsPolicy(c.CORSOrigin))
	}
	for _, a := range rooms.apis {
		a.Routes(r)
	}
	r.Group(func(pages chi.Router) {
		pages.Use(httpd.StrictTransport)
		rooms.console.Routes(pages)
		reference().Routes(pages)
	})
	for _, method := range []string{http.MethodGet, http.MethodHead} { // load balancers ask with either
		r.MethodFunc(method, "/healthz", rooms.health.Live)
		r.MethodFunc(method, "/readyz", rooms.health.Ready)
		if c.MetricsListen == "" {
			r.Method(method, "/metrics", rooms.metrics.Handler())
		}
	}
	return r
}

// open opens the main listener for the handler, and those that were asked for besides: for redirects, and last for the
// metrics. With an error it returns those that are open.
func (c *serveCommand) open(rooms *rooms, handler http.Handler) ([]*httpd.Server, error) {
	openers := []func() (*httpd.Server, error){func() (*httpd.Server, error) {
		if rooms.tls.config != nil {
			return httpd.ListenTLS(c.Listen, handler, rooms.log, rooms.tls.config)
		}
		return httpd.Listen(c.Listen, handler, rooms.log)
	}}
	var open []*httpd.Server
	if c.HTTPRedirect != "" {
		openers = append(openers, func() (*httpd.Server, error) { return c.listenRedirect(rooms, open[0]) })
	}
	if c.MetricsListen != "" {
		mux := http.NewServeMux()
		mux.Handle("GET /metrics", rooms.metrics.Handler())
		openers = append(openers, func() (*httpd.Server, error) { return httpd.Listen(c.MetricsListen, mux, rooms.log) })
	}
	for _, listen := range openers {
		s, err := listen()
		if err != nil {
			return open, err
		}
		open = append(open, s)
	}
	rooms.strain.CountConnections(open[0].Connections)
	rooms.metrics.CountConnections(open[0])
	return open, nil
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
func (c *serveCommand) announce(ctx context.Context, s store, servers []*httpd.Server, to io.Writer) error {
	url := servers[0].URL()
	metrics := url
	if c.MetricsListen != "" {
		metrics = servers[len(servers)-1].URL()
	}
	projects, err := s.ListProjects(ctx)
	if err != nil {
		return err
	}
	operators, err := s.ListOperators(ctx)
	if err != nil {
		return err
	}
	where, hint, flag := whereabouts(c.Book)
	out := &strings.Builder{} // all at once: who waits for the first line may read the others
	fmt.Fprintf(out, "Clientele %s serves %s from %s\n", version, url, where)
	fmt.Fprintf(out, "  OPM Partners       %s/ping  %s/entry\n", url, url)
	fmt.Fprintf(out, "  Onlinewerkrooster  %s/api/customers\n", url)
	fmt.Fprintf(out, "  Prime Lead         %s/api/v1/  %s/click/\n", url, url)
	fmt.Fprintf(out, "  DKHardware         %s/v1/customer  %s/oauth/token\n", url, url)
	fmt.Fprintf(out, "  Console            %s/console/\n", url)
	fmt.Fprintf(out, "  API reference      %s/docs/\n", url)
	fmt.Fprintf(out, "  Health             %s/healthz  %s/readyz\n", url, url)
	fmt.Fprintf(out, "  Metrics            %s/metrics\n", metrics)
	if c.HTTPRedirect != "" {
		fmt.Fprintf(out, "  Redirect           %s to HTTPS\n", servers[1].URL())
	}
	if len(projects) == 0 {
		fmt.Fprintf(out, "There is no project yet. In another terminal%s:\n"+
			"  clientele project create shop%s\n"+
			"  clientele key issue --project shop --dialect opm --name partner%s\n", hint, flag, flag)
	}
	if len(operators) == 0 {
		fmt.Fprintf(out, "Nobody can log in to the console yet. In another terminal%s:\n"+
			"  clientele operator create you@example.com%s\n", hint, flag)
	}
	if c.Demo {
		printDemo(out, url, time.Now())
	}
	_, _ = io.WriteString(to, out.String()) // nobody may be there to read it
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
