package faulttest_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"math/big"
	mathrand "math/rand/v2"
	"net"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"clientele/internal/faulttest"
)

// authority signs certificates. A server believes it that is started with SSL_CERT_FILE=file.
type authority struct {
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
	file        string
}

func newAuthority(t testing.TB) *authority {
	t.Helper()
	a := &authority{key: newKey(t), file: filepath.Join(t.TempDir(), "authority.pem")}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Authority"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour), KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &a.key.PublicKey, a.key)
	if err != nil {
		t.Fatal(err)
	}
	if a.certificate, err = x509.ParseCertificate(der); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(a.file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	return a
}

func newKey(t testing.TB) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// sign returns a certificate for this machine, once change has had its way with it.
func (a *authority) sign(t testing.TB, change func(c *x509.Certificate)) tls.Certificate {
	t.Helper()
	key := newKey(t)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(2), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	change(template)
	der, err := x509.CreateCertificate(rand.Reader, template, a.certificate, &key.PublicKey, a.key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

// handshake is a way in which a receiver's TLS is.
type handshake struct {
	name   string
	config func() (*tls.Config, error)
}

// handshakes returns those that are wrong, and the good one.
func (a *authority) handshakes(t testing.TB) (wrong []handshake, good *tls.Config) {
	t.Helper()
	with := func(c tls.Certificate) func() (*tls.Config, error) {
		config := &tls.Config{Certificates: []tls.Certificate{c}}
		return func() (*tls.Config, error) { return config, nil }
	}
	fine := a.sign(t, func(*x509.Certificate) {})
	wrong = []handshake{
		{"expired", with(a.sign(t, func(c *x509.Certificate) { c.NotAfter = time.Now().Add(-time.Minute) }))},
		{"not yet valid", with(a.sign(t, func(c *x509.Certificate) { c.NotBefore = time.Now().Add(time.Hour) }))},
		{"of another name", with(a.sign(t, func(c *x509.Certificate) { c.IPAddresses, c.DNSNames = nil, []string{"shop.example.com"} }))},
		{"of no server", with(a.sign(t, func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth} }))},
		{"of an authority that nobody knows", with(newAuthority(t).sign(t, func(*x509.Certificate) {}))},
		{"of 1999", func() (*tls.Config, error) {
			return &tls.Config{Certificates: []tls.Certificate{fine}, MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11}, nil
		}},
		{"broken off", func() (*tls.Config, error) { return nil, errors.New("not today") }},
		{"silent", func() (*tls.Config, error) {
			<-time.After(patienceOfSender * 3 / 2)
			return nil, errors.New("too late")
		}},
	}
	return wrong, &tls.Config{Certificates: []tls.Certificate{fine}}
}

// newTLSReceiver returns a receiver whose TLS is wrong for some connections and good from then on.
func newTLSReceiver(t testing.TB, a *authority, random *mathrand.Rand) *receiver {
	t.Helper()
	wrong, good := a.handshakes(t)
	var mu sync.Mutex
	var plan []handshake
	for range 1 + random.IntN(faulttest.InLongTests(1, 3)) {
		plan = append(plan, wrong[random.IntN(len(wrong))])
	}
	v := makeReceiver()
	v.Server = httptest.NewUnstartedServer(v)
	v.TLS = &tls.Config{GetConfigForClient: func(*tls.ClientHelloInfo) (*tls.Config, error) {
		mu.Lock()
		if len(plan) == 0 {
			mu.Unlock()
			return good, nil
		}
		next := plan[0]
		plan = plan[1:]
		mu.Unlock()
		return next.config()
	}}
	v.Config.ErrorLog = quietLog()
	v.StartTLS()
	t.Cleanup(v.Close)
	return v
}
