package opm

import (
	"errors"
	"fmt"
	"net/http"

	"clientele"
	"clientele/internal/dialect"
)

// statusOf is this API's answer to each kind of error; anything else is 500.
var statusOf = map[clientele.Kind]int{
	clientele.KindInvalid:          http.StatusBadRequest,
	clientele.KindUnauthorized:     http.StatusUnauthorized,
	clientele.KindConflict:         http.StatusConflict,
	clientele.KindTooLarge:         http.StatusRequestEntityTooLarge,
	clientele.KindUnsupportedMedia: http.StatusUnsupportedMediaType,
	clientele.KindRateLimited:      http.StatusTooManyRequests,
	clientele.KindUnavailable:      http.StatusServiceUnavailable,
}

// fail answers a request that failed. The error itself goes to the log.
func fail(w http.ResponseWriter, r *http.Request, err error) {
	clientele.RequestOf(r.Context()).Err = err
	e, ok := errors.AsType[*clientele.Error](err)
	if !ok {
		e = &clientele.Error{}
	}
	status, ok := statusOf[e.Kind]
	if !ok {
		status = http.StatusInternalServerError
	}
	dialect.SetRetryAfter(w.Header(), e)
	dialect.WriteJSON(w, status, errorBody(status, message(e)))
}

// message returns the document's words for an error, or ours in its style.
func message(e *clientele.Error) string {
	switch e.Kind {
	case clientele.KindUnauthorized:
		return "API key does not exist"
	case clientele.KindInvalid, clientele.KindConflict, clientele.KindTooLarge:
		return e.Message
	case clientele.KindUnsupportedMedia:
		return "Unsupported Media Type: " + e.Field
	case clientele.KindRateLimited:
		return fmt.Sprintf("Rate limit exceeded, retry in %d seconds", dialect.Seconds(e.RetryAfter))
	case clientele.KindUnavailable:
		return "The service cannot store data at the moment, please try again"
	default:
		return "An internal server error occurred"
	}
}

// errorNames are the names of statuses in this API where they are not those of net/http.
var errorNames = map[int]string{http.StatusRequestEntityTooLarge: "Payload Too Large"}

func errorBody(status int, message string) []byte {
	name, ok := errorNames[status]
	if !ok {
		name = http.StatusText(status)
	}
	b := fmt.Appendf(nil, `{"statusCode":%d,"error":`, status)
	b = clientele.AppendQuoted(b, name)
	b = clientele.AppendQuoted(append(b, `,"message":`...), message)
	return append(b, '}')
}

// notFound answers every path and method that nobody serves, with the order of properties of the document's framework.
// Who sends a key means this API.
func notFound(w http.ResponseWriter, r *http.Request) {
	if r.Header["X-Api-Key"] != nil {
		clientele.RequestOf(r.Context()).Dialect = clientele.OPM
	}
	b := clientele.AppendQuoted([]byte(`{"message":`), "Route "+r.Method+":"+r.RequestURI+" not found")
	dialect.WriteJSON(w, http.StatusNotFound, append(b, `,"error":"Not Found","statusCode":404}`...))
}
