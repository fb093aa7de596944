package access

import (
	"net/mail"
	"strings"

	"clientele"

	"golang.org/x/net/idna"
)

// maxLocalBytes is the limit of RFC 5321 section 4.5.3.1.1.
const maxLocalBytes = 64

// operatorDomain maps and checks a domain as UTS #46 says for look-up, and holds it to the lengths of the DNS.
var operatorDomain = idna.New(idna.MapForLookup(), idna.BidiRule(), idna.VerifyDNSLength(true))

// CheckOperatorEmail returns an operator's e-mail address in its normal form, in which it is a login name: without blanks
// around it, in lower case, the domain in ASCII. The error is of kind invalid, with Field "email", when it is no address.
func CheckOperatorEmail(raw string) (normal string, err error) {
	normal, ok := normaliseEmail(raw)
	if !ok {
		return "", &clientele.Error{Kind: clientele.KindInvalid, Field: "email", Message: "This is no e-mail address"}
	}
	return normal, nil
}

// normaliseEmail returns the normal form; ok is false unless raw is nothing but an address.
func normaliseEmail(raw string) (normal string, ok bool) {
	address := strings.TrimSpace(raw)
	parsed, err := mail.ParseAddress(address)
	if err != nil || parsed.Address != address {
		return "", false
	}
	at := strings.LastIndexByte(address, '@')
	domain, err := operatorDomain.ToASCII(address[at+1:])
	if err != nil || at > maxLocalBytes || strings.HasSuffix(domain, ".") {
		return "", false
	}
	return strings.ToLower(address[:at]) + "@" + domain, true
}
