package dialect

import (
	"errors"
	"fmt"

	"clientele"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// ErrNotObject says that a body is JSON, but not an object.
var ErrNotObject = clientele.Errorf(clientele.KindInvalid, "body must be object")

// DecodeObject reads a body as one JSON object into v, a pointer to a struct. Property names are case-sensitive, unknown
// ones are ignored, and nothing may follow.
//
// The error is ErrNotObject, or an Error of kind invalid that says where the body stops being JSON: a property sent twice,
// invalid UTF-8 and a lone surrogate count as malformed. A property of another type than v has is of that kind too;
// dialects that answer it in their own words take such properties as jsontext.Value.
func DecodeObject(body []byte, v any) error {
	value := jsontext.Value(body)
	if value.Kind() != '{' {
		if err := wellFormed(value); err != nil {
			return malformed(err)
		}
		return ErrNotObject
	}
	if err := json.Unmarshal(body, v); err != nil {
		return malformed(err)
	}
	return nil
}

// wellFormed returns why a value is not JSON; nil when it is.
func wellFormed(v jsontext.Value) error {
	var any jsontext.Value
	return json.Unmarshal(v, &any)
}

// malformed turns a library's error into ours: what is wrong and at which byte, counted from 0.
func malformed(err error) error {
	if e, ok := errors.AsType[*jsontext.SyntacticError](err); ok {
		return &clientele.Error{
			Kind: clientele.KindInvalid, Message: fmt.Sprintf("%v at position %d", e.Err, e.ByteOffset),
		}
	}
	if e, ok := errors.AsType[*json.SemanticError](err); ok {
		return &clientele.Error{
			Kind: clientele.KindInvalid, Message: fmt.Sprintf("unexpected value at position %d", e.ByteOffset),
		}
	}
	return &clientele.Error{Kind: clientele.KindInvalid, Message: "unexpected end", Err: err}
}

// Reason returns what an error of DecodeObject says, for a dialect's own sentence.
func Reason(err error) string {
	if e, ok := errors.AsType[*clientele.Error](err); ok {
		return e.Message
	}
	return err.Error()
}
