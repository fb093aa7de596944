package httpd

import (
	"net/http"
	"strings"

	"github.com/google/uuid"
)

// maxRequestID bounds a caller's own X-Request-Id, in bytes.
const maxRequestID = 128

// requestID returns the caller's X-Request-Id if it is sane and no secret as far as one can tell, otherwise ours: it stands in
// the log.
func requestID(r *http.Request, ours string) string {
	if values := r.Header["X-Request-Id"]; len(values) == 1 && isSaneID(values[0]) && !isSecretOf(r, values[0]) {
		return values[0]
	}
	return ours
}

func isSaneID(id string) bool {
	if id == "" || len(id) > maxRequestID {
		return false
	}
	for i := range len(id) {
		switch c := id[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '.', c == '_', c == '-':
		default:
			return false
		}
	}
	return !hasKeyForm(id)
}

// keyPrefixes begin the keys that Clientele makes; at least minRandom hexadecimal digits follow.
var keyPrefixes = []string{"opm_", "owr_", "dkh_"}

const minRandom = 16

// hasKeyForm reports whether a text has a key of ours in it, or is a signed token.
func hasKeyForm(s string) bool {
	if strings.HasPrefix(s, "eyJ") && strings.Count(s, ".") == 2 {
		return true
	}
	for _, prefix := range keyPrefixes {
		if i := indexFold(s, prefix); i >= 0 && len(s)-i-len(prefix) >= minRandom && isHex(s[i+len(prefix):][:minRandom]) {
			return true
		}
	}
	return false
}

func isHex(s string) bool {
	return strings.Trim(s, "0123456789abcdefABCDEF") == ""
}

// secretHeaders are those that callers and operators prove themselves with.
var secretHeaders = []string{"X-Api-Key", "Apikey", "Customerkey", "Authorization", "Cookie"}

const (
	// minSecret is the length from which a text is taken for the secret that it equals; in a shorter one there is nothing to guess.
	minSecret = 6
	// minPathSecret is the same within path and query, where names stand, too. Prime Lead's UUIDs are secrets there; anything else
	// in a query is none, and many a caller names its call there as well.
	minPathSecret = 12
)

// isSecretOf reports whether an id is, has, or is a part of what the call proves itself with.
func isSecretOf(r *http.Request, id string) bool {
	path, query, _ := strings.Cut(r.RequestURI, "?")
	if len(id) >= minPathSecret && indexFold(path, id) >= 0 || uuid.Validate(id) == nil && indexFold(query, id) >= 0 {
		return true
	}
	for _, name := range secretHeaders {
		for _, value := range r.Header[name] {
			word := value[strings.LastIndexByte(value, ' ')+1:] // behind Bearer
			if len(id) >= minSecret && indexFold(value, id) >= 0 || len(word) >= minSecret && indexFold(id, word) >= 0 {
				return true
			}
		}
	}
	_, password, _ := r.BasicAuth()
	return len(password) >= minSecret && indexFold(id, password) >= 0
}

// indexFold is strings.Index without regard to the case of ASCII letters.
func indexFold(s, sub string) int {
	for i := 0; i+len(sub) <= len(s); i++ {
		if s[i]|0x20 == sub[0]|0x20 && strings.EqualFold(s[i:i+len(sub)], sub) {
			return i
		}
	}
	return -1
}
