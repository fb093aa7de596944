// Package dialect is what the partner APIs share: the endpoint that knows the caller, counts its calls and reads its body
// before a handler sees the request, and strict JSON.
package dialect

import (
	"fmt"
	"io"
	"maps"
	"net/http"
	"runtime/debug"
	"strconv"
	"time"

	"clientele"
	"clientele/internal/access"
	"clientele/internal/book"
)

// API is one partner API as its endpoints see it.
type API struct {
	Dialect clientele.Dialect
	Access  *access.Access
	// Identify returns the credential of a request and the project it opens; an Error of kind unauthorized when there is
	// none. It never reads the body.
	Identify func(*http.Request) (*clientele.Credential, int64, error)
	// Fail answers a request that failed, in the dialect's own form.
	Fail func(http.ResponseWriter, *http.Request, error)
	// MaxBodyBytes bounds a body.
	MaxBodyBytes int64
}

// Endpoint is one route of an API.
type Endpoint struct {
	// Class says which limit a call counts against.
	Class access.Class
	// Scope is what the credential must have been granted; empty for none.
	Scope string
	// Media refuses a request whose body is of another type than the endpoint reads; nil when it reads no body.
	Media func(*http.Request) error
	// Serve answers the request.
	Serve func(*Request) (Answer, error)
}

// Request is a request whose sender is known and whose body has been read.
type Request struct {
	*http.Request
	Credential *clientele.Credential
	Body       []byte
	// Call is what the book wants to know of it.
	Call book.Call
}

// Answer is the answer to a request that did not fail.
type Answer struct {
	// Status is the HTTP status; 0 means 200.
	Status int
	// Header is sent besides what every answer has; may be nil.
	Header http.Header
	// Body is JSON.
	Body []byte
	// Stream writes the JSON instead, for a body that is too large to hold; nil for Body. Its error cuts the connection,
	// so that an answer that broke off does not look whole.
	Stream func(io.Writer) error
	// Result is what became of a write, for the log.
	Result clientele.Result
}

// Handle returns the handler of an endpoint: credential, rate limit, scope, body, Serve, answer, in this order. A caller
// without a valid credential learns nothing about the body it sent.
func (a *API) Handle(e Endpoint) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		answer, err := a.serveSafely(w, r, &e)
		if err != nil {
			a.Fail(w, r, err)
			return
		}
		clientele.RequestOf(r.Context()).Result = answer.Result
		maps.Copy(w.Header(), answer.Header)
		if answer.Stream == nil {
			WriteJSON(w, answer.Status, answer.Body)
			return
		}
		w.Header()["Content-Type"] = jsonContentType
		if err := answer.Stream(w); err != nil {
			clientele.RequestOf(r.Context()).Err = err
			panic(http.ErrAbortHandler)
		}
	}
}

// serveSafely turns a panic into an error, so that it is answered in the dialect's own form.
func (a *API) serveSafely(w http.ResponseWriter, r *http.Request, e *Endpoint) (answer Answer, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	return a.serve(w, r, e)
}

func (a *API) serve(w http.ResponseWriter, r *http.Request, e *Endpoint) (Answer, error) {
	info := clientele.RequestOf(r.Context())
	info.Dialect = a.Dialect
	credential, project, err := a.Identify(r)
	if err != nil {
		return Answer{}, err
	}
	info.ProjectID, info.CredentialID = project, credential.ID
	quota, err := a.Access.Take(r.Context(), credential, e.Class)
	writeQuota(w.Header(), quota)
	if err != nil {
		return Answer{}, err
	}
	if e.Scope != "" && !credential.HasScope(e.Scope) {
		return Answer{}, &clientele.Error{Kind: clientele.KindForbidden, Field: e.Scope, Message: "scope missing"}
	}
	req := &Request{Request: r, Credential: credential, Call: book.Call{
		ProjectID: project,
		Origin:    clientele.Origin{Dialect: a.Dialect, CredentialID: credential.ID, RequestID: info.ID},
	}}
	if e.Media != nil {
		if err := a.readBody(w, req, e.Media); err != nil {
			return Answer{}, err
		}
	}
	return e.Serve(req)
}

// readBody reads the body and the caller's name for the call, if it sent one.
func (a *API) readBody(w http.ResponseWriter, req *Request, media func(*http.Request) error) error {
	if err := CheckEncoding(req.Request); err != nil {
		return err
	}
	if err := media(req.Request); err != nil {
		return err
	}
	var err error
	if req.Body, err = readBody(w, req.Request, a.MaxBodyBytes); err != nil {
		return err
	}
	clientele.RequestOf(req.Context()).Body = req.Body
	req.Call.Idempotency, err = idempotency(req)
	return err
}

// WriteJSON answers with a JSON body; status 0 means 200.
func WriteJSON(w http.ResponseWriter, status int, body []byte) {
	h := w.Header()
	h["Content-Type"] = jsonContentType
	h["Content-Length"] = []string{strconv.Itoa(len(body))}
	if status == 0 {
		status = http.StatusOK
	}
	w.WriteHeader(status)
	_, _ = w.Write(body) // a caller that hung up hears nothing
}

var jsonContentType = []string{"application/json; charset=utf-8"}

// writeQuota tells the caller where it stands in its window, when there is one.
func writeQuota(h http.Header, q access.Quota) {
	if q.Limit == 0 {
		return
	}
	h["Ratelimit-Limit"] = []string{strconv.Itoa(q.Limit)}
	h["Ratelimit-Remaining"] = []string{strconv.Itoa(q.Remaining)}
	h["Ratelimit-Reset"] = []string{strconv.Itoa(Seconds(q.Reset))}
}

// SetRetryAfter tells the caller when to try again, when the error says so.
func SetRetryAfter(h http.Header, e *clientele.Error) {
	if e.RetryAfter > 0 {
		h.Set("Retry-After", strconv.Itoa(Seconds(e.RetryAfter)))
	}
}

// Seconds returns d in whole seconds, rounded up.
func Seconds(d time.Duration) int { return int((d + time.Second - 1) / time.Second) }
