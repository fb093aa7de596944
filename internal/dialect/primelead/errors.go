package primelead

import (
	"errors"
	"fmt"
	"net/http"
	"time"

	"clientele"
	"clientele/internal/dialect"
)

// answer is how this API answers a kind of error (document, section "Kody odpowiedzi HTTP").
type answer struct {
	status  int
	message string
}

// unforeseen is the documented answer to an unexpected error, which a full disk is too (rulings: storage failure).
var unforeseen = answer{http.StatusConflict, "Conflict"}

// retryUnforeseen is when trying again makes sense after an error that does not say.
const retryUnforeseen = time.Second

var (
	denied          = answer{http.StatusForbidden, "Permission denied"}
	validationError = answer{http.StatusUnprocessableEntity, "Validation error"}
)

// answers is this API's answer to each kind of error; anything else is unforeseen. The document has no 401 and no 404.
var answers = map[clientele.Kind]answer{
	clientele.KindInvalid:          validationError,
	clientele.KindTooLarge:         validationError,
	clientele.KindUnauthorized:     denied,
	clientele.KindForbidden:        denied,
	clientele.KindNotFound:         denied,
	clientele.KindConflict:         {http.StatusConflict, "Conflict"},
	clientele.KindRateLimited:      {http.StatusTooManyRequests, "Too many requests"},
	clientele.KindUnsupportedMedia: {http.StatusUnsupportedMediaType, "Unsupported media type"},
}

// fault is one thing to mend in a request: the parameter as the caller spells it, and what is wrong with it.
type fault struct{ field, message string }

// faults are all the faults of a request, in documented order of the parameters.
type faults []fault

// Error implements error. It names the parameters, not what was in them.
func (f faults) Error() string { return fmt.Sprintf("%d faults, the first in %s", len(f), f[0].field) }

// err returns the faults as an Error of kind invalid; nil when there are none.
func (f faults) err() error {
	if len(f) == 0 {
		return nil
	}
	return &clientele.Error{Kind: clientele.KindInvalid, Err: f}
}

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
		e = &clientele.Error{RetryAfter: max(e.RetryAfter, retryUnforeseen)}
	}
	dialect.SetRetryAfter(w.Header(), e)
	dialect.WriteJSON(w, to.status, answerBody(to, faultsOf(e)))
}

// faultsOf returns what an error has to say about single fields.
func faultsOf(e *clientele.Error) faults {
	switch list, ok := errors.AsType[faults](e); {
	case ok:
		return list
	case e.Kind == clientele.KindUnsupportedMedia:
		return faults{{"Content-Encoding", e.Message}}
	case e.Kind == clientele.KindTooLarge:
		return faults{{"body", "is larger than 65536 bytes"}}
	case e.Kind == clientele.KindInvalid && e.Field == "Idempotency-Key":
		return faults{{e.Field, "must be sent once, with 1 to 255 characters"}}
	case e.Kind == clientele.KindInvalid:
		return faults{{"body", "did not arrive"}}
	default:
		return nil
	}
}

// answerBody returns the body of an answer that is no success: always its three properties.
func answerBody(a answer, f faults) []byte {
	b := clientele.AppendQuoted([]byte(`{"success":false,"message":`), a.message)
	b = append(b, `,"errors":[`...)
	for i, one := range f {
		if i > 0 {
			b = append(b, ',')
		}
		b = clientele.AppendQuoted(append(b, `{"field":`...), one.field)
		b = clientele.AppendQuoted(append(b, `,"message":`...), one.message)
		b = append(b, '}')
	}
	return append(b, ']', '}')
}

// deny answers a path or a method that this API does not have ("Metoda niedostępna").
func deny(w http.ResponseWriter, r *http.Request) {
	clientele.RequestOf(r.Context()).Dialect = clientele.PrimeLead
	fail(w, r, clientele.Errorf(clientele.KindForbidden, "no such route"))
}

// spelling is how a caller spells the fields that the book may find fault with.
type spelling map[string]string

// inWordsOf puts the faults that the book found into the caller's spelling, in documented order; other errors stay.
func inWordsOf(s spelling, err error) error {
	var list faults
	for _, e := range each(err) {
		field, ok := s[e.Field]
		if e.Kind != clientele.KindInvalid || !ok {
			return err
		}
		list = append(list, fault{field, e.Message})
	}
	if list == nil {
		return err
	}
	return list.err()
}

// each returns the Errors that are joined in err.
func each(err error) []*clientele.Error {
	var list []*clientele.Error
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		for _, one := range joined.Unwrap() {
			list = append(list, each(one)...)
		}
	} else if e, ok := errors.AsType[*clientele.Error](err); ok {
		list = append(list, e)
	}
	return list
}
