package httpd

import (
	"cmp"
	"crypto/tls"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// places are what a listener has for connections: what each holds is memory. While more than three quarters are taken,
// connections that nobody has used for a while make room, or whoever keeps many open would keep everybody out.
type places struct {
	limits limits
	log    *slog.Logger

	open    atomic.Int64
	refused atomic.Int64
	unsaid  atomic.Int64 // refused since the log last told

	mu     sync.Mutex
	taken  map[*sheddingConn]struct{}
	looked time.Time // when idle connections were last looked for; Accept's alone

	urging atomic.Bool // urge will be called
}

// lookPause is the time between two looks for idle connections, each of which goes through all of them.
const lookPause = time.Second

func newPlaces(l limits, log *slog.Logger) *places {
	return &places{limits: l, log: log, taken: map[*sheddingConn]struct{}{}}
}

// take returns the connection in its place; nil when there is none.
func (p *places) take(tcp *net.TCPConn) *sheddingConn {
	c := &sheddingConn{timedConn: newTimedConn(tcp, p.urgeSoon), limits: p.limits}
	c.left = sync.OnceFunc(func() { p.leave(c) })
	p.mu.Lock()
	p.taken[c] = struct{}{}
	p.mu.Unlock()
	most := int64(p.limits.connections)
	if p.open.Add(1) > most*3/4 {
		p.makeRoom(int(most * 3 / 4))
	}
	if p.open.Load() > most {
		c.left()
		p.refuse()
		return nil
	}
	return c
}

func (p *places) leave(c *sheddingConn) {
	p.mu.Lock()
	delete(p.taken, c)
	p.mu.Unlock()
	p.open.Add(-1)
}

// makeRoom closes those connections that have been idle for longest, until no more than so many are open.
func (p *places) makeRoom(most int) {
	now := time.Now()
	if now.Sub(p.looked) < min(lookPause, p.limits.crowdedIdle) {
		return
	}
	p.looked = now
	type idle struct {
		conn  *sheddingConn
		since int64
	}
	var list []idle
	p.mu.Lock()
	for c := range p.taken {
		if since := c.idleSince.Load(); since != 0 && now.UnixNano()-since >= int64(p.limits.crowdedIdle) {
			list = append(list, idle{c, since})
		}
	}
	p.mu.Unlock()
	slices.SortFunc(list, func(a, b idle) int { return cmp.Compare(a.since, b.since) })
	closed := 0
	for _, one := range list {
		if int(p.open.Load()) <= most {
			break
		}
		if one.conn.idleSince.CompareAndSwap(one.since, 0) { // nobody has used it meanwhile
			_ = one.conn.Close() // its client opens another
			closed++
		}
	}
	if closed > 0 {
		p.log.Info("closed idle connections, since most places are taken", "connections", closed, "places", p.limits.connections)
	}
}

// urgeSoon has those connections urged that wait to listen for a caller that hangs up.
func (p *places) urgeSoon() {
	if !p.urging.Load() && p.urging.CompareAndSwap(false, true) {
		time.AfterFunc(hangUpPause, p.urge)
	}
}

// urge goes on as long as any connection waits. One that begins to wait behind its back calls urgeSoon itself.
func (p *places) urge() {
	p.urging.Store(false)
	waiting := false
	p.mu.Lock()
	for c := range p.taken {
		waiting = c.urge() || waiting
	}
	p.mu.Unlock()
	if waiting {
		p.urgeSoon()
	}
}

// refuse counts a connection that had no place. The first in a while starts the time after which all are logged.
func (p *places) refuse() {
	p.refused.Add(1)
	if p.unsaid.Add(1) == 1 {
		time.AfterFunc(busyPause, func() {
			p.log.Warn("refused connections because all places are taken", "connections", p.unsaid.Swap(0),
				"places", p.limits.connections, "within", busyPause.String())
		})
	}
}

// noteState is for http.Server.ConnState.
func noteState(c net.Conn, state http.ConnState) {
	if secure, ok := c.(*tls.Conn); ok {
		c = secure.NetConn()
	}
	s, ok := c.(*sheddingConn)
	switch {
	case !ok:
	case state == http.StateIdle:
		s.idleSince.Store(time.Now().UnixNano())
	default:
		s.idleSince.Store(0)
	}
}
