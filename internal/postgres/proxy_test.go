package postgres_test

import (
	"bytes"
	"net"
	"net/url"
	"sync"
	"testing"

	"clientele/internal/postgres/pgtest"
)

// proxy stands between a store and its database, sees a statement go by, and breaks the connection there. It breaks one
// connection, once; the others pass.
type proxy struct {
	listener net.Listener
	target   string

	mu     sync.Mutex
	breaks *breakage
	open   map[net.Conn]bool
}

// breakage says where and how a connection is broken.
type breakage struct {
	// at is a piece of the statement at which it happens: when the client sends it to be run.
	at string
	// forward says whether the server gets the statement, and what follows it, all the same. It is called once the
	// client's side is cut off, and may take its time.
	forward func() bool
	// pass says that nothing is broken: the statement, and what follows, goes on after forward has returned.
	pass bool
	// silent says that the client is not cut off before forward has returned: it just hears nothing.
	silent bool
	// answered says that the server's answer is awaited, and lost, before the client is cut off.
	answered bool
}

// newProxy returns a proxy in front of a database, and the URL through it.
func newProxy(t testing.TB, database string) (*proxy, string) {
	t.Helper()
	u, err := url.Parse(database)
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{target: u.Host, open: map[net.Conn]bool{}}
	if p.listener, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.close)
	go p.accept()
	u.Host = p.listener.Addr().String()
	return p, u.String()
}

// close ends all connections and takes no more.
func (p *proxy) close() {
	_ = p.listener.Close()
	p.mu.Lock()
	defer p.mu.Unlock()
	for c := range p.open {
		_ = c.Close()
	}
}

// arm makes the next connection that comes by there break.
func (p *proxy) arm(b breakage) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.breaks = &b
}

// hit takes the breakage when the statement is its.
func (p *proxy) hit(statement string) *breakage {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.breaks == nil || !bytes.Contains([]byte(statement), []byte(p.breaks.at)) {
		return nil
	}
	b := p.breaks
	p.breaks = nil
	return b
}

func (p *proxy) accept() {
	for {
		client, err := p.listener.Accept()
		if err != nil {
			return
		}
		server, err := net.Dial("tcp", p.target)
		if err != nil {
			_ = client.Close()
			continue
		}
		p.mu.Lock()
		p.open[client], p.open[server] = true, true
		p.mu.Unlock()
		go p.serve(client, server)
	}
}

func (p *proxy) serve(client, server net.Conn) {
	defer p.forget(client, server)
	answers := make(chan struct{}) // closed when the server says nothing more, to a client that was cut off: for now
	cut := make(chan struct{})     // closed when the client is to hear nothing more
	go func() {
		defer close(answers)
		relayAnswers(server, client, cut)
	}()
	c := pgtest.NewMessages(client)
	for {
		frame, statement, err := c.Next()
		if err != nil {
			_ = server.Close()
			break
		}
		b := p.hit(statement)
		if b != nil && b.pass {
			b.forward()
		} else if b != nil {
			close(cut)
			b.carryOut(c, frame, client, server, answers)
			break
		}
		if _, err := server.Write(frame); err != nil {
			break
		}
	}
	<-answers
}

func (p *proxy) forget(conns ...net.Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range conns {
		_ = c.Close()
		delete(p.open, c)
	}
}

// carryOut reads the rest of what the client has sent, cuts it off, and forwards or not.
func (b *breakage) carryOut(c *pgtest.Messages, frame []byte, client, server net.Conn, answers <-chan struct{}) {
	rest := bytes.Clone(frame)
	for frame[0] != 'Q' { // a simple query stands alone; Sync ends what else the client sends in one go
		next, _, err := c.Next()
		if err != nil {
			break
		}
		if rest = append(rest, next...); next[0] == 'S' {
			break
		}
	}
	if !b.answered && !b.silent {
		_ = client.Close()
	}
	if b.answered || b.forward() {
		_, _ = server.Write(rest)
		<-answers
	}
	_ = client.Close()
	_ = server.Close()
}

// relayAnswers passes on what the server says; once the client is cut off, it reads to the end of the answer.
func relayAnswers(server, client net.Conn, cut <-chan struct{}) {
	for {
		frame, err := pgtest.ReadMessage(server)
		if err != nil {
			_ = client.Close()
			return
		}
		select {
		case <-cut:
			if frame[0] == 'Z' { // ready for the next statement
				return
			}
		default:
			_, _ = client.Write(frame)
		}
	}
}
