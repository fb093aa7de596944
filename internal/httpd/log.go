package httpd

import (
	"errors"
	"io"
	"sync"
	"time"
)

// maxBufferedLog bounds how much log waits for a slow reader, in bytes. What is beyond is dropped: a server must not
// stand still because nobody reads its log.
const maxBufferedLog = 4 << 20

// closeTimeout bounds how long Close waits for a slow reader.
const closeTimeout = 2 * time.Second

// logPause is the least time between two pieces. A line that comes after as long a silence is written at once.
const logPause = 10 * time.Millisecond

// LogWriter gathers log lines and writes them out in large pieces: a busy server makes few system calls and wakes the writer
// seldom, an idle one writes each line at once. Its methods may be called from any goroutine.
type LogWriter struct {
	out io.Writer

	mu      sync.Mutex
	ready   *sync.Cond // buffer is not empty, or closed
	buffer  []byte
	dropped int
	closed  bool
	closing chan struct{}
	ended   chan struct{}
}

// NewLogWriter returns a writer in front of out. Close ends it.
func NewLogWriter(out io.Writer) *LogWriter {
	w := &LogWriter{out: out, closing: make(chan struct{}), ended: make(chan struct{})}
	w.ready = sync.NewCond(&w.mu)
	go w.run()
	return w
}

// Write takes one line. It never blocks on the reader and never fails.
func (w *LogWriter) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed || len(w.buffer)+len(p) > maxBufferedLog {
		w.dropped++
		return len(p), nil
	}
	w.buffer = append(w.buffer, p...)
	w.ready.Signal()
	return len(p), nil
}

// Dropped returns how many lines were lost to a slow reader.
func (w *LogWriter) Dropped() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.dropped
}

// Close writes out what is left, or gives it up when nobody reads it: a server must not fail to end for that either.
func (w *LogWriter) Close() error {
	w.mu.Lock()
	if !w.closed {
		w.closed = true
		close(w.closing)
		w.ready.Signal()
	}
	w.mu.Unlock()
	select {
	case <-w.ended:
		return nil
	case <-time.After(closeTimeout):
		return errors.New("nobody reads the log")
	}
}

func (w *LogWriter) run() {
	defer close(w.ended)
	var piece []byte
	for {
		w.mu.Lock()
		for len(w.buffer) == 0 && !w.closed {
			w.ready.Wait()
		}
		if len(w.buffer) == 0 {
			w.mu.Unlock()
			return
		}
		piece, w.buffer = w.buffer, piece[:0]
		w.mu.Unlock()
		_, _ = w.out.Write(piece) // there is nowhere to report it
		select {
		case <-time.After(logPause):
		case <-w.closing:
		}
	}
}
