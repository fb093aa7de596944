package intake

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"

	"clientele"
)

// storeFunc is a store that a test makes up.
type storeFunc func(ctx context.Context, writes []clientele.Write) ([]clientele.Outcome, error)

func (f storeFunc) Commit(ctx context.Context, writes []clientele.Write) ([]clientele.Outcome, error) {
	return f(ctx, writes)
}

// write returns a write of the customer that the partner calls key. Its name comes back in its outcome.
func write(key, name string) clientele.Write {
	var p clientele.Patch
	p.Put(clientele.FieldExternalID, clientele.Some(key))
	return clientele.Write{ProjectID: 1, Origin: clientele.Origin{RequestID: name}, Customer: &clientele.CustomerWrite{Patch: p}}
}

// outcomes answers each write with its own name.
func outcomes(writes []clientele.Write) []clientele.Outcome {
	list := make([]clientele.Outcome, len(writes))
	for i := range writes {
		list[i] = clientele.Outcome{Result: clientele.Created, Reference: writes[i].Origin.RequestID}
	}
	return list
}

func namesOf(writes []clientele.Write) []string {
	var names []string
	for i := range writes {
		names = append(names, writes[i].Origin.RequestID)
	}
	return names
}

// gate is a store that holds each transaction until the test lets it end, or its context does.
type gate struct {
	release chan error

	mu      sync.Mutex
	batches [][]string // the names in each transaction, in order of their beginning
}

func newGate() *gate { return &gate{release: make(chan error)} }

func (g *gate) Commit(ctx context.Context, writes []clientele.Write) ([]clientele.Outcome, error) {
	g.mu.Lock()
	g.batches = append(g.batches, namesOf(writes))
	g.mu.Unlock()
	select {
	case err := <-g.release:
		if err != nil {
			return nil, err
		}
		return outcomes(writes), nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// seen returns the transactions so far, once all goroutines of the bubble are at rest.
func (g *gate) seen() [][]string {
	synctest.Wait()
	g.mu.Lock()
	defer g.mu.Unlock()
	return slices.Clone(g.batches)
}

// answer is what one caller heard.
type answer struct {
	name    string
	outcome clientele.Outcome
	err     error
}

// callers are goroutines that wait for their commits.
type callers struct {
	in *Intake

	mu      sync.Mutex
	answers map[string][]answer
}

func newCallers(in *Intake) *callers { return &callers{in: in, answers: map[string][]answer{}} }

// send lets a caller commit a write of key and waits until it stands in the line, or has its answer.
func (c *callers) send(ctx context.Context, key, name string) {
	go func() {
		o, err := c.in.Commit(ctx, write(key, name))
		c.mu.Lock()
		defer c.mu.Unlock()
		c.answers[name] = append(c.answers[name], answer{name, o, err})
	}()
	synctest.Wait()
}

// sendMany sends count writes with names of a prefix, each of a key of its own, and returns the names.
func (c *callers) sendMany(ctx context.Context, prefix string, count int) []string {
	var names []string
	for i := range count {
		names = append(names, fmt.Sprintf("%s%d", prefix, i))
		c.send(ctx, names[i], names[i])
	}
	return names
}

// of returns the only answer that the caller of a name heard; it fails the test when there is none or more than one.
func (c *callers) of(t *testing.T, name string) answer {
	t.Helper()
	synctest.Wait()
	c.mu.Lock()
	defer c.mu.Unlock()
	if n := len(c.answers[name]); n != 1 {
		t.Fatalf("caller %s heard %d answers, want 1", name, n)
	}
	return c.answers[name][0]
}

// heard reports whether the caller of a name has its answer.
func (c *callers) heard(name string) bool {
	synctest.Wait()
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.answers[name]) > 0
}

// wantCommitted fails unless each caller heard that its own write was committed.
func (c *callers) wantCommitted(t *testing.T, names ...string) {
	t.Helper()
	for _, name := range names {
		if a := c.of(t, name); a.err != nil || a.outcome.Reference != name || a.outcome.Result != clientele.Created {
			t.Errorf("caller %s heard %s of %q, %v", name, a.outcome.Result, a.outcome.Reference, a.err)
		}
	}
}

// wantKind fails unless the caller of a name heard an error of kind k.
func (c *callers) wantKind(t *testing.T, name string, k clientele.Kind) {
	t.Helper()
	if a := c.of(t, name); a.err == nil || clientele.KindOf(a.err) != k || a.outcome.Result != 0 {
		t.Errorf("caller %s heard %s, %v; want kind %s", name, a.outcome.Result, a.err, k)
	}
}

// mustClose ends an intake whose line can drain.
func mustClose(t *testing.T, in *Intake) {
	t.Helper()
	if err := in.Close(t.Context()); err != nil {
		t.Errorf("close: %v", err)
	}
	if n := in.Waiting(); n != 0 {
		t.Errorf("%d writes wait after Close", n)
	}
}
