package dkhardware

import (
	"errors"
	"fmt"
	"net/http"

	"clientele"
	"clientele/internal/dialect"
)

// answer is how this API answers a kind of error (rulings, Errors).
type answer struct {
	status int
	title  string
}

var systemError = answer{http.StatusInternalServerError, "System error."}

var answers = map[clientele.Kind]answer{
	clientele.KindInvalid:          {http.StatusBadRequest, "One or more validation errors occurred."},
	clientele.KindUnauthorized:     {http.StatusUnauthorized, "Unauthorized."},
	clientele.KindForbidden:        {http.StatusForbidden, "Forbidden."},
	clientele.KindNotFound:         {http.StatusNotFound, "Not found."},
	clientele.KindConflict:         {http.StatusConflict, "Conflict."},
	clientele.KindTooLarge:         {http.StatusRequestEntityTooLarge, "Request body is too large."},
	clientele.KindUnsupportedMedia: {http.StatusUnsupportedMediaType, "Unsupported media type."},
	clientele.KindRateLimited:      {http.StatusTooManyRequests, "Too many requests."},
	clientele.KindUnavailable:      {http.StatusServiceUnavailable, "System error."},
}

// fault is what is wrong with one field.
type fault struct {
	path     string // Email, Addresses[0].Zip
	messages []string
}

// faults are all the faults of a request, in the order of the contract's table.
type faults []fault

// add notes a fault of the field at path. The faults of one field come one after the other.
func (f *faults) add(path, format string, args ...any) {
	message := fmt.Sprintf(format, args...)
	if last := len(*f) - 1; last >= 0 && (*f)[last].path == path {
		(*f)[last].messages = append((*f)[last].messages, message)
		return
	}
	*f = append(*f, fault{path: path, messages: []string{message}})
}

// err returns the faults as an Error of kind invalid; nil when there are none.
func (f faults) err() error {
	if len(f) == 0 {
		return nil
	}
	return &clientele.Error{Kind: clientele.KindInvalid, Err: f}
}

// Error implements error. It names the fields, not what was in them.
func (f faults) Error() string { return fmt.Sprintf("%d faults, the first in %s", len(f), f[0].path) }

// keyBody is the key of faults that belong to no field.
const keyBody = "Body"

// faultsOf returns what to say about an error of kind invalid. Those of the endpoint come without faults.
func faultsOf(e *clientele.Error) faults {
	if f, ok := errors.AsType[faults](e); ok {
		return f
	}
	path := e.Field
	if path == "" {
		path = keyBody
	}
	var f faults
	f.add(path, "%s.", e.Message)
	return f
}

// fail answers a request that failed. The error itself goes to the log.
func fail(w http.ResponseWriter, r *http.Request, err error) {
	info := clientele.RequestOf(r.Context())
	info.Err = err
	e, ok := errors.AsType[*clientele.Error](err)
	if !ok {
		e = &clientele.Error{}
	}
	to, ok := answers[e.Kind]
	if !ok {
		to = systemError
	}
	switch e.Kind {
	case clientele.KindUnauthorized:
		w.Header().Set("WWW-Authenticate", `Bearer error="invalid_token"`)
	case clientele.KindForbidden:
		w.Header().Set("WWW-Authenticate", fmt.Sprintf(`Bearer error="insufficient_scope", scope="%s"`, e.Field))
	}
	dialect.SetRetryAfter(w.Header(), e)
	b := appendError(nil, to, info.TraceID)
	if e.Kind == clientele.KindInvalid {
		b = faultsOf(e).appendJSON(append(b, `,"errors":`...))
	}
	dialect.WriteJSON(w, to.status, append(b, '}'))
}

// appendError appends the members that every error has, and leaves the object open.
func appendError(b []byte, to answer, traceID string) []byte {
	b = fmt.Appendf(b, `{"status":%d,"title":"%s","traceId":`, to.status, to.title)
	return clientele.AppendQuoted(b, traceID)
}

func (f faults) appendJSON(b []byte) []byte {
	b = append(b, '{')
	for i, one := range f {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(clientele.AppendQuoted(b, one.path), ':', '[')
		for j, message := range one.messages {
			if j > 0 {
				b = append(b, ',')
			}
			b = clientele.AppendQuoted(b, message)
		}
		b = append(b, ']')
	}
	return append(b, '}')
}

// notFound answers a path below this API's that nobody serves.
func notFound(w http.ResponseWriter, r *http.Request) {
	clientele.RequestOf(r.Context()).Dialect = clientele.DKHardware
	fail(w, r, clientele.Errorf(clientele.KindNotFound, "no such route"))
}

// methodNotAllowed answers a method that a path of this API does not have. It says which it has.
func methodNotAllowed(methods string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		info := clientele.RequestOf(r.Context())
		info.Dialect = clientele.DKHardware
		w.Header().Set("Allow", methods)
		to := answer{http.StatusMethodNotAllowed, "Method not allowed."}
		dialect.WriteJSON(w, to.status, append(appendError(nil, to, info.TraceID), '}'))
	}
}
