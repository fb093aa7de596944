package book

import (
	"net/mail"
	"strings"

	"golang.org/x/net/idna"
)

// maxLocalBytes and maxDomainBytes are the limits of RFC 5321 section 4.5.3.1 and RFC 1035 section 2.3.4; a label of the
// domain has at most maxLabelBytes.
const (
	maxLocalBytes  = 64
	maxDomainBytes = 253
	maxLabelBytes  = 63
)

// mailDomain maps and checks a domain as UTS #46 says for look-up, and holds it to the lengths of the DNS.
var mailDomain = idna.New(idna.MapForLookup(), idna.BidiRule(), idna.VerifyDNSLength(true))

// normaliseEmail returns the form of an address under which the book searches and matches: without blanks around it, the
// domain in lower-case ASCII (punycode), the local part in lower case. ok is false, and normal "", unless raw is nothing
// but an address of RFC 5322 (no display name, comment or quoted part) whose domain the DNS can hold.
//
// RFC 5321 leaves it to the receiver whether the local part's case matters; so mail goes to the raw address, never to this.
func normaliseEmail(raw string) (normal string, ok bool) {
	address := strings.TrimSpace(raw)
	if isPlainEmail(address) {
		return strings.ToLower(address), true
	}
	return parseEmail(address)
}

// parseEmail decides about every address; isPlainEmail only spares the common ones the way through it.
func parseEmail(address string) (normal string, ok bool) {
	parsed, err := mail.ParseAddress(address)
	if err != nil || parsed.Address != address {
		return "", false
	}
	at := strings.LastIndexByte(address, '@')
	local := strings.ToLower(address[:at])
	domain, err := mailDomain.ToASCII(address[at+1:])
	if err != nil || len(local) > maxLocalBytes || strings.HasSuffix(domain, ".") {
		return "", false
	}
	return local + "@" + domain, true
}

// isPlainEmail reports whether the address is one that parseEmail accepts and only turns to lower case: an ASCII dot-atom,
// "@", and a domain of letters, digits and hyphens. It may say no to an address that is good.
func isPlainEmail(address string) bool {
	at := strings.IndexByte(address, '@')
	return at > 0 && at <= maxLocalBytes && isDotAtom(address[:at]) && isPlainDomain(address[at+1:])
}

// isDotAtom: RFC 5322 section 3.2.3, ASCII only.
func isDotAtom(s string) bool {
	afterDot := true
	for i := range len(s) {
		c := s[i]
		if c == '.' {
			if afterDot {
				return false
			}
		} else if !isAlphanumeric(c) && strings.IndexByte("!#$%&'*+-/=?^_`{|}~", c) < 0 {
			return false
		}
		afterDot = c == '.'
	}
	return !afterDot
}

// isPlainDomain: labels as in RFC 1034 section 3.5. Two hyphens in a row are left to parseEmail, which knows where IDNA
// forbids them and what punycode behind "xn--" is good.
func isPlainDomain(s string) bool {
	if len(s) > maxDomainBytes {
		return false
	}
	labelStart, previous := 0, byte('.')
	for i := range len(s) {
		c := s[i]
		switch {
		case c == '.':
			if previous == '.' || previous == '-' || i-labelStart > maxLabelBytes {
				return false
			}
			labelStart = i + 1
		case c == '-':
			if previous == '.' || previous == '-' {
				return false
			}
		case !isAlphanumeric(c):
			return false
		}
		previous = c
	}
	return previous != '.' && previous != '-' && len(s)-labelStart <= maxLabelBytes
}

func isAlphanumeric(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
}
