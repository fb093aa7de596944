package main

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/asn1"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-json-experiment/json"
)

// authority is an ACME authority (RFC 8555) that issues what it is asked for once it has found the challenge answered, at the address
// that the test says: by TLS (RFC 8737), or by plain HTTP.
type authority struct {
	*httptest.Server
	caFile string // the certificate of its own server, in which the program has to trust
	roots  *x509.CertPool
	// tlsAt and httpAt are where every host is; "" while the challenge of that kind is not offered.
	tlsAt, httpAt string

	root *x509.Certificate
	key  *ecdsa.PrivateKey

	mu         sync.Mutex
	nonces     map[string]bool
	account    *jose.JSONWebKey
	ordered    []string // host by host
	challenged []string // by kind
	authorised bool
	issued     []byte // PEM
	faults     []string
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	a := &authority{nonces: map[string]bool{}, roots: x509.NewCertPool()}
	var err error
	if a.key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(9000 * time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, a.key.Public(), a.key)
	if err != nil {
		t.Fatal(err)
	}
	if a.root, err = x509.ParseCertificate(der); err != nil {
		t.Fatal(err)
	}
	a.roots.AddCert(a.root)
	a.Server = httptest.NewTLSServer(a)
	t.Cleanup(a.Close)
	a.caFile = filepath.Join(t.TempDir(), "ca.pem")
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: a.Certificate().Raw})
	if err := os.WriteFile(a.caFile, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return a
}

// ServeHTTP implements http.Handler.
func (a *authority) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	defer a.mu.Unlock()
	nonce := fmt.Sprint("nonce-", len(a.nonces))
	a.nonces[nonce] = true
	w.Header().Set("Replay-Nonce", nonce)
	switch r.URL.Path {
	case "/directory":
		a.answer(w, http.StatusOK, map[string]any{
			"newNonce": a.URL + "/nonce", "newAccount": a.URL + "/account", "newOrder": a.URL + "/order",
			"revokeCert": a.URL + "/revoke", "keyChange": a.URL + "/key", "meta": map[string]any{"termsOfService": a.URL + "/terms"},
		})
		return
	case "/nonce":
		return
	}
	payload, err := a.open(r)
	if err != nil {
		a.faults = append(a.faults, r.URL.Path+": "+err.Error())
		a.answer(w, http.StatusBadRequest, map[string]any{"type": "urn:ietf:params:acme:error:malformed", "detail": err.Error()})
		return
	}
	a.serve(w, r.URL.Path, payload)
}

// open returns the payload of a request whose signature, nonce and address are right (RFC 8555, 6.2 to 6.5).
func (a *authority) open(r *http.Request) ([]byte, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	signed, err := jose.ParseSignedJSON(string(body), []jose.SignatureAlgorithm{jose.ES256})
	if err != nil {
		return nil, err
	}
	head := signed.Signatures[0].Protected
	key := a.account
	if r.URL.Path == "/account" {
		key = head.JSONWebKey
	}
	if !a.nonces[head.Nonce] || key == nil || head.ExtraHeaders["url"] != a.URL+r.URL.Path {
		return nil, fmt.Errorf("nonce %q, url %v, key %t", head.Nonce, head.ExtraHeaders["url"], key != nil)
	}
	a.nonces[head.Nonce] = false
	a.account = key
	return signed.Verify(key)
}

func (a *authority) serve(w http.ResponseWriter, path string, payload []byte) {
	switch path {
	case "/account":
		w.Header().Set("Location", a.URL+"/account/1")
		a.answer(w, http.StatusCreated, map[string]any{"status": "valid"})
	case "/order":
		var order struct {
			Identifiers []struct {
				Value string `json:"value"`
			} `json:"identifiers"`
		}
		if err := json.Unmarshal(payload, &order); err != nil || len(order.Identifiers) != 1 {
			a.faults = append(a.faults, fmt.Sprintf("order %s (%v)", payload, err))
		}
		a.ordered, a.authorised, a.issued = append(a.ordered, order.Identifiers[0].Value), false, nil
		w.Header().Set("Location", a.URL+"/order/1")
		a.answer(w, http.StatusCreated, a.order())
	case "/order/1":
		a.answer(w, http.StatusOK, a.order())
	case "/authorisation":
		a.answer(w, http.StatusOK, map[string]any{
			"status": a.state(), "identifier": map[string]string{"type": "dns", "value": a.host()}, "challenges": a.challenges(),
		})
	case "/challenge/tls-alpn-01", "/challenge/http-01":
		kind := strings.TrimPrefix(path, "/challenge/")
		a.challenged = append(a.challenged, kind)
		err := map[string]func() error{"tls-alpn-01": a.askByTLS, "http-01": a.askByHTTP}[kind]()
		if a.authorised = err == nil; err != nil {
			a.faults = append(a.faults, err.Error())
		}
		a.answer(w, http.StatusOK, map[string]any{"type": kind, "url": a.URL + path, "token": token, "status": a.state()})
	case "/finalize":
		if err := a.issue(payload); err != nil {
			a.faults = append(a.faults, err.Error())
		}
		w.Header().Set("Location", a.URL+"/order/1")
		a.answer(w, http.StatusOK, a.order())
	case "/certificate":
		w.Header().Set("Content-Type", "application/pem-certificate-chain")
		_, _ = w.Write(a.issued)
	}
}

