package access

import (
	"context"
	"net/netip"
	"sync"
	"time"

	"clientele"
)

// How many may compute hashes at once, how many may wait for that, how many of both may come from one address, and for how
// long one waits: a flood of logins costs two cores and two times argon2MemoryKiB at most, the partners' calls go on, and so
// do logins from elsewhere.
const (
	hashesAtOnce    = 2
	hashesWaiting   = 64
	hashesPerOrigin = 8
	hashPatience    = 5 * time.Second
)

// line is who computes a hash or waits for that, by the origin of their calls. The zero value is ready.
type line struct {
	mu    sync.Mutex
	taken int
	of    map[netip.Prefix]int
}

// enter takes a place, and reports whether there was one for such a caller. Whose origin is not known, such as a command,
// shares no bound but the line's own.
func (l *line) enter(from netip.Prefix) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.taken >= hashesAtOnce+hashesWaiting || from.IsValid() && l.of[from] >= hashesPerOrigin {
		return false
	}
	if l.of == nil {
		l.of = map[netip.Prefix]int{}
	}
	l.taken++
	l.of[from]++
	return true
}

// leave gives a place back.
func (l *line) leave(from netip.Prefix) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.taken--
	if l.of[from]--; l.of[from] == 0 {
		delete(l.of, from)
	}
}

// enter waits until the caller may compute hashes, one after the other, until it calls leave. The error is of kind
// unavailable when too many wait, or too many from the caller's address, when it takes too long, and when ctx ends.
func (h *hashes) enter(ctx context.Context) (leave func(), err error) {
	from := Origin(ctx)
	if !h.line.enter(from) {
		return nil, errCrowded(nil)
	}
	ctx, cancel := context.WithTimeout(ctx, hashPatience)
	defer cancel()
	select {
	case h.inside <- struct{}{}:
		return func() { <-h.inside; h.line.leave(from) }, nil
	case <-ctx.Done():
		h.line.leave(from)
		return nil, errCrowded(ctx.Err())
	}
}

func errCrowded(cause error) error {
	return &clientele.Error{
		Kind: clientele.KindUnavailable, Message: "Too many log in at present: try again in a moment", RetryAfter: hashPatience, Err: cause,
	}
}
