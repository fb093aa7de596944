package main

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"clientele"
	"clientele/internal/access"
	"clientele/internal/config"
	"clientele/internal/postgres"
	"clientele/internal/work"
)

// openDatabase opens a book in a PostgreSQL database without touching its schema. Its errors show no password.
func openDatabase(ctx context.Context, o postgres.Options) (store, error) {
	s, err := postgres.Open(ctx, o)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errUsage, err)
	}
	return s, nil
}

// openStore opens the book for a server, which writes in as many lanes as it was told and logs what was tried again.
func (c *serveCommand) openStore(ctx context.Context, log *slog.Logger) (store, error) {
	if c.DatabaseURL == "" {
		return openStore(ctx, c.Book)
	}
	return openDatabase(ctx, postgres.Options{URL: c.DatabaseURL, PgBouncer: c.PgBouncer, Lanes: c.Lanes, Log: log})
}

// lock claims the data directory. A database is anybody's: any number of servers work on it.
func (c *serveCommand) lock(ctx context.Context) (unlock func() error, err error) {
	if c.DatabaseURL != "" {
		return func() error { return nil }, nil
	}
	lock, err := lockDir(ctx, c.DataDir)
	if err != nil {
		return nil, err
	}
	return lock.Unlock, nil
}

// whereabouts returns where the book is, and how another command is told: by a hint before it, or a flag behind it.
func whereabouts(c config.Book) (where, hint, flag string) {
	if c.DatabaseURL == "" {
		return c.DataDir, "", " --data-dir " + access.ShellWord(c.DataDir)
	}
	name, err := postgres.Name(c.DatabaseURL)
	if err != nil { // it was opened by this URL
		name = "a database"
	}
	return name, ", with CLIENTELE_DATABASE_URL as here", ""
}

// errArriving is how a book is refused that is still being copied.
var errArriving = clientele.Errorf(clientele.KindConflict,
	"the book is still arriving from another one: run the same clientele copy again until it ends well")

// refuseArriving returns an error while the book is being copied into: nobody may use a part of it.
func refuseArriving(ctx context.Context, s store) error {
	arriving, err := s.Arriving(ctx)
	if err == nil && arriving {
		err = errArriving
	}
	return err
}

// readiness returns what /readyz asks: whether the book answers, and is whole.
func readiness(s store) func(context.Context) error {
	return func(ctx context.Context) error {
		if err := s.Ping(ctx); err != nil {
			return err // at once: what follows would be tried again for a while
		}
		return refuseArriving(ctx, s)
	}
}

// watcher is a store that hears what other servers do: a database.
type watcher interface {
	// Watch calls credentials whenever a credential may have changed, and changes when the history has grown, until ctx is
	// done.
	Watch(ctx context.Context, credentials, changes func())
}

var _ watcher = (*postgres.Store)(nil) // else it would not be asked to

// watchOthers makes a change of credentials on one server known on this one at once, and has changes that another one made
// gathered, where the store can hear of them.
func (r *rooms) watchOthers() {
	w, ok := r.store.(watcher)
	if !ok {
		return
	}
	r.background = append(r.background, work.Start("what other servers do", time.Minute, r.log,
		func(ctx context.Context) (time.Duration, error) {
			w.Watch(ctx, r.guard.ForgetAll, r.hooks.Changed) // until it is stopped
			return 0, nil
		}))
}

// timekeeper is a store with a time of its own, which is the same for all servers of the book.
type timekeeper interface {
	Time(ctx context.Context) (time.Time, error)
}

// clockOf returns the clock that claims and due times in the book go by: the database's, however the clocks of the servers
// stand. A book in a directory is used by one machine, whose clock it is.
func clockOf(s store) *work.Clock {
	if k, ok := s.(timekeeper); ok {
		return &work.Clock{Ask: k.Time}
	}
	return &work.Clock{}
}

// followTime makes the clock of a book that keeps time right, now and from time to time.
func (r *rooms) followTime(ctx context.Context) error {
	if _, err := r.clock.Follow(ctx); err != nil || r.clock.Ask == nil {
		return err
	}
	r.background = append(r.background, work.Start("time of the book", askForTimeEvery, r.log, r.clock.Follow))
	return nil
}
