package main

import (
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// startACME starts a server that gets its certificate for partners.example.com from an authority, and returns it with the address of
// its plain listener. It trusts in the authority as an operator makes it: by SSL_CERT_FILE.
func startACME(t *testing.T, a *authority, dir, kept string) (s *server, plain string) {
	t.Helper()
	s = launch(t, dir, program([]string{"SSL_CERT_FILE=" + a.caFile}, serveArgs(dir, "--acme-host", "partners.example.com",
		"--acme-url", a.URL+"/directory", "--acme-dir", kept, "--acme-email", "ada@example.com", "--http-redirect", "127.0.0.1:0")...))
	eventually(t, patience, "the addresses are printed", func() bool {
		if s.hasExited() {
			t.Fatalf("the server ended with %s: %s", s.process.ProcessState, s.stderr.String())
		}
		return servesTLSLine.MatchString(s.stdout.String()) && redirectLine.MatchString(s.stdout.String())
	})
	s.url = servesTLSLine.FindStringSubmatch(s.stdout.String())[1]
	return s, redirectLine.FindStringSubmatch(s.stdout.String())[1]
}

// TestACME_IssuedKeptAndServed: the first client has a certificate issued, over either challenge; no other host's is asked for; it is
// kept, and served after a restart when there is no authority any more.
func TestACME_IssuedKeptAndServed(t *testing.T) {
	for _, kind := range []string{"tls-alpn-01", "http-01"} {
		t.Run(kind, func(t *testing.T) {
			dir, key := newBook(t)
			a, kept := newAuthority(t), filepath.Join(t.TempDir(), "kept")
			s, plain := startACME(t, a, dir, kept)
			if kind == "http-01" {
				a.httpAt = plain
			} else {
				a.tlsAt = strings.TrimPrefix(s.url, "https://")
			}
			client := trusting(a.root, "partners.example.com")
			stranger := trusting(a.root, "other.example.com")
			for _, name := range []string{"other.example.com", "partners.example.com.evil.example", "127.0.0.1"} {
				stranger.Transport.(*http.Transport).TLSClientConfig.ServerName = name
				if _, err := send(request{client: stranger, url: s.url + "/ping"}); err == nil {
					t.Errorf("%s is served", name)
				}
			}
			s.ask(request{client: client, url: "/ping", key: key}).wants(t, 200, pongBody)
			s.ask(request{client: client, url: "/ping", key: key}).wants(t, 200, pongBody)
			s.stop()
			if !slices.Equal(a.ordered, []string{"partners.example.com"}) || !slices.Equal(a.challenged, []string{kind}) || len(a.faults) > 0 {
				t.Errorf("ordered %v, by %v, faults %v", a.ordered, a.challenged, a.faults)
			}
			a.Close()
			s, _ = startACME(t, a, dir, kept)
			s.ask(request{client: client, url: "/ping", key: key}).wants(t, 200, pongBody)
			s.stop()
			if log := s.stderr.String(); strings.Contains(log, "ERROR") {
				t.Errorf("the log holds an error:\n%s", log)
			}
		})
	}
}

// TestACME_AuthorityAway: without an authority the log says why nobody gets in, once and not for every handshake, and for no name that
// a stranger makes up; what is served in clear goes on, and the server ends as ever.
func TestACME_AuthorityAway(t *testing.T) {
	dir, _ := newBook(t)
	a := newAuthority(t)
	a.Close()
	s, plain := startACME(t, a, dir, filepath.Join(t.TempDir(), "kept"))
	client := trusting(a.root, "partners.example.com")
	const says = "no certificate from the ACME authority"
	for range 3 {
		if _, err := send(request{client: client, url: s.url + "/ping"}); err == nil {
			t.Fatal("there is a certificate")
		}
	}
	if _, err := send(request{client: trusting(a.root, "made-up.example.com"), url: s.url + "/ping"}); err == nil {
		t.Fatal("there is a certificate for a name that is made up")
	}
	eventually(t, patience, "the log tells of it", func() bool { return strings.Contains(s.stderr.String(), says) })
	if to, err := send(request{client: client, url: plain + "/docs/"}); err != nil || to.status != http.StatusPermanentRedirect {
		t.Errorf("in clear: %d (%v)", to.status, err)
	}
	s.stop()
	log := s.stderr.String()
	if strings.Count(log, says) != 1 || !strings.Contains(log, `"host":"partners.example.com"`) || !strings.Contains(log, "connection refused") {
		t.Errorf("the log tells\n%s", log)
	}
	if strings.Contains(log, "made-up") {
		t.Errorf("the log has the name that a stranger made up:\n%s", log)
	}
}
