package faulttest_test

import (
	"bufio"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"clientele/internal/postgres/pgtest"
)

// link is one connection through a wire.
type link struct {
	wire           *wire
	client, server *net.TCPConn
	ending         sync.Once
	over           chan struct{} // closed when it has ended
	forget         sync.Once
	forgotten      chan struct{} // closed when the network knows it no more
	muted          atomic.Bool   // the client is to hear nothing more, and to be cut off when the answer is there

	mu    sync.Mutex
	bite  *bite
	ahead int // bytes before the bite
}

// end ends the connection on both sides.
func (l *link) end(by end) {
	l.ending.Do(func() {
		if by == byReset {
			reset(l.client)
			reset(l.server)
		} else {
			_ = l.client.Close()
			_ = l.server.Close()
		}
		close(l.over)
	})
}

// pumpToDatabase carries what the client says.
func (l *link) pumpToDatabase() {
	m := pgtest.NewMessages(bufio.NewReader(l.client))
	for {
		frame, statement, err := m.Next()
		if err != nil {
			l.pass(0) // an end travels as everything does
			l.end(byClose)
			return
		}
		if isCommit(statement) {
			if fault, hit := l.wire.strike(); hit {
				l.carryOut(fault, frame, m)
				return
			}
		}
		if !l.carry(toDatabase, frame) {
			return
		}
		l.wire.carried.Add(int64(len(frame)))
	}
}

// pumpToServer carries what the database answers.
func (l *link) pumpToServer() {
	r := bufio.NewReader(l.server)
	for {
		frame, err := pgtest.ReadMessage(r)
		if err != nil {
			l.pass(0)
			l.end(byClose)
			return
		}
		if l.muted.Load() {
			if frame[0] == 'Z' { // ready for the next statement: the COMMIT has taken place
				l.end(byReset)
				return
			}
			continue
		}
		if !l.carry(toServer, frame) {
			return
		}
	}
}

// strike takes the next commit fault.
func (w *wire) strike() (commitFault, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.commits) == 0 {
		return 0, false
	}
	fault := w.commits[0]
	w.commits = w.commits[1:]
	w.struck++
	return fault, true
}

// carryOut does to the COMMIT in frame what the fault says, and ends the connection.
func (l *link) carryOut(fault commitFault, frame []byte, m *pgtest.Messages) {
	if fault == commitLost {
		l.end(byReset)
		return
	}
	if fault == commitUnheard {
		l.muted.Store(true)
	}
	rest := frame
	for frame[0] != 'Q' && frame[0] != 'S' { // a simple query stands alone; Sync ends what else the client sends in one go
		var err error
		if frame, _, err = m.Next(); err != nil {
			l.end(byClose)
			return
		}
		rest = append(rest, frame...)
	}
	if fault == commitSlept {
		reset(l.client)
		l.rest(sleepOfCommit)
		l.muted.Store(true)
	}
	_, err := l.server.Write(rest)
	if fault == commitRaced || err != nil {
		l.end(byReset)
		return
	}
	<-l.over // the other pump hears the answer, and ends it
}

// rest waits, at most until the connection has ended.
func (l *link) rest(d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-l.over:
	}
}

// memory is how long PostgreSQL is left with a connection that the network has forgotten: longer than it lets a client
// be silent within a transaction.
const memory = 12 * time.Second

// pass lets a message of so many bytes wait for the weather.
func (l *link) pass(bytes int) {
	select {
	case <-l.forgotten:
		l.rest(memory)
		l.end(byReset)
		return
	default:
	}
	now := l.wire.now()
	if now.silent != nil {
		select {
		case <-now.silent:
		case <-l.over:
		case <-l.wire.ended:
		}
	}
	if now.delay > 0 && bytes > 0 {
		l.rest(now.delay)
	}
	if now.rate > 0 && bytes > 0 {
		l.rest(time.Duration(bytes) * time.Millisecond / time.Duration(now.rate))
	}
}

// carry passes a message on; false when the connection has ended.
func (l *link) carry(to direction, frame []byte) bool {
	l.pass(len(frame))
	conn, back := l.server, l.client
	if to == toServer {
		conn, back = back, conn
	}
	bitten, part := l.bitten(to, len(frame))
	if bitten == nil {
		_, err := conn.Write(frame)
		if err != nil {
			l.end(byClose)
		}
		return err == nil
	}
	_, _ = conn.Write(frame[:part])
	if bitten.by == byHalfClose {
		_ = conn.CloseWrite()
		_ = back.CloseRead()
		l.rest(memory) // whoever hears the end hangs up
	}
	l.end(bitten.by)
	return false
}

// bitten returns the bite that a message of so many bytes runs into, and how much of it passes before; nil for none.
func (l *link) bitten(to direction, bytes int) (b *bite, part int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.bite == nil {
		l.bite = l.wire.take()
		if l.bite == nil {
			return nil, 0
		}
		l.ahead = l.bite.after
	}
	if l.bite.of != to {
		return nil, 0
	}
	if l.ahead >= bytes {
		l.ahead -= bytes
		return nil, 0
	}
	l.wire.mu.Lock()
	l.wire.struck++
	l.wire.mu.Unlock()
	return l.bite, l.ahead
}

// take takes the next bite; nil when there is none.
func (w *wire) take() *bite {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.bites) == 0 {
		return nil
	}
	b := w.bites[0]
	w.bites = w.bites[1:]
	return &b
}
