package httpd

import (
	"bufio"
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"io"
	"log/slog"
	"math/big"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

// pair makes a certificate for localhost and its key, as PEM.
func pair(t *testing.T, serial int64, notAfter time.Time) (cert, key []byte) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(serial), Subject: pkix.Name{CommonName: "localhost"}, DNSNames: []string{"localhost"},
		NotBefore: notAfter.Add(-1000 * time.Hour), NotAfter: notAfter,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		t.Fatal(err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8})
}

// files are a certificate's two files, the clock of who reads them, and what it logs.
type files struct {
	t         *testing.T
	cert, key string
	at        time.Time
	log       bytes.Buffer
}

// put writes one file; each one written is a second younger than the one before, as the file system's clock may be coarse.
func (f *files) put(name string, content []byte) {
	f.t.Helper()
	f.at = f.at.Add(time.Second)
	if err := errors.Join(os.WriteFile(name, content, 0o600), os.Chtimes(name, f.at, f.at)); err != nil {
		f.t.Fatal(err)
	}
}

func (f *files) load() (*Certificate, error) {
	return LoadCertificate(f.cert, f.key, slog.New(slog.NewTextHandler(&f.log, nil)), func() time.Time { return f.at })
}

// wantSerial fails the test unless a handshake gets the certificate with the number, and the log says said since the last time.
func (f *files) wantSerial(c *Certificate, want int64, said string) {
	f.t.Helper()
	got, err := c.Get(nil)
	if err != nil || got.Leaf.SerialNumber.Int64() != want {
		f.t.Errorf("the certificate is %v (%v), want number %d", got.Leaf.SerialNumber, err, want)
	}
	if log := f.log.String(); !strings.Contains(log, said) || said == "" && log != "" {
		f.t.Errorf("the log says %q, want %q", log, said)
	}
	f.log.Reset()
}

func newFiles(t *testing.T) *files {
	dir := t.TempDir()
	return &files{t: t, cert: filepath.Join(dir, "cert.pem"), key: filepath.Join(dir, "key.pem"), at: time.Now()}
}

// TestCertificate_FollowsItsFiles: what is renewed is used without a restart; of what cannot be used, nothing is.
func TestCertificate_FollowsItsFiles(t *testing.T) {
	f := newFiles(t)
	if _, err := f.load(); err == nil || !strings.Contains(err.Error(), f.cert) {
		t.Errorf("without files: %v, want an error that names them", err)
	}
	later := f.at.Add(100 * time.Hour)
	cert1, key1 := pair(t, 1, later)
	cert2, key2 := pair(t, 2, later)
	f.put(f.cert, cert1)
	f.put(f.key, key1)
	c, err := f.load()
	if err != nil {
		t.Fatal(err)
	}
	f.wantSerial(c, 1, "")
	f.put(f.cert, cert2)
	f.wantSerial(c, 1, "stays in use") // half of it is renewed
	f.wantSerial(c, 1, "")             // and that is said once
	f.put(f.key, key2)
	f.wantSerial(c, 2, "read the TLS certificate")
	f.put(f.cert, []byte("no certificate"))
	f.wantSerial(c, 2, "stays in use")
	if err := os.Remove(f.cert); err != nil {
		t.Fatal(err)
	}
	f.at = f.at.Add(time.Hour)
	f.wantSerial(c, 2, "")
	c.Reload()
	f.wantSerial(c, 2, "stays in use")
	old, oldKey := pair(t, 3, f.at.Add(-time.Minute))
	f.put(f.cert, old)
	f.put(f.key, oldKey)
	f.wantSerial(c, 2, "expired")
	cert4, key4 := pair(t, 4, later.Add(100*time.Hour))
	f.put(f.cert, cert4)
	f.put(f.key, key4)
	c.Reload() // at once, though nobody has come yet
	f.wantSerial(c, 4, "read the TLS certificate")
}

