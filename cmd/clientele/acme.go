package main

import (
	"crypto/tls"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"clientele/internal/config"

	"golang.org/x/crypto/acme"
	"golang.org/x/crypto/acme/autocert"
)

// securedByACME prepares for certificates from an ACME authority (RFC 8555), which is asked when the first client comes.
func securedByACME(c *config.TLS, log *slog.Logger) *secured {
	m := &autocert.Manager{
		Prompt: autocert.AcceptTOS, Cache: autocert.DirCache(c.ACMEDir), HostPolicy: autocert.HostWhitelist(c.ACMEHost...), Email: c.ACMEEmail,
	}
	if c.ACMEURL != nil {
		m.Client = &acme.Client{DirectoryURL: c.ACMEURL.String()}
	}
	settings := m.TLSConfig()
	settings.GetCertificate = (&acmeWatch{get: m.GetCertificate, hosts: c.ACMEHost, log: log, told: map[string]time.Time{}}).certificate
	return &secured{settings, nil, m.HTTPHandler}
}

// acmeTellEvery is how often the log tells that a host still has no certificate. The authority is asked again after as long.
const acmeTellEvery = time.Minute

// acmeWatch tells in the log when there is no certificate for one of the server's own hosts. net/http takes that for a fault of the
// client, of which the log would tell nothing.
type acmeWatch struct {
	get   func(*tls.ClientHelloInfo) (*tls.Certificate, error)
	hosts []string
	log   *slog.Logger

	mu   sync.Mutex
	told map[string]time.Time
}

// certificate implements tls.Config.GetCertificate. It may be called from any goroutine.
func (w *acmeWatch) certificate(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
	found, err := w.get(hello)
	if err == nil || slices.Contains(hello.SupportedProtos, acme.ALPNProto) {
		return found, err
	}
	name := strings.ToLower(strings.TrimSuffix(hello.ServerName, "."))
	if slices.Contains(w.hosts, name) && w.isDue(name) {
		w.log.Error("no certificate from the ACME authority: nobody can connect by HTTPS", "host", name, "cause", err.Error())
	}
	return nil, err
}

func (w *acmeWatch) isDue(host string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	now := time.Now()
	if now.Sub(w.told[host]) < acmeTellEvery {
		return false
	}
	w.told[host] = now
	return true
}
