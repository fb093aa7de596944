package httpd

import (
	"context"
	"log/slog"
	"sync/atomic"
	"time"
)

// busyPause is the time that one line tells of.
const busyPause = time.Second

// busy counts the calls that were refused because too many waited, and logs them once in a while: a line for each would cost
// the server, which has too much to do already, a good part of what refusing saves. The metrics count each of them.
type busy struct {
	log       *slog.Logger
	metrics   *Metrics
	now       func() time.Time
	witnesses []func(Exchange)
	count     atomic.Int64
}

// refused counts a call. The first in a while starts the time after which all are logged.
func (b *busy) refused() {
	if b.count.Add(1) == 1 {
		time.AfterFunc(busyPause, b.tell)
	}
}

func (b *busy) tell() {
	b.log.Warn("refused because too many wait", "calls", b.count.Swap(0), "within", busyPause.String())
}

// again returns what tells of a call that was refused like the one before.
func (b *busy) again(e Exchange) func(again) {
	route, status, dialect, before := e.Route, e.Status, e.Info.Dialect, *e.Info
	before.Body = nil
	request := e.Request.WithContext(context.Background())
	return func(now again) {
		info := before
		info.ID, info.TraceID = now.id, now.traceID
		b.refused()
		b.metrics.observe(dialect, route, status, 0)
		for _, tell := range b.witnesses {
			tell(Exchange{b.now(), request, &info, route, status, now.answer, e.AnswerBytes})
		}
	}
}
