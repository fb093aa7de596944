package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"
)

// ownCertificate writes a certificate for the host and its key, as PEM, and returns the certificate.
func ownCertificate(t *testing.T, host, certFile, keyFile string) *x509.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), DNSNames: []string{host},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(2000 * time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	made, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	keyText := pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: private})
	certText := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	if keyFile == "" { // the form in which autocert keeps both
		keyFile, certText = certFile, append(keyText, certText...)
		keyText = certText
	}
	for file, text := range map[string][]byte{keyFile: keyText, certFile: certText} {
		if err := os.WriteFile(file, text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return made
}

// trusting is a client that trusts the certificate alone, believes that the server is the host, and follows no redirect.
func trusting(c *x509.Certificate, host string) *http.Client {
	roots := x509.NewCertPool()
	roots.AddCert(c)
	return &http.Client{
		Timeout:       patience,
		Transport:     &http.Transport{DisableKeepAlives: true, ForceAttemptHTTP2: true, TLSClientConfig: &tls.Config{RootCAs: roots, ServerName: host}},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

var servesTLSLine = regexp.MustCompile(`(?m)^Clientele \S+ serves (https://\S+) from `)

// startTLS starts a server that speaks HTTPS and waits until it answers the client.
func startTLS(t *testing.T, client *http.Client, dir string, args ...string) *server {
	t.Helper()
	s := launch(t, dir, program(nil, serveArgs(dir, args...)...))
	eventually(t, patience, "the server answers by HTTPS", func() bool {
		if s.hasExited() {
			t.Fatalf("the server ended with %s: %s", s.process.ProcessState, s.stderr.String())
		}
		if found := servesTLSLine.FindStringSubmatch(s.stdout.String()); found != nil {
			s.url = found[1]
		}
		a, err := send(request{client: client, url: s.url + "/readyz"})
		return s.url != "" && err == nil && a.status == http.StatusOK
	})
	return s
}

// TestServe_TLS: the partner APIs and the console by HTTPS; a certificate that is renewed is served after SIGHUP.
func TestServe_TLS(t *testing.T) {
	dir, key := newBook(t)
	at := t.TempDir()
	certFile, keyFile := filepath.Join(at, "cert.pem"), filepath.Join(at, "key.pem")
	client := trusting(ownCertificate(t, "partners.example.com", certFile, keyFile), "partners.example.com")
	s := startTLS(t, client, dir, "--tls-cert", certFile, "--tls-key", keyFile, "--http-redirect", "127.0.0.1:0")
	a := s.ask(request{client: client, url: "/ping", key: key})
	a.wants(t, 200, pongBody)
	if got := a.header.Get("Strict-Transport-Security"); got != "" {
		t.Errorf("a partner's call has %q", got)
	}
	for _, path := range []string{"/console/login", "/docs/", "/console/static/none"} {
		a := s.ask(request{client: client, url: path})
		if got := a.header.Get("Strict-Transport-Security"); got != "max-age=31536000" {
			t.Errorf("%s: %d with Strict-Transport-Security %q", path, a.status, got)
		}
		if path == "/console/login" && a.status != 200 {
			t.Errorf("%s: %d, want the form", path, a.status)
		}
	}
	renewed := trusting(ownCertificate(t, "partners.example.com", certFile, keyFile), "partners.example.com")
	s.signal(syscall.SIGHUP)
	eventually(t, patience, "the new certificate is served", func() bool {
		_, err := send(request{client: renewed, url: s.url + "/healthz"})
		return err == nil
	})
	if _, err := send(request{client: client, url: s.url + "/healthz"}); err == nil {
		t.Error("the old certificate is still served")
	}
	s.stop()
	if log := s.stderr.String(); !strings.Contains(log, "read the TLS certificate") {
		t.Errorf("the log does not tell of it:\n%s", log)
	}
}

var redirectLine = regexp.MustCompile(`(?m)^ +Redirect +(http://\S+) `)

// TestServe_HTTPRedirect: browsers are led to HTTPS; what was sent in clear is refused, and not led on in silence.
func TestServe_HTTPRedirect(t *testing.T) {
	dir, key := newBook(t)
	at := t.TempDir()
	certFile, keyFile := filepath.Join(at, "cert.pem"), filepath.Join(at, "key.pem")
	client := trusting(ownCertificate(t, "partners.example.com", certFile, keyFile), "partners.example.com")
	s := startTLS(t, client, dir, "--tls-cert", certFile, "--tls-key", keyFile, "--http-redirect", "127.0.0.1:0")
	eventually(t, patience, "the address is printed", func() bool { return redirectLine.MatchString(s.stdout.String()) })
	plain := redirectLine.FindStringSubmatch(s.stdout.String())[1]
	a, err := send(request{client: client, url: plain + "/console/login?x=1"})
	if want := s.url + "/console/login?x=1"; err != nil || a.status != 308 || a.header.Get("Location") != want {
		t.Errorf("a page: %d to %q (%v), want %s", a.status, a.header.Get("Location"), err, want)
	}
	a, err = send(request{client: client, url: plain + "/entry", key: key, body: `{"customerId":1,"customerPhone":"1"}`})
	if err != nil || a.status != 403 || a.header.Get("Location") != "" {
		t.Errorf("a partner's call in clear: %d %s (%v)", a.status, a.body, err)
	}
	s.stop()
}

// TestServe_ACME: a certificate that the authority issued before is served from the directory, to the named host alone.
func TestServe_ACME(t *testing.T) {
	dir, key := newBook(t)
	kept := t.TempDir()
	client := trusting(ownCertificate(t, "partners.example.com", filepath.Join(kept, "partners.example.com"), ""), "partners.example.com")
	s := startTLS(t, client, dir, "--acme-host", "partners.example.com", "--acme-dir", kept, "--acme-url", "http://127.0.0.1:1/directory")
	s.ask(request{client: client, url: "/ping", key: key}).wants(t, 200, pongBody)
	client.Transport.(*http.Transport).TLSClientConfig.ServerName = "other.example.com"
	if _, err := send(request{client: client, url: s.url + "/ping"}); err == nil {
		t.Error("another host is served")
	}
	s.stop()
}

// TestServe_TLSSettings: what does not belong together is refused, and so are files that hold no certificate.
func TestServe_TLSSettings(t *testing.T) {
	dir, _ := newBook(t)
	for _, c := range []struct {
		args   string
		status int
	}{
		{"--tls-cert a.pem", exitUsage},
		{"--tls-key a.pem", exitUsage},
		{"--tls-cert a.pem --tls-key b.pem --acme-host a.example.com", exitUsage},
		{"--acme-email ada@example.com", exitUsage},
		{"--http-redirect 127.0.0.1:0", exitUsage},
		{"--tls-cert missing.pem --tls-key missing.pem", exitFailed},
	} {
		command(t, append(serveArgs(dir), strings.Fields(c.args)...)...).wants(t, c.status)
	}
}
