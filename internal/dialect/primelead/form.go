package primelead

import (
	"bytes"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"
	"unicode/utf8"

	"clientele"
	"clientele/internal/dialect"

	"github.com/go-json-experiment/json/jsontext"
)

// The media types of a body.
const (
	mediaJSON      = "application/json"
	mediaForm      = "application/x-www-form-urlencoded"
	mediaMultipart = "multipart/form-data"
)

// form is the parameters that were sent, of those that are documented, by name.
type form map[string]value

// value is what was sent for one parameter. Its text is empty when that states nothing: it was null, NULL, empty or blank.
type value struct {
	text string
	// isNumber says that it was a JSON number, which text holds digit for digit.
	isNumber bool
	// wrong is why it cannot be read; empty when it can.
	wrong string
}

// reader reads the parameters that were sent in one place.
type reader struct {
	names []string
	form  form
	// unescape decodes a value of a query.
	unescape func(string) (string, error)
}

// newReader returns a reader of the parameters of these names. Others are ignored.
func newReader(names []string) *reader {
	return &reader{names: names, form: form{}, unescape: url.QueryUnescape}
}

// put takes a parameter. One that is sent twice keeps its first value and is at fault.
func (r *reader) put(name string, v value) {
	for _, documented := range r.names {
		if name != documented {
			continue
		}
		if first, again := r.form[name]; again {
			v = first
			v.wrong = twice
		}
		if v.text == "NULL" || strings.TrimSpace(v.text) == "" {
			v.text = ""
		}
		r.form[name] = v
	}
}

// readPairs reads a query, or a body in the form of one.
func (r *reader) readPairs(query string) {
	for pair := range strings.SplitSeq(query, "&") {
		rawName, rawText, _ := strings.Cut(pair, "=")
		name, err := url.QueryUnescape(rawName)
		if err != nil {
			continue // the name of no parameter
		}
		text, err := r.unescape(rawText)
		v := value{text: text}
		if err != nil || !utf8.ValidString(text) {
			v.wrong = badEncoding
		}
		r.put(name, v)
	}
}

// readJSON reads a body that is a JSON object. A property that is sent twice is a fault of its own, so that it can be named;
// elsewhere in the body nothing is looked at but the syntax.
func (r *reader) readJSON(body []byte) error {
	decoder := jsontext.NewDecoder(bytes.NewReader(body), jsontext.AllowDuplicateNames(true))
	if kind := decoder.PeekKind(); kind != '{' {
		if _, err := decoder.ReadValue(); err != nil {
			return malformed(err)
		}
		return faults{{"body", "must be a JSON object"}}.err()
	}
	if _, err := decoder.ReadToken(); err != nil {
		return malformed(err)
	}
	for decoder.PeekKind() == '"' {
		name, err := decoder.ReadToken()
		if err != nil {
			return malformed(err)
		}
		text := name.String()
		raw, err := decoder.ReadValue()
		if err != nil {
			return malformed(err)
		}
		r.put(text, jsonValue(raw))
	}
	if _, err := decoder.ReadToken(); err != nil { // the closing brace
		return malformed(err)
	}
	if _, err := decoder.ReadToken(); !errors.Is(err, io.EOF) {
		return faults{{"body", "is not valid JSON: something follows the object"}}.err()
	}
	return nil
}

func jsonValue(raw jsontext.Value) value {
	switch raw.Kind() {
	case 'n':
		return value{}
	case '0':
		return value{text: string(raw), isNumber: true}
	case '"':
		text, err := jsontext.AppendUnquote(nil, raw)
		if err != nil {
			return value{wrong: badEncoding}
		}
		return value{text: string(text)}
	default:
		return value{wrong: notText}
	}
}

func malformed(err error) error {
	reason := "it ends too early"
	if e, ok := errors.AsType[*jsontext.SyntacticError](err); ok && !errors.Is(err, io.ErrUnexpectedEOF) && e.Err != nil {
		reason = e.Err.Error()
	}
	return faults{{"body", "is not valid JSON: " + reason}}.err()
}

