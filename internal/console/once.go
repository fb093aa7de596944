package console

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"

	"clientele"
)

// A form that issues a secret is carried out once, however often it is sent: a double click, a reload of its answer, a proxy
// that sends again, two servers at once. For that the secret is made of two halves, one in the session, which the browser
// never sees, and one in the form, which the store never sees; neither tells anything of the secret. The same form makes the
// same secret again, and the store refuses a secret that it has. So nothing has to be crossed off anywhere, and the answer
// to the form is the only place where the secret ever is: a page to come back to would have to keep it until then.

// formNonceBytes is the length of a form's half, and of the mark behind it that tells that the session gave it out: without
// it, a form of a session that is over would make another secret.
const formNonceBytes = 16

func newFormSeed() string {
	var b [32]byte
	_, _ = rand.Read(b[:]) // never fails
	return hex.EncodeToString(b[:])
}

// onceToken returns what a form that issues a secret has in its field "once".
func (r *request) onceToken() string {
	var nonce [formNonceBytes]byte
	_, _ = rand.Read(nonce[:]) // never fails
	mark := r.formMAC("form", nonce[:])
	return hex.EncodeToString(append(nonce[:], mark[:formNonceBytes]...))
}

// onceBits returns the random bits of the form that was sent, for the purpose that its page has: the same whenever it is
// sent. The error is of kind conflict when the form is none of this session's.
func (r *request) onceBits(purpose string) ([32]byte, error) {
	token, err := hex.DecodeString(r.PostFormValue("once"))
	if err != nil || len(token) != 2*formNonceBytes || r.formSeed() == "" {
		return [32]byte{}, errOldForm
	}
	nonce, mark := token[:formNonceBytes], r.formMAC("form", token[:formNonceBytes])
	if !hmac.Equal(token[formNonceBytes:], mark[:formNonceBytes]) {
		return [32]byte{}, errOldForm
	}
	return r.formMAC("secret for "+purpose, nonce), nil
}

// A form that replaces a secret names the one that it replaces, by a mark that says nothing of it and that its session alone can
// make: what is replaced is not replaced again.

// replaceToken returns what a form that replaces a secret has in its field "once".
func (r *request) replaceToken(secret string) string {
	mark := r.formMAC("replaces", []byte(secret))
	return hex.EncodeToString(mark[:])
}

// replaces reports whether the form that was sent is one that replaces the secret.
func (r *request) replaces(secret string) bool {
	return hmac.Equal([]byte(r.PostFormValue("once")), []byte(r.replaceToken(secret)))
}

var errOldForm = clientele.Errorf(clientele.KindConflict, "This form is from before you logged in, so nothing was done. Open it anew")

func (r *request) formSeed() string { return r.sessions.GetString(r.Context(), keyFormSeed) }

func (r *request) formMAC(what string, nonce []byte) (sum [32]byte) {
	mac := hmac.New(sha256.New, []byte(r.formSeed()))
	mac.Write([]byte(what + "\x00"))
	mac.Write(nonce)
	mac.Sum(sum[:0])
	return sum
}

// serverURL is this server as the browser sees it (https://host): what partners are given to call.
func (r *request) serverURL() string {
	scheme := "http"
	if r.TLS != nil || r.Header.Get("X-Forwarded-Proto") == "https" {
		scheme = "https"
	}
	return scheme + "://" + r.Host
}
