package access

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"clientele"
)

// clock is turned by hand.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func newClock() *clock { return &clock{now: time.Date(2026, time.November, 22, 10, 0, 0, 0, time.UTC)} }

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// in returns the time in d from now.
func (c *clock) in(d time.Duration) time.Time { return c.Now().Add(d) }

func (c *clock) turn(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// directory is a store of credentials that counts how often it is asked, and fails or waits when a test says so.
type directory struct {
	Directory // what no test here asks for

	mu      sync.Mutex
	entries map[clientele.SecretHash]*entry
	asks    int
	down    error
	hold    chan struct{} // when set, an ask waits for it to close
	touches []map[int64]time.Time
	onTouch func() // when set, runs before a touch is taken or fails
}

type entry struct {
	credential clientele.Credential
	until      time.Time
}

func newDirectory() *directory { return &directory{entries: map[clientele.SecretHash]*entry{}} }

var errDown = errors.New("the database is gone")

func (d *directory) answer(find func(*entry) bool) (clientele.Credential, time.Time, error) {
	d.mu.Lock()
	d.asks++
	hold := d.hold
	d.mu.Unlock()
	if hold != nil {
		<-hold
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.down != nil {
		return clientele.Credential{}, time.Time{}, clientele.Unavailable("The book cannot be reached", d.down)
	}
	for _, e := range d.entries {
		if find(e) {
			return e.credential, e.until, nil
		}
	}
	return clientele.Credential{}, time.Time{}, clientele.Errorf(clientele.KindNotFound, "there is no such credential")
}

func (d *directory) FindCredentialBySecret(_ context.Context, hash clientele.SecretHash) (clientele.Credential, time.Time, error) {
	d.mu.Lock()
	e := d.entries[hash]
	d.mu.Unlock()
	return d.answer(func(other *entry) bool { return other == e })
}

func (d *directory) FindCredential(_ context.Context, id int64) (clientele.Credential, error) {
	c, _, err := d.answer(func(e *entry) bool { return e.credential.ID == id })
	return c, err
}

func (d *directory) FindCredentialByClientID(_ context.Context, clientID string) (clientele.Credential, error) {
	c, _, err := d.answer(func(e *entry) bool { return e.credential.ClientID == clientele.Some(clientID) })
	return c, err
}

func (d *directory) TouchCredentials(_ context.Context, usedAt map[int64]time.Time) error {
	if d.onTouch != nil {
		d.onTouch()
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.down != nil {
		return d.down
	}
	d.touches = append(d.touches, usedAt)
	return nil
}

// put stores a credential under a secret of OPM.
func (d *directory) put(secret string, c clientele.Credential, until time.Time) {
	d.change(func() {
		c.Dialect = clientele.OPM
		d.entries[clientele.HashSecret(clientele.OPM, secret)] = &entry{credential: c, until: until}
	})
}

func (d *directory) change(do func()) {
	d.mu.Lock()
	defer d.mu.Unlock()
	do()
}

// revoke revokes the credential of a secret.
func (d *directory) revoke(secret string, at time.Time) {
	d.change(func() { d.entries[clientele.HashSecret(clientele.OPM, secret)].credential.RevokedAt = at })
}

func (d *directory) asked() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.asks
}

// way is one of the ways to find a credential. Each behaves alike.
type way struct {
	name string
	find func(context.Context, *Access) (*clientele.Credential, error)
}

// ways find the credential with id 1, client id "client" and secret "secret".
func ways() []way {
	return []way{
		{"BySecret", func(ctx context.Context, a *Access) (*clientele.Credential, error) {
			return a.BySecret(ctx, clientele.OPM, "secret")
		}},
		{"ByID", func(ctx context.Context, a *Access) (*clientele.Credential, error) { return a.ByID(ctx, 1) }},
		{"ByClientID", func(ctx context.Context, a *Access) (*clientele.Credential, error) {
			return a.ByClientID(ctx, clientele.OPM, "client")
		}},
	}
}

// eachWay runs a test for each way to find a credential, over a directory that holds it.
func eachWay(t *testing.T, test func(t *testing.T, w *world)) {
	for _, way := range ways() {
		t.Run(way.name, func(t *testing.T) { test(t, newWorld(t, way)) })
	}
}

// world is a directory with one credential, an Access over it, and a clock.
type world struct {
	*clock
	*directory
	access *Access
	way    way
}

func newWorld(t *testing.T, way way) *world {
	w := &world{clock: newClock(), directory: newDirectory(), way: way}
	w.put("secret", w.credential(), time.Time{})
	w.access = New(w.directory, w.Now)
	t.Cleanup(func() {
		if err := w.access.Close(context.WithoutCancel(t.Context())); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return w
}

func (w *world) credential() clientele.Credential {
	return clientele.Credential{ID: 1, Name: "partner", ClientID: clientele.Some("client")}
}

// wantIn fails unless the credential is let in; when says at what moment.
func (w *world) wantIn(t *testing.T, when string) {
	t.Helper()
	c, err := w.way.find(t.Context(), w.access)
	if err != nil || c.ID != 1 {
		t.Errorf("%s: %v, %v; want the credential", when, c, err)
	}
}

// wantKind fails unless the credential is refused with an error of kind k.
func (w *world) wantKind(t *testing.T, when string, k clientele.Kind) {
	t.Helper()
	c, err := w.way.find(t.Context(), w.access)
	if err == nil || clientele.KindOf(err) != k || c != nil {
		t.Errorf("%s: %v, %v; want kind %s", when, c, err, k)
	}
}

func (w *world) wantAsks(t *testing.T, want int) {
	t.Helper()
	if got := w.asked(); got != want {
		t.Errorf("the store was asked %d times, want %d", got, want)
	}
}
