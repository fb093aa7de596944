package faulttest_test

import (
	"net"
	"net/url"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// wire is the network between a server and PostgreSQL, in which everything can go wrong. It cuts messages in two and
// sees a COMMIT go by.
type wire struct {
	listener net.Listener
	ending   sync.Once
	ended    chan struct{}
	all      sync.WaitGroup

	carried atomic.Int64 // bytes to the database

	mu      sync.Mutex
	target  string
	links   map[*link]bool
	weather weather
	bites   []bite        // for the next connections that carry something
	commits []commitFault // for the next COMMITs
	struck  int           // bites and commit faults that took place
}

// weather is what all messages of a wire meet at present.
type weather struct {
	delay  time.Duration // of each message
	rate   int           // bytes in a millisecond; 0 for no bound
	silent chan struct{} // nothing passes before it is closed; nil for no silence
	refuse bool          // nobody new is let in
}

// direction is where a message goes.
type direction int

const (
	toDatabase direction = iota
	toServer
)

// end is how a connection ends.
type end int

const (
	byReset end = iota
	byClose
	byHalfClose // the one that waits for the rest hears of an end, the other does not
)

// bite ends a connection after so many bytes of one direction, most likely within a message.
type bite struct {
	of    direction
	after int
	by    end
}

// commitFault is what happens to a transaction whose COMMIT is on its way.
type commitFault int

const (
	commitLost    commitFault = iota // the COMMIT never arrives
	commitRaced                      // it is sent, and both connections are reset at once
	commitUnheard                    // it takes place, and its answer never arrives
	commitSlept                      // the client is cut off, and the COMMIT arrives later
	commitFaults
)

// sleepOfCommit is how much later that is.
const sleepOfCommit = 150 * time.Millisecond

// newWire returns a wire to a database and the URL through it.
func newWire(t testing.TB, database string) (*wire, string) {
	t.Helper()
	u, err := url.Parse(database)
	if err != nil {
		t.Fatal(err)
	}
	w := &wire{target: u.Host, links: map[*link]bool{}, ended: make(chan struct{})}
	if w.listener, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	w.all.Go(w.accept)
	t.Cleanup(w.close)
	u.Host = w.listener.Addr().String()
	return w, u.String()
}

func (w *wire) close() {
	w.ending.Do(func() {
		_ = w.listener.Close()
		close(w.ended)
		w.resetAll()
		w.all.Wait()
	})
}

// become changes the weather.
func (w *wire) become(now weather) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.weather = now
}

// now returns the weather.
func (w *wire) now() weather {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.weather
}

// lead leads new connections to another server: what an address that moves does.
func (w *wire) lead(host string) {
	w.mu.Lock()
	w.target = host
	w.mu.Unlock()
	w.resetAll()
}

// arm has the next connections bitten, and the next COMMITs struck.
func (w *wire) arm(bites []bite, commits []commitFault) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.bites, w.commits = bites, commits
}

// disarm takes back what did not take place, and returns how much did.
func (w *wire) disarm() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.bites, w.commits = nil, nil
	n := w.struck
	w.struck = 0
	return n
}

// resetAll resets every connection.
func (w *wire) resetAll() {
	for _, l := range w.present() {
		l.end(byReset)
	}
}

// forgetAll makes the network forget every connection: nothing passes any more, not even an end. PostgreSQL hears nothing
// for long; what it does then is its own affair.
func (w *wire) forgetAll() {
	for _, l := range w.present() {
		l.forget.Do(func() { close(l.forgotten) })
	}
}

func (w *wire) present() []*link {
	w.mu.Lock()
	defer w.mu.Unlock()
	list := make([]*link, 0, len(w.links))
	for l := range w.links {
		list = append(list, l)
	}
	return list
}

func (w *wire) accept() {
	for {
		conn, err := w.listener.Accept()
		if err != nil {
			return
		}
		w.all.Go(func() { w.serve(conn.(*net.TCPConn)) })
	}
}

// serve carries one connection to its end.
func (w *wire) serve(client *net.TCPConn) {
	w.mu.Lock()
	target, refuse := w.target, w.weather.refuse
	w.mu.Unlock()
	if refuse {
		reset(client)
		return
	}
	conn, err := net.Dial("tcp", target)
	if err != nil {
		reset(client)
		return
	}
	l := &link{wire: w, client: client, server: conn.(*net.TCPConn), over: make(chan struct{}), forgotten: make(chan struct{})}
	w.mu.Lock()
	w.links[l] = true
	w.mu.Unlock()
	var both sync.WaitGroup
	both.Go(l.pumpToDatabase)
	both.Go(l.pumpToServer)
	both.Wait()
	l.end(byClose)
	w.mu.Lock()
	delete(w.links, l)
	w.mu.Unlock()
}

func reset(c *net.TCPConn) {
	_ = c.SetLinger(0)
	_ = c.Close()
}

// isCommit reports whether a statement ends a transaction.
func isCommit(statement string) bool { return statement == "COMMIT" || statement == "commit" }
