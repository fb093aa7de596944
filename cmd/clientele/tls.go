package main

import (
	"context"
	"crypto/tls"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/signal"
	"syscall"
	"time"

	"clientele/internal/config"
	"clientele/internal/httpd"
)

// secured is how the server speaks HTTPS.
type secured struct {
	// config is nil for plain HTTP.
	config *tls.Config
	// reload reads the certificate's files again; nil when there are none.
	reload func()
	// challenges answers what an ACME authority asks by plain HTTP and hands on the rest.
	challenges func(http.Handler) http.Handler
}

// secure reads the certificate that the settings name, or prepares for one from an ACME authority, which is asked when the
// first client comes.
func secure(c *config.TLS, log *slog.Logger) (*secured, error) {
	nothing := func(rest http.Handler) http.Handler { return rest }
	switch {
	case c.TLSCert != "":
		certificate, err := httpd.LoadCertificate(c.TLSCert, c.TLSKey, log, time.Now)
		if err != nil {
			return nil, err
		}
		return &secured{&tls.Config{GetCertificate: certificate.Get, MinVersion: tls.VersionTLS12}, certificate.Reload, nothing}, nil
	case len(c.ACMEHost) > 0:
		return securedByACME(c, log), nil
	default:
		return &secured{challenges: nothing}, nil
	}
}

// reloadOnHangUp reads the certificate's files again at each SIGHUP until ctx is done.
func (s *secured) reloadOnHangUp(ctx context.Context) {
	if s.reload == nil {
		return
	}
	hangUps := make(chan os.Signal, 1)
	signal.Notify(hangUps, syscall.SIGHUP)
	go func() {
		defer signal.Stop(hangUps)
		for {
			select {
			case <-hangUps:
				s.reload()
			case <-ctx.Done():
				return
			}
		}
	}()
}

// listenRedirect opens the listener that leads to the main one.
func (c *serveCommand) listenRedirect(rooms *rooms, main *httpd.Server) (*httpd.Server, error) {
	at, err := url.Parse(main.URL())
	if err != nil {
		return nil, err
	}
	_, port, _ := net.SplitHostPort(at.Host)
	return httpd.Listen(c.HTTPRedirect, rooms.tls.challenges(httpd.ToHTTPS(port)), rooms.log)
}
