package dialect

import (
	"crypto/sha256"
	"errors"
	"io"
	"mime"
	"net/http"
	"strings"
	"unicode/utf8"

	"clientele"
)

// Media types that say "JSON".
const mediaJSON = "application/json"

// JSONOrNone accepts a body that calls itself JSON in UTF-8, or calls itself nothing.
func JSONOrNone(r *http.Request) error {
	if media, utf8 := mediaType(r); (media == "" || media == mediaJSON) && utf8 {
		return nil
	}
	return unsupportedMedia(r)
}

// JSONOrPlain accepts JSON that calls itself so, calls itself plain text, or calls itself nothing: what a page's fetch
// with a string body sends.
func JSONOrPlain(r *http.Request) error {
	if h := r.Header["Content-Type"]; len(h) == 1 && h[0] == mediaJSON { // nearly always
		return nil
	}
	switch media, utf8 := mediaType(r); media {
	case "", mediaJSON, "text/plain":
		if utf8 {
			return nil
		}
	}
	return unsupportedMedia(r)
}

// mediaType returns the media type of the body, "" when the request names none, and whether its charset is UTF-8 or
// part of it. A header that cannot be read counts as it stands.
func mediaType(r *http.Request) (media string, utf8 bool) {
	h := strings.TrimSpace(r.Header.Get("Content-Type"))
	if h == "" {
		return "", true
	}
	media, params, err := mime.ParseMediaType(h)
	if err != nil {
		return h, false
	}
	switch strings.ToLower(params["charset"]) {
	case "", "utf-8", "utf8", "us-ascii":
		return media, true
	default:
		return media, false
	}
}

// unsupportedMedia carries what the request called its body in Field.
func unsupportedMedia(r *http.Request) error {
	return &clientele.Error{
		Kind: clientele.KindUnsupportedMedia, Field: r.Header.Get("Content-Type"), Message: "unsupported media type",
	}
}

// CheckEncoding refuses a compressed body.
func CheckEncoding(r *http.Request) error {
	for _, encoding := range r.Header["Content-Encoding"] {
		if encoding != "" && !strings.EqualFold(encoding, "identity") {
			return &clientele.Error{
				Kind: clientele.KindUnsupportedMedia, Field: encoding, Message: "compressed bodies are not supported",
			}
		}
	}
	return nil
}

// readBody reads the whole body; an Error of kind too_large when it is over maxBytes, of kind invalid when it does not
// arrive.
func readBody(w http.ResponseWriter, r *http.Request, maxBytes int64) ([]byte, error) {
	tooLarge := &clientele.Error{Kind: clientele.KindTooLarge, Message: "Request body is too large"}
	if r.ContentLength > maxBytes {
		w.Header().Set("Connection", "close")
		return nil, tooLarge
	}
	body := http.MaxBytesReader(w, r.Body, maxBytes)
	var read []byte
	var err error
	if r.ContentLength >= 0 {
		read = make([]byte, r.ContentLength)
		_, err = io.ReadFull(body, read)
	} else {
		read, err = io.ReadAll(body)
	}
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return nil, tooLarge
	}
	if err != nil {
		return nil, &clientele.Error{Kind: clientele.KindInvalid, Message: "Request body did not arrive", Err: err}
	}
	return read, nil
}

// maxIdempotencyKey bounds an Idempotency-Key, in characters.
const maxIdempotencyKey = 255

// idempotency returns the caller's name for the call; nil when it sent none. The name stands for one route, with or without
// the slash at its end, and one body.
func idempotency(r *Request) (*clientele.Idempotency, error) {
	values := r.Header["Idempotency-Key"]
	if len(values) == 0 || r.Method != http.MethodPost {
		return nil, nil
	}
	if len(values) > 1 || values[0] == "" || !utf8.ValidString(values[0]) || utf8.RuneCountInString(values[0]) > maxIdempotencyKey {
		return nil, &clientele.Error{
			Kind: clientele.KindInvalid, Field: "Idempotency-Key", Message: "Idempotency-Key must be sent once, with 1 to 255 characters",
		}
	}
	h := sha256.New()
	h.Write([]byte(strings.TrimSuffix(r.URL.EscapedPath(), "/")))
	if r.URL.RawQuery != "" {
		h.Write([]byte("?" + r.URL.RawQuery))
	}
	h.Write([]byte("\n"))
	h.Write(r.Body)
	i := &clientele.Idempotency{CredentialID: r.Credential.ID, Key: values[0]}
	h.Sum(i.BodyHash[:0])
	return i, nil
}
