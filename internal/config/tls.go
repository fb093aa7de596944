package config

import (
	"errors"
	"net/url"
)

// TLS says whether the server itself speaks HTTPS, and with which certificate: one from files, or one that an ACME
// authority such as Let's Encrypt issues. Without either it speaks plain HTTP, for a reverse proxy that ends TLS.
type TLS struct {
	TLSCert      string   `help:"PEM file of the certificate, with its chain, to serve HTTPS with; read again when it changes, and on SIGHUP." name:"tls-cert" type:"path" placeholder:"FILE"`
	TLSKey       string   `help:"PEM file of the certificate's private key." name:"tls-key" type:"path" placeholder:"FILE"`
	ACMEHost     []string `help:"Name of this server for which to get a certificate from Let's Encrypt, whose terms you accept with it; repeatable." name:"acme-host" placeholder:"HOST"`
	ACMEEmail    string   `help:"Address at which the authority reaches you about certificates." name:"acme-email" placeholder:"EMAIL"`
	ACMEDir      string   `help:"Directory that keeps the certificates and the account's key (default ${default})." name:"acme-dir" default:"clientele-acme" type:"path" placeholder:"DIR"`
	ACMEURL      *url.URL `help:"Directory of another ACME authority than Let's Encrypt." name:"acme-url" placeholder:"URL"`
	HTTPRedirect string   `help:"Address to serve plain HTTP on that sends browsers to HTTPS and answers ACME's challenges, such as :80." name:"http-redirect" placeholder:"ADDR"`
}

// On reports whether the server speaks HTTPS.
func (t *TLS) On() bool { return t.TLSCert != "" || len(t.ACMEHost) > 0 }

// check refuses settings that do not belong together.
func (t *TLS) check() error {
	switch {
	case (t.TLSCert == "") != (t.TLSKey == ""):
		return errors.New("--tls-cert and --tls-key belong together")
	case t.TLSCert != "" && len(t.ACMEHost) > 0:
		return errors.New("--tls-cert and --acme-host are two ways to the same: take one")
	case len(t.ACMEHost) == 0 && (t.ACMEEmail != "" || t.ACMEURL != nil):
		return errors.New("--acme-email and --acme-url need --acme-host")
	case t.HTTPRedirect != "" && !t.On():
		return errors.New("--http-redirect needs --tls-cert or --acme-host")
	}
	return nil
}
