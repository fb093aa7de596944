package httpd

import (
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"
)

// lookEvery is how often, at most, the files of a certificate are looked at, by the handshakes themselves.
const lookEvery = time.Second

// Certificate is a certificate from two PEM files that is read again when they change. A pair that cannot be used, such as
// one of which half is renewed, leaves the one before in use. Its methods may be called from any goroutine.
type Certificate struct {
	certFile, keyFile string
	log               *slog.Logger
	now               func() time.Time

	mu       sync.Mutex
	current  *tls.Certificate
	seen     [2]stamp // of the files when they were last read, for good or ill
	lookedAt time.Time
}

// stamp is what shows that a file has changed.
type stamp struct {
	changedAt time.Time
	size      int64
}

// LoadCertificate reads the pair. The error is that it cannot be used. now is the clock; log hears of what changes later.
func LoadCertificate(certFile, keyFile string, log *slog.Logger, now func() time.Time) (*Certificate, error) {
	c := &Certificate{certFile: certFile, keyFile: keyFile, log: log, now: now, lookedAt: now()}
	c.seen, _ = c.stamps() // reading says what is wrong
	if err := c.read(); err != nil {
		return nil, err
	}
	return c, nil
}

// Get is what tls.Config.GetCertificate calls at each handshake.
func (c *Certificate) Get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.now()
	if age := now.Sub(c.lookedAt); age < 0 || age >= lookEvery {
		c.lookedAt = now
		if seen, err := c.stamps(); err == nil && seen != c.seen {
			c.reread(seen)
		}
	}
	return c.current, nil
}

// Reload reads the files now, whether they seem to have changed or not.
func (c *Certificate) Reload() {
	c.mu.Lock()
	defer c.mu.Unlock()
	seen, err := c.stamps()
	if err != nil {
		c.log.Error("the TLS certificate cannot be read; the one before stays in use", "cause", err.Error())
		return
	}
	c.reread(seen)
}

// reread needs mu.
func (c *Certificate) reread(seen [2]stamp) {
	c.seen = seen
	if err := c.read(); err != nil {
		c.log.Error("the TLS certificate cannot be used; the one before stays in use", "cause", err.Error())
		return
	}
	c.log.Info("read the TLS certificate", "valid_until", c.current.Leaf.NotAfter)
}

// read needs mu, or a c that nobody else has.
func (c *Certificate) read() error {
	pair, err := tls.LoadX509KeyPair(c.certFile, c.keyFile)
	if err != nil {
		return fmt.Errorf("TLS certificate %s with key %s: %w", c.certFile, c.keyFile, err)
	}
	if c.now().After(pair.Leaf.NotAfter) && c.current != nil {
		return errors.New("it has expired")
	}
	c.current = &pair
	return nil
}

// stamps looks at the files; the error is that one is not there at this moment.
func (c *Certificate) stamps() (seen [2]stamp, err error) {
	for i, name := range []string{c.certFile, c.keyFile} {
		info, err := os.Stat(name)
		if err != nil {
			return seen, err
		}
		seen[i] = stamp{info.ModTime(), info.Size()}
	}
	return seen, nil
}