// TestCertificate_LooksOnceASecond: handshakes do not ask the file system each.
func TestCertificate_LooksOnceASecond(t *testing.T) {
	f := newFiles(t)
	cert1, key1 := pair(t, 1, f.at.Add(time.Hour))
	f.put(f.cert, cert1)
	f.put(f.key, key1)
	c, err := f.load()
	if err != nil {
		t.Fatal(err)
	}
	now := f.at
	cert2, key2 := pair(t, 2, f.at.Add(time.Hour))
	f.put(f.cert, cert2)
	f.put(f.key, key2)
	f.at = now.Add(lookEvery - 1)
	f.wantSerial(c, 1, "")
	f.at = now.Add(lookEvery)
	f.wantSerial(c, 2, "read the TLS certificate")
}

// serveTLS serves the handler by HTTPS until the test ends.
func serveTLS(t *testing.T, handler http.HandlerFunc) *Server {
	t.Helper()
	cert, key := pair(t, 1, time.Now().Add(time.Hour))
	certificate, err := tls.X509KeyPair(cert, key)
	if err != nil {
		t.Fatal(err)
	}
	s, err := ListenTLS("127.0.0.1:0", handler, slog.New(slog.DiscardHandler), &tls.Config{Certificates: []tls.Certificate{certificate}})
	if err != nil {
		t.Fatal(err)
	}
	s.Serve()
	t.Cleanup(func() {
		ended, cancel := context.WithCancel(context.Background())
		cancel()
		_ = s.Shutdown(ended)
		<-s.Failed()
	})
	return s
}

// handshake connects to the server as a client with the config would, which trusts everybody.
func handshake(t *testing.T, s *Server, config *tls.Config) (*tls.Conn, error) {
	t.Helper()
	config.InsecureSkipVerify = true
	conn := tls.Client(dial(t, s), config)
	return conn, conn.HandshakeContext(t.Context())
}

func TestServer_TLSVersions(t *testing.T) {
	s := serveTLS(t, http.NotFound)
	if !strings.HasPrefix(s.URL(), "https://127.0.0.1:") {
		t.Errorf("the server is at %s", s.URL())
	}
	for version, want := range map[uint16]bool{tls.VersionTLS11: false, tls.VersionTLS12: true, tls.VersionTLS13: true} {
		_, err := handshake(t, s, &tls.Config{MinVersion: tls.VersionTLS10, MaxVersion: version})
		if (err == nil) != want {
			t.Errorf("%s: %v, want it spoken: %t", tls.VersionName(version), err, want)
		}
	}
}

// TestServer_PlainOnTLS: who speaks plain HTTP to it is told so, and no handler hears of it.
func TestServer_PlainOnTLS(t *testing.T) {
	s := serveTLS(t, func(http.ResponseWriter, *http.Request) { t.Error("a plain request is served") })
	conn := dial(t, s)
	write(t, conn, "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
	if text, _ := io.ReadAll(conn); !strings.HasPrefix(string(text), "HTTP/1.0 400 Bad Request") {
		t.Errorf("a plain request hears %q", text)
	}
}

// TestServer_RapidReset: a client that opens and resets streams as fast as it can keeps no more handlers busy than one that
// waits, and is soon sent away (CVE-2023-44487).
func TestServer_RapidReset(t *testing.T) {
	var running, most atomic.Int64
	goOn := make(chan struct{})
	s := serveTLS(t, func(http.ResponseWriter, *http.Request) {
		for n, m := running.Add(1), most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
		}
		<-goOn
		running.Add(-1)
	})
	defer close(goOn)
	conn, err := handshake(t, s, &tls.Config{NextProtos: []string{"h2"}})
	if err != nil || conn.ConnectionState().NegotiatedProtocol != "h2" {
		t.Fatalf("no HTTP/2: %v", err)
	}
	code := make(chan http2.ErrCode, 1)
	framer := http2.NewFramer(conn, bufio.NewReader(conn))
	go func() { code <- goneAway(framer) }()
	if _, err := io.WriteString(conn, http2.ClientPreface); err != nil {
		t.Fatal(err)
	}
	if err := framer.WriteSettings(); err != nil {
		t.Fatal(err)
	}
	for id := uint32(1); id < 20_000; id += 2 {
		head := http2.HeadersFrameParam{StreamID: id, BlockFragment: headBlock(t), EndHeaders: true, EndStream: true}
		if framer.WriteHeaders(head) != nil || framer.WriteRSTStream(id, http2.ErrCodeCancel) != nil {
			break // the server has hung up
		}
	}
	if got := <-code; got != http2.ErrCodeEnhanceYourCalm {
		t.Errorf("the connection ended with %v, want %v", got, http2.ErrCodeEnhanceYourCalm)
	}
	if got, limit := most.Load(), int64(streamLimits().MaxConcurrentStreams); got > limit || got == 0 {
		t.Errorf("%d handlers ran at once, want at most %d", got, limit)
	}
}

