package console

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"clientele"
)

// The bounds of the live streams: each holds a connection and a goroutine.
const (
	maxStreams            = 128
	maxStreamsPerOperator = 8
)

const (
	// beatEvery is how often a stream shows that it lives, and looks whether its operator is still logged in.
	beatEvery = 10 * time.Second
	// sendTimeout is how long one message may take to be sent.
	sendTimeout = 10 * time.Second
)

// streams are the live streams of this server.
type streams struct {
	beat time.Duration

	mu     sync.Mutex
	open   map[*liveStream]bool
	closed bool
}

// liveStream is one of them. ended is closed when it has to end: its session did, or the server does.
type liveStream struct {
	operator int64
	session  string
	ended    chan struct{}
}

var errTooManyStreams = &clientele.Error{Kind: clientele.KindRateLimited, Message: "too many pages are live already"}

func (s *streams) join(operator int64, session string) (*liveStream, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	own := 0
	for other := range s.open {
		if other.operator == operator {
			own++
		}
	}
	switch {
	case s.closed:
		return nil, clientele.Unavailable("the server is shutting down", nil)
	case len(s.open) >= maxStreams, own >= maxStreamsPerOperator:
		return nil, errTooManyStreams
	}
	l := &liveStream{operator: operator, session: session, ended: make(chan struct{})}
	if s.open == nil {
		s.open = map[*liveStream]bool{}
	}
	s.open[l] = true
	return l, nil
}

func (s *streams) leave(l *liveStream) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.open, l)
}

// end ends the streams that are meant.
func (s *streams) end(isMeant func(*liveStream) bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for l := range s.open {
		if isMeant(l) {
			delete(s.open, l)
			close(l.ended)
		}
	}
}

// endSession ends the streams of a session: somebody logged out.
func (s *streams) endSession(session string) {
	s.end(func(l *liveStream) bool { return l.session == session })
}

// EndStreams ends the live streams and lets none begin, so that a server that drains need not wait for them.
func (c *Console) EndStreams() {
	c.live.mu.Lock()
	c.live.closed = true
	c.live.mu.Unlock()
	c.live.end(func(*liveStream) bool { return true })
}

// streamLive tells a page, by server-sent events, when there is something new to show: "news" after what this server saw is
// in the store, "beat" now and then, also for what other servers saw.
func (c *Console) streamLive(w http.ResponseWriter, r *request) error {
	l, err := c.live.join(r.Operator.ID, r.sessions.Token(r.Context()))
	if err != nil {
		return err
	}
	defer c.live.leave(l)
	connection := http.NewResponseController(w)
	if err := connection.SetReadDeadline(time.Time{}); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return fmt.Errorf("keep the stream open: %w", err) // else the server takes the caller for gone
	}
	w.Header().Set("Content-Type", "text/event-stream; charset=utf-8")
	w.Header().Set("X-Accel-Buffering", "no") // a proxy must not wait for more
	news := c.Traffic.Flushed()
	beat := time.NewTicker(c.live.beat)
	defer beat.Stop()
	for event := "hello"; ; {
		if !sendEvent(w, connection, event) {
			return nil
		}
		select {
		case <-l.ended:
			_ = sendEvent(w, connection, "end")
			return nil
		case <-r.Context().Done():
			return nil
		case <-news:
			news, event = c.Traffic.Flushed(), "news"
		case <-beat.C:
			if event = "beat"; !c.isStillIn(r) {
				_ = sendEvent(w, connection, "end")
				return nil
			}
		}
	}
}

// sendEvent sends an event and reports whether the page is still there.
func sendEvent(w http.ResponseWriter, connection *http.ResponseController, event string) bool {
	if err := connection.SetWriteDeadline(time.Now().Add(sendTimeout)); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return false
	}
	if _, err := fmt.Fprintf(w, "event: %s\ndata: \n\n", event); err != nil {
		return false
	}
	return connection.Flush() == nil
}

// isStillIn asks the store whether a request's session still lets its operator in. The context it asks with is a new one: in
// the request's own the session is as it was found at the beginning, and is not loaded again.
func (c *Console) isStillIn(r *request) bool {
	ctx, cancel := context.WithTimeout(context.Background(), sendTimeout)
	defer cancel()
	defer context.AfterFunc(r.Context(), cancel)()
	ctx, err := r.sessions.Load(ctx, r.sessions.Token(r.Context()))
	if err != nil {
		return false
	}
	again := *r
	again.Request = r.WithContext(ctx)
	return c.identify(&again) == nil
}
