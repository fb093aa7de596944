package dialecttest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"clientele"
	"clientele/internal/access"
	"clientele/internal/book"
)

// cause is what the store says when a case makes it fail. It belongs into the log and into no answer.
const cause = "a cause for the log only"

// faults makes the store fail as a case says.
type faults struct {
	mu   sync.Mutex
	mode string
	// failed says that the store has failed since the server started.
	failed bool
}

// set takes a mode: works, unavailable, fails or panics.
func (f *faults) set(mode string) error {
	switch mode {
	case "works", "unavailable", "fails", "panics":
		f.mu.Lock()
		defer f.mu.Unlock()
		f.mode = mode
		return nil
	default:
		return fmt.Errorf("a store works, is unavailable, fails or panics; not %q", mode)
	}
}

// happen returns the error of the present mode, or panics.
func (f *faults) happen() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.failed = f.failed || f.mode != "works"
	switch f.mode {
	case "unavailable":
		return clientele.Unavailable("The disk is full", errors.New(cause))
	case "fails":
		return errors.New(cause)
	case "panics":
		panic(cause)
	default:
		return nil
	}
}

func (f *faults) happened() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.failed
}

// faultyCommitter stands between the book and the intake.
type faultyCommitter struct {
	book.Committer
	faults *faults
}

// Commit implements book.Committer.
func (c faultyCommitter) Commit(ctx context.Context, w clientele.Write) (clientele.Outcome, error) {
	if err := c.faults.happen(); err != nil {
		return clientele.Outcome{}, err
	}
	return c.Committer.Commit(ctx, w)
}

// faultyDirectory stands between access and the store.
type faultyDirectory struct {
	access.Directory
	faults *faults
}

// FindCredentialBySecret implements access.Directory.
func (d faultyDirectory) FindCredentialBySecret(
	ctx context.Context, hash clientele.SecretHash,
) (clientele.Credential, time.Time, error) {
	if err := d.faults.happen(); err != nil {
		return clientele.Credential{}, time.Time{}, err
	}
	return d.Directory.FindCredentialBySecret(ctx, hash)
}

// FindCredential implements access.Directory.
func (d faultyDirectory) FindCredential(ctx context.Context, id int64) (clientele.Credential, error) {
	if err := d.faults.happen(); err != nil {
		return clientele.Credential{}, err
	}
	return d.Directory.FindCredential(ctx, id)
}

// Clock is the time of a server. It stands still unless a case moves it. Its methods may be called from any goroutine.
type Clock struct {
	mu  sync.Mutex
	now time.Time
}

// startOfTime is the time when each server starts.
var startOfTime = time.Date(2026, 11, 20, 10, 0, 0, 0, time.UTC)

// Now returns the time.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Set moves the clock to a time in RFC 3339, or by a duration with a sign.
func (c *Clock) Set(to string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if to != "" && (to[0] == '+' || to[0] == '-') {
		d, err := time.ParseDuration(to)
		c.now = c.now.Add(d)
		return err
	}
	t, err := time.Parse(time.RFC3339Nano, to)
	if err == nil {
		c.now = t
	}
	return err
}
