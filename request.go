package clientele

import (
	"context"
	"net/netip"
)

// Request is what becomes known about one call while it is served. The middleware makes it, whoever serves the call fills
// in, and one log line and the metrics tell of it in the end. All but Body
// and Client holds no personal data and no secret.
type Request struct {
	// ID is the X-Request-Id of the answer. It is the partner's if it sent a sane one.
	ID string
	// TraceID is ours, a UUID.
	TraceID      string
	Dialect      Dialect
	ProjectID    int64
	CredentialID int64
	// Client is the address that the call came from, as far as our own proxies tell; the zero Addr when nobody looked. It is
	// never for the log.
	Client netip.Addr
	// OperatorID is who is logged in to the console; 0 for a call of a partner.
	OperatorID int64
	// Result is what became of the write, for calls that write.
	Result Result
	// Err is why the call failed, with its cause.
	Err error
	// Body is what the caller sent, once it was read; nil before. It is for those who keep refused calls, and never for the
	// log.
	Body []byte
}

type requestKey struct{}

// WithRequest returns a context that carries r.
func WithRequest(ctx context.Context, r *Request) context.Context {
	return context.WithValue(ctx, requestKey{}, r)
}

// RequestOf returns the Request that ctx carries, or a new one when it carries none.
func RequestOf(ctx context.Context) *Request {
	if r, ok := ctx.Value(requestKey{}).(*Request); ok {
		return r
	}
	return &Request{}
}