// goneAway reads until the server sends its client away, and returns why; ErrCodeNo when it hung up without a word.
func goneAway(framer *http2.Framer) http2.ErrCode {
	for {
		frame, err := framer.ReadFrame()
		if err != nil {
			return http2.ErrCodeNo
		}
		if away, ok := frame.(*http2.GoAwayFrame); ok {
			return away.ErrCode
		}
	}
}

func headBlock(t *testing.T) []byte {
	t.Helper()
	var block bytes.Buffer
	e := hpack.NewEncoder(&block)
	for _, f := range [][2]string{{":method", "GET"}, {":scheme", "https"}, {":authority", "localhost"}, {":path", "/"}} {
		if err := e.WriteField(hpack.HeaderField{Name: f[0], Value: f[1]}); err != nil {
			t.Fatal(err)
		}
	}
	return block.Bytes()
}

func TestServer_HTTP2LargeHeaders(t *testing.T) {
	s := serveTLS(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	client := &http.Client{Timeout: patience, Transport: &http.Transport{
		TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, ForceAttemptHTTP2: true,
	}}
	defer client.CloseIdleConnections()
	for size, want := range map[int]int{16 << 10: http.StatusNoContent, 64 << 10: http.StatusRequestHeaderFieldsTooLarge} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL(), nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("X", strings.Repeat("x", size))
		res, err := client.Do(req)
		if err != nil {
			if want == http.StatusNoContent {
				t.Errorf("headers of %d bytes: %v", size, err)
			}
			continue // it may refuse to read on instead
		}
		res.Body.Close()
		if res.ProtoMajor != 2 || res.StatusCode != want {
			t.Errorf("headers of %d bytes: %s %d, want %d by HTTP/2", size, res.Proto, res.StatusCode, want)
		}
	}
}

func TestToHTTPS_Hosts(t *testing.T) {
	for _, c := range []struct{ host, port, want string }{
		{"partners.example.com", "443", "https://partners.example.com/docs/?x=1"},
		{"partners.example.com:80", "443", "https://partners.example.com/docs/?x=1"},
		{"partners.example.com", "8443", "https://partners.example.com:8443/docs/?x=1"},
		{"192.0.2.1:8080", "8443", "https://192.0.2.1:8443/docs/?x=1"},
		{"[2001:db8::1]", "8443", "https://[2001:db8::1]:8443/docs/?x=1"},
		{"[2001:db8::1]:80", "8443", "https://[2001:db8::1]:8443/docs/?x=1"},
		{"[2001:db8::1]", "443", "https://[2001:db8::1]/docs/?x=1"},
		{"[2001:db8::1]:80", "443", "https://[2001:db8::1]/docs/?x=1"},
	} {
		r := httptest.NewRequest(http.MethodGet, "/docs/?x=1", nil)
		r.Host = c.host
		w := httptest.NewRecorder()
		ToHTTPS(c.port).ServeHTTP(w, r)
		if got := w.Header().Get("Location"); w.Code != http.StatusPermanentRedirect || got != c.want {
			t.Errorf("%s, port %s: %d to %s, want %s", c.host, c.port, w.Code, got, c.want)
		}
	}
}
