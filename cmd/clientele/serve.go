package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"clientele/internal/config"
	"clientele/internal/httpd"
)

type serveCommand struct {
	config.Serve
}

// Run serves until ctx is done, drains, and returns.
func (c *serveCommand) Run(ctx context.Context, std streams) (err error) {
	if c.Demo {
		if err := c.prepareDemo(); err != nil {
			return err
		}
	}
	logs := httpd.NewLogWriter(std.err)
	defer logs.Close()
	unlock, err := c.lock(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, unlock()) }()
	if c.Demo {
		if err := c.makeDemo(ctx, std.out); err != nil {
			return err
		}
	}
	log := newLog(&c.Serve, logs, std.err)
	s, err := c.openStore(ctx, log)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	if _, _, err := s.Migrate(ctx); err != nil {
		return err
	}
	if err := refuseArriving(ctx, s); err != nil {
		return err
	}
	if c.Demo {
		if err := c.checkDemo(ctx, s); err != nil {
			return err
		}
	}
	secured, err := secure(&c.TLS, log)
	if err != nil {
		return err
	}
	secured.reloadOnHangUp(ctx)
	r := furnish(&c.Serve, s, log, time.Now)
	r.tls = secured
	r.metrics.CountDropped(logs.Dropped)
	return c.serve(ctx, r, std.out)
}

// serve serves the book until ctx is done. The addresses are opened first: in vain, nothing was begun.
func (c *serveCommand) serve(ctx context.Context, r *rooms, out io.Writer) error {
	defer useMemory()()
	servers, err := c.listen(r)
	if err == nil {
		err = r.startBackground(ctx, &c.Serve)
	}
	if err != nil {
		return errors.Join(err, c.drain(servers, r))
	}
	for _, s := range servers {
		s.Serve()
	}
	if err = c.announce(ctx, r.store, servers, out); err == nil {
		err = waitForEnd(ctx, servers)
	}
	r.health.Drain()
	r.console.EndStreams()
	r.log.Info("draining", "timeout", c.DrainTimeout.String())
	return errors.Join(err, c.drain(servers, r))
}

// waitForEnd returns nil when ctx is done, or why a listener failed before.
func waitForEnd(ctx context.Context, servers []*httpd.Server) error {
	failed := make(chan error, len(servers))
	for _, s := range servers {
		go func() { failed <- <-s.Failed() }()
	}
	select {
	case <-ctx.Done():
		return nil
	case err := <-failed:
		return fmt.Errorf("serve: %w", err)
	}
}

// drain answers what is under way and then ends the rooms, within the time the operator gave. A caller that takes longer
// is cut off, which is no failure: it was promised nothing.
func (c *serveCommand) drain(servers []*httpd.Server, r *rooms) error {
	ctx, cancel := context.WithTimeout(context.Background(), c.DrainTimeout)
	defer cancel()
	var errs []error
	for _, s := range servers {
		if s != nil {
			errs = append(errs, s.Shutdown(ctx))
		}
	}
	err := errors.Join(append(errs, r.close(ctx))...)
	if errors.Is(err, context.DeadlineExceeded) {
		r.log.Warn("cut off what took longer than the drain timeout", "cause", err.Error())
		return nil
	}
	return err
}
