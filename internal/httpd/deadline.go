package httpd

import (
	"io"
	"net"
	"os"
	"sync"
	"time"
)

// net/http moves the deadlines of a connection eight times for each request, and reads from it while the request is served, in
// order to hear of a caller that hangs up: timers, a system call and a goroutine to be woken, all for what hardly ever comes
// to pass. So a deadline is handed to the connection only when something waits by it, and only when it is another than the
// one that it has; and who listens for a caller that hangs up begins to read when the request has taken a while.

// hangUpPause is half of the longest time that a request is served before anybody listens whether its caller is still there.
const hangUpPause = 50 * time.Millisecond

// timedConn is a connection as net/http uses it: one goroutine reads, one writes, and any may move their deadlines, with the
// effect that net.Conn promises, to within a thirty-second part of the time that is left.
type timedConn struct {
	*net.TCPConn // net/http half-closes it

	reads, writes deadline

	// listens is called when a Read begins to wait for two calls of urge.
	listens func()
	// listening says that a Read waits so, urged that urge was called once since, heard that it shall wait no more, closed that none
	// shall. All are guarded by reads, and the last two wake woken.
	listening, urged, heard, closed bool
	woken                           sync.Cond
}

// deadline is when an operation of a connection shall end.
type deadline struct {
	sync.Mutex

	wanted time.Time
	set    time.Time // what the connection itself has
	busy   int       // operations under way, by set
}

func newTimedConn(tcp *net.TCPConn, listens func()) *timedConn {
	c := &timedConn{TCPConn: tcp, listens: listens}
	c.woken.L = &c.reads
	return c
}

// begin hands the deadline to the connection, by its method set, if it has one that differs too much. It fails with
// os.ErrDeadlineExceeded when the deadline has passed.
func (d *deadline) begin(set func(time.Time) error) error {
	if !d.wanted.Equal(d.set) {
		left := time.Until(d.wanted)
		switch {
		case d.wanted.IsZero():
		case left <= 0:
			return os.ErrDeadlineExceeded
		case !d.set.IsZero() && d.wanted.Sub(d.set).Abs() <= left/32:
			d.busy++
			return nil
		}
		if err := set(d.wanted); err != nil {
			return err
		}
		d.set = d.wanted
	}
	d.busy++
	return nil
}

// end is the other half of begin.
func (d *deadline) end() {
	d.Lock()
	d.busy--
	d.Unlock()
}

// move is what SetDeadline means for one kind of operation.
func (d *deadline) move(t time.Time, set func(time.Time) error) error {
	d.wanted = t
	if d.busy == 0 {
		return nil
	}
	d.set = t
	return set(t)
}

// Read implements net.Conn. A Read of one byte without a deadline is how net/http listens for a caller that hangs up: what
// that may wait for is no hurry.
func (c *timedConn) Read(p []byte) (int, error) {
	c.reads.Lock()
	if len(p) == 1 && c.reads.wanted.IsZero() {
		c.listen()
	}
	err := c.reads.begin(c.TCPConn.SetReadDeadline)
	c.reads.Unlock()
	if err != nil {
		return 0, err
	}
	defer c.reads.end()
	return c.TCPConn.Read(p)
}

// listen waits until a deadline is set, urge was called twice, or the connection is closed.
func (c *timedConn) listen() {
	c.listening, c.urged, c.heard = true, false, false
	c.listens()
	for !c.heard && !c.closed {
		c.woken.Wait()
	}
	c.listening = false
}

// urge ends the wait of a Read that was urged before. It reports whether one waits on.
func (c *timedConn) urge() bool {
	c.reads.Lock()
	defer c.reads.Unlock()
	if c.urged {
		c.hear()
	}
	c.urged = true
	return c.listening && !c.heard
}

func (c *timedConn) hear() {
	if c.listening {
		c.heard = true
		c.woken.Signal()
	}
}

// Write implements net.Conn.
func (c *timedConn) Write(p []byte) (int, error) {
	if err := c.beginWrite(); err != nil {
		return 0, err
	}
	defer c.writes.end()
	return c.TCPConn.Write(p)
}

// ReadFrom implements io.ReaderFrom, by which net/http sends what it has as a file.
func (c *timedConn) ReadFrom(r io.Reader) (int64, error) {
	if err := c.beginWrite(); err != nil {
		return 0, err
	}
	defer c.writes.end()
	return c.TCPConn.ReadFrom(r)
}

func (c *timedConn) beginWrite() error {
	c.writes.Lock()
	defer c.writes.Unlock()
	return c.writes.begin(c.TCPConn.SetWriteDeadline)
}

// SetReadDeadline implements net.Conn.
func (c *timedConn) SetReadDeadline(t time.Time) error {
	c.reads.Lock()
	defer c.reads.Unlock()
	if !t.IsZero() {
		c.hear()
	}
	return c.reads.move(t, c.TCPConn.SetReadDeadline)
}

// SetWriteDeadline implements net.Conn.
func (c *timedConn) SetWriteDeadline(t time.Time) error {
	c.writes.Lock()
	defer c.writes.Unlock()
	return c.writes.move(t, c.TCPConn.SetWriteDeadline)
}

// SetDeadline implements net.Conn.
func (c *timedConn) SetDeadline(t time.Time) error {
	if err := c.SetReadDeadline(t); err != nil {
		return err
	}
	return c.SetWriteDeadline(t)
}

// Close implements net.Conn.
func (c *timedConn) Close() error {
	err := c.TCPConn.Close()
	c.reads.Lock()
	c.closed = true
	c.woken.Signal()
	c.reads.Unlock()
	return err
}
