package onlinewerkrooster

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"

	"clientele"
	"clientele/internal/dialect"
)

// answer is how this API answers a kind of error: the status, the code, and the sentence of the document's table.
type answer struct {
	status  int
	code    string
	message string
}

var unforeseen = answer{
	http.StatusInternalServerError, "INTERNAL_SERVER_ERROR", "An unexpected (technical) error occurred.",
}

var answers = map[clientele.Kind]answer{
	clientele.KindInvalid:      {http.StatusBadRequest, "BAD_REQUEST", "Invalid request due to wrong/missing parameters."},
	clientele.KindUnauthorized: {http.StatusUnauthorized, "UNAUTHORIZED", "Not authorized."},
	clientele.KindNotFound:     {http.StatusNotFound, "NOT_FOUND", "No data found while data was expected."},
	clientele.KindConflict:     {http.StatusConflict, "CONFLICT", ""},
	clientele.KindTooLarge: {
		http.StatusRequestEntityTooLarge, "PAYLOAD_TOO_LARGE", "The request body is too large: at most 65536 bytes are read.",
	},
	clientele.KindUnsupportedMedia: {
		http.StatusUnsupportedMediaType, "UNSUPPORTED_MEDIA_TYPE", "The request body must be uncompressed JSON in UTF-8: application/json.",
	},
	clientele.KindRateLimited: {http.StatusTooManyRequests, "TOO_MANY_REQUESTS", ""},
	clientele.KindUnavailable: {
		http.StatusServiceUnavailable, "SERVICE_UNAVAILABLE", "The service cannot store or read data at the moment, please try again.",
	},
}

// fault is one thing to mend in a request.
type fault struct{ field, message string }

// faults are all the faults of a request, in the order of the document's table.
type faults []fault

// Error implements error. It names the fields, not what was in them.
func (f faults) Error() string { return fmt.Sprintf("%d faults, the first in %s", len(f), f[0].field) }

// err returns the faults as an Error of kind invalid; nil when there are none.
func (f faults) err() error {
	if len(f) == 0 {
		return nil
	}
	return &clientele.Error{Kind: clientele.KindInvalid, Err: f}
}

// conflict is a unique key that another customer has.
type conflict struct {
	code       string
	message    string
	customerID int64 // of the customer that stands; 0 to leave it out
}

// Error implements error.
func (c *conflict) Error() string { return c.code }

// fail answers a request that failed. The error itself goes to the log.
func fail(w http.ResponseWriter, r *http.Request, err error) {
	clientele.RequestOf(r.Context()).Err = err
	e, ok := errors.AsType[*clientele.Error](err)
	if !ok {
		e = &clientele.Error{}
	}
	to, ok := answers[e.Kind]
	if !ok {
		to = unforeseen
	}
	switch e.Kind {
	case clientele.KindConflict:
		to.message = e.Message
	case clientele.KindRateLimited:
		to.message = fmt.Sprintf("Rate limit exceeded, retry in %d seconds.", dialect.Seconds(e.RetryAfter))
	}
	dialect.SetRetryAfter(w.Header(), e)
	dialect.WriteJSON(w, to.status, errorBody(to, e))
}

// errorBody returns the body of an error: code and message, on a 400 what to mend, on a conflict the customer that stands.
func errorBody(to answer, e *clientele.Error) []byte {
	stands, isConflict := errors.AsType[*conflict](e)
	if isConflict {
		to.code, to.message = stands.code, stands.message
	}
	b := clientele.AppendQuoted([]byte(`{"code":`), to.code)
	b = clientele.AppendQuoted(append(b, `,"message":`...), to.message)
	if isConflict && stands.customerID != 0 {
		b = fmt.Appendf(b, `,"customerId":%d`, stands.customerID)
	}
	if to.status == http.StatusBadRequest {
		list, ok := errors.AsType[faults](e)
		if !ok {
			list = faults{{cmp.Or(e.Field, "body"), e.Message}}
		}
		b = list.appendJSON(append(b, `,"errors":`...))
	}
	return append(b, '}')
}

func (f faults) appendJSON(b []byte) []byte {
	b = append(b, '[')
	for i, one := range f {
		if i > 0 {
			b = append(b, ',')
		}
		b = clientele.AppendQuoted(append(b, `{"field":`...), one.field)
		b = clientele.AppendQuoted(append(b, `,"message":`...), one.message)
		b = append(b, '}')
	}
	return append(b, ']')
}

// notFound answers a path below this API's that nobody serves.
func notFound(w http.ResponseWriter, r *http.Request) {
	clientele.RequestOf(r.Context()).Dialect = clientele.Onlinewerkrooster
	fail(w, r, clientele.Errorf(clientele.KindNotFound, "no such route"))
}

// methodNotAllowed answers a method that a path of this API does not have. It says which it has.
func methodNotAllowed(methods string) http.HandlerFunc {
	body := errorBody(answer{
		http.StatusMethodNotAllowed, "METHOD_NOT_ALLOWED", "This method is not available here; available are: " + methods + ".",
	}, &clientele.Error{})
	return func(w http.ResponseWriter, r *http.Request) {
		clientele.RequestOf(r.Context()).Dialect = clientele.Onlinewerkrooster
		w.Header().Set("Allow", methods)
		dialect.WriteJSON(w, http.StatusMethodNotAllowed, body)
	}
}
