package httpd

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"
)

// limits are the server's patience with slow clients, and its bound on what a client may send before anybody looks at it.
type limits struct {
	header      time.Duration // for the request line and the headers
	request     time.Duration // for the headers and the body together
	answer      time.Duration // from the end of the headers to the end of the answer
	idle        time.Duration // between two requests of a connection
	crowdedIdle time.Duration // the same, while more than three quarters of the connections are taken
	headerBytes int
	connections int // open at once; one more is refused
	// tls serves HTTPS, HTTP/2 included; nil serves plain HTTP/1.1.
	tls *tls.Config
}

// Server is one listener with its handler.
type Server struct {
	http     *http.Server
	listener net.Listener
	limits   limits
	failed   chan error
	places   *places
}

// Listen opens the address; who connects waits for Serve. What the HTTP library has to say goes to log.
func Listen(addr string, handler http.Handler, log *slog.Logger) (*Server, error) {
	return listen(addr, handler, log, patient())
}

// patient are the limits of every server.
func patient() limits {
	return limits{
		header: 5 * time.Second, request: 15 * time.Second, answer: 60 * time.Second, idle: 120 * time.Second,
		crowdedIdle: 3 * time.Second, headerBytes: 32 << 10, connections: 8192,
	}
}

func listen(addr string, handler http.Handler, log *slog.Logger, l limits) (*Server, error) {
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("listen on %s: %w", addr, err)
	}
	s := &Server{listener: listener, limits: l, failed: make(chan error, 1), places: newPlaces(l, log), http: &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: l.header,
		ReadTimeout:       l.request,
		WriteTimeout:      l.answer,
		IdleTimeout:       l.idle,
		MaxHeaderBytes:    l.headerBytes,
		ConnState:         noteState,
		// OPTIONS * is a route like any other that nobody serves.
		DisableGeneralOptionsHandler: true,

		ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}}
	if l.tls != nil {
		s.http.TLSConfig, s.http.HTTP2 = l.tls, streamLimits()
	} else {
		s.http.ConnContext = rememberConn
	}
	return s, nil
}

// Serve answers with the handler, in the background, until Shutdown.
func (s *Server) Serve() {
	listener := boundedListener{s.listener, s.places}
	go func() {
		if s.limits.tls != nil {
			s.failed <- s.http.ServeTLS(listener, "", "")
			return
		}
		s.failed <- s.http.Serve(listener)
	}()
}

// URL returns the root of the server, as a client on this machine reaches it.
func (s *Server) URL() string {
	scheme := "http://"
	if s.limits.tls != nil {
		scheme = "https://"
	}
	addr, ok := s.listener.Addr().(*net.TCPAddr)
	if !ok {
		return scheme + s.listener.Addr().String()
	}
	host := addr.IP.String()
	if addr.IP.IsUnspecified() {
		host = "localhost"
	}
	return scheme + net.JoinHostPort(host, fmt.Sprint(addr.Port))
}

// Connections returns how many connections are open.
func (s *Server) Connections() int64 { return s.places.open.Load() }

// RefusedConnections returns how many connections were refused because as many as may be were open.
func (s *Server) RefusedConnections() int64 { return s.places.refused.Load() }

// Failed delivers the error with which serving ended; http.ErrServerClosed after a Shutdown.
func (s *Server) Failed() <-chan error { return s.failed }

// Shutdown stops listening, waits until the requests under way are answered, and cuts off what is left when ctx is done.
func (s *Server) Shutdown(ctx context.Context) error {
	defer s.listener.Close() // which the library does not know before Serve
	if err := s.http.Shutdown(ctx); err != nil {
		return errors.Join(fmt.Errorf("wait for requests: %w", err), s.http.Close())
	}
	return nil
}