// readMultipart reads a body of parts, each with one parameter. The library takes one that has no end for one that has.
func (r *reader) readMultipart(body []byte, boundary string) error {
	if !bytes.Contains(body, []byte("--"+boundary+"--")) {
		return notMultipart
	}
	parts := multipart.NewReader(bytes.NewReader(body), boundary)
	for {
		part, err := parts.NextRawPart()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return notMultipart
		}
		text, err := io.ReadAll(part)
		if err != nil {
			return notMultipart
		}
		v := value{text: string(text)}
		switch {
		case part.FileName() != "":
			v.wrong = notText
		case !utf8.Valid(text):
			v.wrong = badEncoding
		}
		r.put(part.FormName(), v)
	}
}

var notMultipart = faults{{"body", "is not valid multipart/form-data"}}.err()

// checkMedia refuses a body of a type that this API does not read. A request without a body may call it what it likes.
func checkMedia(r *http.Request) error {
	if r.ContentLength == 0 {
		return nil
	}
	_, _, err := mediaOf(r)
	return err
}

// mediaOf returns the media type of a body and, for a multipart one, its boundary. A body that is called nothing is JSON.
func mediaOf(r *http.Request) (media, boundary string, err error) {
	refusal := faults{{"Content-Type", "must be " + mediaJSON + ", " + mediaForm + " or " + mediaMultipart + ", in UTF-8"}}.err()
	headers := r.Header["Content-Type"]
	if len(headers) == 0 || len(headers) == 1 && headers[0] == "" {
		return mediaJSON, "", nil
	}
	media, params, err := mime.ParseMediaType(headers[0])
	if err != nil || len(headers) > 1 {
		return "", "", refusal
	}
	switch strings.ToLower(params["charset"]) {
	case "", "utf-8", "utf8", "us-ascii":
	default:
		return "", "", refusal
	}
	switch boundary = params["boundary"]; {
	case media == mediaJSON, media == mediaForm, media == mediaMultipart && boundary != "":
		return media, boundary, nil
	default:
		return "", "", refusal
	}
}

// readForm reads the parameters of these names from the query and the body. Where one is sent in both, the body's counts
// (rulings: POST body), but one that is at fault is at fault in either place.
func readForm(r *dialect.Request, names []string) (form, error) {
	query, body := newReader(names), newReader(names)
	query.readPairs(r.URL.RawQuery)
	if err := body.readBody(r); err != nil {
		return nil, err
	}
	for name, v := range query.form {
		if inBody, both := body.form[name]; both {
			if v.wrong == "" {
				continue
			}
			inBody.wrong = v.wrong
			v = inBody
		}
		body.form[name] = v
	}
	return body.form, nil
}

func (r *reader) readBody(req *dialect.Request) error {
	if len(bytes.TrimSpace(req.Body)) == 0 {
		return nil
	}
	media, boundary, err := mediaOf(req.Request)
	if err != nil {
		return err
	}
	switch media {
	case mediaForm:
		r.readPairs(string(req.Body))
		return nil
	case mediaMultipart:
		return r.readMultipart(req.Body, boundary)
	default:
		return r.readJSON(req.Body)
	}
}

// stated returns the text of a parameter and whether it states anything.
func (f form) stated(name string) bool {
	v := f[name]
	return v.text != "" || v.wrong != ""
}

// hash stands for what was stated, in whichever form it was sent: a multipart body is another one each time.
func (f form) hash(names []string) clientele.SecretHash {
	var b strings.Builder
	for _, name := range names {
		if v := f[name]; v.text != "" {
			b.WriteString(name + "=" + url.QueryEscape(v.text) + "&")
		}
	}
	return clientele.HashSecret(clientele.PrimeLead, b.String())
}
