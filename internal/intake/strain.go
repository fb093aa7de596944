package intake

import (
	"os"
	"sync"
	"sync/atomic"
	"time"
)

// Strain tells when the processors, rather than the store, are what is short: then requests wait in their connections, where
// nobody counts them, the line stays short, and the store's pace says that all is well. Its sign is how long a byte in a pipe
// waits to be read, since the Go runtime comes to pipes and to connections in one order.
//
// It takes many connections: few of them, each of which sends when it was answered, wait for each other on a slow machine, too, and
// refusing them would only make it slower.
type Strain struct {
	connections atomic.Pointer[func() int64]

	start time.Time
	next  atomic.Int64 // when a byte is sent again, from start
	sent  atomic.Int64 // when the byte under way was sent; 0 for none
	high  atomic.Bool

	mu    sync.Mutex
	times int // that it was strainHigh or more, one after the other
	read  *os.File
	write *os.File // nil when there is no pipe
	ended chan struct{}
}

const (
	// strainEvery is how often it is looked, by who asks.
	strainEvery = 10 * time.Millisecond
	// strainHigh, twice one after the other, is the wait from which on there is strain, and strainLow the one below which there
	// is none any more.
	strainHigh = 75 * time.Millisecond
	strainLow  = 30 * time.Millisecond
	// strainConnections is how many connections there are at least.
	strainConnections = 512
	// strainBound is how many writes are let into the line meanwhile. It keeps the store at work.
	strainBound = 128
)

// NewStrain begins to look. Where there can be no pipe there is never strain. Close ends it.
func NewStrain() *Strain {
	s := &Strain{start: time.Now(), ended: make(chan struct{})}
	var err error
	if s.read, s.write, err = os.Pipe(); err != nil {
		s.write = nil
		close(s.ended)
		return s
	}
	go s.listen()
	return s
}

// CountConnections says who knows how many connections are open. Until then it is taken for none.
func (s *Strain) CountConnections(open func() int64) { s.connections.Store(&open) }

// IsHigh reports whether the processors are short.
func (s *Strain) IsHigh() bool {
	if open := s.connections.Load(); open == nil || (*open)() <= strainConnections {
		return false
	}
	now := int64(time.Since(s.start)) + 1
	if next := s.next.Load(); now >= next && s.next.CompareAndSwap(next, now+int64(strainEvery)) {
		s.look(now)
	}
	return s.high.Load()
}

// look sends a byte, unless one is under way: that has waited so long already.
func (s *Strain) look(now int64) {
	if sent := s.sent.Load(); sent != 0 {
		if time.Duration(now-sent) >= 2*strainHigh {
			s.high.Store(true)
		}
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.write == nil {
		return
	}
	s.sent.Store(now)
	if _, err := s.write.Write([]byte{0}); err != nil {
		s.sent.Store(0)
	}
}

// listen reads what is sent.
func (s *Strain) listen() {
	defer close(s.ended)
	var b [1]byte
	for {
		if _, err := s.read.Read(b[:]); err != nil {
			return
		}
		s.heard(time.Duration(int64(time.Since(s.start)) + 1 - s.sent.Load()))
		s.sent.Store(0)
	}
}

// heard takes how long a byte has waited.
func (s *Strain) heard(waited time.Duration) {
	if waited < strainHigh {
		s.times = 0
	} else {
		s.times++
	}
	switch {
	case s.times >= 2:
		s.high.Store(true)
	case waited < strainLow:
		s.high.Store(false)
	}
}

// Close ends the looking.
func (s *Strain) Close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.write == nil {
		return
	}
	_ = s.write.Close() // nothing waits in it
	s.write = nil
	<-s.ended
	_ = s.read.Close()
}