func (a *authority) answer(w http.ResponseWriter, status int, v any) {
	w.WriteHeader(status)
	_ = json.MarshalWrite(w, v)
}

func (a *authority) host() string { return a.ordered[len(a.ordered)-1] }

func (a *authority) state() string {
	return map[bool]string{true: "valid", false: "pending"}[a.authorised]
}

func (a *authority) order() map[string]any {
	order := map[string]any{
		"status": "pending", "identifiers": []map[string]string{{"type": "dns", "value": a.host()}},
		"authorizations": []string{a.URL + "/authorisation"}, "finalize": a.URL + "/finalize",
	}
	switch {
	case a.issued != nil:
		order["status"], order["certificate"] = "valid", a.URL+"/certificate"
	case a.authorised:
		order["status"] = "ready"
	}
	return order
}

// token is that of every challenge.
const token = "a-token-of-the-authority"

func (a *authority) challenges() (list []map[string]string) {
	for kind, at := range map[string]string{"tls-alpn-01": a.tlsAt, "http-01": a.httpAt} {
		if at != "" {
			list = append(list, map[string]string{"type": kind, "url": a.URL + "/challenge/" + kind, "token": token, "status": "pending"})
		}
	}
	return list
}

// wanted is what only the holder of the account's key can answer (RFC 8555, 8.1).
func (a *authority) wanted() (string, error) {
	print, err := a.account.Thumbprint(crypto.SHA256)
	return token + "." + base64.RawURLEncoding.EncodeToString(print), err
}

func (a *authority) askByTLS() error {
	wanted, err := a.wanted()
	if err != nil {
		return err
	}
	conn, err := tls.Dial("tcp", a.tlsAt, &tls.Config{ServerName: a.host(), NextProtos: []string{"acme-tls/1"}, InsecureSkipVerify: true})
	if err != nil {
		return err
	}
	defer conn.Close()
	sum := sha256.Sum256([]byte(wanted))
	value, err := asn1.Marshal(sum[:])
	if err != nil {
		return err
	}
	leaf := conn.ConnectionState().PeerCertificates[0]
	for _, e := range leaf.Extensions {
		if e.Id.String() == "1.3.6.1.5.5.7.1.31" && e.Critical && string(e.Value) == string(value) && slices.Equal(leaf.DNSNames, []string{a.host()}) {
			return nil
		}
	}
	return fmt.Errorf("the certificate of the challenge is for %v", leaf.DNSNames)
}

func (a *authority) askByHTTP() error {
	wanted, err := a.wanted()
	if err != nil {
		return err
	}
	r, err := http.NewRequest(http.MethodGet, a.httpAt+"/.well-known/acme-challenge/"+token, http.NoBody)
	if err != nil {
		return err
	}
	r.Host = a.host()
	res, err := oneOff.Do(r)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if got, err := io.ReadAll(res.Body); err != nil || string(got) != wanted {
		return fmt.Errorf("the challenge is answered %d %q (%v)", res.StatusCode, got, err)
	}
	return nil
}

func (a *authority) issue(payload []byte) error {
	var v struct {
		CSR string `json:"csr"`
	}
	if err := json.Unmarshal(payload, &v); err != nil || !a.authorised {
		return fmt.Errorf("finalised: %s, authorised: %t (%v)", payload, a.authorised, err)
	}
	der, err := base64.RawURLEncoding.DecodeString(v.CSR)
	if err != nil {
		return err
	}
	request, err := x509.ParseCertificateRequest(der)
	if err != nil || request.CheckSignature() != nil || !slices.Equal(request.DNSNames, []string{a.host()}) {
		return fmt.Errorf("a request that is for %v (%v)", request.DNSNames, err)
	}
	leaf := &x509.Certificate{
		SerialNumber: big.NewInt(int64(len(a.ordered)) + 1), DNSNames: request.DNSNames,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(2000 * time.Hour),
	}
	if der, err = x509.CreateCertificate(rand.Reader, leaf, a.root, request.PublicKey, a.key); err != nil {
		return err
	}
	a.issued = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	return nil
}
